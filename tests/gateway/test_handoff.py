"""A handoff as the citizen meets it: waiting, being passed on, and the ways out."""

from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient
from playwright.async_api import expect

from bot.bootstrap import Desk
from bot.services import handoff
from tests.gateway.driver import say, start
from tests.gateway.site import Site, needs_browser, write
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine, says
from tests.support.handoffs import claims, present_agent, waiting_citizen


@pytest.fixture(autouse=True)
def person_is_asked_for(engine: ScriptedEngine) -> None:
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")


async def test_the_expected_wait_is_told_once_it_is_known(client: TestClient, desk: Desk, clock: FakeClock) -> None:
    session = await start(client)
    status = (await say(client, session, "转人工"))["status"]
    assert (status["place"], status["expected_minutes"], status["transferring"]) == (1, None, False)
    agent = await present_agent(desk)
    for _ in range(3):
        citizen = await waiting_citizen(desk)
        clock.move(timedelta(minutes=4))
        await claims(desk, agent, citizen)
    assert (await say(client, session, "还在吗"))["status"]["expected_minutes"] is not None


@pytest.mark.parametrize("words", ["结束人工", "转机器人", "转机器人。"])
async def test_typed_words_end_the_talk_with_a_person(
    client: TestClient, desk: Desk, engine: ScriptedEngine, words: str
) -> None:
    session = await start(client)
    queued = await say(client, session, "转人工")
    await claims(desk, await present_agent(desk), Citizen(desk, queued["conversation"]))
    assert (await say(client, session, "那我要结束人工吗"))["handled_by"] == "human"
    answer = await say(client, session, words)
    assert answer["handled_by"] == "bot"
    assert answer["messages"][-1]["author"] == "system"


async def test_a_ticket_instead_of_waiting_by_button_and_by_words(client: TestClient) -> None:
    for words in ({"text": "留言，稍后答复", "payload": "/leave_ticket"}, {"text": "我要留言"}):
        session = await start(client)
        queued = await say(client, session, "转人工")
        assert "/leave_ticket" in [b["payload"] for m in queued["messages"] for b in m["buttons"]]
        answer = await say(client, session, words["text"], payload=words.get("payload"))
        assert answer["handled_by"] == "bot"
        assert answer["messages"][-1]["ticket"]["code"]


async def test_with_a_person_words_about_a_ticket_are_for_the_person(client: TestClient, desk: Desk) -> None:
    session = await start(client)
    queued = await say(client, session, "转人工")
    await claims(desk, await present_agent(desk), Citizen(desk, queued["conversation"]))
    assert (await say(client, session, "留言"))["handled_by"] == "human"


@needs_browser[0]
@needs_browser[1]
async def test_the_page_shows_the_place_the_passing_on_and_the_button_that_ends_it(site: Site, desk: Desk) -> None:
    page = await site.open()
    await write(page, "转人工")
    await expect(page.locator("#state-text")).to_contain_text("第 1 位")
    await expect(page.locator("#back-to-bot")).to_have_text("继续问智能助手")
    async with desk.read() as session:
        [card] = await handoff.list_conversations(session, owner="queued")
    agent = await present_agent(desk, "张敏")
    await claims(desk, agent, Citizen(desk, card.id))
    await expect(page.locator("#state-text")).to_contain_text("张敏")
    async with desk.begin() as session:
        await handoff.transfer_to_queue(
            session, desk.office, agent, card.id, queue="patent", note="", now=desk.clock()
        )
    await expect(page.locator("#state-text")).to_contain_text("正在为您转接")
    await claims(desk, agent, Citizen(desk, card.id))
    await expect(page.locator("#back-to-bot")).to_have_text("结束人工，转智能助手")
    await page.click("#back-to-bot")
    await expect(page.locator("#strip")).to_have_attribute("data-handled", "bot")
