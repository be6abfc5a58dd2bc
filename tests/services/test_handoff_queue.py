"""Who is served first, how long it may take, and who takes a conversation without being asked to claim it."""

import asyncio
import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.errors import AtCapacity, BadRequest
from bot.helpdesk.presence import Assignment, Presence, Skills
from bot.helpdesk.regions import RegionScope
from bot.services import handoff, staff_audit
from bot.store.tables import Agent, Ticket
from tests.support.builders import make_agent
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.handoffs import (
    asks_for_human,
    claims,
    hands_back,
    opens_console,
    present_agent,
    replies,
    steps,
    stored,
    waiting_citizen,
    works,
)


async def sets_reach(desk: Desk, agent: Agent, capacity: int, queues: Sequence[str]) -> None:
    async with desk.begin() as session:
        await handoff.set_reach(
            session, desk.office, agent.id, capacity=capacity, queues=queues, by="operator", within=RegionScope(),
            now=desk.clock(),
        )  # fmt: skip


def give_out(desk: Desk) -> None:
    """Let the desk give conversations out instead of waiting for claims."""
    rules = dataclasses.replace(desk.office.handoff, assignment=Assignment.LONGEST_FREE)
    object.__setattr__(desk.office, "handoff", rules)


async def test_an_agent_at_capacity_is_told_so_and_can_claim_again_after_ending_one(desk: Desk) -> None:
    agent = await present_agent(desk, "李明", capacity=1)
    first, second = await waiting_citizen(desk), await waiting_citizen(desk)
    await claims(desk, agent, first)
    with pytest.raises(AtCapacity) as refused:
        await claims(desk, agent, second)
    assert refused.value.details == {"agent_name": "李明", "capacity": 1}
    await hands_back(desk, agent, first)
    assert (await claims(desk, agent, second)).handled_by == "human"


async def test_claims_made_at_once_do_not_pass_the_limit_together(desk: Desk) -> None:
    agent = await present_agent(desk, capacity=2)
    waiting = [await waiting_citizen(desk) for _ in range(4)]
    outcomes = await asyncio.gather(*(claims(desk, agent, citizen) for citizen in waiting), return_exceptions=True)
    assert [isinstance(outcome, AtCapacity) for outcome in outcomes].count(True) == 2
    assert [type(outcome).__name__ for outcome in outcomes if isinstance(outcome, Exception)] == ["AtCapacity"] * 2


async def test_nothing_is_said_about_the_wait_until_enough_is_known(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk, capacity=10)
    for _ in range(3):
        citizen = await Citizen.arrives(desk)
        status = await asks_for_human(desk, citizen)
        assert status.expected_minutes is None
        assert "估不出" in (await citizen.sees())[-1].text
        clock.move(timedelta(minutes=4))
        await claims(desk, agent, citizen)
    later = await Citizen.arrives(desk)
    assert (await asks_for_human(desk, later)).expected_minutes == 4
    assert "约 4 分钟" in (await later.sees())[-1].text


async def test_the_wait_grows_with_the_place_and_nights_do_not_count(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk, capacity=10)
    for _ in range(3):
        clock.at = datetime(2026, 11, 20, 9, 28, tzinfo=UTC)  # Friday, two minutes before closing
        citizen = await waiting_citizen(desk)
        clock.at = datetime(2026, 11, 23, 1, 1, tzinfo=UTC)  # Monday, one minute after opening
        await claims(desk, agent, citizen)
    first, second = await Citizen.arrives(desk), await Citizen.arrives(desk)
    assert (await asks_for_human(desk, first)).expected_minutes == 3
    clock.move(timedelta(seconds=1))
    assert (await asks_for_human(desk, second)).expected_minutes == 6


async def test_an_urgent_matter_is_served_before_those_who_came_earlier(desk: Desk, clock: FakeClock) -> None:
    early = await waiting_citizen(desk, clock)
    urgent = await Citizen.arrives(desk)
    assert (await asks_for_human(desk, urgent, "urgent")).place == 1
    async with desk.read() as session:
        listed = await handoff.list_conversations(session, owner="queued")
    assert [card.id for card in listed] == [urgent.conversation_id, early.conversation_id]


async def came_back(desk: Desk, agent, clock: FakeClock, after: timedelta) -> Citizen:
    """A citizen whom the agent helped, and who asks for a person again."""
    citizen = await waiting_citizen(desk)
    await claims(desk, agent, citizen)
    await replies(desk, agent, citizen, "您好")
    await hands_back(desk, agent, citizen)
    clock.move(after)
    return citizen


async def test_a_citizen_comes_back_to_the_agent_who_helped_them(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk, "李明")
    citizen = await came_back(desk, agent, clock, timedelta(days=3))
    await opens_console(desk, agent)
    status = await asks_for_human(desk, citizen)
    assert (status.handled_by, status.agent_name) == ("human", "李明")
    assert "李明 在线" in (await citizen.sees())[-1].text
    assert (await steps(desk, citizen))[-2:] == ["requested", "assigned"]


async def test_never_to_an_absent_agent_and_not_after_the_days_are_over(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    citizen = await came_back(desk, agent, clock, timedelta(minutes=5))
    assert (await asks_for_human(desk, citizen)).handled_by == "queued"  # their console is closed
    other = await came_back(desk, agent, clock, timedelta(days=10))
    await opens_console(desk, agent)
    assert (await asks_for_human(desk, other)).handled_by == "queued"


async def test_not_to_an_agent_who_has_enough_to_do(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk, capacity=1)
    citizen = await came_back(desk, agent, clock, timedelta())
    await claims(desk, agent, await waiting_citizen(desk))
    assert (await asks_for_human(desk, citizen)).handled_by == "queued"


async def test_conversations_are_given_to_who_has_been_free_longest_and_has_the_skill(
    desk: Desk, clock: FakeClock
) -> None:
    give_out(desk)
    await present_agent(desk, "专利组", skills=Skills(queues=("patent",)).to_json())
    await make_agent(desk, "不在")
    first = await present_agent(desk, "甲", skills=Skills(queues=("general",)).to_json())
    second = await present_agent(desk, "乙")
    names = []
    for _ in range(3):
        citizen = await Citizen.arrives(desk)
        names.append((await asks_for_human(desk, citizen)).agent_name)
        await hands_back(desk, first if names[-1] == "甲" else second, citizen)
        clock.move(timedelta(seconds=1))
    assert names[0] != names[1] and names[2] == names[0]
    assert set(names) == {"甲", "乙"}


async def test_who_waits_is_given_out_when_somebody_comes(desk: Desk) -> None:
    give_out(desk)
    citizen = await waiting_citizen(desk)
    await works(desk)
    assert (await stored(desk, citizen)).owner == "queued"
    agent = await present_agent(desk)
    await works(desk, agent)
    assert (await stored(desk, citizen)).agent_id == agent.id


async def test_by_default_nothing_is_given_out(desk: Desk) -> None:
    agent = await present_agent(desk)
    citizen = await waiting_citizen(desk)
    await works(desk, agent)
    assert (await stored(desk, citizen)).owner == "queued"


async def test_without_a_sign_of_life_an_agent_is_away(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)

    async def presence() -> Presence:
        async with desk.read() as session:
            [found] = await handoff.floor(session, desk.office.handoff, now=clock())
        return found.presence

    assert await presence() is Presence.ONLINE
    clock.move(timedelta(seconds=61))
    assert await presence() is Presence.AWAY
    async with desk.begin() as session:
        await handoff.note_alive(session, [agent.id], now=clock())
    assert await presence() is Presence.ONLINE
    async with desk.begin() as session:
        await handoff.choose_presence(session, agent.id, "away", now=clock())
    await opens_console(desk, agent)
    assert await presence() is Presence.AWAY


async def test_capacity_and_skills_out_of_range_are_refused(desk: Desk) -> None:
    agent = await make_agent(desk)
    for capacity, queues in ((-1, ()), (51, ()), (5, ("nonsense",))):
        with pytest.raises(BadRequest):
            await sets_reach(desk, agent, capacity, queues)


async def test_what_a_supervisor_sets_is_on_record_and_leaves_the_other_skills(desk: Desk) -> None:
    agent = await present_agent(desk, skills=Skills(rights=("gi",)).to_json())
    for _ in range(2):  # saving the same again is no event
        await sets_reach(desk, agent, 7, ("trademark",))
    async with desk.read() as session:
        latest, before = (await staff_audit.events(session, subject=agent.id, limit=5))[:2]
        skills = Skills.read((await session.get_one(Agent, agent.id)).skills)
    assert (latest.old, latest.new) == (
        {"capacity": 5, "queues": []}, {"capacity": 7, "queues": ["trademark"]},
    )  # fmt: skip
    assert before.action == "account.added"
    assert skills == Skills(("trademark",), ("gi",))


async def test_a_ticket_instead_of_waiting_keeps_the_matter(desk: Desk, clock: FakeClock) -> None:
    citizen = await Citizen.arrives(desk)
    await citizen.sends("我的商标被抢注了")
    await asks_for_human(desk, citizen)
    for _ in range(2):  # a second press does nothing
        async with desk.begin() as session:
            status = await handoff.leave_ticket(session, desk.office, citizen.conversation_id, now=clock())
    assert status.handled_by == "bot"
    tickets = [m.body["ticket"]["number"] for m in await citizen.sees() if m.body.get("ticket")]
    assert len(tickets) == 1 and tickets[0].startswith("ZX")
    assert (await steps(desk, citizen)) == ["requested", "ticket"]


@pytest.mark.parametrize("hour", [2, 13], ids=["open", "closed"])
async def test_the_ticket_holds_the_matter_and_not_the_wish_for_a_person(
    desk: Desk, clock: FakeClock, hour: int
) -> None:
    clock.at = clock.at.replace(hour=hour)
    citizen = await Citizen.arrives(desk)
    for words in ("我的商标被抢注了", "对方是一家水杯厂", "转人工"):
        await citizen.sends(words)
    await asks_for_human(desk, citizen)
    if desk.office.calendar.is_open(clock()):
        await citizen.sends("留言，稍后答复")
        async with desk.begin() as session:
            await handoff.leave_ticket(session, desk.office, citizen.conversation_id, now=clock())
    async with desk.read() as session:
        [ticket] = await session.scalars(select(Ticket))
    assert ticket.facts["question"] == "我的商标被抢注了\n对方是一家水杯厂"
    assert ticket.subject == ("排队时留言" if hour == 2 else "非工作时间留言")


async def test_who_only_asked_for_a_person_is_quoted(desk: Desk, clock: FakeClock) -> None:
    clock.at = clock.at.replace(hour=13)
    citizen = await Citizen.arrives(desk)
    await citizen.sends("转人工")
    await asks_for_human(desk, citizen)
    async with desk.read() as session:
        [ticket] = await session.scalars(select(Ticket))
    assert ticket.facts["question"] == "转人工"
