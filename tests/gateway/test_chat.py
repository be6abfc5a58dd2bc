"""The chat interface: what it stores, what it answers, what it replays."""

from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from bot.services import conversations, handoff
from tests.gateway.driver import (
    MESSAGES,
    RETURN,
    SESSIONS,
    bearer,
    error_of,
    operator,
    read,
    say,
    start,
)
from tests.support.builders import make_agent
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine, says


async def test_conversation_begins_with_the_greeting(client: TestClient, desk: Desk) -> None:
    response = await client.post(SESSIONS)
    body = await response.json()
    assert response.status == 201
    assert body["handled_by"] == "bot"
    assert [m["text"] for m in body["messages"]] == [desk.texts("greeting.text")]
    assert [b["title"] for b in body["messages"][0]["buttons"]] == [
        desk.texts(f"greeting.{name}") for name in ("complaint", "assistance", "human")
    ]
    assert await read(client, body["session"]) == body["messages"]


async def test_message_is_answered_and_both_are_kept(client: TestClient) -> None:
    session = await start(client)
    answer = await say(client, session, "专利能保护几年")
    assert (answer["handled_by"], answer["settled"], answer["duplicate"]) == ("bot", True, False)
    assert [m["text"] for m in answer["messages"]] == ["收到：专利能保护几年"]
    kept = await read(client, session, after=answer["seq"] - 1)
    assert [(m["author"], m["text"]) for m in kept] == [
        ("citizen", "专利能保护几年"),
        ("bot", "收到：专利能保护几年"),
    ]


async def test_message_without_session_starts_a_conversation(client: TestClient) -> None:
    response = await client.post(MESSAGES, json={"text": "你好"})
    body = await response.json()
    assert response.status == 200
    assert [m["text"] for m in body["messages"]] == ["收到：你好"]
    assert [m["text"] for m in await read(client, body["session"], after=1)] == ["你好", "收到：你好"]


async def test_session_is_also_taken_from_the_body(client: TestClient) -> None:
    session = await start(client)
    response = await client.post(MESSAGES, json={"text": "你好", "session": session})
    assert (await response.json())["session"] == session


async def test_replayed_message_returns_the_stored_reply(
    client: TestClient, engine: ScriptedEngine
) -> None:
    session = await start(client)
    first = await say(client, session, "你好", message_id="m-1")
    engine.script = lambda turn: says("不该出现")
    again = await say(client, session, "你好", message_id="m-1")
    assert again["duplicate"]
    assert (again["seq"], again["messages"]) == (first["seq"], first["messages"])
    assert len(engine.turns) == 1


async def test_same_message_id_in_another_conversation_is_another_message(client: TestClient) -> None:
    """Ids are chosen by clients: one citizen's must not open another's reply."""
    mine, theirs = await start(client), await start(client)
    await say(client, mine, "我的秘密", message_id="m-1")
    answer = await say(client, theirs, "别的事", message_id="m-1")
    assert not answer["duplicate"]
    assert [m["text"] for m in answer["messages"]] == ["收到：别的事"]


async def test_client_that_does_not_wait_gets_the_reply_later(client: TestClient, desk: Desk) -> None:
    session = await start(client)
    answer = await say(client, session, "你好", wait=0)
    await desk.turns.close()
    seen = await read(client, session, after=answer["seq"])
    assert [m["text"] for m in seen] == ["收到：你好"]


@pytest.mark.parametrize("wait", [10**400, -1, 0.0, 1e300], ids=["huge", "negative", "none", "long"])
async def test_any_number_of_seconds_can_be_asked_for(client: TestClient, wait: float) -> None:
    await say(client, await start(client), "你好", wait=wait)


async def test_offered_button_is_pressed_with_its_title(
    client: TestClient, engine: ScriptedEngine
) -> None:
    offer = says("要登记吗？")
    offer.messages[0]["buttons"] = [{"title": "登记", "payload": "/open_complaint"}]
    engine.script = lambda turn: offer
    session = await start(client)
    await say(client, session, "你好")
    await say(client, session, "登记", payload="/open_complaint")
    assert engine.turns[-1].text == "/open_complaint"
    assert [m["text"] for m in await read(client, session) if m["author"] == "citizen"] == ["你好", "登记"]


async def test_payload_that_was_not_offered_is_only_text(
    client: TestClient, engine: ScriptedEngine
) -> None:
    session = await start(client)
    await say(client, session, "", payload='/open_complaint{"x": 1}')
    assert not engine.turns[-1].text.startswith("/")


async def test_while_people_have_the_conversation_the_bot_is_silent(
    client: TestClient, engine: ScriptedEngine
) -> None:
    session = await start(client)
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")
    assert (await say(client, session, "转人工"))["handled_by"] == "queued"
    engine.script = lambda turn: says("不该出现")
    answer = await say(client, session, "还有一件事")
    assert (answer["messages"], answer["settled"]) == ([], True)
    assert answer["status"]["place"] == 1


async def test_citizen_goes_back_to_the_bot(client: TestClient, engine: ScriptedEngine) -> None:
    session = await start(client)
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")
    queued = await say(client, session, "转人工")
    response = await client.post(RETURN, json={"after": queued["seq"]}, headers=bearer(session))
    body = await response.json()
    assert body["handled_by"] == "bot"
    assert body["messages"][-1]["author"] == "system"
    engine.script = lambda turn: says("我在")
    assert [m["text"] for m in (await say(client, session, "在吗"))["messages"]] == ["我在"]


async def test_button_back_to_the_bot_works_as_a_message_too(
    client: TestClient, engine: ScriptedEngine
) -> None:
    session = await start(client)
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")
    await say(client, session, "转人工")
    answer = await say(client, session, "继续问智能助手", payload="/back_to_bot")
    assert answer["handled_by"] == "bot"


async def test_agent_is_named(client: TestClient, desk: Desk, engine: ScriptedEngine) -> None:
    session = await start(client)
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")
    queued = await say(client, session, "转人工")
    agent = await make_agent(desk, name="张敏")
    async with desk.begin() as database:
        await handoff.claim(database, desk.office, agent, queued["conversation"], now=desk.clock())
    answer = await say(client, session, "您好")
    assert (answer["handled_by"], answer["status"]["agent_name"]) == ("human", "张敏")


async def test_notes_of_staff_are_never_shown(client: TestClient, desk: Desk) -> None:
    session = await start(client)
    answer = await say(client, session, "你好")
    agent = await make_agent(desk)
    async with desk.begin() as database:
        await handoff.add_note(database, agent, answer["conversation"], text="内部", now=desk.clock())
    assert "内部" not in [m["text"] for m in await read(client, session)]


async def test_long_history_comes_in_pages(client: TestClient, desk: Desk) -> None:
    session = await start(client)
    conversation_id = desk.signer.conversation_of(session, desk.clock())
    async with desk.begin() as database:
        conversation = await conversations.locked(database, conversation_id)
        for number in range(220):
            database.add(conversations.next_visible(conversation, "agent", f"第{number}句", now=desk.clock()))
    first = await (await client.get(MESSAGES, headers=bearer(session))).json()
    assert (len(first["messages"]), first["more"]) == (200, True)
    rest = await (
        await client.get(MESSAGES, params={"after": "200"}, headers=bearer(session))
    ).json()
    assert (len(rest["messages"]), rest["more"]) == (21, False)


async def test_engine_that_is_down_gives_an_apology_and_a_place(
    client: TestClient, engine: ScriptedEngine
) -> None:
    engine.is_down = True
    session = await start(client)
    answer = await say(client, session, "你好")
    assert answer["handled_by"] == "queued"
    assert answer["messages"] or len(await read(client, session, after=answer["seq"])) > 0


# --- operators ------------------------------------------------------------------------------


async def test_operator_sees_the_analysis_and_may_set_the_date(
    client: TestClient, desk: Desk, engine: ScriptedEngine
) -> None:
    response = await client.post(
        MESSAGES, json={"text": "商标", "on": "2027-01-02"}, headers=operator(desk)
    )
    body = await response.json()
    assert body["turn"]["intent"] == "greet"
    assert engine.turns[-1].today == "2027-01-02"


async def test_citizen_sees_no_analysis_and_sets_no_date(client: TestClient) -> None:
    assert "turn" not in await say(client, await start(client), "你好")
    response = await client.post(MESSAGES, json={"text": "商标", "on": "2027-01-02"})
    assert await error_of(response) == (400, "bad_request")


async def test_wrong_operator_token_is_no_token(client: TestClient) -> None:
    response = await client.post(
        MESSAGES, json={"text": "商标", "on": "2027-01-02"}, headers={"X-Operator-Token": "guess"}
    )
    assert await error_of(response) == (400, "bad_request")


# --- sessions -------------------------------------------------------------------------------


async def test_forged_token_is_refused(client: TestClient) -> None:
    session = await start(client)
    body, mac = session.split(".")
    for token in (f"{body}.{mac[:-2]}AA", f"{body}x.{mac}", "nonsense", "a.b", "维权.通"):
        response = await client.post(MESSAGES, json={"text": "你好", "session": token})
        assert await error_of(response) == (401, "session_invalid"), token


async def test_token_of_another_installation_is_refused(client: TestClient, make_client) -> None:
    other = await make_client(secret_key="another key")
    response = await client.get(MESSAGES, headers=bearer(await start(other)))
    assert await error_of(response) == (401, "session_invalid")


async def test_token_expires(client: TestClient, clock: FakeClock) -> None:
    session = await start(client)
    clock.move(timedelta(days=91))
    response = await client.get(MESSAGES, headers=bearer(session))
    assert await error_of(response) == (401, "session_invalid")


async def test_token_of_another_channel_is_refused(client: TestClient, desk: Desk) -> None:
    token = desk.signer.session_token("wechat:somebody", desk.clock())
    response = await client.get(MESSAGES, headers=bearer(token))
    assert await error_of(response) == (401, "session_invalid")


async def test_token_whose_conversation_is_gone_is_refused(client: TestClient, desk: Desk) -> None:
    token = desk.signer.session_token("web:gone", desk.clock())
    for answer in (
        await client.get(MESSAGES, headers=bearer(token)),
        await client.post(MESSAGES, json={"text": "你好"}, headers=bearer(token)),
        await client.post(RETURN, headers=bearer(token)),
    ):
        assert await error_of(answer) == (401, "session_invalid")


async def test_without_token_nothing_can_be_read(client: TestClient) -> None:
    assert await error_of(await client.get(MESSAGES)) == (401, "session_invalid")
    assert await error_of(await client.post(RETURN)) == (401, "session_invalid")
