"""Silent agents, transfers, supervisors, and what the bot knows afterwards."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.errors import AgentNotPresent, AtCapacity, BadRequest, NotWaiting, NotYourConversation
from bot.services import access, handoff
from bot.services.reading import messages_after
from bot.store.scoping import restricted
from bot.store.tables import Agent, Handoff, HandoffEvent, SlaClock
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine, says
from tests.support.handoffs import (
    asks_for_human,
    claims,
    hands_back,
    present_agent,
    replies,
    steps,
    stored,
    waiting_citizen,
    works,
)


async def claimed(desk: Desk, agent) -> Citizen:
    citizen = await waiting_citizen(desk)
    await claims(desk, agent, citizen)
    return citizen


async def transfer(desk: Desk, agent, citizen: Citizen, to, note: str = "") -> None:
    async with desk.begin() as session:
        await handoff.transfer_to_agent(
            session, desk.office, agent, citizen.conversation_id, to_agent_id=to.id, note=note, now=desk.clock()
        )


async def move(desk: Desk, agent, citizen: Citizen, queue: str) -> None:
    async with desk.begin() as session:
        await handoff.transfer_to_queue(
            session, desk.office, agent, citizen.conversation_id,
            queue=queue, note="", now=desk.clock(),
        )  # fmt: skip


async def test_a_silent_agent_is_reminded_once_and_then_loses_the_conversation(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    citizen = await claimed(desk, agent)
    clock.move(timedelta(minutes=2, seconds=59))
    await works(desk, agent)
    assert (await steps(desk, citizen))[-1] == "claimed"
    clock.move(timedelta(seconds=1))
    for _ in range(2):
        await works(desk, agent)
    assert (await steps(desk, citizen))[-2:] == ["claimed", "nudged"]
    clock.move(timedelta(minutes=3))
    other = await waiting_citizen(desk)
    await works(desk, agent)
    assert (await steps(desk, citizen))[-1] == "requeued"
    told = (await citizen.sees())[-1]
    assert "抱歉" in told.text and "第 1 位" in told.text
    assert [button["payload"] for button in told.body["buttons"]] == ["/back_to_bot", "/leave_ticket"]
    async with desk.read() as session:
        listed = await handoff.list_conversations(session, owner="queued")
    assert [card.id for card in listed] == [citizen.conversation_id, other.conversation_id]
    assert listed[0].requeued_count == 1


async def test_a_reply_in_time_needs_no_reminder_until_the_citizen_writes_again(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    citizen = await claimed(desk, agent)
    await replies(desk, agent, citizen, "您好，请稍等")
    clock.move(timedelta(hours=1))
    await works(desk, agent)
    assert (await steps(desk, citizen))[-1] == "claimed"
    await citizen.sends("好的")
    await citizen.sends("还在吗")
    clock.move(timedelta(minutes=3))
    await works(desk, agent)
    assert (await steps(desk, citizen))[-1] == "nudged"
    await replies(desk, agent, citizen, "在的", "c2")
    clock.move(timedelta(minutes=10))
    await works(desk, agent)
    assert (await stored(desk, citizen)).agent_id == agent.id


async def test_nothing_waits_for_a_closed_laptop(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    citizen = await claimed(desk, agent)
    clock.move(timedelta(minutes=3))
    await works(desk)
    assert (await steps(desk, citizen))[-2:] == ["claimed", "requeued"]
    assert (await stored(desk, citizen)).last_agent_id is None


async def test_silence_over_the_weekend_is_not_the_agents(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    clock.at = datetime(2026, 11, 20, 9, 28, tzinfo=UTC)  # Friday, two minutes before closing
    citizen = await claimed(desk, agent)
    for at in (datetime(2026, 11, 20, 9, 45, tzinfo=UTC), datetime(2026, 11, 21, 3, 0, tzinfo=UTC)):
        clock.at = at
        await works(desk)
        assert (await stored(desk, citizen)).owner == "human"
    clock.at = datetime(2026, 11, 23, 1, 1, tzinfo=UTC)
    await works(desk, agent)
    assert (await steps(desk, citizen))[-1] == "nudged"


async def test_who_writes_when_the_agent_has_gone_home_hears_once_when_they_are_back(
    desk: Desk, clock: FakeClock
) -> None:
    agent = await present_agent(desk, "李明")
    citizen = await claimed(desk, agent)
    await replies(desk, agent, citizen, "您好，请准备材料")

    async def told_in_the_evening(*words: str, alive: Sequence[Agent] = ()) -> list[str]:
        before = (await citizen.sees())[-1].seq
        for text in words:
            await citizen.sends(text)
            clock.move(timedelta(minutes=4))
            await works(desk, *alive)
            await works(desk, *alive)
        return [message.text for message in await citizen.sees(before) if message.author == "system"]

    clock.at = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)  # Friday
    [told] = await told_in_the_evening("要带什么材料", "原件行吗")
    assert "李明" in told and "11月23日" in told
    clock.at = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    assert (await stored(desk, citizen)).agent_id == agent.id
    await replies(desk, agent, citizen, "复印件也行", "c2")
    clock.at = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    assert await told_in_the_evening("好的", alive=[agent]) == [], "who works late answers for themselves"
    clock.move(timedelta(minutes=5))
    assert len(await told_in_the_evening("还有一个问题")) == 1


async def test_two_workers_requeue_once(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    citizen = await claimed(desk, agent)
    clock.move(timedelta(minutes=4))

    async def looks() -> None:
        async with desk.begin() as session:
            await handoff.look_after(session, desk.office, citizen.conversation_id, now=clock())

    await asyncio.gather(*(looks() for _ in range(4)))
    assert (await steps(desk, citizen)).count("requeued") == 1


async def test_after_a_requeue_another_first_response_is_owed_and_listed_once(desk: Desk, clock: FakeClock) -> None:
    agent, other = await present_agent(desk), await present_agent(desk)
    citizen = await claimed(desk, agent)
    await replies(desk, agent, citizen, "您好")
    await citizen.sends("请问")
    clock.move(timedelta(minutes=4))
    await works(desk)
    async with desk.read() as session:
        [card] = await handoff.list_conversations(session, owner="queued")
    assert card.clock_state == "running"
    await claims(desk, other, citizen)
    await replies(desk, other, citizen, "我来", "c9")
    async with desk.read() as session:
        clocks = (await session.scalars(select(SlaClock).order_by(SlaClock.round))).all()
    assert [(c.round, c.state) for c in clocks] == [(1, "met"), (2, "met")]


async def test_a_colleague_gets_the_conversation_with_a_note_and_the_citizen_is_told(desk: Desk) -> None:
    agent, other = await present_agent(desk, "李明"), await present_agent(desk, "王敏")
    citizen = await claimed(desk, agent)
    before = (await stored(desk, citizen)).owner_epoch
    await transfer(desk, agent, citizen, other, "要问海关备案")
    now = await stored(desk, citizen)
    assert (now.owner, now.agent_id, now.owner_epoch) == ("human", other.id, before + 1)
    assert "王敏" in (await citizen.sees())[-1].text
    async with desk.read() as session:
        staff = await messages_after(session, citizen.conversation_id, 0, staff=True)
    assert ("note", "要问海关备案") in [(m.author, m.text) for m in staff]
    with pytest.raises(NotYourConversation):
        await replies(desk, agent, citizen, "还有")
    await replies(desk, other, citizen, "您好")


async def test_only_to_somebody_who_is_there_and_has_a_place(desk: Desk, clock: FakeClock) -> None:
    agent, absent = await present_agent(desk), await make_agent(desk)
    full = await present_agent(desk, capacity=0)
    citizen = await claimed(desk, agent)
    for target, error in ((absent, AgentNotPresent), (full, AtCapacity), (agent, BadRequest)):
        with pytest.raises(error):
            await transfer(desk, agent, citizen, target)
    assert (await stored(desk, citizen)).agent_id == agent.id


async def test_a_colleague_is_as_full_for_an_agent_who_may_not_see_what_they_have(desk: Desk) -> None:
    agent, full = await present_agent(desk, regions=["330100"]), await present_agent(desk, capacity=1)
    async with desk.read() as session:
        agent = await session.get_one(Agent, agent.id)
    elsewhere, ours = await claimed(desk, full), await claimed(desk, agent)
    await make_ticket(desk, elsewhere.conversation_id, facts={"right": "patent", "region": "广东省深圳市南山区"})
    with restricted(access.restriction_of(agent)), pytest.raises(AtCapacity):
        await transfer(desk, agent, ours, full)


async def test_another_queue_serves_the_citizen_first(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    citizen = await claimed(desk, agent)
    await move(desk, agent, citizen, "patent")
    now = await stored(desk, citizen)
    assert (now.owner, now.queue, now.agent_id) == ("queued", "patent", None)
    assert "专利" in (await citizen.sees())[-1].text
    async with desk.read() as session:
        [episode] = (await session.scalars(select(Handoff))).all()
    assert (episode.queue, episode.transferred_from, episode.previous_agent_id) == ("patent", "general", agent.id)
    with pytest.raises(BadRequest):
        await move(desk, agent, await claimed(desk, agent), "nonsense")


async def test_a_supervisor_takes_over_even_when_full(desk: Desk) -> None:
    agent, boss = await present_agent(desk, "李明"), await present_agent(desk, "班长", "supervisor", capacity=0)
    citizen = await claimed(desk, agent)
    async with desk.begin() as session:
        await handoff.take_over(session, desk.office, boss, citizen.conversation_id, now=desk.clock())
    now = await stored(desk, citizen)
    assert (now.owner, now.agent_id) == ("human", boss.id)
    assert "班长" in (await citizen.sees())[-1].text
    other = await Citizen.arrives(desk)
    with pytest.raises(NotWaiting):
        async with desk.begin() as session:
            await handoff.take_over(session, desk.office, boss, other.conversation_id, now=desk.clock())


async def test_who_listens_is_on_record_and_the_citizen_hears_nothing_of_it(desk: Desk, clock: FakeClock) -> None:
    agent, boss = await present_agent(desk), await present_agent(desk, "班长", "supervisor")
    citizen = await claimed(desk, agent)
    before = await citizen.sees()
    async with desk.begin() as session:
        event = await handoff.start_listening(session, boss, citizen.conversation_id, now=clock())
        assert await handoff.start_listening(session, agent, citizen.conversation_id, now=clock()) is None
    started = clock()
    clock.move(timedelta(minutes=2))
    async with desk.begin() as session:
        await handoff.stop_listening(session, event, now=clock())
    async with desk.read() as session:
        kept = await session.get_one(HandoffEvent, event)
    assert (kept.kind, kept.actor, kept.at, kept.ended_at) == ("listened", boss.id, started, clock())
    assert await citizen.sees() == before


ABOUT = {"article_id": "patent_term", "question": "专利能保护多少年", "topic": "law", "right": "patent"}


async def test_the_bot_goes_on_from_what_the_agent_settled(desk: Desk, engine: ScriptedEngine) -> None:
    agent = await present_agent(desk, "李明")
    citizen = await Citizen.arrives(desk)
    await citizen.says("你好")
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    await citizen.sends("发明能保护多久呀")
    await replies(desk, agent, citizen, "二十年", about=ABOUT)
    await hands_back(desk, agent, citizen, "已说明保护期限")
    assert "已说明保护期限" in (await citizen.sees())[-1].text
    await citizen.says("那外观设计呢")
    turn = engine.turns[-1]
    assert turn.state == {"turns": 1}
    told = {name: turn.settled[name] for name in ("question", "topic", "right", "note", "by")}
    assert told == {"question": "专利能保护多少年", "topic": "law", "right": "patent", "note": "已说明保护期限", "by": "李明"}
    await citizen.says("谢谢")
    assert engine.turns[-1].settled is None


async def test_without_an_article_it_is_what_the_citizen_asked_last(desk: Desk, engine: ScriptedEngine) -> None:
    agent = await present_agent(desk)
    citizen = await claimed(desk, agent)
    await citizen.sends("我的外观专利被仿冒了怎么办")
    await citizen.sends("好的")
    async with desk.begin() as session:
        await handoff.return_to_bot(session, desk.office, citizen.conversation_id, now=desk.clock())
    await citizen.says("要多少钱")
    assert engine.turns[-1].settled["question"] == "我的外观专利被仿冒了怎么办"
    assert engine.turns[-1].state is None


async def test_what_was_settled_survives_a_turn_that_fails(desk: Desk, engine: ScriptedEngine) -> None:
    agent = await present_agent(desk)
    citizen = await claimed(desk, agent)
    await replies(desk, agent, citizen, "二十年", about=ABOUT)
    await hands_back(desk, agent, citizen)
    engine.is_down = True
    await citizen.says("那外观设计呢")
    async with desk.begin() as session:
        await handoff.return_to_bot(session, desk.office, citizen.conversation_id, now=desk.clock())
    engine.is_down = False
    engine.script = lambda turn: says("好")
    await citizen.says("那外观设计呢")
    assert engine.turns[-1].settled["article_id"] == "patent_term"
