"""What narrows a list of tickets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, exists, literal, select

from bot.helpdesk.sla import ClockState
from bot.store.tables import SlaClock, Ticket

_SPANS = ("today", "week")
DUE = ("breached", *_SPANS)
NOBODY = "nobody"
_COUNTING = (ClockState.RUNNING.value, ClockState.BREACHED.value)


@dataclass(frozen=True, kw_only=True)
class TicketFilter:
    """What narrows a list; None leaves everything in.

    Attributes:
        assignee_id: An agent's id, or `NOBODY`.
        due: `breached`; `today` or `week`: due by the end of it and not breached.
        right: Value of the form's field of this name.
        older_than_days: Opened at least so many days ago.
        open_only: Leave out what is finished.
    """

    queue: str | None = None
    status: str | None = None
    kind: str | None = None
    assignee_id: str | None = None
    due: str | None = None
    priority: str | None = None
    right: str | None = None
    channel: str | None = None
    older_than_days: int | None = None
    open_only: bool = True

    def names(self) -> tuple[str, ...]:
        """Return which of `CONDITIONS` narrow the list."""
        given = {
            "open": self.open_only,
            "queue": self.queue,
            "status": self.status,
            "kind": self.kind,
            "priority": self.priority,
            "channel": self.channel,
            "nobody": self.assignee_id == NOBODY,
            "assignee": self.assignee_id and self.assignee_id != NOBODY,
            "right": self.right,
            "age": self.older_than_days,
            "breached": self.due == "breached",
            "due": self.due and self.due != "breached",
        }
        return tuple(name for name, is_given in given.items() if is_given)

    def values(self, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """Return what the parameters of the conditions stand for.

        Args:
            zone: Where days and weeks begin at midnight.
        """
        return {
            "queue": self.queue,
            "status": self.status,
            "kind": self.kind,
            "priority": self.priority,
            "channel": self.channel,
            "assignee": self.assignee_id,
            "right": self.right,
            "opened_by": now - timedelta(days=self.older_than_days or 0),
            "now": now,
            "due_before": end_of(self.due, now, zone) if self.due in _SPANS else now,
        }


def _is_breached() -> ColumnElement[bool]:
    """A paused clock may be past its due instant: it moves on with the pause."""
    late = exists(
        select(1)
        .where(SlaClock.subject_id == Ticket.id, SlaClock.stopped_at.is_(None))
        .where(SlaClock.state.in_([literal(state) for state in _COUNTING]), SlaClock.due_at <= bindparam("now"))
        # The list joins a clock of its own; this one is another.
        .correlate(Ticket)
    )
    return (Ticket.next_due_at <= bindparam("now")) & late


#: The conditions on `Ticket` by name, with parameters instead of values: so a list that is asked for again is the
#: same statement, and need not be put together.
CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    # Not `is_(False)`: SQLite sees no partial index in `IS 0`, and would read every ticket ever opened.
    "open": ~Ticket.is_finished,
    "queue": Ticket.queue == bindparam("queue"),
    "status": Ticket.status == bindparam("status"),
    "kind": Ticket.kind == bindparam("kind"),
    "priority": Ticket.priority == bindparam("priority"),
    "channel": Ticket.channel == bindparam("channel"),
    "nobody": Ticket.assignee_id.is_(None),
    "assignee": Ticket.assignee_id == bindparam("assignee"),
    "right": Ticket.facts["right"].as_string() == bindparam("right"),
    "age": Ticket.opened_at <= bindparam("opened_by"),
    "breached": _is_breached(),
    "due": (Ticket.next_due_at > bindparam("now")) & (Ticket.next_due_at < bindparam("due_before")),
}


def end_of(span: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the midnight that ends this day or this week (weeks end with Sunday)."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1 if span == "today" else 7 - today.weekday())
