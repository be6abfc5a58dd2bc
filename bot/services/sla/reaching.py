"""Recording the levels that clocks have reached, and telling about them: many at once.

One query reads the clocks with what is known of their subjects; events, clocks, notices and
deliveries are then written by a handful of statements, whatever their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.counting import count
from bot.helpdesk.escalation import BREACHED, WARNED, Progress, Reached, progress
from bot.helpdesk.routing import Wanted, skills_named
from bot.helpdesk.sla import ClockState
from bot.helpdesk.targets import Target
from bot.services.escalation import ChainBook, Reach, chain_book, tell
from bot.services.reading import regions_of_many
from bot.services.sla.book import SlaBook
from bot.services.sla.records import renew_book
from bot.store.inserting import copy_missing, insert_missing
from bot.store.tables import Handoff, SlaClock, SlaEvent, Ticket

_CLOCKS = SlaClock.__table__
_HAPPENS_AT = {"warned": (WARNED, _CLOCKS.c.warn_at), "breached": (BREACHED, _CLOCKS.c.due_at)}
_COPIED = ("clock_id", "policy_version", "kind", "level", "at", "noticed_at")


def clocks_with_subjects() -> Select[Any]:
    """Return the query for clocks, each with what is told of its ticket or handoff."""
    return (
        select(
            SlaClock.id,
            SlaClock.clock,
            SlaClock.policy_version,
            SlaClock.calendar_id,
            SlaClock.subject_kind,
            SlaClock.subject_id,
            SlaClock.due_at,
            SlaClock.warn_at,
            SlaClock.level,
            func.coalesce(Ticket.kind, SlaClock.subject_kind).label("applies_to"),
            func.coalesce(Ticket.queue, Handoff.queue, "").label("queue"),
            func.coalesce(Ticket.assignee_id, Handoff.agent_id).label("assignee_id"),
            Ticket.number,
            Ticket.subject.label("title"),
            Ticket.region,
            Ticket.facts["right"].as_string().label("right"),
            Handoff.skills,
            Handoff.conversation_id,
        )
        .outerjoin(Ticket, Ticket.id == SlaClock.subject_id)
        .outerjoin(Handoff, Handoff.id == SlaClock.subject_id)
    )


async def record_reached(
    session: AsyncSession, book: SlaBook, rows: Sequence[Row[Any]], *, now: datetime
) -> list[tuple[Row[Any], Progress]]:
    """Record every level that the clocks have reached by now, each once, and tell about it.

    Args:
        rows: From `clocks_with_subjects`, locked by this transaction.
    Returns:
        Each clock with its progress; the clocks themselves are not changed yet.
    """
    if not {row.calendar_id for row in rows} <= set(book.calendar_ids()):
        # Another process has made a calendar a moment ago.
        await renew_book(session, book)
    chains = await chain_book(session)
    after = working_time_after(book)
    found = [(row, progress_of(row, chains, after, now)) for row in rows]
    waiting = {row.conversation_id for row, step in found if step.reached and row.conversation_id}
    regions = await regions_of_many(session, waiting) if waiting else {}
    reaches = [_reach(row, step, _wanted(row, regions)) for row, step in found if step.reached]
    await _record_events(session, reaches, now)
    if reaches:
        await tell(session, chains, reaches, present_for=book.present_for, now=now)
    return found


async def move_clocks(session: AsyncSession, found: Sequence[tuple[Row[Any], Progress]]) -> None:
    """Set the clocks to where they stand now; one statement for each kind of step."""
    same: dict[tuple[int, bool], list[str]] = defaultdict(list)
    others: list[dict[str, Any]] = []
    for row, step in found:
        if step.level <= WARNED or step.next_check_at is None:
            same[step.level, step.next_check_at is None].append(row.id)
        else:
            others.append({"clock_id": row.id, "to": step.level, "at": step.next_check_at})
    for (level, is_last), ids in same.items():
        waits_for = _CLOCKS.c.warn_at if level < WARNED else _CLOCKS.c.due_at
        values = {"level": level, "next_check_at": None if is_last else waits_for, **_state(level)}
        await session.execute(update(_CLOCKS).where(_CLOCKS.c.id.in_(ids)).values(values))
    if others:
        await session.execute(
            update(_CLOCKS)
            .where(_CLOCKS.c.id == bindparam("clock_id"))
            .values(level=bindparam("to"), next_check_at=bindparam("at"), **_state(BREACHED)),
            others,
        )


def _state(level: int) -> dict[str, str]:
    return {"state": ClockState.BREACHED.value} if level >= BREACHED else {}


def working_time_after(book: SlaBook) -> Callable[[str, datetime, Target], datetime]:
    """Return how working time is added on a calendar; clocks in days end at the same closings, so it remembers."""

    @cache
    def after(calendar_id: str, at: datetime, target: Target) -> datetime:
        return count(at, target, book.latest_calendar(calendar_id).calendar, ()).due_at

    return after


def progress_of(
    row: Row[Any], chains: ChainBook, after: Callable[[str, datetime, Target], datetime], now: datetime
) -> Progress:
    """Return the levels that a clock has reached by now by these chains.

    Args:
        row: From `clocks_with_subjects`.
        after: From `working_time_after`.
    """
    chain = chains.of(row.subject_kind, row.applies_to)
    return progress(
        level=row.level,
        warn_at=row.warn_at,
        due_at=row.due_at,
        further=chain.further if chain else (),
        after=partial(after, row.calendar_id),
        now=now,
    )


def _wanted(row: Row[Any], regions: Mapping[str, Sequence[str | None]]) -> Wanted:
    if row.conversation_id:
        return Wanted(frozenset(row.skills or [f"queue:{row.queue}"]), tuple(regions.get(row.conversation_id, ())))
    return Wanted(skills_named(row.queue, row.right), (row.region,))


def _reach(row: Row[Any], step: Progress, wanted: Wanted) -> Reach:
    return Reach(
        clock_id=row.id,
        clock=row.clock,
        policy_version=row.policy_version,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        applies_to=row.applies_to,
        queue=row.queue,
        assignee_id=row.assignee_id,
        number=row.number,
        title=row.title,
        due_at=row.due_at,
        reached=step.reached,
        wanted=wanted,
    )


async def _record_events(session: AsyncSession, reaches: Sequence[Reach], now: datetime) -> None:
    """Record the events. Warnings and breaches happened when the clock says, so the database copies
    them by itself, which takes a third of the time; further levels are counted here."""
    copied: dict[str, list[str]] = defaultdict(list)
    counted: list[dict[str, Any]] = []
    for reach in reaches:
        for reached in reach.reached:
            if reached.kind in _HAPPENS_AT:
                copied[reached.kind].append(reach.clock_id)
            else:
                counted.append(_event(reach, reached, now))
    for kind, ids in copied.items():
        level, happens_at = _HAPPENS_AT[kind]
        values = (
            _CLOCKS.c.id, _CLOCKS.c.policy_version, literal(kind), literal(level), happens_at,
            literal(now, _CLOCKS.c.due_at.type),
        )  # fmt: skip
        await copy_missing(session, SlaEvent, _COPIED, select(*values).where(_CLOCKS.c.id.in_(ids)))
    await insert_missing(session, SlaEvent, counted)


def _event(reach: Reach, reached: Reached, now: datetime) -> dict[str, Any]:
    return {
        "clock_id": reach.clock_id,
        "policy_version": reach.policy_version,
        "kind": reached.kind,
        "level": reached.level,
        "at": reached.at,
        "noticed_at": now,
    }
