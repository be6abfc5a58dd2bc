"""Giving a running clock more time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.sla import ClockState
from bot.helpdesk.targets import Target
from bot.services.sla.book import SlaBook
from bot.services.sla.counting import apply_due, catch_up, due, record
from bot.services.sla.events import show_nearest
from bot.store.tables import SlaClock, SlaEvent, Ticket

#: Where a clock can still be given more time: what is breached stays breached.
_EXTENDABLE = (ClockState.RUNNING.value, ClockState.PAUSED.value)


async def extendable_clocks(session: AsyncSession, ticket_id: str, *, now: datetime) -> list[SlaClock]:
    """Return the clocks of a ticket that run or stand still and are not late, locked."""
    rows = await session.scalars(
        select(SlaClock)
        .where(
            SlaClock.subject_id == ticket_id,
            SlaClock.stopped_at.is_(None),
            SlaClock.state.in_(_EXTENDABLE),
        )
        .order_by(SlaClock.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [clock for clock in rows if clock.state == ClockState.PAUSED or now <= clock.due_at]


def promised(book: SlaBook, clock: SlaClock) -> Target:
    """Return what the policy promises, without extensions."""
    return book.version(clock.policy_id, clock.policy_version).clocks[clock.clock]


async def extend_clock(
    session: AsyncSession, book: SlaBook, ticket: Ticket, clock: SlaClock, *, now: datetime
) -> None:
    """Count a clock again after an extension of it was approved; the caller holds the rows.

    The levels that were reached before stay recorded: a warning given is not given again.
    """
    if clock.state == ClockState.RUNNING:
        await catch_up(session, book, clock, now)
    apply_due(clock, await due(session, book, clock))
    if clock.state == ClockState.PAUSED:
        clock.next_check_at = None
    nth = await session.scalar(
        select(func.count()).where(SlaEvent.clock_id == clock.id, SlaEvent.kind == "extended")
    )
    record(session, clock, "extended", (nth or 0) + 1, at=now, noticed_at=now)
    await session.flush()
    await show_nearest(session, ticket)
