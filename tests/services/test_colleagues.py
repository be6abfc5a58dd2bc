"""Giving a conversation or a ticket to a colleague by hand: the region forbids, missing skills are told."""

import pytest

from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, ColleagueElsewhere
from bot.helpdesk.presence import Skills
from bot.services import colleagues, desk_work, handoff
from bot.store.tables import Agent
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.handoffs import asks_for_human, claims, present_agent, stored

HANGZHOU = {"right": "trademark", "region": "浙江省杭州市西湖区"}


async def in_hand(desk: Desk, agent: Agent, text: str = "你好") -> Citizen:
    """A conversation about a trade mark in Hangzhou that the agent has."""
    citizen = await Citizen.arrives(desk)
    await citizen.sends(text)
    await make_ticket(desk, citizen.conversation_id, facts=HANGZHOU)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    return citizen


async def give(desk: Desk, agent: Agent, citizen: Citizen, to: Agent) -> None:
    async with desk.begin() as session:
        await handoff.transfer_to_agent(
            session, desk.office, agent, citizen.conversation_id, to_agent_id=to.id, note="", now=desk.clock()
        )


async def test_a_conversation_is_not_given_to_who_works_for_another_region(desk: Desk) -> None:
    li, ningbo = await present_agent(desk, "李明"), await present_agent(desk, "宁波", regions=["3302"])
    citizen = await in_hand(desk, li)
    with pytest.raises(ColleagueElsewhere) as refused:
        await give(desk, li, citizen, ningbo)
    assert refused.value.details == {"agent_name": "宁波"}
    assert (await stored(desk, citizen)).agent_id == li.id


async def test_a_conversation_is_not_given_to_a_role_that_answers_no_citizens(desk: Desk) -> None:
    li, administrator = await present_agent(desk, "李明"), await present_agent(desk, "管理员", "administrator")
    citizen = await in_hand(desk, li)
    with pytest.raises(BadRequest):
        await give(desk, li, citizen, administrator)


async def test_who_lacks_a_skill_can_be_given_a_conversation_all_the_same(desk: Desk) -> None:
    li = await present_agent(desk, "李明")
    wang = await present_agent(desk, "王敏", skills=Skills(rights=("patent",)).to_json())
    citizen = await in_hand(desk, li)
    await give(desk, li, citizen, wang)
    assert (await stored(desk, citizen)).agent_id == wang.id


async def test_the_list_for_a_conversation_puts_the_suited_first_and_says_what_is_missing(desk: Desk) -> None:
    li = await present_agent(desk, "李明")
    suited = await present_agent(desk, "合适", regions=["3301"])
    full = await present_agent(desk, "满员", capacity=0)
    other = await present_agent(desk, "专利", skills=Skills(("patent",), ("patent",), ("ja",)).to_json())
    ningbo = await present_agent(desk, "宁波", regions=["3302"])
    away = await make_agent(desk, "不在")
    await make_agent(desk, "审计", "auditor")
    citizen = await in_hand(desk, li, "They are selling copies of our registered design at the fair")
    async with desk.read() as session:
        found = await colleagues.for_conversation(session, desk.office, li, citizen.conversation_id, now=desk.clock())
    assert [choice.agent.id for choice in found] == [suited.id, full.id, other.id, away.id, ningbo.id]
    assert [choice.may_see for choice in found] == [True, True, True, True, False]
    assert found[0].missing == () and found[0].agent.is_free and not found[1].agent.is_free
    assert found[2].missing == ("language:en", "queue:trademark", "right:trademark")


async def test_a_ticket_is_not_given_to_who_works_for_another_region(desk: Desk) -> None:
    boss, ningbo = await make_agent(desk, "班长", "supervisor"), await make_agent(desk, "宁波", regions=["3302"])
    auditor = await make_agent(desk, "审计", "auditor")
    citizen = await Citizen.arrives(desk)
    ticket = (await make_ticket(desk, citizen.conversation_id, facts=HANGZHOU)).ticket
    for to, error in ((ningbo, ColleagueElsewhere), (auditor, BadRequest)):
        with pytest.raises(error):
            async with desk.begin() as session:
                await desk_work.assign(
                    session, boss, ticket.id, to_agent_id=to.id, version=ticket.version, now=desk.clock()
                )


async def test_the_list_for_a_ticket_tells_how_many_each_has_also_elsewhere(desk: Desk) -> None:
    boss = await make_agent(desk, "班长", "supervisor", regions=["3301"])
    li = await present_agent(desk, "李明", skills=Skills(rights=("patent",)).to_json())
    citizen = await Citizen.arrives(desk)
    ticket = (await make_ticket(desk, citizen.conversation_id, facts=HANGZHOU)).ticket
    elsewhere = (await make_ticket(desk, citizen.conversation_id, facts=HANGZHOU, region="440305", subject="深圳")).ticket
    async with desk.begin() as session:
        await desk_work.assign(
            session, li, elsewhere.id, to_agent_id=li.id, version=elsewhere.version, now=desk.clock()
        )
    async with desk.read() as session:
        found = await colleagues.for_ticket(session, desk.office, boss, ticket.id, now=desk.clock())
    assert [(c.agent.id, c.missing, c.open_tickets) for c in found] == [(li.id, ("right:trademark",), 1)]
