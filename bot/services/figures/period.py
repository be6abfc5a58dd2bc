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

from sqlalchemy import ColumnElement, Select, case, exists, func, literal_column, select
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
        by_queue, by_right, by_region, by_channel: Tickets opened; `parts`: those of them finished by now, and their clocks
            that were met and missed.
        conversations_by_channel: Conversations in which the citizen wrote; `parts`: those without a handoff.
        clocks: Clocks of these tickets and handoffs that were met or missed; `parts`: met, missed.
        first_response_seconds: Median and ninth tenth of the wait for a person's first reply, in seconds of the
            wall clock; None when nobody replied.
        handoffs, replied: Handoffs asked for; those a person replied to.
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
    conversations_by_channel: list[Bar]

    @property
    def conversations(self) -> int:
        """Conversations in which the citizen wrote."""
        return sum(bar.count for bar in self.conversations_by_channel)

    @property
    def bot_only(self) -> int:
        """Those of them without a handoff."""
        return sum(bar.parts[0] for bar in self.conversations_by_channel)


async def period_figures(session: AsyncSession, period: Period, *, now: datetime) -> PeriodFigures:
    """Count what came in over a period."""
    opened = select(Ticket.id).where(period.holds(Ticket.opened_at))
    # Through the conversation, which is what a viewer's regions restrict.
    of_conversation = Conversation.id == Handoff.conversation_id
    asked = select(Handoff.id).join(Conversation, of_conversation).where(period.holds(Handoff.requested_at))
    replied = asked.where(Handoff.first_reply_at.is_not(None))
    wait = seconds(session, Handoff.requested_at, Handoff.first_reply_at)
    return PeriodFigures(
        tickets_by_day=await _by_day(session, Ticket.opened_at, opened, period, now),
        handoffs_by_day=await _by_day(session, Handoff.requested_at, asked, period, now),
        by_queue=await _tickets_by(session, Ticket.queue, period),
        by_right=await _tickets_by(session, Ticket.facts["right"].as_string(), period),
        by_region=await _tickets_by(session, Ticket.facts["region"].as_string(), period),
        by_channel=await _tickets_by(session, Ticket.channel, period),
        clocks=await _clocks(session, period),
        first_response_seconds=(
            await quantile(session, wait, replied, 0.5),
            await quantile(session, wait, replied, 0.9),
        ),
        handoffs=await session.scalar(select(func.count()).select_from(asked.subquery())) or 0,
        replied=await session.scalar(select(func.count()).select_from(replied.subquery())) or 0,
        conversations_by_channel=await _conversations(session, period),
    )


async def _by_day(
    session: AsyncSession, at: ColumnElement[datetime], query: Select[Any], period: Period, now: datetime
) -> list[Bar]:
    day = local_day(session, at, period.zone, now)
    counted = {bar.key: bar.count for bar in await count_by(session, day, query)}
    return [Bar(str(day), counted.get(str(day), 0)) for day in period.days]


async def _tickets_by(session: AsyncSession, column: ColumnElement[Any], period: Period) -> list[Bar]:
    """Count tickets by a column, most first: how many, finished, and the promises kept and broken."""
    opened, settled = period.holds(Ticket.opened_at), SlaClock.state.in_(("met", "breached"))
    # By position, as in `count_by`.
    counted = select(column.label("key"), func.count().label("count"), _how_many(Ticket.is_finished)).where(opened)
    counted = counted.group_by(literal_column("1")).order_by(literal_column("2").desc(), literal_column("1"))
    tickets = (await session.execute(counted.limit(ROWS_MAX))).all()
    promised = select(column, _how_many(SlaClock.state == "met"), func.count()).where(opened, settled)
    promised = promised.join(SlaClock, SlaClock.subject_id == Ticket.id).group_by(literal_column("1"))
    kept = {key: (int(met), total - int(met)) for key, met, total in await session.execute(promised)}
    return [Bar(key, count, (int(done), *kept.get(key, (0, 0)))) for key, count, done in tickets]


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


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


async def _conversations(session: AsyncSession, period: Period) -> list[Bar]:
    wrote = exists(select(1).where(Inbound.conversation_id == Conversation.id))
    asked = exists(select(1).where(Handoff.conversation_id == Conversation.id))
    query = select(Conversation.channel, func.count().label("count"), _how_many(~asked)).group_by(Conversation.channel)
    query = query.where(period.holds(Conversation.created_at), wrote).order_by(literal_column("2").desc(), Conversation.channel)
    return [Bar(channel, count, (int(alone),)) for channel, count, alone in await session.execute(query)]
