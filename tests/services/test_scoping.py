"""What the store gives to a session that is restricted to a part of the country."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from bot.bootstrap import Desk
from bot.helpdesk.errors import TicketNotFound
from bot.services import access, desk_work, handoff, listing
from bot.store.scoping import restricted
from bot.store.tables import Agent, Conversation, Ticket
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen

PLACES = {"330106": "浙江省杭州市西湖区", "440305": "广东省深圳市南山区", None: ""}


@pytest.fixture
async def tickets(desk: Desk) -> dict[str | None, Ticket]:
    """A ticket in Hangzhou, one in Shenzhen, one nowhere; and a conversation without any."""
    await Citizen.arrives(desk)
    found = {}
    for code, place in PLACES.items():
        citizen = await Citizen.arrives(desk)
        opened = await make_ticket(desk, citizen.conversation_id, facts={"right": "patent", "region": place})
        found[code] = opened.ticket
    return found


@pytest.fixture
async def agent(desk: Desk) -> Agent:
    return await make_agent(desk, regions=["330100"])


async def test_every_kind_of_reading_obeys(desk: Desk, tickets: dict, agent: Agent) -> None:
    own = {tickets["330106"].id, tickets[None].id}
    with restricted(access.restriction_of(agent)):
        async with desk.read() as session:
            other = aliased(Ticket)
            assert set(await session.scalars(select(Ticket.id))) == own
            assert {row.id for row in await session.scalars(select(Ticket))} == own
            assert set(await session.scalars(select(other.id))) == own
            assert await session.scalar(select(func.count()).select_from(Ticket)) == 2
            assert await session.scalar(select(func.count(Ticket.id))) == 2
            assert await session.get(Ticket, tickets["440305"].id) is None
            assert await session.scalar(select(Ticket.id).where(Ticket.id.in_(select(Ticket.id))).limit(1)) in own
            assert await session.scalar(select(func.count()).select_from(Conversation)) == 3
            assert await listing.queue_counts(session) == {"trademark": 2}
            zone = desk.office.calendar.zone
            page = await listing.list_tickets(session, listing.TicketFilter(), now=desk.clock(), zone=zone)
            assert {card.id for card in page.items} == own
            assert len(await handoff.list_conversations(session, owner="bot")) == 3
            with pytest.raises(TicketNotFound):
                await desk_work.ticket_id_of(session, tickets["440305"].number)
        async with desk.glance() as session:
            assert set(await session.scalars(select(Ticket.id))) == own
            page = await listing.list_tickets(session, listing.TicketFilter(), now=desk.clock(), zone=zone)
            assert {card.id for card in page.items} == own
    async with desk.read() as session:
        assert await session.scalar(select(func.count()).select_from(Ticket)) == 3


async def test_a_restricted_session_cannot_lock_what_it_cannot_read(desk: Desk, tickets: dict, agent: Agent) -> None:
    with restricted(access.restriction_of(agent)):
        async with desk.begin() as session:
            with pytest.raises(TicketNotFound):
                await access.access_ticket(session, agent, tickets["440305"].id, version=1)


async def test_the_doors_hold_also_where_nothing_is_restricted(desk: Desk, tickets: dict, agent: Agent) -> None:
    """A command or a worker that acts for an agent opens unrestricted sessions."""
    async with desk.begin() as session:
        await access.access_ticket(session, agent, tickets["330106"].id)
        await access.access_ticket(session, agent, tickets[None].id, lock=True)
        for options in ({}, {"lock": True}, {"version": 1}):
            with pytest.raises(TicketNotFound):
                await access.access_ticket(session, agent, tickets["440305"].id, **options)


async def test_who_works_for_the_whole_country_is_not_restricted(desk: Desk, tickets: dict) -> None:
    everywhere = await make_agent(desk)
    with restricted(access.restriction_of(everywhere)):
        async with desk.read() as session:
            assert await session.scalar(select(func.count()).select_from(Ticket)) == 3
