"""Orders of a list, and how one page follows another by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, tuple_

from bot.helpdesk.errors import BadRequest
from bot.services.views import TicketView
from bot.store.tables import Ticket

_NONE = "-"


@dataclass(frozen=True)
class Sort:
    """An order by one instant, then by id.

    Attributes:
        newest_first: Falling; otherwise rising.
        may_be_missing: Tickets without the instant come after all others, by id.
    """

    column: Any
    newest_first: bool = False
    may_be_missing: bool = False

    def order(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """Return what to order by."""
        if self.newest_first:
            return self.column.desc(), Ticket.id.desc()
        return self.column.asc(), Ticket.id.asc()

    def after(self, at: datetime, ticket_id: str) -> ColumnElement[bool]:
        """Return the condition of what comes after a ticket."""
        key = tuple_(self.column, Ticket.id)
        return key < (at, ticket_id) if self.newest_first else key > (at, ticket_id)

    def cursor(self, ticket: TicketView) -> str:
        """Return what fetches the page after this ticket."""
        at: datetime | None = getattr(ticket, self.column.key)
        return f"{at.isoformat() if at else _NONE}|{ticket.id}"


SORTS: Mapping[str, Sort] = {
    "waiting": Sort(Ticket.opened_at),
    "due": Sort(Ticket.next_due_at, may_be_missing=True),
    "newest": Sort(Ticket.opened_at, newest_first=True),
    "updated": Sort(Ticket.updated_at, newest_first=True),
}


def read_cursor(after: str) -> tuple[datetime | None, str]:
    """Return the key that an earlier page gave.

    Raises:
        BadRequest: No page gave this.
    """
    at, divider, ticket_id = after.partition("|")
    if not divider or not ticket_id:
        raise BadRequest(field="after")
    if at == _NONE:
        return None, ticket_id
    try:
        instant = datetime.fromisoformat(at)
    except ValueError as error:
        raise BadRequest(field="after") from error
    if instant.tzinfo is None:
        raise BadRequest(field="after")
    return instant, ticket_id
