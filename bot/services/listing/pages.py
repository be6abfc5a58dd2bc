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
from bot.services.listing.filters import TicketFilter
from bot.services.listing.sorting import SORTS, Sort, read_cursor
from bot.services.ticket_cards import CARDS, TicketCard, card_rows
from bot.store.tables import Ticket


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
    query = CARDS.where(*wanted.conditions(now=now, zone=zone), *also)
    cards = await _cards(session, query, order, after, limit + 1)
    return Page(cards[:limit], order.cursor(cards[limit - 1].ticket) if len(cards) > limit else None)


async def _cards(
    session: AsyncSession, query: Select[Any], order: Sort, after: str | None, limit: int
) -> list[TicketCard]:
    at, ticket_id = read_cursor(after) if after else (None, "")
    cards: list[TicketCard] = []
    if not after or at is not None:
        first = query.where(order.column.is_not(None)) if order.may_be_missing else query
        if at is not None:
            first = first.where(order.after(at, ticket_id))
        cards = await card_rows(session, first.order_by(*order.order()), limit=limit)
        ticket_id = ""
    if order.may_be_missing and len(cards) < limit:
        rest = query.where(order.column.is_(None), Ticket.id > ticket_id).order_by(Ticket.id)
        cards += await card_rows(session, rest, limit=limit - len(cards))
    return cards


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
