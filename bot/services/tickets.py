"""Tickets that stand, as citizens use them and steps move them: look one up, add to it, take it back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, TicketNotFound
from bot.helpdesk.identifiers import (
    parse_ticket_number,
)
from bot.helpdesk.life_cycle import TicketMerged
from bot.helpdesk.ticket import FINISHED, TicketStatus, check_transition
from bot.services import audit, sla
from bot.services.life_cycle.after_step import after_step
from bot.services.office import Office
from bot.services.outgoing.happenings import ticket_happened
from bot.services.telling import tell_merged
from bot.services.views import TicketView, ticket_view
from bot.store.database import announce
from bot.store.tables import Ticket, TicketEntry

SUPPLEMENT_MAX_CHARS = 4000


async def ticket_by_code(
    session: AsyncSession, office: Office, number: str, code: str, *, lock: bool = False
) -> Ticket:
    """Return the ticket that number and code open.

    Raises:
        TicketNotFound: Wrong number or wrong code; which of them is not told.
    """
    parsed = parse_ticket_number(number) or ""
    query = select(Ticket).where(Ticket.number == parsed)
    ticket = await session.scalar(query.with_for_update() if lock else query)
    # The code is computed in both cases, so that the answer takes the same time.
    matches = office.signer.matches_code(parsed, code)
    if ticket is None or not matches:
        raise TicketNotFound
    return ticket


async def look_up(session: AsyncSession, office: Office, number: str, code: str) -> TicketView:
    """Return a ticket to a citizen who knows number and code.

    Raises:
        TicketNotFound: Wrong number or wrong code; which of them is not told.
    """
    return ticket_view(await ticket_by_code(session, office, number, code))


async def supplement(
    session: AsyncSession, office: Office, number: str, code: str, *, text: str, now: datetime
) -> TicketView:
    """Add what the citizen wrote; a ticket waiting for a correction goes back to `submitted`.

    Raises:
        TicketNotFound: Wrong number or wrong code.
        BadRequest: Nothing was written, too much was written, or the ticket is archived.
    """
    ticket = await ticket_by_code(session, office, number, code, lock=True)
    text = text.strip()
    if not text or len(text) > SUPPLEMENT_MAX_CHARS:
        raise BadRequest(field="text")
    if ticket.status in (TicketStatus.CLOSED, TicketStatus.WITHDRAWN):
        raise BadRequest(field="status")
    session.add(TicketEntry(ticket_id=ticket.id, kind="supplement", text=text, created_at=now))
    audit.record(
        session, ticket, actor="citizen", action="ticket.supplemented", now=now,
        new=audit.sealed_text(text),
    )  # fmt: skip
    if ticket.merged_into is not None:
        # Whoever works on the other ticket learns of it; that row is not locked here.
        announce(session, "staff", {"type": "ticket_changed", "id": ticket.merged_into})
    if ticket.status == TicketStatus.NEEDS_CORRECTION and ticket.merged_into is None:
        await move(session, office, ticket, TicketStatus.SUBMITTED, actor="citizen", reason="", now=now)
    else:
        touch(session, ticket, now)
    return ticket_view(ticket)


async def withdraw(
    session: AsyncSession, office: Office, number: str, code: str, *, reason: str, now: datetime
) -> TicketView:
    """Take a ticket back; the same form may be sent again afterwards.

    Raises:
        TicketNotFound: Wrong number or wrong code.
        IllegalTransition: It is decided already.
        ReasonRequired: No reason was given.
        TicketMerged: It is handled with another one; staff take it out first.
    """
    ticket = await ticket_by_code(session, office, number, code, lock=True)
    await move(
        session, office, ticket, TicketStatus.WITHDRAWN, actor="citizen", reason=reason, now=now
    )
    ticket.idempotency_key = None
    return ticket_view(ticket)


async def move(
    session: AsyncSession,
    office: Office,
    ticket: Ticket,
    to: TicketStatus,
    *,
    actor: str,
    reason: str,
    now: datetime,
    reason_code: str | None = None,
) -> None:
    """Take one step of the state table, and tell the citizens of tickets merged into this one; the caller holds the
    row, and tells its own citizen.

    Args:
        reason_code: Code from the catalogue whose words `reason` begins with; sealed, to count by.
    Raises:
        TicketMerged: The ticket is handled with another one.
        IllegalTransition: The table has no such step.
        ReasonRequired: The step needs a reason.
    """
    if ticket.merged_into is not None:
        raise TicketMerged
    old = TicketStatus(ticket.status)
    check_transition(old, to, reason)
    ticket.status = to
    ticket.is_finished = to in FINISHED
    audit.record(
        session, ticket, actor=actor, action="ticket.status_changed", now=now,
        old={"status": old.value}, reason=reason.strip(),
        new={"status": to.value} | ({"reason_code": reason_code} if reason_code else {}),
    )  # fmt: skip
    await sla.on_status_changed(session, office.sla, ticket, old, to, now=now)
    await after_step(session, office, ticket, old, to, actor=actor, now=now)
    await tell_merged(session, office, ticket, now=now)
    touch(session, ticket, now)
    if to is TicketStatus.RESOLVED:
        ticket_happened(session, "ticket.resolved", ticket, now=now)


def touch(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """Count a change, so that an agent who looked before it has to look again."""
    ticket.version += 1
    ticket.updated_at = now
    announce(session, "staff", {"type": "ticket_changed", "id": ticket.id})
    ticket_happened(session, "ticket.changed", ticket, now=now)
