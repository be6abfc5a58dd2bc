"""The audit chain of staff matters: who changed which account, who logged in, whose session was ended.

One chain for all of them, so that the events of an account cannot vanish together with it. Its head is the one row
of `staff_chain`, locked last of all rows; the daily root of the tickets' audit anchors it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.audit import GENESIS, entry_hash
from bot.store.tables import Agent, StaffChain, StaffEvent

#: Actors that are nobody's account.
STRANGER, OPERATOR, SYSTEM = "stranger", "operator", "system"


@dataclass(frozen=True)
class StaffEventView:
    """One event with the names of those it is about."""

    seq: int
    at: datetime
    actor: str
    actor_name: str | None
    action: str
    subject: str
    subject_name: str | None
    old: dict[str, Any]
    new: dict[str, Any]
    reason: str
    hash: str


async def record(
    session: AsyncSession,
    *,
    actor: str,
    action: str,
    now: datetime,
    subject: str = "",
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    reason: str = "",
) -> StaffEvent:
    """Append one event; the chain stays locked until the transaction ends.

    Never give it a password, a code, or a hash of either.
    """
    chain = await session.get_one(StaffChain, 1, with_for_update=True, populate_existing=True)
    event = StaffEvent(
        seq=chain.seq + 1,
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        old=dict(old or {}),
        new=dict(new or {}),
        reason=reason,
    )
    event.hash = entry_hash(chain.head, _sealed(event))
    chain.seq, chain.head = event.seq, event.hash
    session.add(event)
    # A second event in this transaction reads the head anew.
    await session.flush()
    return event


def _sealed(event: StaffEvent | StaffEventView) -> dict[str, object]:
    return {
        "seq": event.seq,
        "at": event.at.astimezone(UTC).isoformat(),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "old": event.old,
        "new": event.new,
        "reason": event.reason,
    }


async def events(
    session: AsyncSession, *, subject: str | None = None, before: int | None = None, limit: int = 50
) -> list[StaffEventView]:
    """Return events, newest first.

    Args:
        subject: Only those about this account.
        before: Only those older than this `seq`, for the next page.
    """
    query = select(StaffEvent).order_by(StaffEvent.seq.desc()).limit(limit)
    if subject:
        query = query.where(StaffEvent.subject == subject)
    if before is not None:
        query = query.where(StaffEvent.seq < before)
    found = list(await session.scalars(query))
    ids = {row.actor for row in found} | {row.subject for row in found}
    names = dict((await session.execute(select(Agent.id, Agent.name).where(Agent.id.in_(ids)))).all())
    return [
        StaffEventView(
            seq=row.seq, at=row.at, actor=row.actor, actor_name=names.get(row.actor), action=row.action,
            subject=row.subject, subject_name=names.get(row.subject), old=row.old, new=row.new,
            reason=row.reason, hash=row.hash,
        )
        for row in found
    ]  # fmt: skip


async def head_at(session: AsyncSession, seq: int) -> str:
    """Return the hash of the chain at an event, `GENESIS` before the first."""
    found = await session.scalar(select(StaffEvent.hash).where(StaffEvent.seq == seq)) if seq else None
    return found or GENESIS


async def last_seq(session: AsyncSession, *, until: datetime) -> int:
    """Return the number of the last event not younger than `until`, 0 if there is none."""
    query = select(StaffEvent.seq).where(StaffEvent.at <= until).order_by(StaffEvent.seq.desc()).limit(1)
    return await session.scalar(query) or 0


async def stretch_holds(session: AsyncSession, shown: Sequence[StaffEventView]) -> bool:
    """Recompute the chain over a stretch that `events` gave, newest first and without gaps."""
    if not shown:
        return True
    previous, expected = await head_at(session, shown[-1].seq - 1), shown[-1].seq
    for event in reversed(shown):
        if event.seq != expected or entry_hash(previous, _sealed(event)) != event.hash:
            return False
        previous, expected = event.hash, expected + 1
    return True


async def verify(session: AsyncSession) -> tuple[int, list[str]]:
    """Recompute the chain; return how many events there are and one line for each break."""
    count, previous = 0, GENESIS
    async for event in await session.stream_scalars(select(StaffEvent).order_by(StaffEvent.seq)):
        count += 1
        if event.seq != count or entry_hash(previous, _sealed(event)) != event.hash:
            return count, [f"staff: entry {event.seq} was altered or lost"]
        previous = event.hash
    chain = await session.get(StaffChain, 1)
    if chain is None or (chain.seq, chain.head) != (count, previous):
        return count, ["staff: the last entry is missing"]
    return count, []
