"""Pages of ticket lists, and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.services import sla
from bot.services.listing.filters import TicketFilter
from bot.services.listing.sorting import SORTS, Sort, read_cursor
from bot.services.staff import agents_named
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Ticket


@dataclass(frozen=True)
class TicketCard:
    """One line of a ticket list."""

    ticket: TicketView
    assignee_name: str | None
    clock: str | None
    due_at: datetime | None
    warn_at: datetime | None
    clock_state: str | None
    provisional: bool


@dataclass(frozen=True)
class Page:
    """Part of a list; `next` fetches what follows, None at the end."""

    items: list[TicketCard]
    next: str | None


async def list_tickets(
    session: AsyncSession,
    wanted: TicketFilter,
    *,
    now: datetime,
    zone: ZoneInfo,
    sort: str = "waiting",
    also: Sequence[ColumnElement[bool]] = (),
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """Return one page of tickets.

    Pages by key, so that the cost does not grow with the page number; what is open has indexes of its own, so that
    it does not grow with what is finished.

    Args:
        sort: A key of `SORTS`.
        also: Further conditions on `Ticket`, as a search sets them.
        after: `next` of the page before.
    Raises:
        BadRequest: There is no such order, or no page gave this `after`.
    """
    order = SORTS.get(sort)
    if order is None:
        raise BadRequest(field="sort")
    query = select(Ticket).where(*wanted.conditions(now=now, zone=zone), *also)
    rows = await _rows(session, query, order, after, limit + 1)
    items = await cards_of(session, rows[:limit])
    return Page(items, order.cursor(rows[limit - 1]) if len(rows) > limit else None)


async def _rows(
    session: AsyncSession, query: Select[tuple[Ticket]], order: Sort, after: str | None, limit: int
) -> list[Ticket]:
    at, ticket_id = read_cursor(after) if after else (None, "")
    rows: list[Ticket] = []
    if not after or at is not None:
        first = query.where(order.column.is_not(None)) if order.may_be_missing else query
        if at is not None:
            first = first.where(order.after(at, ticket_id))
        rows = list(await session.scalars(first.order_by(*order.order()).limit(limit)))
        ticket_id = ""
    if order.may_be_missing and len(rows) < limit:
        rest = query.where(order.column.is_(None), Ticket.id > ticket_id).order_by(Ticket.id)
        rows += await session.scalars(rest.limit(limit - len(rows)))
    return rows


async def cards_of(session: AsyncSession, tickets: Sequence[Ticket]) -> list[TicketCard]:
    """Return the lines of these tickets, in their order."""
    names = await agents_named(session, *(t.assignee_id for t in tickets))
    clocks = await sla.nearest_clocks(session, [t.id for t in tickets])
    return [
        TicketCard(
            ticket=ticket_view(ticket),
            assignee_name=names.get(ticket.assignee_id or ""),
            clock=clock.clock if clock else None,
            due_at=clock.due_at if clock else None,
            warn_at=clock.warn_at if clock else None,
            clock_state=clock.state if clock else None,
            provisional=bool(clock and clock.provisional),
        )
        for ticket, clock in ((t, clocks.get(t.id)) for t in tickets)
    ]


async def queue_counts(session: AsyncSession) -> dict[str, int]:
    """Return how many open tickets each queue has."""
    rows: Any = await session.execute(
        select(Ticket.queue, func.count()).where(~Ticket.is_finished).group_by(Ticket.queue)
    )
    return dict(rows.all())


async def count_open(
    session: AsyncSession, wanted: TicketFilter, *, now: datetime, zone: ZoneInfo, most: int = 1000
) -> int:
    """Return how many tickets a view has, counting no further than `most`."""
    query = select(Ticket.id).where(*wanted.conditions(now=now, zone=zone)).limit(most)
    return await session.scalar(select(func.count()).select_from(query.subquery())) or 0
