"""What a citizen filled in, with the labels of the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.console.moments import moment
from bot.console.words import Words
from bot.services.forms import FieldType, FormCatalogue

_LONG_CHARS = 40


@dataclass(frozen=True)
class Fact:
    """One line of the ticket page.

    Attributes:
        value: For people to read; empty when the citizen skipped the question.
        masked: The value as it may be seen over somebody's shoulder, if it is a sensitive one.
        is_long: It needs the whole width.
    """

    label: str
    value: str
    masked: str | None = None
    is_long: bool = False
    name: str = ""


def facts_of(
    forms: FormCatalogue, kind: str, facts: Mapping[str, object], words: Words
) -> list[Fact]:
    """Return a ticket's facts in the order of its form; what no form names comes last."""
    form = next((form for form in forms.forms if form.ticket_kind == kind), None)
    fields = {field.name: field for field in form.fields} if form else {}
    lines = []
    for line in forms.describe(kind, facts):
        field = fields.get(line.name)
        value = str(facts[line.name] or "")
        shown = forms.show(field, value) if field and value else _readable(value)
        is_long = bool(field and field.type is FieldType.NARRATIVE) or len(shown) > _LONG_CHARS
        label = line.label if field else words(f"facts.{line.name}")
        masked = line.shown if line.sensitive and line.shown != shown else None
        lines.append(Fact(label, shown, masked, is_long, line.name))
    return lines


def _readable(value: str) -> str:
    """Return an instant the way people write it, anything else as it is."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment(at) if at.tzinfo else value
