"""Orders of a list, and how one page follows another by key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, tuple_

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.life_cycle import Priority
from bot.services.ticket_cards import TicketCard
from bot.store.tables import Ticket

_NONE = "-"
_CURSOR = re.compile(r"(\d)\|([^|]+)\|([\w-]{1,36})", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Where in a list a page ended.

    Attributes:
        stretch: Number of the stretch in its order.
        key: Instant, if the stretch goes by one, and id of the last ticket, as parameters of a statement; empty at the
            beginning.
    """

    stretch: int = 0
    key: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stretch:
    """Tickets of a list that stand together: by one instant, then by id.

    Attributes:
        instant: A column; None: by id alone.
        of: Which tickets these are; None: all.
        newest_first: Falling; otherwise rising.
    """

    instant: Any
    of: ColumnElement[bool] | None = None
    newest_first: bool = False

    @property
    def columns(self) -> dict[str, Any]:
        """Return what these tickets go by, under the names that a key has for it."""
        by_id = {"after_id": Ticket.id}
        return by_id if self.instant is None else {"after_instant": self.instant, **by_id}

    def ordered(self, query: Select[Any], *, after: bool) -> Select[Any]:
        """Narrow a query to these tickets, in order.

        Args:
            after: Only to what comes after a key.
        """
        columns = list(self.columns.values())
        if self.of is not None:
            query = query.where(self.of)
        if after:
            here = tuple_(*columns)
            key = tuple_(*(bindparam(name, type_=column.type) for name, column in self.columns.items()))
            query = query.where(here < key if self.newest_first else here > key)
        return query.order_by(*(column.desc() if self.newest_first else column.asc() for column in columns))

    def shown(self, ticket: TicketCard) -> str:
        """Return a ticket's instant as a cursor has it."""
        return _NONE if self.instant is None else getattr(ticket, self.instant.key).isoformat()

    def read(self, shown: str, ticket_id: str) -> dict[str, Any]:
        """Return the key that a cursor has.

        Raises:
            ValueError, OverflowError: It is none of this stretch.
        """
        if self.instant is None:
            if shown != _NONE:
                raise ValueError(shown)
            return {"after_id": ticket_id}
        at = datetime.fromisoformat(shown)
        if at.tzinfo is None:
            raise ValueError(shown)
        return {"after_instant": at.astimezone(UTC), "after_id": ticket_id}


#: An order is one stretch after another. Each is read by itself, so an index serves what no single key would: what
#: has no instant comes last, and priorities are words that have no order of their own.
Sort = Sequence[Stretch]

SORTS: Mapping[str, Sort] = {
    "waiting": [Stretch(Ticket.opened_at)],
    "priority": [Stretch(Ticket.opened_at, Ticket.priority == priority.value) for priority in reversed(Priority)],
    "due": [Stretch(Ticket.next_due_at, Ticket.next_due_at.is_not(None)), Stretch(None, Ticket.next_due_at.is_(None))],
    "newest": [Stretch(Ticket.opened_at, newest_first=True)],
    "updated": [Stretch(Ticket.updated_at, newest_first=True)],
}


def cursor(order: Sort, stretch: int, ticket: TicketCard) -> str:
    """Return what fetches the page after this ticket."""
    return f"{stretch}|{order[stretch].shown(ticket)}|{ticket.id}"


def read_cursor(order: Sort, after: str) -> Place:
    """Return where an earlier page of this order ended.

    Raises:
        BadRequest: No page gave this.
    """
    found = _CURSOR.fullmatch(after)
    if found is None:
        raise BadRequest(field="after")
    number, shown, ticket_id = int(found[1]), found[2], found[3]
    try:
        return Place(number, order[number].read(shown, ticket_id))
    except (IndexError, ValueError, OverflowError) as error:
        raise BadRequest(field="after") from error
