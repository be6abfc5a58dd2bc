"""The sweep: noticing what is due, whatever the number of open tickets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.sla import ClockState
from bot.services.sla.book import SlaBook
from bot.services.sla.reaching import clocks_with_subjects, move_clocks, record_reached
from bot.store.database import announce
from bot.store.scoping import plain_rows
from bot.store.tables import SlaClock

_DUE = (
    clocks_with_subjects()
    .where(SlaClock.next_check_at < bindparam("now"))
    .order_by(SlaClock.next_check_at, SlaClock.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=SlaClock)
)


@dataclass(frozen=True)
class SweepResult:
    """What one sweep noticed, by kind of event."""

    looked_at: int = 0
    warned: int = 0
    breached: int = 0
    escalated: int = 0


async def sweep(
    session: AsyncSession, book: SlaBook, *, now: datetime, limit: int = 500
) -> SweepResult:
    """Record the levels that are due and tell whom the chains name; call again while `looked_at`
    equals `limit`.

    One indexed query over what is due, whatever the number of open tickets. Safe with many
    workers: on PostgreSQL each takes rows that no other holds, on SQLite there is one writer.
    """
    due_now = await plain_rows(session, _DUE, {"now": now, "limit": limit})
    if not due_now:
        return SweepResult()
    found = await record_reached(session, book, due_now, now=now)
    await move_clocks(session, found)
    kinds = Counter(reached.kind for _, step in found for reached in step.reached)
    announce(session, "staff", {"type": "sla", "count": kinds.total()})
    return SweepResult(len(due_now), kinds["warned"], kinds["breached"], kinds["escalated"])


async def wake_breached(session: AsyncSession, *, after: str = "", limit: int = 500) -> str | None:
    """Let the next sweep look again at breached clocks: at rest or waiting for their next level.

    After a new escalation chain they may have further levels, or reach them sooner; the sweep sets
    those back to rest or to their level's instant that have nothing to be told.

    Returns:
        Where to go on (`after`), None when all are done.
    """
    ids = list(
        await session.scalars(
            select(SlaClock.id)
            .where(
                SlaClock.state == ClockState.BREACHED,
                SlaClock.stopped_at.is_(None),
                or_(SlaClock.next_check_at.is_(None), SlaClock.next_check_at > SlaClock.due_at),
                SlaClock.id > after,
            )
            .order_by(SlaClock.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    await session.execute(
        update(SlaClock.__table__)
        .where(SlaClock.__table__.c.id.in_(ids))
        .values(next_check_at=SlaClock.__table__.c.due_at)
    )
    return ids[-1] if len(ids) == limit else None
