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
        value: For people to read, masked if it is a sensitive one; empty when the citizen skipped
            the question.
        secret: Name of the fact, if it is masked: who needs it in full asks for it by this name.
        is_long: It needs the whole width.
    """

    label: str
    value: str
    secret: str | None = None
    is_long: bool = False
    name: str = ""


def facts_of(
    forms: FormCatalogue, kind: str, facts: Mapping[str, object], words: Words
) -> list[Fact]:
    """Return a ticket's facts in the order of its form; what no form names comes last."""
    form = forms.of_kind(kind)
    fields = {field.name: field for field in form.fields} if form else {}
    lines = []
    for line in forms.describe(kind, facts):
        field = fields.get(line.name)
        value = str(facts[line.name] or "")
        shown = forms.show(field, value) if field and value else _readable(value)
        is_long = bool(field and field.type is FieldType.NARRATIVE) or len(shown) > _LONG_CHARS
        label = line.label if field else words(f"facts.{line.name}")
        is_masked = line.sensitive and line.shown is not None and line.shown != shown
        lines.append(Fact(label, line.shown if is_masked else shown, line.name if is_masked else None, is_long, line.name))
    return lines


def shown_fact(forms: FormCatalogue, kind: str, name: str, value: str) -> str:
    """Return one fact in full, for people to read."""
    form = forms.of_kind(kind)
    field = form.field(name) if form else None
    return forms.show(field, value) if field and value else _readable(value)


def _readable(value: str) -> str:
    """Return an instant the way people write it, anything else as it is."""
    try:
        at = datetime.fromisoformat(value)
        return moment(at) if at.tzinfo else value
    except (ValueError, OverflowError):
        # Words, or an instant so far away that it lies in no year here.
        return value
