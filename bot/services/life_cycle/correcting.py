"""Putting a wrong fact or a wrong word right; both versions stay in the audit chain (更正)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, Forbidden, HelpdeskError
from bot.services import audit, mentions
from bot.services.desk_work import TEXT_MAX_CHARS, access_ticket, tell_citizen
from bot.services.forms import Field, FormCatalogue, Rejected
from bot.services.life_cycle import reasons
from bot.services.life_cycle.rerouting import route_anew
from bot.services.office import Office
from bot.services.opening import party_key_of
from bot.services.tickets import touch
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Agent, Ticket, TicketEntry

#: What the citizen wrote is theirs: staff correct only their own side's words.
_CORRECTABLE = frozenset({"note", "public_reply"})
_ANY_AUTHOR = frozenset({"supervisor", "head"})


class FactRejected(HelpdeskError):
    """The form would not take this answer; `details["why"]` holds the words."""

    code = "fact_rejected"


@dataclass(frozen=True)
class CorrectedFact:
    """A corrected ticket.

    Attributes:
        proposed_queue: Takes what it is about now; somebody has put it elsewhere, so a person decides.
    """

    ticket: TicketView
    proposed_queue: str | None


@dataclass(frozen=True)
class CorrectedEntry:
    """A ticket with a corrected reply or note.

    Attributes:
        not_told: Who is named in the note and was not told: see `mentions.record`.
    """

    ticket: TicketView
    not_told: list[str]


async def correct_fact(
    session: AsyncSession,
    office: Office,
    forms: FormCatalogue,
    agent: Agent,
    ticket_id: str,
    *,
    name: str,
    value: str,
    reason: str,
    version: int,
    now: datetime,
) -> CorrectedFact:
    """Correct one answer of the form, checked as the form checks it; it is routed anew by it, see `rerouting`.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        FactRejected: The form would not take the new answer.
        ReasonRequired: No reason was given; the citizen reads it.
        BadRequest: The ticket has no such fact, or it is already so.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    reason = reasons.given(reason)
    field = _field(forms, ticket, name)
    if field is None and name not in ticket.facts:
        raise BadRequest(field="name")
    new = _accepted(office, forms, ticket, field, value, now)
    old = ticket.facts.get(name)
    if new == old:
        raise BadRequest(field="value")
    before, ticket.facts = ticket.facts, {**ticket.facts, name: new}
    ticket.party_key = party_key_of(office, ticket.facts)
    if name == "region":
        ticket.region = forms.divisions.region_of(new)
    audit.record(
        session, ticket, actor=agent.id, action="ticket.fact_corrected", now=now, reason=reason,
        old={"fact": name, "value": old}, new={"fact": name, "value": new},
    )  # fmt: skip
    proposed = await route_anew(session, office, forms, ticket, before, actor=agent.id, reason=reason, now=now)
    touch(session, ticket, now)
    label = field.label if field else office.texts(f"facts.{name}")
    words = office.texts(
        "life_cycle.correcting.fact_told", number=ticket.number, label=label, reason=reason
    )
    await tell_citizen(session, ticket, words, now=now)
    return CorrectedFact(ticket_view(ticket), proposed)


def _field(forms: FormCatalogue, ticket: Ticket, name: str) -> Field | None:
    form = next((form for form in forms.forms if form.ticket_kind == ticket.kind), None)
    fields = form.fields if form else ()
    return next((field for field in fields if field.name == name), None)


def _accepted(
    office: Office,
    forms: FormCatalogue,
    ticket: Ticket,
    field: Field | None,
    value: str,
    now: datetime,
) -> str:
    if field is None:
        value = value.strip()
        if not 1 <= len(value) <= TEXT_MAX_CHARS:
            raise BadRequest(field="value")
        return value
    today = office.calendar.local_date(now)
    outcome = forms.validate(field, value, today=today, values=ticket.facts)
    if isinstance(outcome, Rejected):
        raise FactRejected(why=office.texts(f"rejections.{outcome.code}", **outcome.details))
    return outcome.value


async def correct_entry(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    entry_id: int,
    *,
    text: str,
    reason: str,
    version: int,
    now: datetime,
) -> CorrectedEntry:
    """Correct a reply or a note; the citizen is told the right words of a reply, colleagues that a note names them now.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        Forbidden: A colleague wrote it, and the agent is no supervisor.
        ReasonRequired: No reason was given.
        BadRequest: This ticket has no such entry of staff, nothing changed, or the text is empty or
            too long.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    entry = await session.get(TicketEntry, entry_id)
    if entry is None or entry.ticket_id != ticket.id or entry.kind not in _CORRECTABLE:
        raise BadRequest(field="entry")
    if entry.agent_id != agent.id and agent.role not in _ANY_AUTHOR:
        raise Forbidden(step="ticket.correct_entry_of_others")
    reason, text = reasons.given(reason), text.strip()
    if not 1 <= len(text) <= TEXT_MAX_CHARS or text == entry.text:
        raise BadRequest(field="text")
    audit.record(
        session, ticket, actor=agent.id, action="ticket.entry_corrected", now=now, reason=reason,
        old={"entry": entry.id, "text": entry.text}, new={"entry": entry.id, "text": text},
    )  # fmt: skip
    entry.text = text
    touch(session, ticket, now)
    if entry.kind == "public_reply":
        words = office.texts("life_cycle.correcting.reply_told", number=ticket.number, text=text)
        await tell_citizen(session, ticket, words, now=now)
        return CorrectedEntry(ticket_view(ticket), [])
    not_told = await mentions.record(
        session, agent, text, entry_id=entry.id, told_before=await mentions.told_of_entry(session, entry.id), now=now,
        door=lambda colleague: access_ticket(session, colleague, ticket_id),
    )  # fmt: skip
    return CorrectedEntry(ticket_view(ticket), not_told)
