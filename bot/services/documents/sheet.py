"""What stands on a filled form, in the order of the form and under its headings; no layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.services.evidence import EvidenceReceipt
from bot.services.fields.lists import items_of
from bot.services.fields.masking import masked
from bot.services.form_drafts import DraftView
from bot.services.forms import Field, FieldType, Form, FormCatalogue, required_fields
from bot.services.office import Office
from bot.services.views import TicketView


@dataclass(frozen=True)
class Entry:
    """One line: what was asked and what was answered.

    Attributes:
        value: What is stored, of a choice its code; masked as the text is, empty if nothing was answered.
        items: The answer as a list, if it is one; `text` then holds all of it too.
        is_long: It needs the whole width.
    """

    name: str
    label: str
    text: str
    items: tuple[str, ...] = ()
    is_long: bool = False
    value: str = ""


@dataclass(frozen=True)
class Section:
    """Entries under one heading."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Sheet:
    """A filled form.

    Attributes:
        head: Label and text of number, state, dates.
        note: What the reader has to know about personal data in it.
        is_signed: There is a place for a signature.
        facts: Field name → answer as people read it, masked like the rest.
    """

    title: str
    number: str
    head: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    note: str
    footer: str
    is_signed: bool
    facts: Mapping[str, str]
    form: str
    kind: str
    made_at: datetime
    words: Mapping[str, str]


def sheet_of_ticket(
    office: Office, forms: FormCatalogue, ticket: TicketView, evidence: Sequence[EvidenceReceipt] = (),
    *, is_masked: bool, now: datetime,
) -> Sheet:  # fmt: skip
    """Return the sheet of a ticket; facts that no form names come last."""
    texts, form = office.texts, forms.of_kind(ticket.kind)
    kind = texts(f"kinds.{ticket.kind}")
    head = (
        (texts("documents.number"), ticket.number),
        (texts("documents.status"), texts(f"states.{ticket.status}")),
        (texts("documents.opened"), _full_moment(office, ticket.opened_at)),
        (texts("documents.centre"), _centre(office, ticket.centre)),
    )
    files = [
        texts("documents.evidence_line", name=e.filename, size=e.size_bytes, receipt=e.receipt, sha256=e.sha256)
        for e in evidence
    ]
    extra = [Section(texts("documents.evidence"), (_listed("evidence_files", texts("documents.evidence"), files),))]
    facts = {name: str(value) for name, value in ticket.facts.items()}
    return _sheet(
        office, forms, form, facts, title=texts("documents.title", form=kind), number=ticket.number, head=head,
        extra=extra if files else [], is_masked=is_masked, now=now, kind=ticket.kind,
    )  # fmt: skip


def sheet_of_draft(office: Office, forms: FormCatalogue, draft: DraftView, *, now: datetime) -> Sheet:
    """Return the sheet of an unfinished form, with what is still to be answered left blank; masked."""
    texts, form = office.texts, forms.form(draft.form)
    head = (
        (texts("documents.draft_number"), draft.number),
        (texts("documents.updated"), _full_moment(office, draft.updated_at)),
    )
    answers = dict.fromkeys((field.name for field in required_fields(form, draft.answers)), "") | dict(draft.answers)
    return _sheet(
        office, forms, form, answers, title=texts("documents.draft_title", form=form.title), number=draft.number,
        head=head, extra=[], is_masked=True, now=now, kind=form.ticket_kind,
    )  # fmt: skip


def _sheet(
    office: Office, forms: FormCatalogue, form: Form | None, facts: Mapping[str, str], *, title: str, number: str,
    head: tuple[tuple[str, str], ...], extra: Iterable[Section], is_masked: bool, now: datetime, kind: str,
) -> Sheet:  # fmt: skip
    texts = office.texts
    entries = [(field, _entry(office, forms, field, facts[field.name], is_masked)) for field in _known(form, facts)]
    headings = form.groups if form and form.groups else ()
    sections = [
        Section(group.title, tuple(entry for field, entry in entries if field.group == group.id)) for group in headings
    ]
    if not headings:
        sections = [Section(title, tuple(entry for _, entry in entries))]
    unknown = [name for name in facts if form is None or form.field(name) is None]
    others = tuple(
        Entry(name, _label(office, name), _readable(office, facts[name]), is_long=True, value=facts[name])
        for name in unknown
    )
    sections.append(Section(title, others))
    return Sheet(
        title=title,
        number=number,
        head=head,
        sections=tuple(section for section in (*sections, *extra) if section.entries),
        note=texts("documents.masked" if is_masked else "documents.full"),
        footer=texts("documents.footer", centre=office.routing.here.name, made=_full_moment(office, now)),
        is_signed=form is not None,
        facts={entry.name: entry.text for _, entry in entries} | {name: facts[name] for name in unknown},
        form=form.id if form else "",
        kind=kind,
        made_at=now,
        words=texts.section("documents"),
    )


def _known(form: Form | None, facts: Mapping[str, str]) -> list[Field]:
    return [field for field in form.fields if field.name in facts] if form else []


def _entry(office: Office, forms: FormCatalogue, field: Field, value: str, is_masked: bool) -> Entry:
    line = forms.line(field, value, is_masked=is_masked)
    text = line.shown or office.texts("documents.not_given")
    items = tuple(items_of(value)) if value and field.type is FieldType.LIST else ()
    stored = masked(field, value) if is_masked else value
    return Entry(field.name, field.label, text, items, is_long=field.type is FieldType.NARRATIVE, value=stored)


def _listed(name: str, label: str, items: Sequence[str]) -> Entry:
    return Entry(name, label, "\n".join(items), tuple(items), is_long=True)


def _label(office: Office, name: str) -> str:
    key = f"documents.facts.{name}"
    return office.texts(key) if key in office.texts else name


def _readable(office: Office, value: str) -> str:
    """Return an instant the way people write it, anything else as it is."""
    try:
        at = datetime.fromisoformat(value)
        return _full_moment(office, at) if at.tzinfo else value
    except (ValueError, OverflowError):
        # Words, or an instant so far away that it lies in no year here.
        return value


def _centre(office: Office, centre_id: str) -> str:
    centre = office.routing.centres.get(centre_id)
    return centre.name if centre else centre_id


def _full_moment(office: Office, at: datetime) -> str:
    local = at.astimezone(office.calendar.zone)
    day = office.texts("drafts.date", year=local.year, month=local.month, day=local.day)
    return f"{day} {local:%H:%M}"


def as_json(sheet: Sheet) -> dict[str, Any]:
    """Return the sheet for programs.

    `facts` and `sections` hold answers as people read them; `fields` adds to each what is stored, so that
    a choice can be told without its Chinese title.
    """
    return {
        "title": sheet.title,
        "number": sheet.number,
        "kind": sheet.kind,
        "form": sheet.form,
        "made_at": sheet.made_at.isoformat(),
        "note": sheet.note,
        "head": [{"label": label, "text": text} for label, text in sheet.head],
        "facts": dict(sheet.facts),
        "fields": {
            entry.name: {"label": entry.label, "value": entry.value, "text": entry.text}
            for section in sheet.sections
            for entry in section.entries
            if entry.name in sheet.facts
        },
        "sections": [
            {
                "title": section.title,
                "entries": [
                    {"name": e.name, "label": e.label, "text": e.text} | ({"items": list(e.items)} if e.items else {})
                    for e in section.entries
                ],
            }
            for section in sheet.sections
        ],
    }
