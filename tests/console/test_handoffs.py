"""Packet, transfer, taking over, presence: what the staff API lets whom do."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.console import hearts
from bot.console.keys import PRESENT, STAFF_API
from bot.helpdesk.presence import Skills
from bot.services import handoff
from bot.store.tables import Agent, HandoffEvent, Message
from tests.console.test_live import Ear
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

QUESTION = "发明专利保护多少年"


def path(citizen, step=""):
    return f"/conversations/{citizen.conversation_id}{step}"


@pytest.fixture
async def waiting(desk):
    """A citizen who asked for a person."""
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    await citizen.sends(QUESTION)
    return citizen


async def listening(desk, citizen):
    async with desk.read() as session:
        return (await session.scalars(select(HandoffEvent).where(HandoffEvent.kind == "listened"))).all()


async def test_the_packet_names_things_in_chinese_and_suggests_answers(enter, waiting):
    li = await enter()
    packet = await li.get(path(waiting, "/packet"))
    assert packet["reason_title"] == "求助人要求"
    assert packet["asked"][0]["text"] == QUESTION
    best = packet["suggestions"][0]
    assert best["text"].startswith(best["short"]) and "依据：《" in best["text"] and best["citations"][0]["quote"]


async def test_a_reply_made_from_a_suggestion_names_its_article(enter, waiting, desk):
    li = await enter()
    await li.post(path(waiting, "/claim"))
    best = (await li.get(path(waiting, "/packet")))["suggestions"][0]
    for key, article in (("k1", best["article_id"]), ("k2", "no-such-article")):
        body = {"text": best["text"], "client_id": key, "article_id": article}
        assert (await li.post(path(waiting, "/replies"), body)).status == 201
    async with desk.read() as session:
        bodies = (await session.scalars(select(Message.body).where(Message.author == "agent").order_by(Message.id))).all()
    assert bodies[0]["about"]["question"] == best["title"]
    assert bodies[1] == {}


async def test_a_conversation_goes_to_a_present_colleague_who_is_told(enter, waiting):
    li, wang = await enter("李明"), await enter("王敏")
    await li.post(path(waiting, "/claim"))
    refused = await li.post(path(waiting, "/transfer"), {"to_agent_id": wang.agent.id})
    assert (refused.status, (await refused.json())["code"]) == (409, "agent_not_present")
    ear = Ear(await wang.live())
    await ear.until("tick")
    answer = await (await li.post(path(waiting, "/transfer"), {"to_agent_id": wang.agent.id, "note": "急"})).json()
    assert answer["status"]["agent_name"] == "王敏"
    notice = await ear.until("notice")
    assert (notice["kind"], notice["conversation"]) == ("transferred", waiting.conversation_id)
    assert "李明" in notice["text"]


async def test_a_transfer_names_one_target(enter, waiting):
    li = await enter()
    await li.post(path(waiting, "/claim"))
    for body in ({}, {"to_agent_id": "x", "to_queue": "patent"}, {"to_queue": "nonsense"}, {"to_agent_id": "nobody"}):
        assert (await li.post(path(waiting, "/transfer"), body)).status == 400
    answer = await (await li.post(path(waiting, "/transfer"), {"to_queue": "patent"})).json()
    assert answer["status"]["handled_by"] == "queued"
    assert answer["handoff"]["queue_title"] == "专利" and answer["handoff"]["place"] == 1


async def test_only_a_supervisor_takes_over_and_the_agent_is_told(enter, waiting):
    li, wang, boss = await enter("李明"), await enter("王敏"), await enter("班长", "supervisor")
    await li.post(path(waiting, "/claim"))
    assert (await wang.post(path(waiting, "/take-over"))).status == 403
    ear = Ear(await li.live())
    await ear.until("tick")
    answer = await (await boss.post(path(waiting, "/take-over"))).json()
    assert answer["status"]["agent_name"] == "班长"
    assert (await ear.until("notice"))["kind"] == "taken_over"


async def test_only_a_supervisor_sees_all_conversations(enter, waiting):
    li, boss = await enter("李明"), await enter("班长", "supervisor")
    assert (await li.client.get(f"{STAFF_API}/conversations?view=all")).status == 403
    await li.post(path(waiting, "/claim"))
    answer = await boss.get("/conversations?view=all")
    assert [item["agent_name"] for item in answer["items"]] == ["李明"]
    assert answer["counts"]["all"]["count"] == "1"
    assert 'data-view="all"' in await boss.page("/console/")
    assert 'data-view="all"' not in await li.page("/console/")


async def test_who_reads_along_is_on_record_from_beginning_to_end(enter, waiting, desk, clock):
    li, boss = await enter("李明"), await enter("班长", "supervisor")
    await li.post(path(waiting, "/claim"))
    own = Ear(await li.live())
    await own.watch(waiting)
    assert await listening(desk, waiting) == []
    ear = Ear(await boss.live())
    await ear.watch(waiting)
    [event] = await listening(desk, waiting)
    assert (event.actor, event.ended_at) == (boss.agent.id, None)
    await waiting.sends("还在吗")
    await ear.until("messages", where=lambda news: news["messages"][-1]["text"] == "还在吗")
    clock.move(timedelta(minutes=1))
    other = await Citizen.arrives(desk)
    await ear.socket.send_json({"type": "unwatch"})
    await ear.watch(other)
    async with asyncio.timeout(10):
        while not (event := (await listening(desk, waiting))[0]).ended_at:
            await asyncio.sleep(0.01)
    assert event.ended_at == clock()
    assert not [message for message in await waiting.sees() if "班长" in message.text]


async def test_reading_a_colleagues_conversation_is_on_record_once_for_each_stretch(enter, waiting, desk, clock):
    li, boss = await enter("李明"), await enter("班长", "supervisor")
    await boss.get(path(waiting))
    assert await listening(desk, waiting) == [], "while it waits nobody's is read"
    await li.post(path(waiting, "/claim"))
    began = clock()
    for step in ("", "", "/packet"):
        await boss.get(path(waiting, step))
        await li.get(path(waiting, step))
        clock.move(timedelta(minutes=2))
    [event] = await listening(desk, waiting)
    assert (event.actor, event.at, event.ended_at) == (boss.agent.id, began, began + timedelta(minutes=4))
    clock.move(timedelta(minutes=10))
    await boss.get(path(waiting, "/packet"))
    assert [e.at for e in await listening(desk, waiting)] == [began, clock()]


async def test_a_page_that_reads_and_then_watches_is_one_entry(enter, waiting, desk, clock):
    li, boss = await enter("李明"), await enter("班长", "supervisor")
    await li.post(path(waiting, "/claim"))
    await boss.get(path(waiting))
    ear = Ear(await boss.live())
    await ear.watch(waiting)
    clock.move(timedelta(minutes=30))
    await boss.get(path(waiting))
    [event] = await listening(desk, waiting)
    assert (event.actor, event.ended_at) == (boss.agent.id, None)
    await ear.socket.send_json({"type": "unwatch"})
    async with asyncio.timeout(10):
        while not (event := (await listening(desk, waiting))[0]).ended_at:
            await asyncio.sleep(0.01)
    assert event.ended_at == clock()


async def test_an_open_console_makes_present_until_the_signs_of_life_end(enter, waiting, console, desk, clock):
    li, wang = await enter("李明"), await enter("王敏")

    async def presence():
        return next(a["presence"] for a in (await wang.get("/floor"))["agents"] if a["id"] == li.agent.id)

    assert await presence() == "offline"
    socket = await li.live()
    await Ear(socket).until("tick")
    assert await presence() == "online"
    api = next(sub for sub in console._subapps if PRESENT in sub)
    for _ in range(3):
        clock.move(timedelta(seconds=50))
        await hearts.note_alive(api)
    assert await presence() == "online"
    await socket.close()
    async with asyncio.timeout(10):
        while api[PRESENT]:
            await asyncio.sleep(0.01)
    clock.move(timedelta(seconds=61))
    await hearts.note_alive(api)
    assert await presence() == "away"


async def test_an_agent_chooses_their_presence_and_sees_their_load(enter, waiting):
    li = await enter()
    await li.post(path(waiting, "/claim"))
    assert (await li.post("/me/presence", {"presence": "away"})).status == 200
    me = (await li.get("/floor"))["me"]
    assert (me["presence"], me["load"], me["capacity"]) == ("away", 1, 5)
    assert (await li.post("/me/presence", {"presence": "asleep"})).status == 400


async def test_a_claim_beyond_capacity_says_what_to_do(enter, waiting):
    li, boss = await enter("李明"), await enter("班长", "supervisor")
    assert (await boss.post(f"/agents/{li.agent.id}/reach", {"capacity": 0})).status == 200
    answer = await li.post(path(waiting, "/claim"))
    body = await answer.json()
    assert (answer.status, body["code"]) == (409, "at_capacity")
    assert "上限" in body["message"]


async def test_capacity_and_skills_are_a_supervisors_to_set(enter, desk):
    li, boss = await enter("李明"), await enter("班长", "supervisor")
    assert (await li.post(f"/agents/{li.agent.id}/reach", {"capacity": 9})).status == 403
    assert (await li.client.get("/console/floor")).status == 403
    for body in ({"capacity": 99}, {"capacity": "5"}, {"capacity": 5, "queues": ["nonsense"]}, {"capacity": 5, "queues": "patent"}):
        assert (await boss.post(f"/agents/{li.agent.id}/reach", body)).status == 400
    await enter("沈审计", "auditor")
    page = await boss.page("/console/floor")
    assert "沈审计" not in page
    assert "李明 同时接待上限" in page
    saved = await boss.post_form("/console/floor", agent_id=li.agent.id, capacity="3", queues="patent")
    assert saved.status == 303
    async with desk.read() as session:
        agent = await session.get_one(Agent, li.agent.id)
    assert (agent.capacity, agent.skills["queues"]) == (3, ["patent"])


async def test_a_supervisor_of_some_regions_sets_it_only_of_those_who_work_nowhere_else(enter, desk):
    boss = await enter("杭州班长", "supervisor", regions=["3301"])
    west, other, everywhere = await enter("西湖", regions=["330106"]), await enter("宁波", regions=["3302"]), await enter("全国")
    for client, status in ((west, 200), (other, 403), (everywhere, 403)):
        assert (await boss.post(f"/agents/{client.agent.id}/reach", {"capacity": 3})).status == status
    assert (await boss.post_form("/console/floor", agent_id=other.agent.id, capacity="3")).status == 403
    page = await boss.page("/console/floor")
    assert "西湖 同时接待上限" in page and "宁波 同时接待上限" not in page and "全国 同时接待上限" not in page
    async with desk.read() as session:
        assert (await session.get_one(Agent, other.agent.id)).capacity == 5


async def test_what_was_settled_is_told_with_the_hand_back_and_not_too_long(enter, waiting):
    li = await enter()
    await li.post(path(waiting, "/claim"))
    assert (await li.post(path(waiting, "/hand-back"), {"settled": "长" * 301})).status == 400
    await li.post(path(waiting, "/hand-back"), {"settled": "已说明保护期"})
    assert "已说明保护期" in (await waiting.sees())[-1].text


async def test_the_list_tells_the_place_and_who_waits_for_an_answer(enter, waiting, desk, clock):
    li = await enter()
    second = await Citizen.arrives(desk)
    clock.move(timedelta(seconds=1))
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, second.conversation_id, reason="asked", now=clock())
    assert [item["place"] for item in (await li.get("/conversations?view=queued"))["items"]] == [1, 2]
    await li.post(path(waiting, "/claim"))
    [mine] = (await li.get("/conversations?view=mine"))["items"]
    assert mine["unanswered_since"] and mine["nudged_at"] is None


async def test_the_colleagues_for_a_conversation_say_what_each_lacks(enter, waiting, desk):
    li, boss = await enter("李明"), await enter("班长", "supervisor")
    await li.post(path(waiting, "/claim"))
    async with desk.begin() as session:
        (await session.get_one(Agent, boss.agent.id)).skills = Skills(("patent",)).to_json()
    (found,) = (await li.get(path(waiting, "/colleagues")))["agents"]
    assert (found["name"], found["may_see"], found["missing_titles"]) == ("班长", True, ["不接综合队列"])


async def test_a_conversation_goes_to_nobody_in_another_region(enter, waiting, desk):
    li, ningbo = await enter("李明"), await enter("宁波", regions=["3302"])
    await li.post(path(waiting, "/claim"))
    await make_ticket(desk, waiting.conversation_id, region="330106")
    refused = await li.post(path(waiting, "/transfer"), {"to_agent_id": ningbo.agent.id})
    assert refused.status == 409
    assert (await refused.json())["message"] == "宁波 不负责这件事所在的地区，看不到它，不能交过去。请选负责这个地区的同事。"


async def test_the_list_says_why_somebody_is_served_before_others(enter, desk):
    citizen = await Citizen.arrives(desk)
    await citizen.sends("他们正在销毁证据")
    await make_ticket(desk, citizen.conversation_id, priority="high")
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    (item,) = (await (await enter()).get("/conversations?view=queued"))["items"]
    assert item["hurry"] == [
        {"level": "urgent", "text": "紧急：证据可能灭失"}, {"level": "high", "text": "优先：有优先工单未办结"},
    ]  # fmt: skip
