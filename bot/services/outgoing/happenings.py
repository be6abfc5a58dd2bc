"""What happened, in the words of webhooks. Calling `…_happened` costs nothing but memory: whether
anybody wants to hear of it is looked at once, when the transaction ends."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Handoff, Ticket

#: Every event that a webhook may ask for; `docs/WEBHOOKS.md` shows the shape of each.
EVENTS = (
    "ticket.opened",
    "ticket.changed",
    "ticket.resolved",
    "sla.warned",
    "sla.breached",
    "sla.escalated",
    "handoff.requested",
    "handoff.claimed",
    "handoff.ended",
)
PING = "ping"
_INFO, _MANY = "happenings", "many_happenings"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event.

    Attributes:
        key: Names this very event; the same key is never delivered twice to one receiver.
        at: When it happened, which for a breach may lie before it was noticed.
        noticed_at: When it was recorded.
    """

    event: str
    key: str
    at: datetime
    noticed_at: datetime
    data: dict[str, Any]

    def payload(self) -> dict[str, Any]:
        """Return the body that receivers get."""
        return {
            "event": self.event,
            "key": self.key,
            "occurred_at": self.at.isoformat(),
            "noticed_at": self.noticed_at.isoformat(),
            "data": self.data,
        }


def happened(session: AsyncSession, happening: Happening, *, instead_of: str | None = None) -> None:
    """Note an event, to be recorded for those who want it when the transaction commits.

    Args:
        instead_of: Several events of one transaction with the same value are one, the last.
    """
    noted: dict[str, Happening] = session.info.setdefault(_INFO, {})
    noted[instead_of or happening.key] = happening


def all_happened(session: AsyncSession, event: str, happenings: Iterator[Happening]) -> None:
    """Note many of one event; they are only made if somebody wants to hear of it."""
    session.info.setdefault(_MANY, []).append((event, happenings))


def take_happenings(session: AsyncSession, wanted: Container[str]) -> Iterator[Happening]:
    """Yield what was noted of the events wanted; all of it is forgotten."""
    noted, many = session.info.pop(_INFO, {}), session.info.pop(_MANY, ())
    yield from (one for one in noted.values() if one.event in wanted)
    for event, happenings in many:
        if event in wanted:
            yield from happenings


def ticket_happened(session: AsyncSession, event: str, ticket: Ticket, *, now: datetime) -> None:
    """Note that a ticket was opened, changed or resolved; all changes of one commit are one event."""
    data = {
        "number": ticket.number,
        "kind": ticket.kind,
        "status": str(ticket.status),
        "queue": ticket.queue,
        "version": ticket.version,
        "opened_at": ticket.opened_at.isoformat(),
        "due_at": ticket.next_due_at.isoformat() if ticket.next_due_at else None,
    }
    key = f"{event}:{ticket.id}:{ticket.version}"
    happened(session, Happening(event, key, now, now, data), instead_of=f"{event}:{ticket.id}")


def handoff_happened(session: AsyncSession, event: str, handoff: Handoff, *, now: datetime) -> None:
    """Note that a person was asked for, took a conversation, or that the episode ended."""
    data = {
        "handoff": handoff.id,
        "reason": handoff.reason,
        "queue": handoff.queue,
        "requested_at": handoff.requested_at.isoformat(),
        "claimed_at": handoff.claimed_at.isoformat() if handoff.claimed_at else None,
        "outcome": handoff.outcome,
    }
    # One episode may be claimed more than once, by one agent after the other.
    key = f"{event}:{handoff.id}:{int(now.timestamp() * 1000)}"
    happened(session, Happening(event, key, now, now, data))
