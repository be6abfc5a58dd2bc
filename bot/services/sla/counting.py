"""When a stored clock is due, and recording the levels it has reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.calendar import CalendarVersion
from bot.helpdesk.escalation import BREACHED
from bot.helpdesk.sla import ClockState, Due, DueDate, Pause, Policy, PolicyMissing, Target, Unit, compute
from bot.helpdesk.targets import extended
from bot.services.sla.book import SlaBook
from bot.services.sla.reaching import clocks_with_subjects, record_reached
from bot.services.sla.records import renew_book
from bot.store.database import announce
from bot.store.tables import Extension, SlaClock, SlaEvent, SlaPause

#: Where a clock still counts, or would count on.
ACTIVE = (ClockState.RUNNING.value, ClockState.PAUSED.value, ClockState.BREACHED.value)


def apply_due(clock: SlaClock, due: Due | DueDate) -> None:
    clock.due_at, clock.warn_at, clock.provisional = due.due_at, due.warn_at, due.provisional
    clock.next_check_at = clock.due_at if clock.level else clock.warn_at


async def due(session: AsyncSession, book: SlaBook, clock: SlaClock) -> Due:
    """Count a clock under the versions it was last counted under, and explain how."""
    policy, calendar = await rules_of(session, book, clock)
    return compute(
        clock.started_at,
        extended(policy.clocks[clock.clock], await granted(session, clock.id)),
        calendar.calendar,
        await pauses(session, clock.id),
        warn_ratio=policy.warn_ratio,
    )


async def rules_of(
    session: AsyncSession, book: SlaBook, clock: SlaClock
) -> tuple[Policy, CalendarVersion]:
    """Return the policy and the calendar that a clock was last counted under.

    Another process may have saved them a moment ago, so what is not known is asked of the store.
    """
    try:
        return _known_rules(book, clock)
    except PolicyMissing:
        await renew_book(session, book)
        return _known_rules(book, clock)


def _known_rules(book: SlaBook, clock: SlaClock) -> tuple[Policy, CalendarVersion]:
    return (
        book.version(clock.policy_id, clock.policy_version),
        book.calendar_version(clock.calendar_id, clock.calendar_version),
    )


async def pauses(session: AsyncSession, clock_id: str) -> list[Pause]:
    rows = await session.scalars(
        select(SlaPause).where(SlaPause.clock_id == clock_id).order_by(SlaPause.from_at)
    )
    return [Pause(row.from_at, row.to_at, row.reason) for row in rows]


async def granted(session: AsyncSession, clock_id: str) -> list[Target]:
    """Return the extensions that were approved for a clock."""
    return (await granted_to(session, [clock_id]))[clock_id]


async def granted_to(
    session: AsyncSession, clock_ids: Sequence[str] | Select[tuple[str]]
) -> Mapping[str, list[Target]]:
    """Return the extensions that were approved for many clocks; most have none."""
    found: dict[str, list[Target]] = defaultdict(list)
    rows = await session.execute(
        select(Extension.clock_id, Extension.amount, Extension.unit).where(
            Extension.clock_id.in_(clock_ids), Extension.decision == "approved"
        )
    )
    for clock_id, amount, unit in rows:
        found[clock_id].append(Target(amount, Unit(unit)))
    return found


async def catch_up(
    session: AsyncSession, book: SlaBook, clock: SlaClock, now: datetime
) -> None:
    """Record the levels that the clock has reached by now; each once, at its own instant.

    Args:
        clock: Locked by this transaction.
    """
    if clock.next_check_at is None or clock.next_check_at > now:
        return
    await session.flush()
    rows = (await session.execute(clocks_with_subjects().where(SlaClock.id == clock.id))).all()
    for _, step in await record_reached(session, book, rows, now=now):
        clock.level, clock.next_check_at = step.level, step.next_check_at
        if step.level >= BREACHED:
            clock.state = ClockState.BREACHED


def record(
    session: AsyncSession,
    clock: SlaClock,
    kind: str,
    level: int,
    *,
    at: datetime,
    noticed_at: datetime,
) -> SlaEvent:
    event = SlaEvent(
        clock_id=clock.id,
        policy_version=clock.policy_version,
        kind=kind,
        level=level,
        at=at,
        noticed_at=noticed_at,
    )
    session.add(event)
    topic = {"type": "sla", "kind": kind, "subject": clock.subject_kind, "id": clock.subject_id}
    announce(session, "staff", topic)
    return event
