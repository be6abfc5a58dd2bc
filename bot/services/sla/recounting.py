"""Counting open clocks again after a version was saved: in batches, from history, by whoever comes.

Each batch is one short transaction. It locks its tickets, then their clocks, and leaves out what others
hold; those come with a later batch. Nothing says how far it got except the clocks themselves, so a
process that dies between two batches loses nothing, and two processes do nothing twice.

When all are counted and every process knows the version, clocks that it promises and an earlier one did
not are started on the tickets that miss them (`services.sla.missing`). Tickets that miss nothing look like
those that have not been looked at, so there the job keeps how far it got.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.helpdesk.recounting import Recounted
from bot.helpdesk.sla import ClockState, Pause, Policy
from bot.services.sla.affected import (
    COLUMNS,
    PROVISIONAL,
    RUNNING,
    Version,
    count_again,
    rules_after,
    still_on_older,
)
from bot.services.sla.book import SlaBook
from bot.services.sla.counting import ACTIVE, granted_to
from bot.services.sla.missing import TICKETS, may_miss, missing_on, promised_anew, start
from bot.services.sla.records import renew_book
from bot.store.tables import SlaClock, SlaEvent, SlaPause, SlaRecount, Ticket

#: Clocks in one transaction: few enough that writers who wait for it do not notice.
BATCH = 200


@dataclass(frozen=True)
class RecountBatch:
    """What one batch did.

    Attributes:
        counted: Clocks that were counted again.
        moved: Of these, the clocks of which a date changed.
        looked_at: Tickets that were searched for missing clocks.
        added: Clocks that were missing there and run now.
    """

    counted: int = 0
    moved: int = 0
    looked_at: int = 0
    added: int = 0

    @property
    def is_idle(self) -> bool:
        """Tell whether there is nothing to be done now."""
        return not self.counted and not self.looked_at


async def recount(
    session: AsyncSession, book: SlaBook, *, now: datetime, limit: int = BATCH
) -> RecountBatch:
    """Count one batch again, or start what is missing on some tickets.

    A clock that the sweep has yet to look at waits for it: what happened under the old version is
    recorded under the old version.
    """
    jobs = await session.execute(
        select(SlaRecount, _is_overtaken(now))
        .where(SlaRecount.finished_at.is_(None), SlaRecount.start_at <= now)
        .order_by(SlaRecount.id)
        .with_for_update(skip_locked=True, of=SlaRecount)
    )
    for job, is_overtaken in jobs.all():
        if is_overtaken:
            job.finished_at = now
            continue
        await renew_book(session, book)
        batch = await _work_on(session, book, job, now, limit)
        job.counted += batch.counted
        job.moved += batch.moved
        job.added += batch.added
        if not batch.is_idle:
            return batch
    return RecountBatch()


def _is_overtaken(now: datetime) -> ColumnElement[bool]:
    """Return whether a later version of the same rule is to reach all that this one was to reach.

    Counted by the earlier one first, a clock could be found late by a promise that was put right before it took effect.
    """
    later = aliased(SlaRecount)
    return exists().where(
        later.kind == SlaRecount.kind,
        later.subject_id == SlaRecount.subject_id,
        later.version > SlaRecount.version,
        later.start_at <= now,
        or_(later.scope == RUNNING, SlaRecount.scope == PROVISIONAL),
    )


async def is_recount_open(session: AsyncSession, *, now: datetime) -> bool:
    """Tell whether some clocks are still to be counted again; one look at a small table."""
    found = await session.scalar(
        select(SlaRecount.id).where(SlaRecount.finished_at.is_(None), SlaRecount.start_at <= now).limit(1)
    )
    return found is not None


async def _work_on(
    session: AsyncSession, book: SlaBook, job: SlaRecount, now: datetime, limit: int
) -> RecountBatch:
    version = _version_of(book, job)
    conditions = still_on_older(version, job.scope, now=now)
    swept = or_(SlaClock.next_check_at.is_(None), SlaClock.next_check_at >= now)
    found = await session.execute(
        select(SlaClock.id, SlaClock.subject_kind, SlaClock.subject_id)
        .where(*conditions, swept)
        # In no order: sorting would look at all that are left, for every batch.
        .limit(limit)
    )
    clock_ids = await _with_ticket_locked(session, found.all())
    clocks = await session.execute(
        select(*COLUMNS)
        .where(SlaClock.id.in_(clock_ids), *conditions)
        .order_by(SlaClock.id)
        .with_for_update(skip_locked=True)
    )
    rows = clocks.all()
    if not rows:
        batch, is_done = await _start_missing(session, book, job, version, now, limit)
        if is_done:
            await _finish(session, job, conditions, now)
        return batch
    stood_still = await pauses_of(session, [row.id for row in rows])
    more_time = await granted_to(session, [row.id for row in rows])
    results = [
        (row, count_again(book, version, row, stood_still[row.id], more_time[row.id], now=now)) for row in rows
    ]
    return await _write(session, book, version, results, now)


def _version_of(book: SlaBook, job: SlaRecount) -> Version:
    if job.kind == "policy":
        return book.version(job.subject_id, job.version)
    return book.calendar_version(job.subject_id, job.version)


async def _with_ticket_locked(session: AsyncSession, found: Sequence[Any]) -> list[str]:
    """Lock the tickets, in the order of their ids, and return the clocks that may be locked after them."""
    ticket_ids = [row.subject_id for row in found if row.subject_kind == "ticket"]
    locked = await session.scalars(
        select(Ticket.id)
        .where(Ticket.id.in_(ticket_ids))
        .order_by(Ticket.id)
        .with_for_update(skip_locked=True)
    )
    held = set(locked)
    return [row.id for row in found if row.subject_kind != "ticket" or row.subject_id in held]


async def _start_missing(
    session: AsyncSession, book: SlaBook, job: SlaRecount, version: Version, now: datetime, limit: int
) -> tuple[RecountBatch, bool]:
    """Start what some tickets miss; return what was done, and whether no ticket is left.

    It waits until nobody starts clocks by an older version any more: a ticket that was looked at is not
    looked at again.
    """
    clocks = _to_be_started(book, version, now)
    if not clocks:
        return RecountBatch(), True
    if now < job.settled_at:
        return RecountBatch(), False
    query = select(TICKETS.id, TICKETS.centre).where(*may_miss(version, clocks)).order_by(TICKETS.id)
    ids = query.with_only_columns(TICKETS.id).where(TICKETS.id > job.looked_to).limit(limit)
    wanted = list(await session.scalars(ids))
    held = await session.execute(query.where(TICKETS.id.in_(wanted)).with_for_update(skip_locked=True))
    centres = {row.id: row.centre for row in held}
    found = await missing_on(session, book, version, clocks, centres, now=now)
    rows = await start(session, version, found, now=now)
    await _record(session, {row["id"] for row in rows}, [row | {"key": row["id"]} for row in rows], now)
    await _set_next_due(session, {row["subject_id"] for row in rows})
    # From a ticket that somebody holds all are looked at again: what was started is there then.
    for ticket_id in takewhile(centres.__contains__, wanted):
        job.looked_to = ticket_id
    return RecountBatch(looked_at=len(centres), added=len(rows)), not wanted


def _to_be_started(book: SlaBook, version: Version, now: datetime) -> frozenset[str]:
    """Return the clocks that the version is the first to promise, without those dropped again since."""
    if not isinstance(version, Policy):
        return frozenset()
    return promised_anew(book, version) & book.current(version.applies_to, now).clocks.keys()


async def _finish(
    session: AsyncSession, job: SlaRecount, conditions: Sequence[Any], now: datetime
) -> None:
    """Close the job, unless clocks wait for the sweep or for another's lock, or may still be started."""
    left = await session.scalar(select(SlaClock.id).where(*conditions).limit(1))
    if left is None and now >= job.settled_at:
        job.finished_at = now


async def pauses_of(session: AsyncSession, clock_ids: Sequence[str]) -> Mapping[str, list[Pause]]:
    """Return the pauses of many clocks."""
    found: dict[str, list[Pause]] = defaultdict(list)
    rows = await session.scalars(
        select(SlaPause).where(SlaPause.clock_id.in_(clock_ids)).order_by(SlaPause.from_at)
    )
    for row in rows:
        found[row.clock_id].append(Pause(row.from_at, row.to_at, row.reason))
    return found


def has_moved(clock: Any, after: Recounted) -> bool:
    """Tell whether a date of the clock is another one; `clock` is a row with the columns `COLUMNS`."""
    before = (clock.due_at, clock.warn_at, clock.provisional)
    return before != (after.due_at, after.warn_at, after.provisional)


async def _write(
    session: AsyncSession,
    book: SlaBook,
    version: Version,
    results: Sequence[tuple[Any, Recounted]],
    now: datetime,
) -> RecountBatch:
    table = SlaClock.__table__
    rules = [rules_after(book, version, clock) for clock, _ in results]
    rows = [
        {
            "key": clock.id,
            "policy_version": policy.version,
            "calendar_id": calendar.id,
            "calendar_version": calendar.version,
            "due_at": after.due_at,
            "warn_at": after.warn_at,
            "provisional": after.provisional,
            "state": ClockState.PAUSED.value if after.is_paused else ClockState.RUNNING.value,
            "level": after.level,
            "next_check_at": after.next_check_at,
        }
        for (clock, after), (policy, calendar) in zip(results, rules, strict=True)
    ]
    names = [name for name in rows[0] if name != "key"]
    await session.execute(
        update(table)
        .where(table.c.id == bindparam("key"))
        .values({name: bindparam(name) for name in names}),
        rows,
    )
    moved = [clock for clock, after in results if has_moved(clock, after)]
    recorded = [clock for clock, _ in results] if isinstance(version, Policy) else moved
    await _record(session, {clock.id for clock in recorded}, rows, now)
    was_paused = ClockState.PAUSED.value
    await _end_pauses(
        session, [c.id for c, after in results if c.state == was_paused and not after.is_paused], now
    )
    await _set_next_due(session, {clock.subject_id for clock in moved if clock.subject_kind == "ticket"})
    return RecountBatch(len(results), len(moved))


async def _record(
    session: AsyncSession, recorded: set[str], rows: Iterable[Mapping[str, Any]], now: datetime
) -> None:
    """Record `recomputed` once for each clock and pair of versions; the level is the calendar's."""
    events = [
        {
            "clock_id": row["key"],
            "policy_version": row["policy_version"],
            "kind": "recomputed",
            "level": row["calendar_version"],
            "at": now,
            "noticed_at": now,
        }
        for row in rows
        if row["key"] in recorded
    ]
    if events:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        await session.execute(dialect.insert(SlaEvent.__table__).on_conflict_do_nothing(), events)


async def _end_pauses(session: AsyncSession, clock_ids: Sequence[str], now: datetime) -> None:
    """End pauses that began only after the time was used up: a late clock does not stand still."""
    if clock_ids:
        await session.execute(
            update(SlaPause)
            .where(SlaPause.clock_id.in_(clock_ids), SlaPause.to_at.is_(None))
            # A system clock that was set back ends a pause where it began.
            .values(to_at=case((SlaPause.from_at > now, SlaPause.from_at), else_=now))
            .execution_options(synchronize_session=False)
        )


async def _set_next_due(session: AsyncSession, ticket_ids: set[str]) -> None:
    if not ticket_ids:
        return
    nearest = (
        select(func.min(SlaClock.due_at))
        .where(
            SlaClock.subject_id == Ticket.id,
            SlaClock.stopped_at.is_(None),
            SlaClock.state.in_(ACTIVE),
        )
        .scalar_subquery()
    )
    await session.execute(
        update(Ticket)
        .where(Ticket.id.in_(ticket_ids))
        .values(next_due_at=nearest)
        .execution_options(synchronize_session=False)
    )
