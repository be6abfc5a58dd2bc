"""The transfer under which somebody else has the matter now, and how it ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.ticket import TicketStatus
from bot.services import audit, sla
from bot.services.life_cycle.after_step import lapse_extensions
from bot.services.office import Office
from bot.store.tables import Ticket, Transfer

ANSWER_MAX_CHARS = 4000


async def standing_transfer(session: AsyncSession, ticket: Ticket) -> Transfer | None:
    """Return the transfer that still waits for its last word; None if nobody else has the matter."""
    if ticket.status != TicketStatus.TRANSFERRED:
        return None
    return await session.scalar(
        select(Transfer)
        .where(Transfer.ticket_id == ticket.id, Transfer.feedback_at.is_(None))
        .order_by(Transfer.sent_at.desc(), Transfer.id.desc())
        .limit(1)
    )


async def end_standing(
    session: AsyncSession, office: Office, ticket: Ticket, answer: str, *, actor: str, now: datetime
) -> str | None:
    """End the transfer that stands, before the matter goes on from there; the caller holds the ticket's row.

    Args:
        answer: What the authority said; needed exactly if one has the matter.
    Returns:
        Whose transfer ended, None if there was none.
    Raises:
        BadRequest: The answer is missing or too long, or given where nobody has the matter.
    """
    standing, answer = await standing_transfer(session, ticket), answer.strip()
    if bool(answer) != (standing is not None) or len(answer) > ANSWER_MAX_CHARS:
        raise BadRequest(field="answer")
    if standing is None:
        return None
    await end(session, office, ticket, standing, answer, returned=False, actor=actor, now=now)
    # What another centre has not kept is ours to follow.
    ticket.centre = office.routing.own
    return standing.authority


async def end(
    session: AsyncSession,
    office: Office,
    ticket: Ticket,
    transfer: Transfer,
    text: str,
    *,
    returned: bool,
    actor: str,
    now: datetime,
) -> None:
    """Record the authority's last word; its clock stops, ours goes on."""
    transfer.feedback_at, transfer.feedback, transfer.returned = now, text, returned
    audit.record(
        session, ticket, actor=actor, action="ticket.feedback_received", now=now, reason=text,
        new={"transfer": transfer.id, "authority": transfer.authority, "returned": returned},
    )  # fmt: skip
    await sla.on_ticket_event(session, office.sla, ticket, "feedback_received", now=now)
    await lapse_extensions(session, ticket, now=now)
