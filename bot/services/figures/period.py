"""What came in over a period, and what became of it.

All figures are of the same things: tickets opened, handoffs asked for and conversations begun in the period. So
they add up, they can be read from an index of when, and a period that has passed changes only as its
matters go on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.figures.table import Bar, count_by, local_day, quantile, seconds
from bot.store.tables import Conversation, Handoff, Inbound, SlaClock, Ticket

#: A figure with more rows than this is a list, not a figure.
ROWS_MAX = 15


@dataclass(frozen=True)
class Period:
    """Whole days in a zone, both ends included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """Return the instant at which it begins."""
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def end(self) -> datetime:
        """Return the instant at which it is over."""
        return datetime.combine(self.last + timedelta(days=1), time.min, self.zone)

    @property
    def days(self) -> list[date]:
        """Return each of its days."""
        return [self.first + timedelta(days=at) for at in range((self.last - self.first).days + 1)]

    def holds(self, column: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Return the condition that an instant lies in it."""
        return (column >= self.start) & (column < self.end)


@dataclass(frozen=True)
class PeriodFigures:
    """Figures of a period.

    Attributes:
        tickets_by_day, handoffs_by_day: Key: the day, ISO; every day of the period.
        by_queue: Tickets opened; `parts`: those of them finished by now.
        clocks: Clocks of these tickets and handoffs that were met or missed; `parts`: met, missed.
        first_response_seconds: Median and ninth tenth of the wait for a person's first reply, in seconds of the
            wall clock; None when nobody replied.
        handoffs, replied: Handoffs asked for; those a person replied to.
        conversations, bot_only: Conversations in which the citizen wrote; those without a handoff.
    """

    tickets_by_day: list[Bar]
    handoffs_by_day: list[Bar]
    by_queue: list[Bar]
    by_right: list[Bar]
    by_region: list[Bar]
    by_channel: list[Bar]
    clocks: list[Bar]
    first_response_seconds: tuple[float | None, float | None]
    handoffs: int
    replied: int
    conversations: int
    bot_only: int


async def period_figures(session: AsyncSession, period: Period, *, now: datetime) -> PeriodFigures:
    """Count what came in over a period."""
    opened = select(Ticket.id).where(period.holds(Ticket.opened_at))
    # Through the conversation, which is what a viewer's regions restrict.
    of_conversation = Conversation.id == Handoff.conversation_id
    asked = select(Handoff.id).join(Conversation, of_conversation).where(period.holds(Handoff.requested_at))
    replied = asked.where(Handoff.first_reply_at.is_not(None))
    wait = seconds(session, Handoff.requested_at, Handoff.first_reply_at)
    conversations, bot_only = await _conversations(session, period)
    return PeriodFigures(
        tickets_by_day=await _by_day(session, Ticket.opened_at, opened, period, now),
        handoffs_by_day=await _by_day(session, Handoff.requested_at, asked, period, now),
        by_queue=await _by_queue(session, period),
        by_right=await count_by(session, Ticket.facts["right"].as_string(), opened, limit=ROWS_MAX),
        by_region=await count_by(session, Ticket.facts["region"].as_string(), opened, limit=ROWS_MAX),
        by_channel=await count_by(session, Ticket.channel, opened),
        clocks=await _clocks(session, period),
        first_response_seconds=(
            await quantile(session, wait, replied, 0.5),
            await quantile(session, wait, replied, 0.9),
        ),
        handoffs=await session.scalar(select(func.count()).select_from(asked.subquery())) or 0,
        replied=await session.scalar(select(func.count()).select_from(replied.subquery())) or 0,
        conversations=conversations,
        bot_only=bot_only,
    )


async def _by_day(
    session: AsyncSession, at: ColumnElement[datetime], query: Select[Any], period: Period, now: datetime
) -> list[Bar]:
    day = local_day(session, at, period.zone, now)
    counted = {bar.key: bar.count for bar in await count_by(session, day, query)}
    return [Bar(str(day), counted.get(str(day), 0)) for day in period.days]


async def _by_queue(session: AsyncSession, period: Period) -> list[Bar]:
    finished = func.sum(case((Ticket.is_finished, 1), else_=0))
    rows = await session.execute(
        select(Ticket.queue, func.count(), finished).where(period.holds(Ticket.opened_at)).group_by(Ticket.queue)
    )
    return sorted((Bar(queue, count, (int(done),)) for queue, count, done in rows), key=lambda bar: -bar.count)


async def _clocks(session: AsyncSession, period: Period) -> list[Bar]:
    """Count promises kept and broken; those that still run say nothing yet."""
    settled = select(SlaClock.clock, SlaClock.state, func.count()).where(SlaClock.state.in_(("met", "breached")))
    settled = settled.group_by(SlaClock.clock, SlaClock.state)
    of_tickets = settled.join(Ticket, Ticket.id == SlaClock.subject_id).where(period.holds(Ticket.opened_at))
    of_handoffs = settled.join(Handoff, Handoff.id == SlaClock.subject_id).where(period.holds(Handoff.requested_at))
    of_handoffs = of_handoffs.join(Conversation, Conversation.id == Handoff.conversation_id)
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for prefix, query in (("", of_tickets), ("handoff_", of_handoffs)):
        for clock, state, count in await session.execute(query):
            found[prefix + clock][state] += count
    return [
        Bar(clock, sum(states.values()), (states["met"], states["breached"])) for clock, states in sorted(found.items())
    ]


async def _conversations(session: AsyncSession, period: Period) -> tuple[int, int]:
    wrote = exists(select(1).where(Inbound.conversation_id == Conversation.id))
    asked = exists(select(1).where(Handoff.conversation_id == Conversation.id))
    alone = func.sum(case((~asked, 1), else_=0))
    query = select(func.count(), alone).select_from(Conversation)
    count, bot_only = (await session.execute(query.where(period.holds(Conversation.created_at), wrote))).one()
    return count, int(bot_only or 0)
