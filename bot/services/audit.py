"""The audit chain of tickets: writing entries, anchoring them daily, verifying both.

The daily root anchors the chain of staff events (`services.staff_audit`) as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.audit import GENESIS, entry_hash, first_broken, root_hash
from bot.services import staff_audit
from bot.store.bulk import Row
from bot.store.tables import AuditRoot, Ticket, TicketEvent

#: Younger events may belong to transactions that have not committed yet, so a root leaves them out.
_SETTLED_AFTER = timedelta(minutes=5)


@dataclass
class AuditReport:
    """Outcome of a verification.

    Attributes:
        broken: One line for each chain or anchor that does not hold.
    """

    tickets: int = 0
    events: int = 0
    staff_events: int = 0
    roots: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Tell whether nothing was altered."""
        return not self.broken


def record(
    session: AsyncSession,
    ticket: Ticket,
    *,
    actor: str,
    action: str,
    now: datetime,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    reason: str = "",
) -> TicketEvent:
    """Append one entry to the ticket's chain; the caller holds the ticket's row."""
    entry = next_entry(ticket, actor=actor, action=action, now=now, old=old, new=new, reason=reason)
    event: TicketEvent = entry.to_object()
    session.add(event)
    return event


def next_entry(
    ticket: Ticket,
    *,
    actor: str,
    action: str,
    now: datetime,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    reason: str = "",
) -> Row:
    """Seal one entry to the ticket's chain; the caller stores it with the ticket."""
    seq = ticket.audit_seq + 1
    values = {
        "ticket_id": ticket.id,
        "seq": seq,
        "at": now,
        "actor": actor,
        "action": action,
        "old": old or {},
        "new": new or {},
        "reason": reason,
    }
    seal = entry_hash(ticket.audit_head, _sealed(values))
    ticket.audit_seq, ticket.audit_head = seq, seal
    return Row(TicketEvent, {**values, "hash": seal})


def sealed_text(text: str) -> dict[str, Any]:
    """Return what the chain keeps of a text: enough to prove it, not the words."""
    return {"text_sha256": hashlib.sha256(text.encode()).hexdigest()}


def _sealed(event: Mapping[str, Any]) -> dict[str, object]:
    """Return the fields that the hash covers."""
    return {
        "ticket": event["ticket_id"],
        "seq": event["seq"],
        "at": event["at"].astimezone(UTC).isoformat(),
        "actor": event["actor"],
        "action": event["action"],
        "old": event["old"],
        "new": event["new"],
        "reason": event["reason"],
    }


async def chain_holds(session: AsyncSession, ticket: Ticket) -> bool:
    """Recompute one ticket's chain up to its head."""
    events = list(
        await session.scalars(
            select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.seq)
        )
    )
    if not events or events[-1].hash != ticket.audit_head:
        return False
    return first_broken((_sealed(vars(event)), event.hash) for event in events) is None


async def has_root(session: AsyncSession, day: date) -> bool:
    """Tell whether the day has its root."""
    return await session.get(AuditRoot, day) is not None


async def make_root(session: AsyncSession, *, day: date, now: datetime) -> AuditRoot | None:
    """Anchor all chains once a day; returns None when the day has its root already."""
    if await has_root(session, day):
        return None
    last = await session.scalar(
        select(func.max(TicketEvent.id)).where(TicketEvent.at <= now - _SETTLED_AFTER)
    )
    heads = [head async for head in _heads(session, last or 0)]
    staff_seq = await staff_audit.last_seq(session, until=now - _SETTLED_AFTER)
    root = AuditRoot(
        day=day,
        root=root_hash(heads + await _staff_head(session, staff_seq)),
        last_event_id=last or 0,
        last_staff_event=staff_seq,
        ticket_count=len(heads),
        made_at=now,
    )
    session.add(root)
    return root


async def _heads(session: AsyncSession, last_event_id: int) -> AsyncIterator[tuple[str, str]]:
    """Yield (ticket id, hash of its last event not above `last_event_id`)."""
    latest = (
        select(func.max(TicketEvent.id).label("id"))
        .where(TicketEvent.id <= last_event_id)
        .group_by(TicketEvent.ticket_id)
        .subquery()
    )
    rows = await session.stream(
        select(TicketEvent.ticket_id, TicketEvent.hash).join(latest, TicketEvent.id == latest.c.id)
    )
    async for ticket_id, head in rows:
        yield ticket_id, head


async def _staff_head(session: AsyncSession, seq: int) -> list[tuple[str, str]]:
    """Return what the root holds of the staff's chain; nothing for roots older than that chain."""
    return [("staff", await staff_audit.head_at(session, seq))] if seq else []


async def verify(session: AsyncSession) -> AuditReport:
    """Recompute every chain and every daily root; reads everything, changes nothing."""
    report = AuditReport()
    await _verify_chains(session, report)
    report.staff_events, broken = await staff_audit.verify(session)
    report.broken += broken
    for root in await session.scalars(select(AuditRoot).order_by(AuditRoot.day)):
        report.roots += 1
        heads = [head async for head in _heads(session, root.last_event_id)]
        heads += await _staff_head(session, root.last_staff_event)
        if root_hash(heads) != root.root:
            report.broken.append(f"root {root.day}: chains differ from what was anchored")
    return report


async def _verify_chains(session: AsyncSession, report: AuditReport) -> None:
    heads = dict(
        (await session.execute(select(Ticket.id, Ticket.audit_head))).all()
    )
    report.tickets = len(heads)
    expected: dict[str, tuple[int, str]] = {}
    spoiled: set[str] = set()
    events = await session.stream_scalars(
        select(TicketEvent).order_by(TicketEvent.ticket_id, TicketEvent.seq)
    )
    async for event in events:
        report.events += 1
        seq, previous = expected.get(event.ticket_id, (0, GENESIS))
        is_next = event.seq == seq + 1 and entry_hash(previous, _sealed(vars(event))) == event.hash
        if not is_next and event.ticket_id not in spoiled:
            spoiled.add(event.ticket_id)
            report.broken.append(f"ticket {event.ticket_id}: entry {event.seq} was altered or lost")
        expected[event.ticket_id] = (event.seq, event.hash)
    for ticket_id, head in heads.items():
        if expected.get(ticket_id, (0, GENESIS))[1] != head and ticket_id not in spoiled:
            report.broken.append(f"ticket {ticket_id}: its last entry is missing")
