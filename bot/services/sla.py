"""SLA clocks in the store: what events do to them, the sweep, and explaining them.

What happens to a clock is decided by the table in `bot.helpdesk.clock_table`, when it is due by
`bot.helpdesk.sla`. Before an event touches a clock, what passed unseen until then is recorded, so
that a late sweep never turns a breach into a success.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.calendar import BusinessCalendar
from bot.helpdesk.clock_table import Effect, effects_of
from bot.helpdesk.sla import (
    ClockState,
    Due,
    Pause,
    Policy,
    PolicyMissing,
    Step,
    Target,
    compute,
    policy_for,
    read_clock,
)
from bot.helpdesk.ticket import TicketStatus
from bot.services.ids import new_id
from bot.store.database import announce
from bot.store.tables import Handoff, SlaClock, SlaEvent, SlaPause, Ticket

_ACTIVE = (ClockState.RUNNING.value, ClockState.PAUSED.value, ClockState.BREACHED.value)


@dataclass(frozen=True)
class SlaBook:
    """The calendar and all versions of all policies."""

    calendar: BusinessCalendar
    policies: Sequence[Policy]

    def current(self, applies_to: str, now: datetime) -> Policy:
        """Return the policy for clocks that start now.

        Raises:
            PolicyMissing: None is in force.
        """
        return policy_for(self.policies, applies_to, self.calendar.local_date(now))

    def version(self, policy_id: str, version: int) -> Policy:
        """Return the version under which a clock was started.

        Raises:
            PolicyMissing: The data no longer holds it; old versions must stay.
        """
        for policy in self.policies:
            if (policy.id, policy.version) == (policy_id, version):
                return policy
        raise PolicyMissing(applies_to=f"{policy_id} v{version}", on="")


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


@dataclass
class SweepResult:
    """What one sweep noticed."""

    looked_at: int = 0
    warned: int = 0
    breached: int = 0
    events: list[SlaEvent] = field(default_factory=list)


# --- events that reach clocks ---------------------------------------------------------------


async def on_ticket_opened(
    session: AsyncSession, book: SlaBook, ticket: Ticket, *, now: datetime
) -> None:
    """Start what a new ticket is owed."""
    await _on_ticket(session, book, ticket, "opened", now)


async def on_status_changed(
    session: AsyncSession,
    book: SlaBook,
    ticket: Ticket,
    old: TicketStatus,
    new: TicketStatus,
    *,
    now: datetime,
) -> None:
    """Start, pause, resume or stop what the new status of the ticket asks for."""
    await _on_ticket(session, book, ticket, new.value, now)


async def on_public_reply(
    session: AsyncSession, book: SlaBook, ticket: Ticket, *, now: datetime
) -> None:
    """Stop the first-response clock: a person answered."""
    await _on_ticket(session, book, ticket, "public_reply", now)


async def _on_ticket(
    session: AsyncSession, book: SlaBook, ticket: Ticket, event: str, now: datetime
) -> None:
    await _apply(session, book, "ticket", ticket.id, ticket.kind, event, now)
    nearest = (await nearest_clocks(session, [ticket.id])).get(ticket.id)
    ticket.next_due_at = nearest.due_at if nearest else None


async def on_handoff(
    session: AsyncSession, book: SlaBook, handoff: Handoff, event: str, *, now: datetime
) -> None:
    """Apply an event of a handoff: queued, human_reply, handed_back, returned_to_bot, closed."""
    await _apply(session, book, "handoff", handoff.id, "handoff", event, now)


async def _apply(
    session: AsyncSession,
    book: SlaBook,
    subject: str,
    subject_id: str,
    applies_to: str,
    event: str,
    now: datetime,
) -> None:
    effects = effects_of(subject, event)
    if not effects:
        return
    latest = await _latest_rounds(session, subject_id)
    for clock_name, effect in effects.items():
        clock = latest.get(clock_name)
        if effect is Effect.START:
            if clock is None or clock.state not in _ACTIVE or clock.stopped_at:
                round_ = clock.round + 1 if clock else 1
                await _start(session, book, subject, subject_id, applies_to, clock_name, round_, now)
        elif clock is not None and clock.stopped_at is None and clock.state in _ACTIVE:
            await _affect(session, book, clock, effect, event, now)
    await session.flush()


async def _latest_rounds(session: AsyncSession, subject_id: str) -> dict[str, SlaClock]:
    rows = await session.scalars(
        select(SlaClock)
        .where(SlaClock.subject_id == subject_id)
        .order_by(SlaClock.round, SlaClock.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {clock.clock: clock for clock in rows}


async def _start(
    session: AsyncSession,
    book: SlaBook,
    subject: str,
    subject_id: str,
    applies_to: str,
    clock_name: str,
    round_: int,
    now: datetime,
) -> None:
    policy = book.current(applies_to, now)
    target = policy.clocks.get(clock_name)
    if target is None:
        return
    due = compute(now, target, book.calendar, warn_ratio=policy.warn_ratio)
    session.add(
        SlaClock(
            id=new_id(now),
            subject_kind=subject,
            subject_id=subject_id,
            clock=clock_name,
            round=round_,
            policy_id=policy.id,
            policy_version=policy.version,
            started_at=now,
            due_at=due.due_at,
            warn_at=due.warn_at,
            provisional=due.provisional,
            state=ClockState.RUNNING,
            level=0,
            next_check_at=due.warn_at,
        )
    )


async def _affect(
    session: AsyncSession,
    book: SlaBook,
    clock: SlaClock,
    effect: Effect,
    event: str,
    now: datetime,
) -> None:
    if clock.state == ClockState.RUNNING:
        _catch_up(session, clock, now)
    if effect is Effect.PAUSE and clock.state == ClockState.RUNNING:
        session.add(SlaPause(clock_id=clock.id, from_at=now, reason=event))
        clock.state, clock.next_check_at = ClockState.PAUSED, None
    elif effect is Effect.RESUME and clock.state == ClockState.PAUSED:
        await _resume(session, book, clock, now)
    elif effect is Effect.STOP:
        await _stop(session, book, clock, event, now)
    elif effect is Effect.CANCEL:
        if clock.state == ClockState.PAUSED:
            await _resume(session, book, clock, now)
        clock.stopped_at, clock.stop_reason, clock.next_check_at = now, event, None
        if clock.state != ClockState.BREACHED:
            clock.state = ClockState.CANCELLED
        _record(session, clock, "cancelled", 0, at=now, noticed_at=now)


async def _resume(session: AsyncSession, book: SlaBook, clock: SlaClock, now: datetime) -> None:
    open_pause = await session.scalar(
        select(SlaPause).where(SlaPause.clock_id == clock.id, SlaPause.to_at.is_(None))
    )
    if open_pause:
        open_pause.to_at = now
        await session.flush()
    _apply_due(clock, await _due(session, book, clock))
    clock.state = ClockState.RUNNING
    _catch_up(session, clock, now)


async def _stop(
    session: AsyncSession, book: SlaBook, clock: SlaClock, event: str, now: datetime
) -> None:
    if clock.state == ClockState.PAUSED:
        await _resume(session, book, clock, now)
    clock.stopped_at, clock.stop_reason, clock.next_check_at = now, event, None
    if now <= clock.due_at:
        clock.state = ClockState.MET
        _record(session, clock, "met", 0, at=now, noticed_at=now)


def _apply_due(clock: SlaClock, due: Due) -> None:
    clock.due_at, clock.warn_at, clock.provisional = due.due_at, due.warn_at, due.provisional
    clock.next_check_at = clock.due_at if clock.level else clock.warn_at


async def _due(session: AsyncSession, book: SlaBook, clock: SlaClock) -> Due:
    policy = book.version(clock.policy_id, clock.policy_version)
    return compute(
        clock.started_at,
        policy.clocks[clock.clock],
        book.calendar,
        await _pauses(session, clock.id),
        warn_ratio=policy.warn_ratio,
    )


async def _pauses(session: AsyncSession, clock_id: str) -> list[Pause]:
    rows = await session.scalars(
        select(SlaPause).where(SlaPause.clock_id == clock_id).order_by(SlaPause.from_at)
    )
    return [Pause(row.from_at, row.to_at, row.reason) for row in rows]


# --- the sweep ------------------------------------------------------------------------------


def _catch_up(session: AsyncSession, clock: SlaClock, now: datetime) -> list[SlaEvent]:
    """Record the levels that the clock has reached by now; each once, at its own instant."""
    events = []
    if clock.level < 1 and clock.warn_at <= now and clock.warn_at < clock.due_at:
        events.append(_record(session, clock, "warned", 1, at=clock.warn_at, noticed_at=now))
        clock.level = 1
    # A target met at the due instant itself is met, so the breach lies just after it.
    if clock.level < 2 and clock.due_at < now:
        events.append(_record(session, clock, "breached", 2, at=clock.due_at, noticed_at=now))
        clock.level, clock.state = 2, ClockState.BREACHED
    clock.next_check_at = {0: clock.warn_at, 1: clock.due_at}.get(clock.level)
    return events


def _record(
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
        for event in _catch_up(session, clock, now):
            result.events.append(event)
            result.warned += event.kind == "warned"
            result.breached += event.kind == "breached"
    return result


async def recompute_provisional(
    session: AsyncSession, book: SlaBook, *, now: datetime, after: str = "", limit: int = 200
) -> str | None:
    """Count again what was due in a year whose holidays are known by now.

    The calendar changes only when the desk starts, so once then is enough. A paused clock is
    counted again when it goes on.

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
        due = await _due(session, book, clock)
        if not due.provisional:
            _apply_due(clock, due)
            await _record_recomputed(session, clock, now)
    return clocks[-1].id if len(clocks) == limit else None


async def _record_recomputed(session: AsyncSession, clock: SlaClock, now: datetime) -> None:
    """Record it once, though a pause may have moved the clock into another new year since."""
    known = await session.scalar(
        select(SlaEvent.id).where(SlaEvent.clock_id == clock.id, SlaEvent.kind == "recomputed")
    )
    if known is None:
        _record(session, clock, "recomputed", 0, at=now, noticed_at=now)


# --- looking --------------------------------------------------------------------------------


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
            SlaClock.state.in_(_ACTIVE),
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
    return [_view(clock, await _pauses(session, clock.id), now) for clock in rows]


def _view(clock: SlaClock, pauses: Sequence[Pause], now: datetime) -> ClockView:
    cancelled = clock.state == ClockState.CANCELLED
    reading = read_clock(
        due_at=clock.due_at,
        warn_at=clock.warn_at,
        now=now,
        pauses=pauses,
        stopped_at=None if cancelled else clock.stopped_at,
        cancelled_at=clock.stopped_at if cancelled else None,
    )
    return ClockView(
        id=clock.id,
        clock=clock.clock,
        round=clock.round,
        state=reading.state.value,
        level=reading.level.value,
        policy_id=clock.policy_id,
        policy_version=clock.policy_version,
        started_at=clock.started_at,
        stopped_at=clock.stopped_at,
        due_at=clock.due_at,
        warn_at=clock.warn_at,
        provisional=clock.provisional,
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
    pauses = await _pauses(session, clock.id)
    events = await session.scalars(
        select(SlaEvent).where(SlaEvent.clock_id == clock.id).order_by(SlaEvent.at, SlaEvent.id)
    )
    policy = book.version(clock.policy_id, clock.policy_version)
    return ClockExplanation(
        view=_view(clock, pauses, now),
        target=policy.clocks[clock.clock],
        steps=(await _due(session, book, clock)).steps,
        pauses=pauses,
        events=[(event.kind, event.at, event.noticed_at) for event in events],
    )
