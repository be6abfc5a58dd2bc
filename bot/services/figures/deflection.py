"""What the assistant settles without a person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.figures.period import Period
from bot.services.figures.split import bars_by
from bot.services.figures.table import Bar
from bot.services.figures.topics import fact, latest_ticket, understood_right
from bot.store.tables import Conversation, Handoff, Message, Ticket


@dataclass(frozen=True)
class DeflectionFigures:
    """Conversations begun in a period in which the citizen wrote; `parts`: those of them without a handoff.

    Attributes:
        by_right: Of the latest ticket, else as the assistant understood it last; None where nothing tells.
        by_region: Of the latest ticket; nothing else tells.
    """

    by_right: list[Bar]
    by_region: list[Bar]
    by_channel: list[Bar]

    @property
    def conversations(self) -> int:
        """Return how many there are."""
        return sum(bar.count for bar in self.by_channel)

    @property
    def alone(self) -> int:
        """Return how many had no handoff."""
        return sum(bar.parts[0] for bar in self.by_channel)


async def deflection_figures(session: AsyncSession, period: Period) -> DeflectionFigures:
    """Count the conversations of a period, and those that needed no person."""
    wrote = exists(select(1).where(Message.conversation_id == Conversation.id, Message.author == "citizen"))
    asked = exists(select(1).where(Handoff.conversation_id == Conversation.id))
    rows = select(
        func.coalesce(fact(Ticket, "right"), understood_right()).label("right"),
        fact(Ticket, "region").label("region"),
        Conversation.channel.label("channel"),
        case((~asked, 1), else_=0).label("alone"),
    ).select_from(Conversation)
    rows = rows.outerjoin(Ticket, Ticket.id == latest_ticket()).where(period.holds(Conversation.created_at), wrote)
    bars = await bars_by(session, rows, ("right", "region", "channel"), parts=("alone",))
    return DeflectionFigures(bars["right"], bars["region"], bars["channel"])
