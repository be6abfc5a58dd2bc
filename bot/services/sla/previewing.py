"""What saving a version would do to open clocks, before anybody saves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.recounting import Recounted
from bot.helpdesk.sla import ClockState, Pause, Policy
from bot.services.sla.affected import COLUMNS, NONE, Version, count_again, still_on_older
from bot.services.sla.book import SlaBook
from bot.services.sla.counting import granted_to
from bot.services.sla.missing import TICKETS, MissingClock, may_miss, missing_on, promised_anew
from bot.services.sla.recounting import has_moved
from bot.store.tables import Handoff, SlaClock, SlaPause, Ticket

#: Rows shown; the totals cover all.
SAMPLE = 200
_CHUNK = 1000


@dataclass(frozen=True)
class MovedClock:
    """A clock of which a date would change, or that would be new on its ticket.

    Attributes:
        clock_id: Empty for a new one, as `old_due_at` is None.
        number: Ticket number; None for a handoff.
        title: Subject of the ticket, empty for a handoff.
        link_id: Id of the ticket, or of the handoff's conversation.
        shift: New due date less the old one.
    """

    clock_id: str
    subject_kind: str
    subject_id: str
    clock: str
    state: str
    old_due_at: datetime | None
    new_due_at: datetime
    was_provisional: bool
    is_provisional: bool
    is_used_up: bool
    number: str | None = None
    title: str = ""
    link_id: str = ""

    @property
    def is_new(self) -> bool:
        """Tell whether the ticket has no such clock yet."""
        return self.old_due_at is None

    @property
    def shift(self) -> timedelta:
        """Return how much later it is due; negative when earlier, nothing for a new one."""
        return self.new_due_at - (self.old_due_at or self.new_due_at)


@dataclass
class Preview:
    """Totals over all clocks that would be counted again, and a sample of those that would move.

    Attributes:
        looked_at: Clocks that would be counted again.
        earlier, later: Of these, due earlier or later than now.
        added: Clocks that would be started: promised for the first time, on tickets past the step that starts them.
        used_up: Of all these, breached at once: their time is over under the new rule.
        provisional: Of all these, with a due date that stays or becomes provisional.
        kept: Open clocks of the policy that it would not promise any more; they stay as they are.
        rows: At most `SAMPLE`; breached first, then what is due first.
    """

    looked_at: int = 0
    earlier: int = 0
    later: int = 0
    added: int = 0
    used_up: int = 0
    provisional: int = 0
    kept: int = 0
    rows: list[MovedClock] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """Return how many due dates would change."""
        return self.earlier + self.later

    def keep(self, row: MovedClock) -> None:
        """Take a row into the sample."""
        self.rows.append(row)
        if len(self.rows) > 4 * SAMPLE:
            self.rows = _first(self.rows)


async def preview(
    session: AsyncSession, book: SlaBook, version: Version, *, scope: str, now: datetime
) -> Preview:
    """Count every open clock that the version touches, and change nothing.

    The clocks are streamed, so that memory does not grow with their number.

    Args:
        version: As `propose_policy` or `propose_calendar` returns it.
        scope: How far it would reach: `RUNNING`, `PROVISIONAL` or `NONE`.
    """
    found = Preview()
    if scope == NONE:
        return found
    is_policy = isinstance(version, Policy)
    book = book.with_versions(policies=[version]) if is_policy else book.with_versions(calendars=[version])
    more_time = await granted_to(session, select(SlaClock.id).where(*still_on_older(version, scope, now=now)))
    async for clocks in _open_clocks(session, version, scope, now):
        for clock, pauses in clocks:
            _add(found, clock, count_again(book, version, clock, pauses, more_time[clock.id], now=now))
    if is_policy:
        found.kept = await _kept(session, version)
        await _add_missing(session, book, version, found, now)
    found.rows = await _named(session, _first(found.rows))
    return found


async def _open_clocks(
    session: AsyncSession, version: Version, scope: str, now: datetime
) -> AsyncIterator[list[tuple[Any, list[Pause]]]]:
    """Yield clocks with their pauses, some at a time, in one pass over the join of both."""
    rows = await session.stream(
        select(*COLUMNS, SlaPause.from_at, SlaPause.to_at, SlaPause.reason)
        .outerjoin(SlaPause, SlaPause.clock_id == SlaClock.id)
        .where(*still_on_older(version, scope, now=now))
        .order_by(SlaClock.id, SlaPause.from_at)
        .execution_options(yield_per=_CHUNK)
    )
    clocks: list[tuple[Any, list[Pause]]] = []
    async for part in rows.partitions():
        # The pauses of the last clock may go on in the next part.
        clocks, done = clocks[-1:], clocks[:-1]
        for row in part:
            if not clocks or row.id != clocks[-1][0].id:
                clocks.append((row, []))
            if row.from_at is not None:
                clocks[-1][1].append(Pause(row.from_at, row.to_at, row.reason))
        yield done
    yield clocks


def _add(found: Preview, clock: Any, after: Recounted) -> None:
    found.looked_at += 1
    found.provisional += after.provisional
    found.used_up += after.is_used_up
    found.earlier += after.due_at < clock.due_at
    found.later += after.due_at > clock.due_at
    if not has_moved(clock, after) and not after.is_used_up:
        return
    found.keep(
        MovedClock(
            clock_id=clock.id,
            subject_kind=clock.subject_kind,
            subject_id=clock.subject_id,
            clock=clock.clock,
            state=clock.state,
            old_due_at=clock.due_at,
            new_due_at=after.due_at,
            was_provisional=clock.provisional,
            is_provisional=after.provisional,
            is_used_up=after.is_used_up,
        )
    )


async def _add_missing(
    session: AsyncSession, book: SlaBook, policy: Policy, found: Preview, now: datetime
) -> None:
    """Add what the recount would start on tickets that have passed the step that starts it."""
    clocks, last = promised_anew(book, policy), ""
    query = select(TICKETS.id, TICKETS.centre).where(*may_miss(policy, clocks)).order_by(TICKETS.id).limit(_CHUNK)
    while clocks and (rows := (await session.execute(query.where(TICKETS.id > last))).all()):
        last = rows[-1].id
        for one in await missing_on(session, book, policy, clocks, {row.id: row.centre for row in rows}, now=now):
            _add_new(found, one)


def _add_new(found: Preview, one: MissingClock) -> None:
    after = one.after
    found.added += 1
    found.provisional += after.provisional
    found.used_up += after.is_used_up
    found.keep(
        MovedClock(
            clock_id="",
            subject_kind="ticket",
            subject_id=one.ticket_id,
            clock=one.clock,
            state=(ClockState.PAUSED if after.is_paused else ClockState.RUNNING).value,
            old_due_at=None,
            new_due_at=after.due_at,
            was_provisional=False,
            is_provisional=after.provisional,
            is_used_up=after.is_used_up,
        )
    )


def _first(rows: list[MovedClock]) -> list[MovedClock]:
    return sorted(rows, key=lambda row: (not row.is_used_up, row.new_due_at, row.clock_id, row.subject_id))[:SAMPLE]


async def _kept(session: AsyncSession, policy: Policy) -> int:
    return await session.scalar(
        select(func.count())
        .select_from(SlaClock)
        .where(
            SlaClock.policy_id == policy.id,
            SlaClock.policy_version < policy.version,
            SlaClock.stopped_at.is_(None),
            SlaClock.clock.not_in(list(policy.clocks)),
        )
    ) or 0  # fmt: skip


async def _named(session: AsyncSession, rows: list[MovedClock]) -> list[MovedClock]:
    """Give each row the number and subject of its ticket, or the conversation of its handoff."""
    ids = [row.subject_id for row in rows]
    tickets = await session.execute(
        select(Ticket.id, Ticket.number, Ticket.subject).where(Ticket.id.in_(ids))
    )
    by_id = {row.id: row for row in tickets}
    handoffs = await session.execute(
        select(Handoff.id, Handoff.conversation_id).where(Handoff.id.in_(ids))
    )
    conversations = dict(handoffs.all())
    return [
        replace(row, number=ticket.number, title=ticket.subject, link_id=ticket.id)
        if (ticket := by_id.get(row.subject_id))
        else replace(row, link_id=conversations.get(row.subject_id, ""))
        for row in rows
    ]
