"""The sweep: noticing what is due, whatever the number of open tickets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.sla.book import SlaBook
from bot.services.sla.counting import apply_due, catch_up, granted, pauses, record, rules_of
from bot.store.tables import SlaClock, SlaEvent


@dataclass
class SweepResult:
    """What one sweep noticed."""

    looked_at: int = 0
    warned: int = 0
    breached: int = 0
    events: list[SlaEvent] = field(default_factory=list)


async def sweep(session: AsyncSession, *, now: datetime, limit: int = 500) -> SweepResult:
    """Record the warnings and breaches that are due; call again while `looked_at` equals `limit`.

    One indexed query over what is due, whatever the number of open tickets. Safe with many
    workers: on PostgreSQL each takes rows that no other holds, on SQLite there is one writer.
    """
    rows = await session.scalars(
        select(SlaClock)
        .where(SlaClock.next_check_at < now)
        .order_by(SlaClock.next_check_at, SlaClock.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    result = SweepResult()
    for clock in rows:
        result.looked_at += 1
        for event in catch_up(session, clock, now):
            result.events.append(event)
            result.warned += event.kind == "warned"
            result.breached += event.kind == "breached"
    return result


async def recompute_provisional(
    session: AsyncSession, book: SlaBook, *, now: datetime, after: str = "", limit: int = 200
) -> str | None:
    """Count again what was due in a year whose holidays are known by now.

    A year that is loaded while the desk runs has a recount of its own (`recounting`); this is for what
    was provisional before calendars were kept in the store, so once at the start is enough. A paused
    clock is counted again when it goes on.

    Returns:
        Where to go on (`after`), None when all are done.
    """
    rows = await session.scalars(
        select(SlaClock)
        .where(SlaClock.provisional, SlaClock.next_check_at.is_not(None), SlaClock.id > after)
        .order_by(SlaClock.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    clocks = list(rows)
    for clock in clocks:
        policy, _ = await rules_of(session, book, clock)
        calendar = book.latest_calendar(clock.calendar_id)
        counter = book.counter(policy, clock.clock, calendar, await granted(session, clock.id))
        now_due = counter(clock.started_at, await pauses(session, clock.id))
        if not now_due.provisional:
            apply_due(clock, now_due)
            clock.calendar_version = calendar.version
            await _record_recomputed(session, clock, now)
    return clocks[-1].id if len(clocks) == limit else None


async def _record_recomputed(session: AsyncSession, clock: SlaClock, now: datetime) -> None:
    """Record it once, though a pause may have moved the clock into another new year since."""
    known = await session.scalar(
        select(SlaEvent.id).where(
            SlaEvent.clock_id == clock.id,
            SlaEvent.kind == "recomputed",
            SlaEvent.policy_version == clock.policy_version,
            SlaEvent.level == clock.calendar_version,
        )
    )
    if known is None:
        record(session, clock, "recomputed", clock.calendar_version, at=now, noticed_at=now)
