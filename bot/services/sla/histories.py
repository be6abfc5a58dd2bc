"""What happened to tickets, read from their audit chains in the words of the clock table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.replaying import MERGED, UNMERGED, Happening
from bot.store.tables import TicketEvent

#: What the clock table calls the entries of the audit chain; a change of status is called after the new one.
_EVENTS = {
    "ticket.opened": "opened",
    "ticket.replied": "public_reply",
    "ticket.interim_feedback": "interim_feedback",
    "ticket.feedback_received": "feedback_received",
    "ticket.merged": MERGED,
    "ticket.unmerged": UNMERGED,
}
_STATUS_CHANGED = "ticket.status_changed"


async def histories_of(session: AsyncSession, ticket_ids: Collection[str]) -> Mapping[str, list[Happening]]:
    """Return what happened to each ticket, in the order in which it happened."""
    rows = await session.execute(
        select(TicketEvent.ticket_id, TicketEvent.at, TicketEvent.action, TicketEvent.new)
        .where(TicketEvent.ticket_id.in_(ticket_ids), TicketEvent.action.in_([*_EVENTS, _STATUS_CHANGED]))
        .order_by(TicketEvent.ticket_id, TicketEvent.seq)
    )
    found: dict[str, list[Happening]] = defaultdict(list)
    for ticket_id, at, action, new in rows:
        found[ticket_id].append(Happening(at, _EVENTS.get(action) or new["status"]))
    return found
