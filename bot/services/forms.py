"""The forms a citizen fills in: which questions are due, what answers are good, what was said.

One file under `knowledge_base/forms/` describes a form for everybody. Answers arrive as text and
leave in a normal form; checking a normal form again gives the same, so that a slot may be checked
twice. Conditions, masking and corrections work on plain values: field name → text, `""` when
the citizen skipped the question, missing when it was not asked yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.services.fields.choices import check_choice, check_choices, check_yes_no, find_exact, show_choices
from bot.services.fields.corrections import Correction, asks_correction, parse_correction
from bot.services.fields.dates import check_date, show_date
from bot.services.fields.divisions import Divisions
from bot.services.fields.extents import check_extent
from bot.services.fields.lists import check_list
from bot.services.fields.masking import masked
from bot.services.fields.model import (
    CONFIRM,
    Condition,
    Field,
    FieldType,
    Form,
    FormsInvalid,
    Group,
    read_form,
)
from bot.services.fields.numbers import (
    check_credit_code,
    check_email,
    check_party_id,
    check_phone_answer,
    check_right_number,
)
from bot.services.fields.regions import Regions
from bot.services.fields.result import Accepted, Outcome, Rejected, rejected
from bot.services.fields.vocabulary import Vocabulary

__all__ = [
    "CONFIRM", "SKIPPED", "Accepted", "Condition", "Correction", "Field", "FieldType", "Form", "FormCatalogue",
    "FormsInvalid", "Group", "Line", "Outcome", "Rejected", "required_fields",
]  # fmt: skip

SKIPPED = ""

type Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One answer, for people to read.

    Attributes:
        shown: Masked if the field is sensitive; None when the citizen skipped the question.
    """

    name: str
    label: str
    shown: str | None
    sensitive: bool


def required_fields(form: Form, values: Values) -> list[Field]:
    """Return the fields that are due with these answers, in the order of the form."""
    due: dict[str, Field] = {}
    for field in form.fields:
        # A question that is not due has no answer, whatever was said to it before.
        if all(c.holds(values.get(c.field) if c.field in due else None) for c in field.only_if):
            due[field.name] = field
    return list(due.values())


class FormCatalogue:
    """All forms with what is needed to understand their answers; immutable."""

    def __init__(
        self, forms: Sequence[Form], regions: Regions, words: Vocabulary, divisions: Divisions
    ) -> None:
        self._forms = {form.id: form for form in forms}
        self._regions = regions
        self.words = words
        self.divisions = divisions

    @classmethod
    def load(cls, root: Path) -> FormCatalogue:
        """Read the forms and word lists under `knowledge_base/forms`.

        Args:
            root: The knowledge base.
        Raises:
            FormsInvalid: A form file is wrong.
        """
        folder = root / "forms"
        forms = [read_form(path) for path in sorted(folder.glob("*.yml"))]
        words = folder / "words"
        return cls(
            forms,
            Regions.load(words / "regions.yml"),
            Vocabulary.load(words / "vocabulary.yml"),
            Divisions.load(words),
        )

    @property
    def forms(self) -> tuple[Form, ...]:
        """Return all forms, by id."""
        return tuple(self._forms.values())

    def form(self, form_id: str) -> Form:
        """Return a form.

        Raises:
            KeyError: There is no such form.
        """
        return self._forms[form_id]

    def of_kind(self, kind: str) -> Form | None:
        """Return the form from which tickets of this kind are made, None if none is."""
        return next((form for form in self.forms if form.ticket_kind == kind), None)

    def places_in(self, text: str) -> tuple[str, ...]:
        """Return the division codes of the place that a text names; none if it is not certain."""
        outcome = self._regions.check(text) if text else None
        code = self.divisions.code_of(outcome.value) if isinstance(outcome, Accepted) else None
        return (code,) if code else ()

    def left_out(self, form: Form, values: Values) -> list[Field]:
        """Return the questions without an answer that may be skipped, those included that are not due yet."""
        return [f for f in form.fields if f.skippable and values.get(f.name) is None]

    def validate(self, field: Field, text: str, *, today: date, values: Values | None = None) -> Outcome:
        """Check an answer.

        Args:
            text: As typed, or a normal form.
            today: Local day; dates are read relative to it and may not lie after it.
            values: The form's other answers; a number is checked by the rules of its right.
        """
        if not text.strip():
            return Accepted(SKIPPED, "") if field.skippable else _required(field)
        if find_exact(text, field.choices) is None and self.words.is_skip(text):
            if field.skippable:
                return Accepted(SKIPPED, "")
            if field.type is not FieldType.YES_NO:
                return _required(field)
        return self._checked(field, text, today, values or {})

    def show(self, field: Field, value: str) -> str:
        """Return a stored value for people to read, not masked."""
        if field.choices:
            return show_choices(value, field.choices) if field.type is not FieldType.TEXT else value
        return show_date(value, self.words.dates) if field.type is FieldType.DATE else value

    def line(self, field: Field, value: str | None, *, is_masked: bool) -> Line:
        """Return one answer for people to read, masked if it is sensitive and that is asked for."""
        shown = self.show(field, value) if value else None
        return Line(field.name, field.label, masked(field, shown) if shown and is_masked else shown, field.sensitive)

    def summary(self, form: Form, values: Values) -> list[Line]:
        """Return the answers that count, masked where sensitive; unanswered fields are left out."""
        return [self._line(field, values) for field in _answered(form, values)]

    def describe(self, kind: str, facts: Mapping[str, object]) -> list[Line]:
        """Return a ticket's facts for people to read; facts of no known field keep their name."""
        form = self.of_kind(kind)
        values = {name: str(value) for name, value in facts.items()}
        fields = [field for field in form.fields if field.name in values] if form else []
        known = {field.name for field in fields}
        lines = [self._line(field, values) for field in fields]
        return lines + [Line(name, name, values[name], False) for name in values if name not in known]

    def facts(self, form: Form, values: Values) -> dict[str, str]:
        """Return the answers that go into a ticket: only fields that are due."""
        return {field.name: str(values[field.name]) for field in _answered(form, values)}

    def missing(self, form: Form, values: Values) -> list[Field]:
        """Return the due fields without an answer with which the form may be sent."""
        return [f for f in required_fields(form, values) if not _is_answered(f, values.get(f.name))]

    def no_longer_valid(self, form: Form, values: Values, *, today: date) -> list[Field]:
        """Return the answered fields that another answer made wrong, as a number of another right."""
        outcomes = {
            field.name: self.validate(field, values[field.name] or "", today=today, values=values)
            for field in _answered(form, values)
        }
        return [field for field in form.fields if isinstance(outcomes.get(field.name), Rejected)]

    def parse_correction(self, form: Form, text: str) -> Correction:
        """Find which answer a sentence wants to change, and to what."""
        return parse_correction(form, text, self.words)

    def asks_correction(self, text: str) -> bool:
        """Tell whether a sentence sounds like a correction."""
        return asks_correction(text, self.words)

    def _line(self, field: Field, values: Values) -> Line:
        return self.line(field, values.get(field.name), is_masked=True)

    def _checked(self, field: Field, text: str, today: date, values: Values) -> Outcome:
        match field.type:
            case FieldType.CHOICE if field.multiple:
                return check_choices(text, field.choices, self.words)
            case FieldType.CHOICE:
                return check_choice(text, field.choices)
            case FieldType.YES_NO:
                return self._yes_no(field, text)
            case FieldType.PHONE:
                return check_phone_answer(text)
            case FieldType.PARTY_ID:
                return check_party_id(text, today=today)
            case FieldType.CREDIT_CODE:
                return check_credit_code(text)
            case FieldType.RIGHT_NUMBER:
                return check_right_number(text, right=values.get("right"), today=today)
            case FieldType.REGION:
                return _suggested(field, text) or self._regions.check(text)
            case FieldType.DATE:
                return check_date(text, today=today, words=self.words.dates)
            case FieldType.EMAIL:
                return check_email(text)
            case FieldType.LIST:
                return check_list(text, longest=field.max_length)
            case FieldType.EXTENT:
                return check_extent(text)
            case FieldType.TEXT | FieldType.NARRATIVE:
                return _text(field, text)

    def _yes_no(self, field: Field, text: str) -> Outcome:
        yes, no = field.choice("yes"), field.choice("no")
        outcome = check_yes_no(text, self.words, yes=yes, no=no)
        if isinstance(outcome, Accepted) and field.must_be not in (None, outcome.value):
            return rejected("consent_required", yes=yes.title)
        return outcome


def _answered(form: Form, values: Values) -> list[Field]:
    """Return the due fields that have an answer, a skipped question included."""
    return [field for field in required_fields(form, values) if values.get(field.name) is not None]


def _suggested(field: Field, text: str) -> Accepted | None:
    """Return one of the answers that a question offers beside those that it leaves open."""
    found = find_exact(text, field.choices)
    return Accepted(found.value, found.title) if found else None


def _text(field: Field, text: str) -> Outcome:
    if suggested := _suggested(field, text):
        return suggested
    readable = text if text.isprintable() else "".join(c for c in text if c.isprintable() or c.isspace())
    said = re.sub(r"[^\S\n]+", " ", readable).strip()
    length = len("".join(said.split()))
    if not any(c.isalnum() for c in said):
        return rejected("only_symbols")
    if field.needs_letters and not any(c.isalpha() for c in said):
        return rejected("no_letters")
    if length < field.min_length:
        code = "too_short" if field.type is FieldType.NARRATIVE else "too_short_text"
        return rejected(code, min=field.min_length)
    if len(said) > field.max_length:
        return rejected("too_long", max=field.max_length)
    return Accepted(said, said)


def _required(field: Field) -> Rejected:
    special = (FieldType.DATE, FieldType.REGION, FieldType.PHONE)
    return rejected(f"required_{field.type}" if field.type in special else "required")


def _is_answered(field: Field, value: str | None) -> bool:
    if value is None or (value == SKIPPED and not field.skippable):
        return False
    return field.must_be is None or value == field.must_be
