"""How soon a ticket should be looked at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.life_cycle import Priority
from bot.services import audit
from bot.services.desk_work import TEXT_MAX_CHARS, access_ticket
from bot.services.handoff.ranking import rank_anew
from bot.services.office import Office
from bot.services.tickets import touch
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Agent


async def set_priority(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    priority: str,
    reason: str = "",
    version: int,
    now: datetime,
) -> TicketView:
    """Give a ticket a priority, and its citizen who waits for a person their place by it; the same one again changes nothing.

    Args:
        reason: Sealed with the step and shown to staff on the timeline; the citizen never sees it. May be empty.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        BadRequest: There is no such priority, or the reason is too long.
    """
    if priority not in set(Priority):
        raise BadRequest(field="priority")
    if len(reason) > TEXT_MAX_CHARS:
        raise BadRequest(field="reason")
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    if ticket.priority != priority:
        audit.record(
            session, ticket, actor=agent.id, action="ticket.priority_changed", now=now,
            old={"priority": ticket.priority}, new={"priority": priority}, reason=reason.strip(),
        )  # fmt: skip
        ticket.priority = priority
        await session.flush()
        await rank_anew(session, office, ticket.conversation_id)
        touch(session, ticket, now)
    return ticket_view(ticket)
