"""What narrows a list of tickets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, select

from bot.helpdesk.sla import ClockState
from bot.store.tables import SlaClock, Ticket

DUE = ("breached", "today", "week")
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

    def conditions(self, *, now: datetime, zone: ZoneInfo) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions on `Ticket`.

        Args:
            zone: Where days and weeks begin at midnight.
        """
        if self.open_only:
            # Not `is_(False)`: SQLite sees no partial index in `IS 0`, and would read every ticket ever opened.
            yield ~Ticket.is_finished
        for column, value in (
            (Ticket.queue, self.queue),
            (Ticket.status, self.status),
            (Ticket.kind, self.kind),
            (Ticket.priority, self.priority),
            (Ticket.channel, self.channel),
        ):
            if value:
                yield column == value
        if self.assignee_id:
            nobody = self.assignee_id == NOBODY
            yield Ticket.assignee_id.is_(None) if nobody else Ticket.assignee_id == self.assignee_id
        if self.right:
            yield Ticket.facts["right"].as_string() == self.right
        if self.older_than_days:
            yield Ticket.opened_at <= now - timedelta(days=self.older_than_days)
        if self.due == "breached":
            yield _is_breached(now)
        elif self.due:
            yield Ticket.next_due_at > now
            yield Ticket.next_due_at < end_of(self.due, now, zone)


def _is_breached(now: datetime) -> ColumnElement[bool]:
    """A paused clock may be past its due instant: it moves on with the pause."""
    late = exists(
        select(1)
        .where(SlaClock.subject_id == Ticket.id, SlaClock.stopped_at.is_(None))
        .where(SlaClock.state.in_(_COUNTING), SlaClock.due_at <= now)
        # The list joins a clock of its own; this one is another.
        .correlate(Ticket)
    )
    return (Ticket.next_due_at <= now) & late


def end_of(span: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the midnight that ends this day or this week (weeks end with Sunday)."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1 if span == "today" else 7 - today.weekday())
