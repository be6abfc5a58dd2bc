"""The lines of a ticket list, read in one statement.

A list needs a few columns of each ticket, the name of who has it, and the clock that is due first.
Loading the objects costs ten times what the query does, so plain rows are read. The clock is the one
that is due at `Ticket.next_due_at`, which use cases keep; a ticket whose clock moved without it
(the truth is in `sla_clock`) is looked up apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.sla import nearest_clocks
from bot.services.sla.counting import ACTIVE
from bot.services.views import TicketView
from bot.store.tables import Agent, SlaClock, Ticket

#: Two clocks that are due at the same instant give a ticket two rows; so many of those are expected.
_TIES = 5
_TICKET = tuple(getattr(Ticket, name) for name in TicketView.__dataclass_fields__)
_CLOCK = (SlaClock.clock, SlaClock.due_at, SlaClock.warn_at, SlaClock.state, SlaClock.provisional)


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


_OF_FIRST = and_(
    SlaClock.subject_id == Ticket.id,
    SlaClock.due_at == Ticket.next_due_at,
    SlaClock.stopped_at.is_(None),
    SlaClock.state.in_(ACTIVE),
)
#: The lines of all tickets. Made once: putting the statement together takes longer than running it.
CARDS = (
    select(*_TICKET, Agent.name, *_CLOCK)
    .select_from(Ticket)
    .outerjoin(Agent, Agent.id == Ticket.assignee_id)
    .outerjoin(SlaClock, _OF_FIRST)
)


async def card_rows(session: AsyncSession, query: Select[Any], *, limit: int) -> list[TicketCard]:
    """Return the lines of the first tickets of a query, in its order.

    Args:
        query: `CARDS` with conditions and an order, without a limit.
    """
    read = limit + _TIES
    rows = (await session.execute(query.limit(read))).all()
    while len(rows) == read and len({row[0] for row in rows}) < limit:
        read *= 2
        rows = (await session.execute(query.limit(read))).all()
    # The first of a ticket's rows counts; a dict keeps the order.
    first = {row[0]: row for row in reversed(rows)}
    cards = [_card(first[ticket_id]) for ticket_id in dict.fromkeys(row[0] for row in rows)]
    return await _with_moved_clocks(session, cards[:limit])


def _card(row: Row[Any]) -> TicketCard:
    values, width = tuple(row), len(_TICKET)
    name, clock, due_at, warn_at, state, provisional = values[width:]
    return TicketCard(TicketView(*values[:width]), name, clock, due_at, warn_at, state, bool(provisional))


async def _with_moved_clocks(session: AsyncSession, cards: list[TicketCard]) -> list[TicketCard]:
    moved = [card.ticket.id for card in cards if card.clock is None and card.ticket.next_due_at]
    if not moved:
        return cards
    found = await nearest_clocks(session, moved)
    return [_of_clock(card, found.get(card.ticket.id)) if card.ticket.id in moved else card for card in cards]


def _of_clock(card: TicketCard, clock: SlaClock | None) -> TicketCard:
    if clock is None:
        return card
    return TicketCard(
        card.ticket, card.assignee_name, clock.clock, clock.due_at, clock.warn_at, clock.state, clock.provisional
    )
