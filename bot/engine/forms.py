"""The forms of knowledge_base/forms, as far as the dialogue needs them.

One file describes a form for everybody: the desk validates and summarises with it, the importer makes
slots, form and questions of it, and the digression gate reads which answers a question expects.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Tuple

import yaml

CONFIRM = "confirm"


@dataclass(frozen=True)
class Choice:
    """One of the answers a choice field offers."""

    title: str
    names: Tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """One question of a form.

    Attributes:
        kind: choice, text, narrative, phone, region, date, right_number, party_id, credit_code, yes_no,
            email, list or extent.
        aliases: How citizens name the field when they correct it.
        more_to_skip: Another question after this one may be skipped as well, so that all may be at once.
    """

    name: str
    label: str
    ask: str
    kind: str
    choices: Tuple[Choice, ...]
    skippable: bool
    aliases: Tuple[str, ...]
    more_to_skip: bool = False


@dataclass(frozen=True)
class Form:
    """One form; its slots are `<id>_<field>`, then `<id>_confirm`."""

    id: str
    title: str
    intro: str
    fields: Tuple[Field, ...]

    @property
    def form_name(self) -> str:
        """Name of the Rasa form."""
        return f"{self.id}_form"

    @property
    def confirm_slot(self) -> str:
        """Slot that holds `yes` once the citizen has confirmed the summary."""
        return self.slot(CONFIRM)

    def slot(self, field_name: str) -> str:
        """Name of the slot of a field."""
        return f"{self.id}_{field_name}"


def load_forms(folder: Path) -> List[Form]:
    """Read every form in a folder, in the order of their file names."""
    return [_form(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.yml"))]


def _form(data: Dict[str, Any]) -> Form:
    skippable = [bool(entry.get("skippable")) for entry in data["fields"]]
    fields = tuple(
        _field(entry, more_to_skip=skippable[place] and any(skippable[place + 1 :]))
        for place, entry in enumerate(data["fields"])
    )
    return Form(id=data["id"], title=data["title"], intro=data["intro"].strip(), fields=fields)


def _field(data: Dict[str, Any], *, more_to_skip: bool) -> Field:
    return Field(
        name=data["name"],
        label=data["label"],
        ask=data["ask"].strip(),
        kind=data["type"],
        choices=tuple(_choice(entry) for entry in data.get("choices", [])),
        skippable=bool(data.get("skippable")),
        aliases=(data["label"], *data.get("aliases", [])),
        more_to_skip=more_to_skip,
    )


def _choice(data: Dict[str, Any]) -> Choice:
    return Choice(title=data["title"], names=(data["title"], *data.get("aliases", [])))
