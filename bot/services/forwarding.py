"""Sending a matter on to the centre whose it is: the citizen is told where, the feedback is watched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import CentreUnknown, IllegalTransition
from bot.helpdesk.routing import Centre
from bot.helpdesk.ticket import TicketStatus
from bot.services import audit
from bot.services.ids import new_id
from bot.services.life_cycle.standing import end_standing
from bot.services.office import Office
from bot.services.opening import system_note
from bot.services.telling import tell_citizen
from bot.services.tickets import move, touch
from bot.store.tables import Ticket, Transfer


async def forward(
    session: AsyncSession,
    office: Office,
    ticket: Ticket,
    centre: Centre,
    *,
    answer: str = "",
    actor: str,
    now: datetime,
) -> None:
    """Forward a ticket; the caller holds its row, and its conversation's before that.

    The status `transferred` starts the feedback clock if the policy has one. The reason that the citizen
    reads names the centre and how to reach it. What another authority has goes on from there: its transfer
    ends with its answer, as in `transfers.transfer_to_authority`.

    Args:
        answer: What the authority or centre said that had it until now.
    Raises:
        CentreUnknown: It is this centre.
        IllegalTransition: The ticket is decided, or this centre has it already.
        BadRequest: See `standing.end_standing`.
    """
    if centre.id == office.routing.own:
        raise CentreUnknown(centre=centre.id)
    had_it = ticket.centre
    if ticket.status == TicketStatus.TRANSFERRED and had_it == centre.id:
        raise IllegalTransition(status=ticket.status, to=TicketStatus.TRANSFERRED.value)
    before = await end_standing(session, office, ticket, answer, actor=actor, now=now)
    key = "routing.forwarded" if has_agreed(ticket.facts) else "routing.forwarded_unasked"
    words = office.texts(key, centre=centre.name, contact=contact(office, centre))
    await move(session, office, ticket, TicketStatus.TRANSFERRED, actor=actor, reason=words, now=now)
    audit.record(
        session, ticket, actor=actor, action="ticket.forwarded", now=now,
        old={"centre": had_it}, new={"centre": centre.id},
    )  # fmt: skip
    ticket.centre = centre.id
    session.add(_transfer(office, ticket, centre, actor, now))
    note(session, ticket, office.texts("routing.forwarded_note", centre=centre.name), now=now)
    values = {"number": ticket.number, "words": words}
    if before is None:
        told = office.texts("routing.told", **values)
    else:
        told = office.texts("routing.told_onward", **values, before=before, answer=answer.strip())
    await tell_citizen(session, ticket, told, now=now)
    touch(session, ticket, now)


def has_agreed(facts: Mapping[str, object]) -> bool:
    """Tell whether the citizen agreed in the form that the matter goes to the centre whose it is."""
    return facts.get("forward") == "yes"


def _transfer(office: Office, ticket: Ticket, centre: Centre, actor: str, now: datetime) -> Transfer:
    """Return what awaits the centre's receipt and feedback, as of any authority."""
    return Transfer(
        id=new_id(now), ticket_id=ticket.id, authority=centre.name, contact=contact(office, centre),
        matter=ticket.subject, sent_by=None if actor == "system" else actor, sent_at=now,
    )  # fmt: skip


def contact(office: Office, centre: Centre) -> str:
    """Return how the centre can be reached, in words: its own number, else the hotline of its place."""
    hours = office.texts("routing.hours", hours=centre.hours) if centre.hours else ""
    if centre.phone:
        return office.texts("routing.phone", phone=centre.phone) + hours
    return office.texts("routing.hotline") + hours


def note(session: AsyncSession, ticket: Ticket, text: str, *, now: datetime) -> None:
    """Leave a note of the system on the timeline, for staff only."""
    session.add(system_note(ticket, text, now=now))
    audit.record(
        session, ticket, actor="system", action="ticket.noted", now=now,
        new=audit.sealed_text(text),
    )  # fmt: skip
