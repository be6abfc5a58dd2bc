"""A confirmed form becomes a ticket, once: it is routed, opened, and forwarded if it is not ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.routing import Centre, Matter, Place, Reason, Route, route
from bot.services import form_drafts
from bot.services.conversations import locked
from bot.services.fields.extents import amount_of
from bot.services.forms import FieldType, Form, FormCatalogue
from bot.services.forwarding import forward, has_agreed
from bot.services.office import Office
from bot.services.opening import OpenedTicket, TicketDraft, open_ticket
from bot.services.views import ticket_view
from bot.store.tables import Ticket

#: Answers in which an address may stand, after the region itself; the first that names a place counts.
_ADDRESSES = ("market", "exhibition", "customs", "respondent", "respondent_details", "address", "facts")
#: In these forms the region is where the act was done, in the others where the citizen lives.
_ACT_IS_ASKED = frozenset({"complaint"})


@dataclass(frozen=True)
class Submission:
    """A form whose summary was confirmed.

    Attributes:
        values: Field name → value, fields included that are not due.
        draft: Number of the draft that the conversation took up, None if the form began in it.
    """

    form: Form
    values: Mapping[str, str]
    channel: str
    conversation_id: str
    draft: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A routed form, before its ticket is opened.

    Attributes:
        goes_to: Centre to which the ticket is forwarded at once, None if it stays for a person to see.
    """

    draft: TicketDraft
    goes_to: Centre | None


async def submit(
    session: AsyncSession, office: Office, forms: FormCatalogue, sent: Submission, *, now: datetime
) -> OpenedTicket:
    """Open the ticket of a form, or return the one that the same form opened before.

    A draft opens one ticket, wherever it was filled in and however often it is sent.
    """
    await locked(session, sent.conversation_id)
    draft = await form_drafts.of_form(session, sent.conversation_id, sent.draft)
    if draft is not None and draft.ticket_id:
        return _opened_before(office, await session.get_one(Ticket, draft.ticket_id))
    prepared = prepare(
        office, forms, sent.form, forms.facts(sent.form, sent.values),
        subject=_subject(office, forms, sent), channel=sent.channel, conversation_id=sent.conversation_id,
    )  # fmt: skip
    opened = await open_ticket(session, office, prepared.draft, now=now)
    if draft is not None:
        form_drafts.settle(draft, opened.ticket.id)
    opened = await send_on_its_way(session, office, prepared, opened, now=now)
    await session.flush()
    return opened


def prepare(
    office: Office, forms: FormCatalogue, form: Form, facts: dict[str, str],
    *, subject: str, channel: str, conversation_id: str,
) -> Prepared:  # fmt: skip
    """Route a form and return what its ticket will be; the database is not asked.

    Args:
        facts: The answers that count, see `FormCatalogue.facts`.
    """
    decided = route_form(office, forms, form, facts)
    agreed = has_agreed(facts)
    goes_on = not decided.is_ours and agreed and decided.centre.is_automatic
    proposal = ""
    if not decided.is_ours and not goes_on:
        key = "routing.proposed" if agreed else "routing.proposed_without_consent"
        proposal = office.texts(key, centre=decided.centre.name)
    draft = TicketDraft(
        kind=form.ticket_kind,
        subject=subject,
        facts=facts,
        region=forms.divisions.region_of(facts.get("region")),
        queue=decided.queue,
        channel=channel,
        conversation_id=conversation_id,
        centre=office.routing.own,
        urgency=decided.urgency.value,
        routed=sealed(decided),
        note=proposal,
    )
    return Prepared(draft, decided.centre if goes_on else None)


async def send_on_its_way(
    session: AsyncSession, office: Office, prepared: Prepared, opened: OpenedTicket, *, now: datetime
) -> OpenedTicket:
    """Forward a ticket that was just opened, if it goes on by itself; return it as it then stands."""
    if prepared.goes_to is None or not opened.created:
        return opened
    ticket = await session.get_one(Ticket, opened.ticket.id)
    await forward(session, office, ticket, prepared.goes_to, actor="system", now=now)
    return OpenedTicket(ticket_view(ticket), opened.code, created=True)


def route_form(office: Office, forms: FormCatalogue, form: Form, facts: Mapping[str, str]) -> Route:
    """Decide whose matter a form is, which queue takes it and how urgent it is.

    Args:
        facts: The answers that count, see `FormCatalogue.facts`.
    """
    told = [facts[f.name] for f in form.fields if f.type in (FieldType.NARRATIVE, FieldType.TEXT) and facts.get(f.name)]
    matter = Matter(
        right=facts.get("right"),
        values=facts,
        places=tuple(_places(forms, form, facts)),
        told="\n".join(told),
        amount=amount_of(facts.get("extent", "")),
    )
    return route(matter, office.routing)


def reasons_in_words(office: Office, reasons: list[dict[str, Any]]) -> list[str]:
    """Return recorded reasons for people to read; those of an older program that are not known are left out."""
    texts, words = office.texts, []
    for reason in reasons:
        key, details = f"routing.reasons.{reason['code']}", dict(reason.get("details") or {})
        for name, section in _NAMED.items():
            if name in details and f"{section}.{details[name]}" in texts:
                details[name] = texts(f"{section}.{details[name]}")
        if key in texts:
            words.append(texts(key, **details))
    return words


#: Details of reasons that are keys, and the section of the words for them.
_NAMED = {
    "source": "routing.sources", "right": "rights", "queue": "queues", "level": "urgency",
    "signal": "routing.signals", "language": "languages",
}  # fmt: skip


def _places(forms: FormCatalogue, form: Form, facts: Mapping[str, str]) -> Iterator[Place]:
    region = facts.get("region", "")
    if code := forms.divisions.code_of(region):
        yield Place("act" if form.id in _ACT_IS_ASKED else "home", code, region)
    if code := forms.divisions.code_of(facts.get("residence", "")):
        yield Place("home", code, facts["residence"])
    for name in _ADDRESSES:
        for code in forms.places_in(facts.get(name, "")):
            yield Place("address", code, forms.divisions.name_of(code) or code)
    for code in forms.divisions.of_phone(facts.get("phone", "")):
        yield Place("phone", code, forms.divisions.name_of(code) or code)


def _subject(office: Office, forms: FormCatalogue, sent: Submission) -> str:
    lines = {line.name: line.shown for line in forms.summary(sent.form, sent.values)}
    parts = {"form": sent.form.title, "right": lines.get("right") or ""}
    if act := lines.get("act"):
        return office.texts("tickets.subject_detail", detail=act, **parts)
    return office.texts("tickets.subject", **parts)


def sealed(decided: Route) -> dict[str, Any]:
    """Return a decision as the audit chain keeps it."""
    return {
        "centre": decided.centre.id,
        "queue": decided.queue,
        "urgency": decided.urgency.value,
        "region": decided.region,
        "skills": sorted(decided.skills),
        "reasons": [_plain(reason) for reason in decided.reasons],
    }


def _plain(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "details": dict(reason.details)}


def _opened_before(office: Office, ticket: Ticket) -> OpenedTicket:
    return OpenedTicket(ticket_view(ticket), office.signer.query_code(ticket.number), created=False)
