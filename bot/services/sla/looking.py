"""Looking at clocks: lists, the ticket page, and the explanation of a due date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.explaining import with_extensions
from bot.helpdesk.sla import ClockReading, ClockState, Level, Pause, Step, Target, read_clock
from bot.helpdesk.targets import extended
from bot.services.sla.book import SlaBook
from bot.services.sla.counting import ACTIVE, due, granted, pauses, rules_of
from bot.store.tables import Extension, SlaClock, SlaEvent


@dataclass(frozen=True)
class ClockView:
    """A clock as consoles and citizens see it."""

    id: str
    clock: str
    round: int
    state: str
    level: str
    policy_id: str
    policy_version: int
    calendar_id: str
    calendar_version: int
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime
    warn_at: datetime
    provisional: bool


@dataclass(frozen=True)
class ClockExplanation:
    """A clock with every step of its counting and everything that happened to it."""

    view: ClockView
    target: Target
    steps: list[Step]
    pauses: list[Pause]
    events: list[tuple[str, datetime, datetime]]


async def nearest_clocks(
    session: AsyncSession, subject_ids: Iterable[str]
) -> Mapping[str, SlaClock]:
    """Return, for each subject that has one, the unstopped clock that is due first."""
    ids = list(subject_ids)
    if not ids:
        return {}
    rows = await session.scalars(
        select(SlaClock)
        .where(
            SlaClock.subject_id.in_(ids),
            SlaClock.stopped_at.is_(None),
            SlaClock.state.in_(ACTIVE),
        )
        .order_by(SlaClock.due_at.desc())
    )
    return {clock.subject_id: clock for clock in rows}


async def clocks_of(session: AsyncSession, subject_id: str, *, now: datetime) -> list[ClockView]:
    """Return all clocks of a ticket or handoff, in the order they were started."""
    rows = await session.scalars(
        select(SlaClock)
        .where(SlaClock.subject_id == subject_id)
        .order_by(SlaClock.started_at, SlaClock.clock)
    )
    return [_view(clock, await pauses(session, clock.id), now) for clock in rows]


def _view(clock: SlaClock, pauses: Sequence[Pause], now: datetime) -> ClockView:
    reading = _reading(clock, pauses, now)
    return ClockView(
        id=clock.id,
        clock=clock.clock,
        round=clock.round,
        state=reading.state.value,
        level=reading.level.value,
        policy_id=clock.policy_id,
        policy_version=clock.policy_version,
        calendar_id=clock.calendar_id,
        calendar_version=clock.calendar_version,
        started_at=clock.started_at,
        stopped_at=clock.stopped_at,
        due_at=clock.due_at,
        warn_at=clock.warn_at,
        provisional=clock.provisional,
    )


def _reading(clock: SlaClock, pauses: Sequence[Pause], now: datetime) -> ClockReading:
    if clock.state == ClockState.BREACHED:
        # It was recorded, whatever the system clock says now.
        return ClockReading(ClockState.BREACHED, Level.BREACHED)
    cancelled = clock.state == ClockState.CANCELLED
    return read_clock(
        due_at=clock.due_at,
        warn_at=clock.warn_at,
        now=now,
        pauses=pauses,
        stopped_at=None if cancelled else clock.stopped_at,
        cancelled_at=clock.stopped_at if cancelled else None,
    )


async def explain(
    session: AsyncSession, book: SlaBook, subject_id: str, *, now: datetime
) -> list[ClockExplanation]:
    """Explain every clock of a ticket or handoff: each stretch counted, pause, holiday, make-up day."""
    rows = await session.scalars(
        select(SlaClock)
        .where(SlaClock.subject_id == subject_id)
        .order_by(SlaClock.started_at, SlaClock.clock)
    )
    return [await _explanation(session, book, clock, now) for clock in rows]


async def _explanation(
    session: AsyncSession, book: SlaBook, clock: SlaClock, now: datetime
) -> ClockExplanation:
    stood_still = await pauses(session, clock.id)
    events = await session.scalars(
        select(SlaEvent).where(SlaEvent.clock_id == clock.id).order_by(SlaEvent.at, SlaEvent.id)
    )
    policy, _ = await rules_of(session, book, clock)
    return ClockExplanation(
        view=_view(clock, stood_still, now),
        target=extended(policy.clocks[clock.clock], await granted(session, clock.id)),
        steps=with_extensions(
            (await due(session, book, clock)).steps, await _extension_steps(session, clock)
        ),
        pauses=stood_still,
        events=[(event.kind, event.at, event.noticed_at) for event in events],
    )


async def _extension_steps(session: AsyncSession, clock: SlaClock) -> list[Step]:
    rows = await session.scalars(
        select(Extension)
        .where(Extension.clock_id == clock.id, Extension.decision == "approved")
        .order_by(Extension.decided_at, Extension.id)
    )
    return [
        Step("extension", row.decided_at, row.decided_at, row.amount, title=row.reason)
        for row in rows
        if row.decided_at
    ]
