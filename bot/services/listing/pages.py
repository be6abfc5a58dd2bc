"""Pages of ticket lists, and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.services.listing.filters import CONDITIONS, TicketFilter
from bot.services.listing.sorting import SORTS, Place, cursor, read_cursor
from bot.services.ticket_cards import CARDS, TicketCard, at_most, card_rows
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
    wish = _Wish(sort, wanted.names(), tuple(also), wanted.values(now=now, zone=zone))
    lines = await _lines(session, wish, place, limit + 1)
    cards = [card for _, card in lines[:limit]]
    if len(lines) <= limit:
        return Page(cards, None)
    return Page(cards, cursor(order, *lines[limit - 1]))


@dataclass(frozen=True)
class _Wish:
    """A list that is asked for: what makes its statement, and what the statement's parameters stand for."""

    sort: str
    names: tuple[str, ...]
    also: tuple[ColumnElement[bool], ...]
    values: dict[str, Any]


async def _lines(session: AsyncSession, wish: _Wish, place: Place, limit: int) -> list[tuple[int, TicketCard]]:
    """Return what comes after a place, each ticket with the number of its stretch."""
    lines: list[tuple[int, TicketCard]] = []
    for number in range(place.stretch, len(SORTS[wish.sort])):
        query = partial(_query, wish, number, bool(place.key))
        cards = await card_rows(session, query, {**wish.values, **place.key}, limit=limit - len(lines))
        lines += [(number, card) for card in cards]
        if len(lines) == limit:
            break
        place = Place()
    return lines


def _query(wish: _Wish, number: int, after: bool, rows: int) -> Select[Any]:
    query = _statement(wish.sort, number, wish.names, after, rows)
    return query.where(*wish.also) if wish.also else query


@lru_cache(maxsize=1024)
def _statement(sort: str, number: int, names: tuple[str, ...], after: bool, rows: int) -> Select[Any]:
    """Return the statement of one stretch: the same object whenever the same is asked for, so that SQLAlchemy need
    not find out again which SQL it stands for."""
    ordered = SORTS[sort][number].ordered(CARDS.where(*(CONDITIONS[name] for name in names)), after=after)
    return at_most(ordered, rows)


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
    query = select(Ticket.id).where(*(CONDITIONS[name] for name in wanted.names())).limit(most)
    counted = select(func.count()).select_from(query.subquery())
    return await session.scalar(counted, wanted.values(now=now, zone=zone)) or 0
