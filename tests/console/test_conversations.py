"""The agents' conversations over the staff API."""

import asyncio
from datetime import timedelta

import pytest

from bot.services import handoff
from tests.support.citizens import Citizen
from tests.support.engine import says


@pytest.fixture
async def waiting(desk):
    """A citizen who asked for a person."""
    citizen = await Citizen.arrives(desk)
    await citizen.says("我的外观专利被仿冒了")
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    return citizen


def path(citizen, step=""):
    return f"/conversations/{citizen.conversation_id}{step}"


async def test_a_waiting_conversation_is_listed_with_its_clock_and_reason(enter, waiting):
    li = await enter()
    answer = await li.get("/conversations?view=queued")
    (item,) = answer["items"]
    assert item["id"] == waiting.conversation_id
    assert (item["reason_title"], item["channel_title"], item["queue_title"]) == ("求助人要求", "网页", "综合")
    assert item["clock"]["state"] == "running" and item["clock"]["unit"] == "working_minutes"
    assert item["waiting_since"] == "2026-11-20T02:00:00+00:00"
    assert answer["counts"]["queued"] == {"count": "1", "late": 0}


async def test_a_conversation_that_waits_past_its_clock_counts_as_late_before_any_sweep(enter, waiting, clock):
    li = await enter()
    clock.move(timedelta(minutes=10))
    assert (await li.get("/conversations"))["counts"]["queued"]["late"] == 1


async def test_claiming_makes_the_conversation_mine(enter, waiting):
    li = await enter()
    answer = await (await li.post(path(waiting, "/claim"))).json()
    assert answer["status"]["handled_by"] == "human"
    assert answer["status"]["agent_id"] == li.agent.id
    lists = await li.get("/conversations?view=mine")
    assert [item["id"] for item in lists["items"]] == [waiting.conversation_id]
    assert lists["counts"]["queued"]["count"] == "0"


async def test_the_second_agent_gets_a_conflict_that_names_the_first(enter, waiting):
    li, wang = await enter("李明"), await enter("王敏")
    await li.post(path(waiting, "/claim"))
    answer = await wang.post(path(waiting, "/claim"))
    body = await answer.json()
    assert (answer.status, body["code"], body["details"]["agent_name"]) == (409, "already_claimed", "李明")
    assert "李明" in body["message"]


async def test_of_two_agents_who_claim_at_once_one_gets_it(enter, waiting):
    agents = [await enter("李明"), await enter("王敏"), await enter("赵强")]
    answers = await asyncio.gather(*(agent.post(path(waiting, "/claim")) for agent in agents))
    assert sorted(answer.status for answer in answers) == [200, 409, 409]


async def test_a_conversation_with_the_bot_cannot_be_claimed(enter, desk):
    li, citizen = await enter(), await Citizen.arrives(desk)
    answer = await li.post(path(citizen, "/claim"))
    assert (answer.status, (await answer.json())["code"]) == (409, "not_waiting")


async def test_only_the_agent_who_has_it_can_reply(enter, waiting):
    li, wang = await enter("李明"), await enter("王敏")
    body = {"text": "我来回答", "client_id": "k1"}
    assert (await li.post(path(waiting, "/replies"), body)).status == 403
    await wang.post(path(waiting, "/claim"))
    answer = await li.post(path(waiting, "/replies"), body)
    assert (answer.status, (await answer.json())["code"]) == (403, "not_your_conversation")
    assert "我来回答" not in [message.text for message in await waiting.sees()]


async def test_a_reply_reaches_the_citizen_once_however_often_it_is_sent(enter, waiting):
    li = await enter("李明")
    await li.post(path(waiting, "/claim"))
    sent = [await li.post(path(waiting, "/replies"), {"text": "您好", "client_id": "k1"}) for _ in range(3)]
    assert [answer.status for answer in sent] == [201, 201, 201]
    seen = [message for message in await waiting.sees() if message.author == "agent"]
    assert [(message.text, message.author_name) for message in seen] == [("您好", "李明")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "  ", "client_id": "k"}, 400),
        ({"text": "x" * 4001, "client_id": "k"}, 413),
        ({"text": 3, "client_id": "k"}, 400),
        ({"client_id": "k"}, 400),
        ({"text": "您好"}, 400),
        ({"text": "您好", "client_id": ""}, 400),
        ({"text": "您好", "client_id": "k" * 65}, 400),
        ({"text": "半个表情\ud83d", "client_id": "k"}, 400),
        (["您好"], 400),
    ],
)
async def test_a_reply_that_cannot_be_sent_is_refused(enter, waiting, body, status):
    li = await enter()
    await li.post(path(waiting, "/claim"))
    assert (await li.post(path(waiting, "/replies"), body)).status == status


async def test_a_body_that_is_not_json_is_refused(enter, waiting):
    li = await enter()
    for data, kind in ((b"{", "application/json"), (b"text=1", "application/x-www-form-urlencoded")):
        headers = {"X-CSRF-Token": li.csrf, "Content-Type": kind}
        answer = await li.client.post(f"/api/v1/staff{path(waiting, '/notes')}", data=data, headers=headers)
        assert (answer.status, (await answer.json())["code"]) == (400, "bad_request")


async def test_any_agent_can_leave_a_note_that_the_citizen_never_sees(enter, waiting):
    li, wang = await enter("李明"), await enter("王敏")
    await wang.post(path(waiting, "/claim"))
    answer = await li.post(path(waiting, "/notes"), {"text": "上周来过电话"})
    assert answer.status == 201
    messages = (await wang.get(path(waiting)))["messages"]
    assert [(m["author"], m["author_name"], m["text"]) for m in messages if m["author"] == "note"] == [
        ("note", "李明", "上周来过电话")
    ]
    assert "上周来过电话" not in [message.text for message in await waiting.sees()]


async def test_handing_back_returns_the_conversation_to_the_bot(enter, waiting):
    li = await enter()
    await li.post(path(waiting, "/claim"))
    answer = await (await li.post(path(waiting, "/hand-back"))).json()
    assert answer["status"]["handled_by"] == "bot"
    assert [message.text for message in (await waiting.says("谢谢")).messages] == ["收到：谢谢"]


async def test_closing_ends_the_episode(enter, waiting):
    li = await enter()
    await li.post(path(waiting, "/claim"))
    answer = await (await li.post(path(waiting, "/close"))).json()
    assert answer["status"]["owner"] == "wrap_up"
    assert (await li.get("/conversations?view=mine"))["items"] == []


@pytest.mark.parametrize("step", ["/hand-back", "/close"])
async def test_nobody_ends_a_colleagues_conversation(enter, waiting, step):
    li, wang = await enter("李明"), await enter("王敏")
    await wang.post(path(waiting, "/claim"))
    assert (await li.post(path(waiting, step))).status == 403
    assert (await wang.get(path(waiting)))["status"]["handled_by"] == "human"


async def test_a_suppressed_draft_is_shown_as_one(enter, waiting, desk, engine):
    citizen = await Citizen.arrives(desk)
    engine.gate, engine.script = asyncio.Event(), lambda turn: says("太晚了")
    await citizen.sends("转人工")
    desk.turns.submit(citizen.conversation_id)
    while not engine.turns or engine.turns[-1].conversation != citizen.conversation_id:
        await asyncio.sleep(0.01)
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    engine.gate.set()
    li = await enter()
    for _ in range(200):
        messages = (await li.get(path(citizen)))["messages"]
        if drafts := [m for m in messages if m["state"] == "suppressed"]:
            break
        await asyncio.sleep(0.01)
    assert [draft["text"] for draft in drafts] == ["太晚了"]
    assert "太晚了" not in [message.text for message in await citizen.sees()]


async def test_a_long_transcript_is_complete_and_each_message_is_in_it_once(enter, desk, monkeypatch):
    monkeypatch.setattr("bot.console.conversations._PAGE", 10)
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    for number in range(35):
        await citizen.sends(f"第{number}句")
    li = await enter()
    said = [m["text"] for m in (await li.get(path(citizen)))["messages"] if m["author"] == "citizen"]
    assert said == [f"第{number}句" for number in range(35)]


async def test_an_unknown_conversation_is_not_found(enter):
    li = await enter()
    answer = await li.client.get("/api/v1/staff/conversations/web:nobody")
    assert (answer.status, (await answer.json())["code"]) == (404, "not_found")


async def test_an_unknown_list_is_refused(enter):
    li = await enter()
    assert (await li.client.get("/api/v1/staff/conversations?view=nonsense")).status == 400


async def test_the_transcript_keeps_its_order_when_the_clock_is_set_back(enter, desk, clock):
    citizen = await Citizen.arrives(desk)
    await citizen.says("第一句")
    clock.move(-timedelta(minutes=5))
    await citizen.says("第二句")
    shown = await (await enter()).get(path(citizen))
    assert [message["text"] for message in shown["messages"]] == ["第一句", "收到：第一句", "第二句", "收到：第二句"]
