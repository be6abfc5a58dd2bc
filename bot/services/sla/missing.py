"""Clocks that open tickets would have, had what is promised now been promised before.

A version may promise a clock that an earlier one did not. Tickets that passed the step which starts it
have none; it is found by playing the ticket's audit chain through the clock table. Only a round that
still counts is missing: what had ended before anybody promised it is nobody's success or failure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.calendar import CalendarVersion
from bot.helpdesk.clock_table import Effect, effects_of
from bot.helpdesk.recounting import Recounted, recounted
from bot.helpdesk.replaying import last_round
from bot.helpdesk.sla import ClockState, Pause, Policy
from bot.helpdesk.ticket import TicketStatus
from bot.services.ids import new_id
from bot.services.sla.book import SlaBook
from bot.services.sla.histories import histories_of
from bot.store.tables import SlaClock, SlaPause, Ticket

#: Tickets whatever region their viewer works for: a condition of the session reaches ORM queries only, and
#: what is counted for the preview must be what the job then starts.
TICKETS = Ticket.__table__.c


@dataclass(frozen=True)
class MissingClock:
    """A round that is missing.

    Attributes:
        pauses: Those that count: begun before it was due.
        after: When it is due, and whether that is over.
    """

    ticket_id: str
    clock: str
    round: int
    started_at: datetime
    pauses: Sequence[Pause]
    calendar: CalendarVersion
    after: Recounted


def promised_anew(book: SlaBook, policy: Policy) -> frozenset[str]:
    """Return the clocks of a version that some earlier version did not promise."""
    earlier = [one for one in book.policies if one.id == policy.id and one.version < policy.version]
    return frozenset(clock for clock in policy.clocks if any(clock not in one.clocks for one in earlier))


def may_miss(policy: Policy, clocks: Collection[str]) -> list[ColumnElement[bool]]:
    """Return the conditions for tickets on which one of these clocks may count."""
    over = {Effect.STOP, Effect.CANCEL}
    statuses = [
        status.value
        for status in TicketStatus
        if any(effects_of("ticket", status.value).get(clock) not in over for clock in clocks)
    ]
    return [TICKETS.kind == policy.applies_to, ~TICKETS.is_finished, TICKETS.status.in_(statuses)]


async def missing_on(
    session: AsyncSession,
    book: SlaBook,
    policy: Policy,
    clocks: Collection[str],
    centres: Mapping[str, str],
    *,
    now: datetime,
) -> list[MissingClock]:
    """Return what is missing on some tickets.

    Args:
        clocks: As `promised_anew` returns them.
        centres: Ids of the tickets, each with its centre.
    """
    histories, known = await histories_of(session, centres), await _known(session, centres, clocks)
    found = []
    for ticket_id in sorted(centres):
        for clock in sorted(clocks):
            played = last_round(clock, histories[ticket_id])
            if played is None or played.stopped_at is not None:
                continue
            rounds, last_started, is_open = known.get((ticket_id, clock), (0, None, False))
            if is_open or (last_started is not None and last_started >= played.started_at):
                continue
            calendar = book.calendar_for(policy, centres[ticket_id])
            due = book.counter(policy, clock, calendar)(played.started_at, played.pauses)
            after = recounted(due, paused_from=played.paused_from, level=0, is_new_promise=True, now=now)
            pauses = [pause for pause in played.pauses if pause.from_at <= after.due_at]
            found.append(
                MissingClock(ticket_id, clock, rounds + 1, played.started_at, pauses, calendar, after)
            )
    return found


async def start(
    session: AsyncSession, policy: Policy, found: Sequence[MissingClock], *, now: datetime
) -> list[dict[str, Any]]:
    """Store what is missing, on tickets that are locked; return the rows of the clocks."""
    rows = [_row(policy, one, now) for one in found]
    session.add_all(SlaClock(**row) for row in rows)
    await session.flush()
    session.add_all(
        SlaPause(clock_id=row["id"], from_at=pause.from_at, to_at=pause.to_at, reason=pause.reason)
        for row, one in zip(rows, found, strict=True)
        for pause in one.pauses
    )
    await session.flush()
    return rows


def _row(policy: Policy, one: MissingClock, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "subject_kind": "ticket",
        "subject_id": one.ticket_id,
        "clock": one.clock,
        "round": one.round,
        "policy_id": policy.id,
        "policy_version": policy.version,
        "calendar_id": one.calendar.id,
        "calendar_version": one.calendar.version,
        "started_at": one.started_at,
        "due_at": one.after.due_at,
        "warn_at": one.after.warn_at,
        "provisional": one.after.provisional,
        "state": (ClockState.PAUSED if one.after.is_paused else ClockState.RUNNING).value,
        "level": one.after.level,
        "next_check_at": one.after.next_check_at,
    }


async def _known(
    session: AsyncSession, ticket_ids: Collection[str], clocks: Collection[str]
) -> Mapping[tuple[str, str], tuple[int, datetime, bool]]:
    """Return of each clock that is there how many rounds, when the last began, and whether one still counts."""
    rows = await session.execute(
        select(
            SlaClock.subject_id,
            SlaClock.clock,
            func.max(SlaClock.round),
            func.max(SlaClock.started_at),
            func.count() - func.count(SlaClock.stopped_at),
        )
        .where(SlaClock.subject_id.in_(ticket_ids), SlaClock.clock.in_(list(clocks)))
        .group_by(SlaClock.subject_id, SlaClock.clock)
    )
    return {(ticket_id, clock): (rounds, at, is_open > 0) for ticket_id, clock, rounds, at, is_open in rows}
