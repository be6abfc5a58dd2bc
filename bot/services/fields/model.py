"""What a form is: `knowledge_base/forms/<id>.yml` as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from bot.services.fields.choices import Choice

CONFIRM = "confirm"


class FormsInvalid(ValueError):
    """A form file is wrong; the message names the file and the field. Correct it and start again."""


class FieldType(StrEnum):
    """How an answer is checked."""

    CHOICE = "choice"
    TEXT = "text"
    NARRATIVE = "narrative"
    PHONE = "phone"
    REGION = "region"
    DATE = "date"
    RIGHT_NUMBER = "right_number"
    PARTY_ID = "party_id"
    CREDIT_CODE = "credit_code"
    YES_NO = "yes_no"
    EMAIL = "email"
    LIST = "list"
    EXTENT = "extent"


@dataclass(frozen=True)
class Condition:
    """When a field is asked: another field has, or has not, one of these values.

    A field that was not asked has no value: `in` is then false and `not_in` true. `""` is the value
    of a skipped one, and a `*` stands for anything (`*/..`: a period that has not ended).
    """

    field: str
    values: frozenset[str]
    negated: bool

    def holds(self, value: str | None) -> bool:
        """Tell whether the other field's value lets the question be asked."""
        return self._has(value) != self.negated

    def _has(self, value: str | None) -> bool:
        if value in self.values:
            return True
        return bool(value) and any(fnmatchcase(value, pattern) for pattern in self._patterns)

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        return tuple(known for known in self.values if "*" in known)


@dataclass(frozen=True, slots=True)
class Group:
    """A heading of the filled form under which some of its fields stand."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question.

    Attributes:
        only_if: All of these must hold, else the question is not asked.
        group: Id of the heading under which the answer stands; empty for the form's own title.
        min_length: Fewest characters, spaces not counted; text and narrative only.
        needs_letters: A number alone is no answer, as to the question for a name; text only.
        must_be: The only value with which the form may be sent.
        sensitive: Masked wherever it is shown, and never logged.
    """

    name: str
    label: str
    ask: str
    type: FieldType
    choices: tuple[Choice, ...] = ()
    multiple: bool = False
    skippable: bool = False
    only_if: tuple[Condition, ...] = ()
    aliases: tuple[str, ...] = ()
    min_length: int = 1
    max_length: int = 500
    needs_letters: bool = False
    must_be: str | None = None
    sensitive: bool = False
    group: str = ""

    def choice(self, value: str) -> Choice:
        """Return the choice with this value."""
        return next(choice for choice in self.choices if choice.value == value)


@dataclass(frozen=True)
class Form:
    """One form; its slots are `<id>_<field>`, then `<id>_confirm`."""

    id: str
    title: str
    ticket_kind: str
    intro: str
    fields: tuple[Field, ...]
    groups: tuple[Group, ...] = ()

    @property
    def form_name(self) -> str:
        """Return the name of the Rasa form."""
        return f"{self.id}_form"

    @property
    def confirm_slot(self) -> str:
        """Return the slot that holds `yes` once the summary is confirmed."""
        return f"{self.id}_{CONFIRM}"

    def slot(self, field: Field) -> str:
        """Return the slot of a field."""
        return f"{self.id}_{field.name}"

    def field(self, name: str) -> Field | None:
        """Return a field by its name, None if the form has no such field."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}

    def field_of_slot(self, slot: str) -> Field | None:
        """Return the field of a slot, None if the slot is not this form's."""
        start = f"{self.id}_"
        return self.field(slot.removeprefix(start)) if slot.startswith(start) else None


def read_form(path: Path) -> Form:
    """Read one form file.

    Raises:
        FormsInvalid: The file does not describe a form.
    """
    data = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    try:
        form = Form(
            id=data["id"],
            title=data["title"],
            ticket_kind=data["ticket_kind"],
            intro=data["intro"].strip(),
            fields=tuple(_field(entry) for entry in data["fields"]),
            groups=tuple(Group(entry["id"], entry["title"]) for entry in data.get("groups", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormsInvalid(f"{path.name}: {error!r}") from error
    _check(form, path)
    return form


def _field(data: Mapping[str, Any]) -> Field:
    kind = FieldType(data["type"])
    conditions = data.get("only_if") or ()
    return Field(
        name=data["name"],
        label=data["label"],
        ask=data["ask"].strip(),
        type=kind,
        choices=tuple(_choice(entry) for entry in data.get("choices", ())),
        multiple=data.get("multiple", False),
        skippable=data.get("skippable", False),
        only_if=tuple(map(_condition, [conditions] if isinstance(conditions, Mapping) else conditions)),
        aliases=(data["label"], *data.get("aliases", ())),
        min_length=data.get("min", 1),
        max_length=data.get("max", 4000 if kind is FieldType.NARRATIVE else 500),
        needs_letters=data.get("letters", False),
        must_be=data.get("must_be"),
        sensitive=data.get("sensitive", False),
        group=data.get("group", ""),
    )


def _choice(data: Mapping[str, Any]) -> Choice:
    return Choice(data["value"], data["title"], tuple(data.get("aliases", ())))


def _condition(data: Mapping[str, Any]) -> Condition:
    key = "in" if "in" in data else "not_in"
    return Condition(data["field"], frozenset(data[key]), negated=key == "not_in")


def _check(form: Form, path: Path) -> None:
    seen: set[str] = set()
    groups = {group.id for group in form.groups} or {""}
    for field in form.fields:
        if field.group not in groups:
            raise FormsInvalid(f"{path.name}: {field.name} stands under a heading that there is not")
        if field.name in seen or field.name == CONFIRM:
            raise FormsInvalid(f"{path.name}: {field.name} stands twice, or is reserved")
        if any(condition.field not in seen for condition in field.only_if):
            raise FormsInvalid(f"{path.name}: {field.name} depends on a field that is not asked before it")
        if field.type in (FieldType.CHOICE, FieldType.YES_NO) and len(field.choices) < 2:
            raise FormsInvalid(f"{path.name}: {field.name} needs choices")
        if field.type is FieldType.YES_NO and {c.value for c in field.choices} != {"yes", "no"}:
            raise FormsInvalid(f'{path.name}: {field.name} needs the choices "yes" and "no"')
        seen.add(field.name)
