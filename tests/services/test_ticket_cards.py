"""Ticket lists: one statement, whatever is in the store; the clock that is due first on each line."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from bench.peers.loading import load_tickets
from bot.bootstrap import Desk
from bot.services import desk_work, sla
from bot.services.ids import new_id
from bot.services.listing import Page, TicketFilter, list_tickets
from bot.services.ticket_cards import CARDS, at_most, card_rows
from bot.store.tables import SlaClock, Ticket
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen


async def some_tickets(desk: Desk, count: int) -> list[str]:
    """Ids of tickets in the order in which they were opened."""
    ids = []
    for number in range(count):
        citizen = await Citizen.arrives(desk)
        ids.append((await make_ticket(desk, citizen.conversation_id, facts={"n": str(number)})).ticket.id)
        desk.clock.move(timedelta(minutes=1))
    return ids


async def a_page(desk: Desk, session: AsyncSession, **options: Any) -> Page:
    """A page of one queue, what waits longest on top."""
    queue, zone = TicketFilter(queue="trademark"), desk.office.calendar.zone
    return await list_tickets(session, queue, now=desk.clock(), zone=zone, **options)


async def test_a_page_shows_each_ticket_once_with_the_clock_that_is_due_first(desk: Desk) -> None:
    ids = await some_tickets(desk, 5)
    agent = await make_agent(desk)
    async with desk.begin() as session:
        await desk_work.assign(session, agent, ids[1], to_agent_id=agent.id, version=1, now=desk.clock())
    async with desk.read() as session:
        nearest = await sla.nearest_clocks(session, ids)
        page = await a_page(desk, session, limit=3)
        rest = await a_page(desk, session, limit=3, after=page.next)
    shown = [*page.items, *rest.items]
    assert [card.id for card in shown] == ids and rest.next is None
    assert [(c.clock, c.due_at, c.warn_at, c.clock_state) for c in shown] == [
        (nearest[i].clock, nearest[i].due_at, nearest[i].warn_at, nearest[i].state) for i in ids
    ]
    assert [card.assignee_name for card in shown] == [None, agent.name, None, None, None]


async def test_clocks_due_at_the_same_instant_do_not_double_or_hide_tickets(desk: Desk) -> None:
    ids = await some_tickets(desk, 12)
    async with desk.begin() as session:
        # Every clock of every ticket is due at once.
        await session.execute(update(Ticket).values(next_due_at=desk.clock()))
        await session.execute(update(SlaClock).values(due_at=desk.clock()))
        for number in range(3):
            first = (await session.scalars(select(SlaClock).where(SlaClock.subject_id == ids[0]))).first()
            values = {c.key: getattr(first, c.key) for c in SlaClock.__table__.columns}
            session.add(SlaClock(**values | {"id": new_id(desk.clock()), "clock": f"extra{number}"}))
    async with desk.read() as session:
        by_age = CARDS.order_by(Ticket.opened_at, Ticket.id)
        cards = await card_rows(session, partial(at_most, by_age), {}, limit=12)
    assert [card.id for card in cards] == ids


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_the_plan_of_a_page_is_kept(desk: Desk, database_url: str) -> None:
    # So many that a page is less than the tenth that the server takes an unknown LIMIT for.
    await asyncio.to_thread(load_tickets, database_url, tickets=8000, still_open=8000, now=desk.clock())
    async with desk.read() as session:
        # The driver prepares what came five times; the server keeps a plan after five more.
        for _ in range(12):
            await a_page(desk, session)
        kept = text("SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%LEFT OUTER JOIN agent%'")
        assert await session.scalar(kept)


async def test_a_clock_that_moved_without_its_ticket_is_found(desk: Desk) -> None:
    (ticket,) = await some_tickets(desk, 1)
    later = desk.clock() + timedelta(days=40)
    async with desk.begin() as session:
        await session.execute(update(SlaClock).values(due_at=later))
    async with desk.read() as session:
        (card,) = (await a_page(desk, session)).items
    assert card.id == ticket and card.due_at == later


async def test_a_page_is_one_statement(desk: Desk) -> None:
    await some_tickets(desk, 4)
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(desk.database.engine.sync_engine, "before_cursor_execute", note)
    async with desk.read() as session:
        await a_page(desk, session)
    assert len([s for s in statements if s.startswith("SELECT")]) == 1
