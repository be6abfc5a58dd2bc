"""Events that reach clocks: the table in `bot.helpdesk.clock_table` decides what each does.

Before an event touches a clock, what passed unseen until then is recorded, so that a late sweep
never turns a breach into a success.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.calendar import CalendarVersion
from bot.helpdesk.clock_table import Effect, effects_of
from bot.helpdesk.replaying import MERGED, UNMERGED, Happening, last_round
from bot.helpdesk.sla import ClockState, DueDate, Policy
from bot.helpdesk.ticket import TicketStatus
from bot.services.ids import new_id
from bot.services.sla.book import SlaBook
from bot.services.sla.counting import ACTIVE, apply_due, catch_up, due, record
from bot.services.sla.histories import histories_of
from bot.services.sla.looking import nearest_clocks
from bot.store.bulk import Row
from bot.store.tables import Handoff, SlaClock, SlaPause, Ticket


class _Whose(NamedTuple):
    """What decides on promise and calendar.

    Attributes:
        applies_to: Kind of ticket, or ``handoff``.
        centre: The ticket's.
    """

    applies_to: str
    centre: str | None


def _whose(ticket: Ticket) -> _Whose:
    return _Whose(ticket.kind, ticket.centre)


def clocks_of_new(book: SlaBook, tickets: Iterable[Ticket], *, now: datetime) -> list[Row]:
    """Return the clocks that new tickets are owed; the caller stores them with the tickets.

    A new ticket has no clocks yet, so nothing need be read.
    """
    effects = effects_of("ticket", "opened")
    names = [name for name, effect in effects.items() if effect is Effect.START]
    starts: dict[_Whose, list[tuple[str, _Start]]] = {}
    clocks: list[Row] = []
    for ticket in tickets:
        whose = _whose(ticket)
        if whose not in starts:
            counted = [(name, _count(book, whose, name, now)) for name in names]
            starts[whose] = [(name, start) for name, start in counted if start]
        own = [_clock("ticket", ticket.id, name, 1, start, now) for name, start in starts[whose]]
        ticket.next_due_at = min((clock["due_at"] for clock in own), default=None)
        clocks += (Row(SlaClock, clock) for clock in own)
    return clocks


async def on_ticket_opened(
    session: AsyncSession, book: SlaBook, ticket: Ticket, *, now: datetime
) -> None:
    """Start what one new ticket is owed, of which the session knows."""
    session.add_all(row.to_object() for row in clocks_of_new(book, [ticket], now=now))
    await session.flush()


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
    """Stop the first-response clock and begin the next round of updates: a person answered."""
    await _on_ticket(session, book, ticket, "public_reply", now)


async def on_ticket_event(
    session: AsyncSession, book: SlaBook, ticket: Ticket, event: str, *, now: datetime
) -> None:
    """Apply an event that is no change of status: interim_feedback, feedback_received, merged."""
    await _on_ticket(session, book, ticket, event, now)


async def on_unmerged(
    session: AsyncSession, book: SlaBook, ticket: Ticket, *, now: datetime
) -> None:
    """Start a new round of every clock that the merger ended and that would still count without it.

    Where it would stand still, the new round does from its first instant.
    """
    latest = await _latest_rounds(session, ticket.id)
    history = [*(await histories_of(session, [ticket.id]))[ticket.id], Happening(now, UNMERGED)]
    for name, ended in latest.items():
        found = last_round(name, history)
        if ended.stop_reason != MERGED or found is None or found.stopped_at is not None:
            continue
        clock = _start(session, book, "ticket", ticket.id, _whose(ticket), name, ended.round + 1, now)
        await session.flush()
        if clock is not None and found.paused_from is not None:
            await _affect(session, book, clock, Effect.PAUSE, found.pauses[-1].reason, now)
    await session.flush()
    await show_nearest(session, ticket)


async def show_nearest(session: AsyncSession, ticket: Ticket) -> None:
    """Keep the ticket's earliest due instant, by which lists sort."""
    nearest = (await nearest_clocks(session, [ticket.id])).get(ticket.id)
    ticket.next_due_at = nearest.due_at if nearest else None


async def _on_ticket(
    session: AsyncSession, book: SlaBook, ticket: Ticket, event: str, now: datetime
) -> None:
    await _apply(session, book, "ticket", ticket.id, _whose(ticket), event, now)
    await show_nearest(session, ticket)


async def on_handoff(
    session: AsyncSession, book: SlaBook, handoff: Handoff, event: str, *, now: datetime
) -> None:
    """Apply an event of a handoff: queued, human_reply, handed_back, returned_to_bot, closed."""
    await _apply(session, book, "handoff", handoff.id, _Whose("handoff", None), event, now)


async def _apply(
    session: AsyncSession,
    book: SlaBook,
    subject: str,
    subject_id: str,
    whose: _Whose,
    event: str,
    now: datetime,
) -> None:
    effects = effects_of(subject, event)
    if not effects:
        return
    latest = await _latest_rounds(session, subject_id)
    for clock_name, effect in effects.items():
        last = latest.get(clock_name)
        clock = last if last and last.stopped_at is None and last.state in ACTIVE else None
        if clock is not None:
            await _affect(session, book, clock, effect, event, now)
        if effect is (Effect.START if clock is None else Effect.RESTART):
            round_ = last.round + 1 if last else 1
            _start(session, book, subject, subject_id, whose, clock_name, round_, now)
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


@dataclass(frozen=True)
class _Start:
    """When a clock that starts now will be due, and by which versions of which rules."""

    policy: Policy
    calendar: CalendarVersion
    due: DueDate


def _count(book: SlaBook, whose: _Whose, clock_name: str, now: datetime) -> _Start | None:
    policy = book.current(whose.applies_to, now)
    if clock_name not in policy.clocks:
        return None
    calendar = book.calendar_for(policy, whose.centre)
    return _Start(policy, calendar, book.counter(policy, clock_name, calendar)(now))


def _clock(
    subject: str, subject_id: str, clock_name: str, round_: int, start: _Start, now: datetime
) -> dict[str, Any]:
    """Return the values of a clock that starts now."""
    return {
        "id": new_id(now),
        "subject_kind": subject,
        "subject_id": subject_id,
        "clock": clock_name,
        "round": round_,
        "policy_id": start.policy.id,
        "policy_version": start.policy.version,
        "calendar_id": start.calendar.id,
        "calendar_version": start.calendar.version,
        "started_at": now,
        "due_at": start.due.due_at,
        "warn_at": start.due.warn_at,
        "provisional": start.due.provisional,
        "state": ClockState.RUNNING,
        "level": 0,
        "next_check_at": start.due.warn_at,
    }


def _start(
    session: AsyncSession,
    book: SlaBook,
    subject: str,
    subject_id: str,
    whose: _Whose,
    clock_name: str,
    round_: int,
    now: datetime,
) -> SlaClock | None:
    start = _count(book, whose, clock_name, now)
    if start is None:
        return None
    clock = SlaClock(**_clock(subject, subject_id, clock_name, round_, start, now))
    session.add(clock)
    return clock


async def _affect(
    session: AsyncSession,
    book: SlaBook,
    clock: SlaClock,
    effect: Effect,
    event: str,
    now: datetime,
) -> None:
    if clock.state in (ClockState.RUNNING, ClockState.BREACHED):
        await catch_up(session, book, clock, now)
    if effect is Effect.PAUSE and clock.state == ClockState.RUNNING:
        session.add(SlaPause(clock_id=clock.id, from_at=now, reason=event))
        clock.state, clock.next_check_at = ClockState.PAUSED, None
    elif effect in (Effect.START, Effect.RESUME) and clock.state == ClockState.PAUSED:
        await _resume(session, book, clock, now)
    elif effect in (Effect.STOP, Effect.RESTART):
        await _stop(session, book, clock, event, now)
    elif effect is Effect.CANCEL:
        if clock.state == ClockState.PAUSED:
            await _resume(session, book, clock, now)
        clock.stopped_at, clock.stop_reason, clock.next_check_at = now, event, None
        if clock.state != ClockState.BREACHED:
            clock.state = ClockState.CANCELLED
        record(session, clock, "cancelled", 0, at=now, noticed_at=now)


async def _resume(session: AsyncSession, book: SlaBook, clock: SlaClock, now: datetime) -> None:
    open_pause = await session.scalar(
        select(SlaPause).where(SlaPause.clock_id == clock.id, SlaPause.to_at.is_(None))
    )
    if open_pause:
        # A system clock that was set back ends a pause where it began.
        open_pause.to_at = max(now, open_pause.from_at)
        await session.flush()
    apply_due(clock, await due(session, book, clock))
    clock.state = ClockState.RUNNING
    await catch_up(session, book, clock, now)


async def _stop(
    session: AsyncSession, book: SlaBook, clock: SlaClock, event: str, now: datetime
) -> None:
    if clock.state == ClockState.PAUSED:
        await _resume(session, book, clock, now)
    clock.stopped_at, clock.stop_reason, clock.next_check_at = now, event, None
    # A breach that was recorded stays, should the system clock have been set back since.
    if clock.state != ClockState.BREACHED and now <= clock.due_at:
        clock.state = ClockState.MET
        record(session, clock, "met", 0, at=now, noticed_at=now)
