"""A message is stored once, answered once and in order, whatever fails."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from bot.bootstrap import Desk, close_desk, create_desk
from bot.helpdesk.errors import MessageIdTaken
from bot.services import conversations, turns
from bot.services.handoff import claim, request_human
from tests.support.builders import make_agent
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine, says
from tests.support.library import real_library


async def test_a_message_is_answered_by_the_bot(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    result = await citizen.says("专利能保护几年")
    assert [m.text for m in result.messages] == ["收到：专利能保护几年"]
    assert result.status.handled_by == "bot"
    assert [m.author for m in await citizen.sees()] == ["citizen", "bot"]


async def test_the_same_message_again_gets_the_stored_reply_and_no_second_turn(
    desk: Desk, engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desk)
    first = await citizen.says("你好", external_id="x1")
    again = await citizen.says("你好", external_id="x1")
    assert again.messages == first.messages
    assert len(engine.turns) == 1
    assert len(await citizen.sees()) == 2


async def test_other_words_under_the_same_id_are_refused_and_not_taken_for_answered(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    await citizen.says("第一句", external_id="a")
    with pytest.raises(MessageIdTaken):
        await citizen.sends("第二句", external_id="a")
    assert (await citizen.sends(" /第一句", external_id="a")).duplicate


async def test_a_button_pressed_twice_is_one_message_though_it_is_offered_no_more(
    desk: Desk, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "_OFFERS_REMEMBERED", 1)
    button = {"title": "我要投诉", "payload": "/open_complaint"}
    engine.script = lambda turn: replace(says("请选"), messages=[{"text": "请选", "buttons": [button], "custom": None}])
    citizen = await Citizen.arrives(desk)
    await citizen.says("你好")
    await citizen.says("", payload=button["payload"], external_id="b")
    engine.script = lambda turn: says("好")
    await citizen.says("嗯")
    assert (await citizen.sends("", payload=button["payload"], external_id="b")).duplicate
    await citizen.says("", payload=button["payload"])
    assert [m.text for m in await citizen.sees() if m.author == "citizen"][-1] == "open_complaint"


async def test_fifty_messages_at_once_are_answered_in_order_exactly_once(
    desk: Desk, engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desk)
    await asyncio.gather(*(citizen.says(f"第{i}句", external_id=f"id{i}") for i in range(50)))
    seen = await citizen.sees()
    asked = [m.text for m in seen if m.author == "citizen"]
    answered = [m.text.removeprefix("收到：") for m in seen if m.author == "bot"]
    assert len(asked) == 50
    assert answered == asked
    assert [turn.text for turn in engine.turns] == asked
    assert [m.seq for m in seen] == sorted(m.seq for m in seen)


async def test_messages_that_waited_together_are_all_answered_after_one_call(
    desk: Desk, engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desk)
    received = [await citizen.sends(f"第{i}句") for i in range(3)]
    desk.turns.submit(citizen.conversation_id)
    result = await desk.turns.wait(received[-1].inbound_id, timeout=10)
    assert [m.text for m in result.messages] == ["收到：第2句"]
    assert [turn.text for turn in engine.turns] == ["第0句", "第1句", "第2句"]


async def test_message_that_comes_while_a_turn_runs_is_answered_by_its_own_call(
    desk: Desk, engine: ScriptedEngine
) -> None:
    engine.gate = asyncio.Event()
    citizen = await Citizen.arrives(desk)
    first = asyncio.create_task(citizen.says("一"))
    while not engine.turns:
        await asyncio.sleep(0.01)
    second = asyncio.create_task(citizen.says("二"))
    await asyncio.sleep(0.05)
    engine.gate.set()
    assert [(await told).messages[0].text for told in (first, second)] == ["收到：一", "收到：二"]


async def test_repeat_of_a_settled_message_does_not_wait(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    await citizen.says("你好", external_id="x1")
    again = await citizen.sends("你好", external_id="x1")
    async with asyncio.timeout(5):
        result = await desk.turns.wait(again.inbound_id, timeout=60)
    assert result.settled


async def test_a_message_costs_few_statements(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    await citizen.says("一")
    statements: list[str] = []

    def note(connection, cursor, statement, *rest) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    engine = desk.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await citizen.says("二")
    event.remove(engine, "before_cursor_execute", note)
    assert len(statements) <= 18, "\n".join(statements)


async def test_the_dialogue_state_is_saved_with_the_reply(
    desk: Desk, engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desk)
    await citizen.says("一")
    await citizen.says("二")
    assert [turn.state for turn in engine.turns] == [None, {"turns": 1}]


async def test_a_message_left_by_a_process_that_died_is_answered_once_after_restart(
    desk: Desk, engine: ScriptedEngine, clock: FakeClock
) -> None:
    citizen = await Citizen.arrives(desk)
    received = await citizen.sends("还在吗")
    # The process dies here: a new desk opens the same database.
    engine_after = ScriptedEngine()
    reborn = await create_desk(desk.settings, clock=clock, engine=engine_after, library=real_library())
    try:
        assert await reborn.turns.recover() == 1
        result = await reborn.turns.wait(received.inbound_id, timeout=10)
        assert [m.text for m in result.messages] == ["收到：还在吗"]
        assert await reborn.turns.recover() == 0
        assert len(engine_after.turns) == 1
    finally:
        await close_desk(reborn)


async def test_a_failed_engine_ends_in_one_apology_and_a_place_in_the_queue(
    desk: Desk, engine: ScriptedEngine
) -> None:
    engine.is_down = True
    citizen = await Citizen.arrives(desk)
    result = await citizen.says("专利被侵权了")
    assert result.status.handled_by == "queued"
    assert result.status.place == 1
    assert [m.text for m in result.messages] == [desk.texts("handoff.engine_failure", place=1)]


async def test_the_engine_is_told_how_long_the_citizen_has_waited(
    desk: Desk, engine: ScriptedEngine, clock: FakeClock
) -> None:
    citizen = await Citizen.arrives(desk)
    received = await citizen.sends("你好")
    clock.move(timedelta(seconds=40))
    desk.turns.submit(citizen.conversation_id, inbound_id=received.inbound_id)
    await desk.turns.wait(received.inbound_id, timeout=10, is_new=True)
    assert [turn.waited_seconds for turn in engine.turns] == [40]


async def test_a_failed_action_is_not_passed_over(desk: Desk, engine: ScriptedEngine) -> None:
    def fails(turn):
        desk.turns.failed_actions.note(turn.conversation)
        return says("好的")

    engine.script = fails
    citizen = await Citizen.arrives(desk)
    result = await citizen.says("我要投诉")
    assert result.status.handled_by == "queued"
    assert "好的" not in [m.text for m in await citizen.sees()]


async def test_an_engine_that_says_nothing_counts_as_failed(
    desk: Desk, engine: ScriptedEngine
) -> None:
    engine.script = lambda turn: says("")
    citizen = await Citizen.arrives(desk)
    assert (await citizen.says("喂")).status.handled_by == "queued"


async def test_a_person_who_takes_over_during_a_turn_keeps_the_bot_silent(
    desk: Desk, engine: ScriptedEngine
) -> None:
    engine.gate = asyncio.Event()
    agent = await make_agent(desk)
    citizen = await Citizen.arrives(desk)
    waiting = asyncio.create_task(citizen.says("多久能办好"))
    while not engine.turns:
        await asyncio.sleep(0.01)
    async with desk.begin() as session:
        await request_human(
            session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock()
        )
    async with desk.begin() as session:
        await claim(session, desk.office, agent, citizen.conversation_id, now=desk.clock())
    engine.gate.set()
    result = await waiting
    assert result.messages == []
    assert "bot" not in [m.author for m in await citizen.sees()]
    async with desk.read() as session:
        counts = await turns.reconciliation(session)
    assert counts == {"received": 0, "answered": 0, "queued": 0, "suppressed": 1}


async def test_only_a_payload_that_the_bot_offered_reaches_the_engine(
    desk: Desk, engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desk)
    await citizen.says("/restart")
    await citizen.says("打开", payload='/open_complaint{"x": 1}')
    assert [turn.text for turn in engine.turns] == ["restart", "打开"]


async def test_an_offered_payload_reaches_the_engine_and_shows_its_title(
    desk: Desk, engine: ScriptedEngine
) -> None:
    button = {"title": "我要投诉", "payload": "/open_complaint"}
    engine.script = lambda turn: type(says("请选"))(
        messages=[{"text": "请选", "buttons": [button], "custom": None}], state=None, nlu={}
    )
    citizen = await Citizen.arrives(desk)
    await citizen.says("你好")
    await citizen.says("", payload="/open_complaint")
    assert engine.turns[-1].text == "/open_complaint"
    assert [m.text for m in await citizen.sees() if m.author == "citizen"][-1] == "我要投诉"


async def test_two_failed_tries_are_counted_and_an_answer_forgets_them(
    desk: Desk, engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desk)
    engine.script = lambda turn: says("没听懂", outcome="fallback")
    await citizen.says("啊")
    await citizen.says("哦")
    engine.script = lambda turn: says("您好")
    await citizen.says("你好")
    await citizen.says("你好呀")
    assert [turn.failed_tries for turn in engine.turns] == [0, 1, 2, 0]


async def test_a_reply_that_cannot_be_read_does_not_block_the_conversation(
    desk: Desk, engine: ScriptedEngine
) -> None:
    engine.script = lambda turn: 1 / 0
    citizen = await Citizen.arrives(desk)
    assert (await citizen.says("第一句")).status.handled_by == "queued"


async def test_a_reply_that_cannot_be_stored_does_not_block_the_conversation(
    desk: Desk, engine: ScriptedEngine
) -> None:
    engine.script = lambda turn: says("好", ticket={"number": "x", "bad": object()})
    citizen = await Citizen.arrives(desk)
    result = await citizen.says("第一句")
    assert result.settled and result.status.handled_by == "queued"


async def test_a_reply_that_only_postgresql_refuses_does_not_block_it_either(
    desk: Desk, engine: ScriptedEngine
) -> None:
    """Its JSON holds no NUL: an error of the database, but not one that waiting would mend."""
    engine.script = lambda turn: says("甲\0乙")
    citizen = await Citizen.arrives(desk)
    assert (await citizen.says("第一句")).settled
    engine.script = lambda turn: says("您好")
    await citizen.says("第二句")
    async with desk.read() as session:
        assert (await turns.reconciliation(session))["received"] == 0


async def test_many_conversations_at_once_are_all_answered(desk: Desk, engine: ScriptedEngine) -> None:
    citizens = [await Citizen.arrives(desk) for _ in range(40)]
    results = await asyncio.gather(*(citizen.says("你好") for citizen in citizens))
    assert [r.messages[0].text for r in results] == ["收到：你好"] * 40


async def test_no_spelling_of_a_slash_makes_a_command_of_typed_text(
    desk: Desk, engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desk)
    for typed in ("/ /request_human", "//restart", "　/ x", "/"):
        await citizen.says(typed)
    await citizen.says("打开", payload=" / /restart")
    await citizen.says("", payload=" / /restart")
    assert not any(turn.text.lstrip().startswith("/") for turn in engine.turns)
