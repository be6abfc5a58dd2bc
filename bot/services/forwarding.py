"""Sending a matter on to the centre whose it is: the citizen is told where, the feedback is watched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import CentreUnknown, IllegalTransition
from bot.helpdesk.routing import Centre
from bot.helpdesk.ticket import TicketStatus
from bot.services import audit
from bot.services.conversations import add_outgoing, locked
from bot.services.ids import new_id
from bot.services.office import Office
from bot.services.opening import system_note
from bot.services.outbox import deliver_from
from bot.services.tickets import move, touch
from bot.store.tables import Ticket, Transfer


async def forward(
    session: AsyncSession, office: Office, ticket: Ticket, centre: Centre, *, actor: str, now: datetime
) -> None:
    """Forward a ticket; the caller holds its row, and its conversation's before that.

    The status `transferred` starts the feedback clock if the policy has one. The reason that the citizen
    reads names the centre and how to reach it.

    Raises:
        CentreUnknown: It is this centre.
        IllegalTransition: The ticket is decided, or forwarded already.
    """
    if centre.id == office.routing.own:
        raise CentreUnknown(centre=centre.id)
    if ticket.status == TicketStatus.TRANSFERRED:
        # Whoever has it must answer first, and the form of a transfer asks for that.
        raise IllegalTransition(status=ticket.status, to=TicketStatus.TRANSFERRED.value)
    words = office.texts("routing.forwarded", centre=centre.name, contact=contact(office, centre))
    await move(session, office, ticket, TicketStatus.TRANSFERRED, actor=actor, reason=words, now=now)
    audit.record(
        session, ticket, actor=actor, action="ticket.forwarded", now=now,
        old={"centre": ticket.centre}, new={"centre": centre.id},
    )  # fmt: skip
    ticket.centre = centre.id
    session.add(_transfer(office, ticket, centre, actor, now))
    note(session, ticket, office.texts("routing.forwarded_note", centre=centre.name), now=now)
    await _tell_citizen(session, office, ticket, words, now)
    touch(session, ticket, now)


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


async def _tell_citizen(
    session: AsyncSession, office: Office, ticket: Ticket, words: str, now: datetime
) -> None:
    if ticket.conversation_id is None:
        return
    conversation = await locked(session, ticket.conversation_id)
    text = office.texts("routing.told", number=ticket.number, words=words)
    add_outgoing(session, conversation, "system", text, now=now, epoch=None)
    await session.flush()
    await deliver_from(session, conversation, now=now)
