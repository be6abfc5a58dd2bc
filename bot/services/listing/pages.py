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
from bot.services.listing.sorting import SORTS, Place, Sort, cursor, read_cursor
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
    place = read_cursor(order, after) if after else Place()
    query = CARDS.where(*wanted.conditions(now=now, zone=zone), *also)
    lines = await _lines(session, query, order, place, limit + 1)
    cards = [card for _, card in lines[:limit]]
    if len(lines) <= limit:
        return Page(cards, None)
    stretch, last = lines[limit - 1]
    return Page(cards, cursor(order, stretch, last.ticket))


async def _lines(
    session: AsyncSession, query: Select[Any], order: Sort, place: Place, limit: int
) -> list[tuple[int, TicketCard]]:
    """Return what comes after a place, each ticket with the number of its stretch."""
    lines: list[tuple[int, TicketCard]] = []
    key = place.key
    for number, stretch in enumerate(order[place.stretch :], place.stretch):
        cards = await card_rows(session, stretch.after(query, key), limit=limit - len(lines))
        lines += [(number, card) for card in cards]
        if len(lines) == limit:
            break
        key = ()
    return lines


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
