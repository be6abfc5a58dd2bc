"""Which late clocks a new escalation chain would move, and where to; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.escalation import Chain, Progress
from bot.helpdesk.sla import ClockState
from bot.services.escalation import ChainBook, chain_book
from bot.services.sla.book import SlaBook
from bot.services.sla.reaching import clocks_with_subjects, standing_by
from bot.services.sla.records import renew_book
from bot.store.tables import SlaClock

#: Rows shown; the totals are of all.
SAMPLE = 50
_CHUNK = 1000


@dataclass(frozen=True)
class NextLevel:
    """A level that a clock has yet to reach, and when it does if nothing is done."""

    level: int
    at: datetime


@dataclass(frozen=True)
class ClimbingClock:
    """One late clock that would climb otherwise.

    Attributes:
        link_id: The ticket, or of a handoff the conversation.
        at_once: Levels that it has reached already by the new chain: they are told at the next sweep.
        old, new: The level after that by either chain, None after the last.
    """

    clock_id: str
    clock: str
    link_id: str
    number: str | None
    title: str | None
    due_at: datetime
    at_once: tuple[int, ...]
    old: NextLevel | None
    new: NextLevel | None


@dataclass
class Climb:
    """Totals over the late clocks that the chain is for, and a sample of those that would move.

    Attributes:
        looked_at: Late clocks not ended yet.
        at_once: Of these, told of a level at once.
        sooner, later: Of the rest, those that reach their next level sooner or later than now.
        resting: Of the rest, those that have no further level any more.
        rows: At most `SAMPLE`, those that are told at once first.
    """

    looked_at: int = 0
    at_once: int = 0
    sooner: int = 0
    later: int = 0
    resting: int = 0
    rows: list[ClimbingClock] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """Return how many would climb otherwise than now."""
        return self.at_once + self.sooner + self.later + self.resting


async def preview_chain(session: AsyncSession, book: SlaBook, chain: Chain, *, now: datetime) -> Climb:
    """Look at every late clock that the chain is for.

    A clock that is not late yet is not among them: when it runs out it follows the chain of that day.

    Args:
        chain: As `escalation.propose_chain` returns it.
    """
    await renew_book(session, book)
    before = await chain_book(session)
    after = ChainBook({**before.chains, chain.applies_to: chain})
    old, new = standing_by(before, book, now), standing_by(after, book, now)
    found = Climb()
    rows = await session.stream(
        clocks_with_subjects()
        .where(SlaClock.state == ClockState.BREACHED, SlaClock.stopped_at.is_(None))
        .execution_options(yield_per=_CHUNK)
    )
    async for part in rows.partitions():
        for row in part:
            if after.of(row.subject_kind, row.applies_to) is chain:
                _add(found, row, old(row), new(row))
        found.rows = _first(found.rows)
    return found


def _add(found: Climb, row: Row[tuple[object, ...]], old: Progress, new: Progress) -> None:
    found.looked_at += 1
    at_once = tuple(one.level for one in new.reached if one.level > old.level)
    old_next, new_next = _next(old), _next(new)
    if not at_once and old_next == new_next:
        return
    if at_once:
        found.at_once += 1
    elif new_next is None:
        found.resting += 1
    elif old_next is None or new_next.at < old_next.at:
        found.sooner += 1
    else:
        found.later += 1
    found.rows.append(
        ClimbingClock(
            clock_id=row.id,
            clock=row.clock,
            link_id=row.conversation_id or row.subject_id,
            number=row.number,
            title=row.title,
            due_at=row.due_at,
            at_once=at_once,
            old=old_next,
            new=new_next,
        )
    )


def _next(progress: Progress) -> NextLevel | None:
    if progress.next_check_at is None:
        return None
    return NextLevel(progress.level + 1, progress.next_check_at)


def _first(rows: list[ClimbingClock]) -> list[ClimbingClock]:
    return sorted(rows, key=lambda row: (not row.at_once, row.due_at, row.clock_id))[:SAMPLE]
