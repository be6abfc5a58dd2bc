"""Who of those who wait is served first: what is urgent, and citizens whose open ticket is."""

from datetime import timedelta

import pytest

from bot.bootstrap import Desk
from bot.helpdesk.conversation import QueueRank
from bot.services import desk_work, handoff
from bot.services.life_cycle.priorities import set_priority
from bot.store.tables import Agent, Ticket
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.handoffs import asks_for_human, claims, present_agent, stored, waiting_citizen, works


async def with_ticket(desk: Desk, priority: str) -> tuple[Citizen, str]:
    citizen = await Citizen.arrives(desk)
    opened = await make_ticket(desk, citizen.conversation_id, priority=priority)
    return citizen, opened.ticket.id


async def sets_priority(desk: Desk, agent: Agent, ticket_id: str, priority: str) -> None:
    async with desk.begin() as session:
        ticket = await session.get_one(Ticket, ticket_id)
        await set_priority(
            session, desk.office, agent, ticket_id, priority=priority, version=ticket.version, now=desk.clock()
        )


async def in_order(desk: Desk) -> list[tuple[str, list[str]]]:
    """Who waits, as they are served, each with why."""
    async with desk.read() as session:
        cards = await handoff.list_conversations(session, owner="queued")
    return [(card.id, [reason["code"] for reason in card.hurry]) for card in cards]


async def test_an_open_ticket_moves_its_citizen_forward_by_its_priority(desk: Desk, clock: FakeClock) -> None:
    first = await waiting_citizen(desk, clock)
    waiting = []
    for priority in ("low", "normal", "high", "urgent"):
        citizen, _ = await with_ticket(desk, priority)
        await asks_for_human(desk, citizen)
        clock.move(timedelta(seconds=1))
        waiting.append(citizen.conversation_id)
    low, normal, high, urgent = waiting
    assert await in_order(desk) == [
        (urgent, ["open_ticket"]), (high, ["open_ticket"]), (first.conversation_id, []), (low, []), (normal, []),
    ]  # fmt: skip


async def test_of_several_tickets_the_most_urgent_that_is_open_counts(desk: Desk) -> None:
    agent = await make_agent(desk)
    citizen, finished = await with_ticket(desk, "urgent")
    await make_ticket(desk, citizen.conversation_id, priority="high", facts={"right": "patent"})
    async with desk.begin() as session:
        await desk_work.change_status(
            session, desk.office, agent, finished, to="rejected", reason="不属于受理范围", version=1, now=desk.clock()
        )
    await asks_for_human(desk, citizen)
    assert (await stored(desk, citizen)).queue_rank == QueueRank.HIGH


@pytest.mark.parametrize(("priority", "rank", "why"), [("urgent", QueueRank.URGENT, ["open_ticket"]), ("low", QueueRank.NORMAL, [])])
async def test_who_waits_moves_when_the_priority_is_changed(
    desk: Desk, priority: str, rank: QueueRank, why: list[str]
) -> None:
    citizen, ticket_id = await with_ticket(desk, "high")
    await asks_for_human(desk, citizen)
    await sets_priority(desk, await make_agent(desk), ticket_id, priority)
    assert (await stored(desk, citizen)).queue_rank == rank
    assert await in_order(desk) == [(citizen.conversation_id, why)]


async def test_a_calmer_ticket_takes_nothing_from_what_is_urgent_in_itself(desk: Desk) -> None:
    citizen, ticket_id = await with_ticket(desk, "high")
    await citizen.sends("他们正在销毁证据")
    await asks_for_human(desk, citizen)
    other, other_ticket = await with_ticket(desk, "high")
    await asks_for_human(desk, other, reason="urgent")
    agent = await make_agent(desk)
    for each in (ticket_id, other_ticket):
        await sets_priority(desk, agent, each, "normal")
    assert [(await stored(desk, each)).queue_rank for each in (citizen, other)] == [QueueRank.URGENT] * 2
    assert sorted(await in_order(desk)) == sorted([(citizen.conversation_id, ["signal"]), (other.conversation_id, [])])


async def test_whoever_lost_their_agent_stays_first(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    citizen, ticket_id = await with_ticket(desk, "normal")
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    clock.move(timedelta(minutes=10))
    await works(desk)
    await sets_priority(desk, agent, ticket_id, "high")
    assert (await stored(desk, citizen)).queue_rank == QueueRank.REQUEUED
