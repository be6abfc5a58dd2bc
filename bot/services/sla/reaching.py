"""Recording the levels that clocks have reached, and telling about them: many at once.

One query reads the clocks with what is known of their subjects. Most of what is due at one time is alike: it
ran out at the same closing, and the same people hear of it. So all that can be is done once for those that are
alike; events, clocks, notices and deliveries are written by a handful of statements, whatever their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.counting import count
from bot.helpdesk.escalation import BREACHED, WARNED, Progress, progress
from bot.helpdesk.routing import RoutingRules, Wanted, skills_for
from bot.helpdesk.sla import ClockState
from bot.helpdesk.targets import Target
from bot.services.escalation import ChainBook, Reach, ReachedClock, chain_book, tell
from bot.services.reading import regions_of_many
from bot.services.sla.book import SlaBook
from bot.services.sla.records import renew_book
from bot.store.among import among
from bot.store.inserting import copy_missing, insert_missing
from bot.store.tables import Handoff, SlaClock, SlaEvent, Ticket

_CLOCKS = SlaClock.__table__
_HAPPENS_AT = {"warned": (WARNED, _CLOCKS.c.warn_at), "breached": (BREACHED, _CLOCKS.c.due_at)}
_COPIED = ("clock_id", "policy_version", "kind", "level", "at", "noticed_at")
#: What a clock shares with others of which the same people hear.
_ALIKE = attrgetter(
    "subject_kind", "applies_to", "clock", "policy_version", "queue", "assignee_id", "right", "region",
    "conversation_id",
)  # fmt: skip
_DECIDING = attrgetter("subject_kind", "applies_to", "calendar_id", "level", "warn_at", "due_at")

#: A clock with where it stands now.
type Found = tuple[Row[Any], Progress]


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
) -> list[Found]:
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
    standing = standing_by(chains, book, now)
    found = [(row, standing(row)) for row in rows]
    reached = [each for each in found if each[1].reached]
    if reached:
        await _record_events(session, reached, now)
        waiting = {row.conversation_id for row, _ in reached if row.conversation_id}
        regions = await regions_of_many(session, waiting) if waiting else {}
        await tell(session, chains, list(_reaches(reached, regions, book.routing)), present_for=book.present_for, now=now)
    return found


async def move_clocks(session: AsyncSession, found: Sequence[Found]) -> None:
    """Set the clocks to where they stand now; those that go to the same level and instant by one statement."""
    same: dict[tuple[int, datetime | None], list[str]] = defaultdict(list)
    for row, step in found:
        same[step.level, step.next_check_at].append(row.id)
    alone: dict[bool, list[dict[str, Any]]] = defaultdict(list)
    for (level, at), ids in same.items():
        if len(ids) > 1:
            values = {"level": level, "next_check_at": at, **_state(level)}
            await session.execute(update(_CLOCKS).where(among(session, _CLOCKS.c.id, ids)).values(values))
        else:
            alone[level >= BREACHED].append({"clock_id": ids[0], "to": level, "at": at})
    for rows in alone.values():
        values = {"level": bindparam("to"), "next_check_at": bindparam("at"), **_state(rows[0]["to"])}
        await session.execute(update(_CLOCKS).where(_CLOCKS.c.id == bindparam("clock_id")).values(values), rows)


def _state(level: int) -> dict[str, str]:
    return {"state": ClockState.BREACHED.value} if level >= BREACHED else {}


def standing_by(chains: ChainBook, book: SlaBook, now: datetime) -> Callable[[Row[Any]], Progress]:
    """Return what tells the levels that a clock has reached by now by these chains.

    It takes rows of `clocks_with_subjects`. Clocks in days end at the same closings, so it remembers.
    """

    @cache
    def after(calendar_id: str, at: datetime, target: Target) -> datetime:
        return count(at, target, book.latest_calendar(calendar_id).calendar, ()).due_at

    @cache
    def standing(
        subject_kind: str, applies_to: str, calendar_id: str, level: int, warn_at: datetime, due_at: datetime
    ) -> Progress:
        chain = chains.of(subject_kind, applies_to)
        further, later = chain.further if chain else (), partial(after, calendar_id)
        return progress(level=level, warn_at=warn_at, due_at=due_at, further=further, after=later, now=now)

    return lambda row: standing(*_DECIDING(row))


def _reaches(
    reached: Sequence[Found], regions: Mapping[str, Sequence[str | None]], rules: RoutingRules
) -> Iterator[Reach]:
    alike: dict[Any, list[Found]] = defaultdict(list)
    for row, step in reached:
        alike[_ALIKE(row), step.levels].append((row, step))
    for group in alike.values():
        row, step = group[0]
        yield Reach(
            subject_kind=row.subject_kind,
            applies_to=row.applies_to,
            clock=row.clock,
            policy_version=row.policy_version,
            queue=row.queue,
            assignee_id=row.assignee_id,
            wanted=_wanted(row, regions, rules),
            levels=step.levels,
            clocks=[
                ReachedClock(row.id, row.subject_id, row.number, row.title, row.due_at, step.reached)
                for row, step in group
            ],
        )


def _wanted(row: Row[Any], regions: Mapping[str, Sequence[str | None]], rules: RoutingRules) -> Wanted:
    if row.conversation_id:
        return Wanted(frozenset(row.skills or [f"queue:{row.queue}"]), tuple(regions.get(row.conversation_id, ())))
    return Wanted(skills_for(row.queue, row.right, rules), (row.region,))


async def _record_events(session: AsyncSession, reached: Sequence[Found], now: datetime) -> None:
    """Record the events. Warnings and breaches happened when the clock says, so the database copies
    them by itself, which takes a third of the time; further levels are counted here."""
    copied: dict[str, list[str]] = defaultdict(list)
    counted: list[dict[str, Any]] = []
    for row, step in reached:
        for one in step.reached:
            if one.kind in _HAPPENS_AT:
                copied[one.kind].append(row.id)
            else:
                event = (row.id, row.policy_version, one.kind, one.level, one.at, now)
                counted.append(dict(zip(_COPIED, event, strict=True)))
    for kind, ids in copied.items():
        level, happens_at = _HAPPENS_AT[kind]
        values = (
            _CLOCKS.c.id, _CLOCKS.c.policy_version, literal(kind), literal(level), happens_at,
            literal(now, _CLOCKS.c.due_at.type),
        )  # fmt: skip
        await copy_missing(session, SlaEvent, _COPIED, select(*values).where(among(session, _CLOCKS.c.id, ids)))
    await insert_missing(session, SlaEvent, counted)
