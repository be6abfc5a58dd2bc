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

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.figures.split import bars_by, how_many
from bot.services.figures.table import Bar, count_by, local_day
from bot.services.figures.topics import fact
from bot.store.tables import Conversation, Handoff, SlaClock, Ticket


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
        clocks: Clocks of these tickets and handoffs that were met or missed; `parts`: met, missed.
    """

    tickets_by_day: list[Bar]
    handoffs_by_day: list[Bar]
    by_queue: list[Bar]
    by_right: list[Bar]
    by_region: list[Bar]
    by_channel: list[Bar]
    clocks: list[Bar]


async def period_figures(session: AsyncSession, period: Period, *, now: datetime) -> PeriodFigures:
    """Count what came in over a period."""
    opened = select(Ticket.id).where(period.holds(Ticket.opened_at))
    # Through the conversation, which is what a viewer's regions restrict.
    of_conversation = Conversation.id == Handoff.conversation_id
    asked = select(Handoff.id).join(Conversation, of_conversation).where(period.holds(Handoff.requested_at))
    tickets = await bars_by(
        session, _tickets(period), ("queue", "right", "region", "channel"), parts=("finished", "met", "breached")
    )
    return PeriodFigures(
        tickets_by_day=await _by_day(session, Ticket.opened_at, opened, period, now),
        handoffs_by_day=await _by_day(session, Handoff.requested_at, asked, period, now),
        by_queue=tickets["queue"],
        by_right=tickets["right"],
        by_region=tickets["region"],
        by_channel=tickets["channel"],
        clocks=await _clocks(session, period),
    )


async def _by_day(
    session: AsyncSession, at: ColumnElement[datetime], query: Select[Any], period: Period, now: datetime
) -> list[Bar]:
    day = local_day(session, at, period.zone, now)
    counted = {bar.key: bar.count for bar in await count_by(session, day, query)}
    return [Bar(str(day), counted.get(str(day), 0)) for day in period.days]


def _tickets(period: Period) -> Select[Any]:
    """Return the tickets of a period, a row each, with the promises kept and broken."""
    kept, broken = how_many(SlaClock.state == "met"), how_many(SlaClock.state == "breached")
    rows = select(
        Ticket.queue.label("queue"), fact(Ticket, "right").label("right"), fact(Ticket, "region").label("region"),
        Ticket.channel.label("channel"), case((Ticket.is_finished, 1), else_=0).label("finished"),
        kept.label("met"), broken.label("breached"),
    )  # fmt: skip
    rows = rows.outerjoin(SlaClock, SlaClock.subject_id == Ticket.id).where(period.holds(Ticket.opened_at))
    return rows.group_by(Ticket.id)


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
