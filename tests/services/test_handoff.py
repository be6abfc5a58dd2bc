"""Bot, queue and person take turns; nobody talks over anybody, nothing is lost."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.errors import AlreadyClaimed, BadRequest, NotWaiting, NotYourConversation
from bot.services import handoff, sla
from bot.services.conversations import add_outgoing, change_owner, locked
from bot.services.outbox import deliver_pending
from bot.services.reading import messages_after
from bot.store.tables import Handoff
from tests.support.builders import make_agent
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine


async def asks_for_human(desk: Desk, citizen: Citizen):
    async with desk.begin() as session:
        return await handoff.request_human(
            session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock()
        )


async def claims(desk: Desk, agent, citizen: Citizen):
    async with desk.begin() as session:
        return await handoff.claim(
            session, desk.office, agent, citizen.conversation_id, now=desk.clock()
        )


async def replies(desk: Desk, agent, citizen: Citizen, text: str, client_id: str = "c1"):
    async with desk.begin() as session:
        return await handoff.reply(
            session, desk.office, agent, citizen.conversation_id,
            text=text, client_id=client_id, now=desk.clock(),
        )  # fmt: skip


async def test_the_queue_tells_each_citizen_their_place(desk: Desk, clock: FakeClock) -> None:
    places = []
    for _ in range(3):
        citizen = await Citizen.arrives(desk)
        places.append((await asks_for_human(desk, citizen)).place)
        clock.move(timedelta(seconds=1))
    assert places == [1, 2, 3]


async def test_outside_office_hours_the_next_opening_is_told_and_a_ticket_keeps_the_matter(
    desk: Desk, clock: FakeClock
) -> None:
    clock.at = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)  # Friday, 21:00 in Shanghai
    citizen = await Citizen.arrives(desk)
    await citizen.sends("我的商标被抢注了")
    status = await asks_for_human(desk, citizen)
    assert status.owner == "offline_ticket"
    assert status.opens_at == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    told = (await citizen.sees())[-1]
    assert "11月23日" in told.text and "09:00" in told.text
    assert told.body["ticket"]["number"].startswith("ZX")


async def test_what_a_citizen_writes_while_waiting_goes_to_people_and_not_to_the_bot(
    desk: Desk, engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    result = await citizen.says("我先说一下情况")
    assert result.settled and result.messages == []
    assert engine.turns == []


async def test_of_two_agents_who_claim_at_once_one_is_told_who_was_faster(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    agents = [await make_agent(desk, "甲"), await make_agent(desk, "乙")]
    outcomes = await asyncio.gather(
        *(claims(desk, agent, citizen) for agent in agents), return_exceptions=True
    )
    [conflict] = [o for o in outcomes if isinstance(o, AlreadyClaimed)]
    [winner] = [o for o in outcomes if not isinstance(o, Exception)]
    assert conflict.details["agent_name"] == winner.agent_name


async def test_a_conversation_with_the_bot_cannot_be_claimed(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    with pytest.raises(NotWaiting):
        await claims(desk, await make_agent(desk), citizen)


async def test_agent_and_citizen_talk_and_the_bot_answers_again_after_hand_back(
    desk: Desk, engine: ScriptedEngine
) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    await replies(desk, agent, citizen, "您好，请讲")
    await citizen.says("有人卖假货")
    assert engine.turns == []
    async with desk.begin() as session:
        await handoff.hand_back(
            session, desk.office, agent, citizen.conversation_id, now=desk.clock()
        )
    result = await citizen.says("专利能保护几年")
    assert [m.text for m in result.messages] == ["收到：专利能保护几年"]
    assert [m.author for m in await citizen.sees()] == [
        "system", "system", "agent", "citizen", "system", "citizen", "bot",
    ]  # fmt: skip


async def test_an_agents_message_sent_twice_stands_once(desk: Desk) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    first = await replies(desk, agent, citizen, "您好", "same")
    again = await replies(desk, agent, citizen, "您好", "same")
    assert first.id == again.id
    assert [m.text for m in await citizen.sees()].count("您好") == 1


async def test_an_answer_lost_on_the_way_is_given_again_though_somebody_else_has_the_conversation(desk: Desk) -> None:
    agent, supervisor = await make_agent(desk), await make_agent(desk, "王主管", "supervisor")
    citizen = await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    sent = await replies(desk, agent, citizen, "您好")
    async with desk.begin() as session:
        await handoff.take_over(session, desk.office, supervisor, citizen.conversation_id, now=desk.clock())
    assert (await replies(desk, agent, citizen, "您好")).id == sent.id
    with pytest.raises(NotYourConversation):
        await replies(desk, agent, citizen, "还有", "c2")


async def test_other_words_under_the_same_id_are_refused_and_not_taken_for_sent(desk: Desk) -> None:
    agent, citizen = await make_agent(desk), await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    await replies(desk, agent, citizen, "您好")
    with pytest.raises(BadRequest):
        await replies(desk, agent, citizen, "请稍等")


async def test_what_an_agent_closed_is_still_listed(desk: Desk) -> None:
    agent, citizen = await make_agent(desk), await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    async with desk.begin() as session:
        await handoff.close(session, desk.office, agent, citizen.conversation_id, now=desk.clock())
    async with desk.read() as session:
        [card] = await handoff.list_conversations(session, owner="bot")
    assert (card.id, card.owner) == (citizen.conversation_id, "wrap_up")


async def test_only_the_agent_who_has_the_conversation_may_write_in_it(desk: Desk) -> None:
    citizen, agent, other = await Citizen.arrives(desk), await make_agent(desk), await make_agent(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    with pytest.raises(NotYourConversation):
        await replies(desk, other, citizen, "我来")


async def test_a_note_is_for_staff_only(desk: Desk) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    async with desk.begin() as session:
        await handoff.add_note(session, agent, citizen.conversation_id, text="疑似重复", now=desk.clock())
    assert await citizen.sees() == []
    async with desk.read() as session:
        [note] = await messages_after(session, citizen.conversation_id, 0, staff=True)
    assert note.text == "疑似重复"


async def test_after_closing_the_next_message_is_the_bots(desk: Desk, engine: ScriptedEngine) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    async with desk.begin() as session:
        await handoff.close(session, desk.office, agent, citizen.conversation_id, now=desk.clock())
    await citizen.says("再问一下")
    assert [turn.text for turn in engine.turns] == ["再问一下"]


async def test_a_waiting_citizen_can_go_back_to_the_bot(desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    async with desk.begin() as session:
        status = await handoff.return_to_bot(
            session, desk.office, citizen.conversation_id, now=desk.clock()
        )
    assert status.handled_by == "bot"
    await citizen.says("那我问你吧")
    assert len(engine.turns) == 1


async def test_a_bot_reply_recorded_before_a_takeover_is_not_sent_after_it(desk: Desk) -> None:
    """The second check: the epoch is looked at again when a recorded reply is sent."""
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        conversation = await locked(session, citizen.conversation_id)
        add_outgoing(session, conversation, "bot", "答复", now=desk.clock(), epoch=conversation.owner_epoch)
    async with desk.begin() as session:
        change_owner(session, await locked(session, citizen.conversation_id), "queued", agent_id=None)
    async with desk.begin() as session:
        assert await deliver_pending(session, citizen.conversation_id, now=desk.clock()) == 0
    assert await citizen.sees() == []
    async with desk.read() as session:
        [draft] = await messages_after(session, citizen.conversation_id, 0, staff=True)
    assert (draft.text, draft.state) == ("答复", "suppressed")


async def clock_state(desk: Desk) -> str:
    async with desk.read() as session:
        episode = await session.scalar(select(Handoff))
        [clock] = await sla.clocks_of(session, episode.id, now=desk.clock())
    return clock.state


async def test_the_first_human_reply_in_time_meets_the_clock(desk: Desk, clock: FakeClock) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    await asks_for_human(desk, citizen)
    assert await clock_state(desk) == "running"
    clock.move(timedelta(minutes=5))
    await claims(desk, agent, citizen)
    assert await clock_state(desk) == "running"
    await replies(desk, agent, citizen, "您好")
    assert await clock_state(desk) == "met"


async def test_a_first_reply_one_second_late_is_a_breach_though_no_sweep_saw_it(
    desk: Desk, clock: FakeClock
) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    clock.move(timedelta(minutes=10, seconds=1))
    await replies(desk, agent, citizen, "您好")
    assert await clock_state(desk) == "breached"
