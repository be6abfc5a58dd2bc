"""The lines of a ticket list, read in one statement.

A list needs a few columns of each ticket, the name of who has it, and the clock that is due first.
Loading the objects costs ten times what the query does, so plain rows are read, and of what a citizen told
us only the subject line. The clock is the one that is due at `Ticket.next_due_at`, which use cases keep; a
ticket whose clock moved without it (the truth is in `sla_clock`) is looked up apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, and_, false, func, literal, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.sla import nearest_clocks
from bot.services.sla.counting import ACTIVE
from bot.store.scoping import plain_rows
from bot.store.tables import Agent, SlaClock, Ticket

#: Two clocks that are due at the same instant give a ticket two rows; so many of those are expected.
_TIES = 5
#: Pages are of 50; one more tells whether there is another.
_SMALLEST = (50 + 1 + _TIES) // 4


class TicketCard(NamedTuple):
    """One line of a ticket list. A tuple, because a list has many: it is made at once of what the store gives.

    Attributes:
        clock, due_at, warn_at, clock_state, provisional: Of the clock that is due first, if any counts.
    """

    id: str
    number: str
    kind: str
    status: str
    subject: str
    queue: str
    channel: str
    priority: str
    version: int
    opened_at: datetime
    updated_at: datetime
    next_due_at: datetime | None
    assignee_name: str | None
    clock: str | None
    due_at: datetime | None
    warn_at: datetime | None
    clock_state: str | None
    provisional: bool


_OF_FIRST = and_(
    SlaClock.subject_id == Ticket.id,
    SlaClock.due_at == Ticket.next_due_at,
    SlaClock.stopped_at.is_(None),
    # Given as expressions, as many as there are: plain values would be counted and written out each time.
    SlaClock.state.in_([literal(state) for state in ACTIVE]),
)
#: The lines of all tickets, in the order of `TicketCard`. Made once: putting the statement together takes longer
#: than running it.
CARDS = (
    select(
        Ticket.id, Ticket.number, Ticket.kind, Ticket.status, Ticket.subject, Ticket.queue, Ticket.channel,
        Ticket.priority, Ticket.version, Ticket.opened_at, Ticket.updated_at, Ticket.next_due_at, Agent.name,
        SlaClock.clock, SlaClock.due_at, SlaClock.warn_at, SlaClock.state, func.coalesce(SlaClock.provisional, false()),
    )
    .select_from(Ticket)
    .outerjoin(Agent, Agent.id == Ticket.assignee_id)
    .outerjoin(SlaClock, _OF_FIRST)
)  # fmt: skip


async def card_rows(
    session: AsyncSession, query: Callable[[int], Select[Any]], values: Mapping[str, Any], *, limit: int
) -> list[TicketCard]:
    """Return the lines of the first tickets of a query, in its order.

    Args:
        query: Returns `CARDS` with conditions, an order and this many rows at most (see `at_most`).
        values: What its parameters stand for.
    """
    read = _size(limit + _TIES)
    rows = await plain_rows(session, query(read), values)
    while len(rows) == read and len({row[0] for row in rows}) < limit:
        read *= 2
        rows = await plain_rows(session, query(read), values)
    return await _with_moved_clocks(session, _one_of_each(map(TicketCard._make, rows))[:limit])


def at_most(query: Select[Any], rows: int) -> Select[Any]:
    """Limit a query by a number that stands in it.

    As a parameter it would make PostgreSQL plan the query anew each time, which takes twice as long as running it:
    without the number it believes that the plan it keeps reads far more.
    """
    return query.limit(literal_column(str(rows), Integer))


def _size(rows: int) -> int:
    """Return the number of rows to read where so many are wanted: of few sizes each has a statement that is kept."""
    size = _SMALLEST
    while size < rows:
        size *= 2
    return size


def _one_of_each(cards: Iterable[TicketCard]) -> list[TicketCard]:
    """Return the first line of each ticket."""
    first: dict[str, TicketCard] = {}
    for card in cards:
        first.setdefault(card.id, card)
    return list(first.values())


async def _with_moved_clocks(session: AsyncSession, cards: list[TicketCard]) -> list[TicketCard]:
    moved = {card.id for card in cards if card.clock is None and card.next_due_at}
    if not moved:
        return cards
    found = await nearest_clocks(session, moved)
    return [_of_clock(card, found.get(card.id)) if card.id in moved else card for card in cards]


def _of_clock(card: TicketCard, clock: SlaClock | None) -> TicketCard:
    if clock is None:
        return card
    return card._replace(
        clock=clock.clock, due_at=clock.due_at, warn_at=clock.warn_at, clock_state=clock.state,
        provisional=clock.provisional,
    )  # fmt: skip
