"""Handing over in a real browser: two keystrokes to a cited answer, transfer, taking over, notices."""

import pytest
from sqlalchemy import select

from bot.helpdesk.presence import Skills
from bot.services import handoff
from bot.store.tables import Agent
from tests.console.test_browser import PHONE, browser, pytestmark, sit_down, told  # noqa: F401  (fixtures)
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen

QUESTION = "发明专利保护多少年"


@pytest.fixture
async def waiting(desk):
    """A citizen who asked for a person and then something."""
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    await citizen.sends(QUESTION)
    return citizen


async def claim(page):
    await page.click(".row")
    await page.wait_for_selector("#claim-bar:not([hidden])")
    await page.click("#claim")
    await page.wait_for_selector("#words-box:focus")


async def test_a_suggested_answer_with_its_citation_is_sent_with_two_keystrokes(sit_down, waiting):  # noqa: F811
    page = await sit_down()
    await claim(page)
    await page.wait_for_selector(".suggestion .btn:not([hidden])")
    await page.keyboard.press("Alt+Digit1")
    await page.keyboard.press("Control+Enter")
    assert await told(waiting, "依据：《")
    await page.wait_for_selector(".msg.agent:has-text('依据：《')")
    assert await page.input_value("#words-box") == ""


async def test_a_suggestion_can_be_edited_and_what_was_typed_is_kept(sit_down, waiting):  # noqa: F811
    page = await sit_down()
    await claim(page)
    await page.wait_for_selector(".suggestion .btn:not([hidden])")
    await page.keyboard.type("您好！")
    await page.keyboard.press("Alt+Digit1")
    text = await page.input_value("#words-box")
    assert text.startswith("您好！\n") and "依据：《" in text
    await page.keyboard.type("请以官方为准")
    await page.keyboard.press("Control+Enter")
    assert await told(waiting, "请以官方为准")


async def test_suggestions_follow_what_the_citizen_asks_next(sit_down, waiting):  # noqa: F811
    page = await sit_down()
    await claim(page)
    await page.wait_for_selector(".suggestion")
    before = await page.get_attribute(".suggestion", "data-article")
    await waiting.sends("商标被别人抢先注册了怎么办")
    await page.wait_for_selector(f'.suggestion:first-child:not([data-article="{before}"])')
    assert "商标" in await page.inner_text(".suggestion >> nth=0")


async def test_a_conversation_is_given_to_a_colleague_who_opens_it_from_the_notice(sit_down, waiting):  # noqa: F811
    first, second = await sit_down("李明"), await sit_down("王敏")
    await claim(first)
    await first.click("#give-on")
    await first.click("#transfer-agents label:has-text('王敏')")
    await first.fill("#transfer-note", "要问海关备案")
    await first.click("#transfer button[type=submit]")
    await first.wait_for_selector("#c-status:has-text('王敏 接待中')")
    await second.click("#notices li:has-text('李明 把') .btn:has-text('打开')")
    await second.wait_for_selector("#c-status:has-text('由我接待')")
    await second.wait_for_selector(".msg.note:has-text('要问海关备案')")


async def test_a_supervisor_reads_along_and_takes_over(sit_down, desk, waiting):  # noqa: F811
    agent = await sit_down("李明")
    await claim(agent)
    boss = await sit_down("班长", role="supervisor")
    await boss.click('[data-view="all"]')
    await boss.click(".row")
    await boss.wait_for_selector("#c-facts:has-text('旁听中')")
    await boss.click("#take-over")
    await boss.wait_for_selector("#c-status:has-text('由我接待')")
    await boss.wait_for_selector("#words-box:focus")
    assert await boss.get_attribute("#compose", "data-mode") == "reply"
    await agent.wait_for_selector("#notices li:has-text('班长 已接手')")
    await agent.wait_for_selector("#c-status:has-text('班长 接待中')")


async def test_who_else_looks_at_a_conversation_is_shown(sit_down, waiting):  # noqa: F811
    first, second = await sit_down("李明"), await sit_down("王敏")
    for page in (first, second):
        await page.click(".row")
    await first.wait_for_selector("#c-lookers:has-text('王敏 也在看')")
    await second.wait_for_selector("#c-lookers:has-text('李明 也在看')")
    await second.keyboard.press("Escape")
    await first.wait_for_selector("#c-lookers", state="hidden")


async def test_who_has_the_conversation_reads_beside_a_note_who_sees_it(sit_down, waiting):  # noqa: F811
    page = await sit_down()
    await page.wait_for_selector(".row:has-text('综合 第 1 位')")
    await claim(page)
    await page.click('.tab[data-mode="note"]')
    assert "仅工作人员可见" in await page.inner_text("#compose-hint")


async def test_on_a_phone_a_suggestion_is_taken_with_a_button_that_says_so(sit_down, waiting):  # noqa: F811
    page = await sit_down(size=PHONE)
    await page.click(".row")
    await page.wait_for_selector(".suggestion")
    assert not await page.locator("#packet-keys").is_visible()
    await page.click("#claim")
    await page.click(".suggestion >> nth=0 >> text=采用")
    assert "依据：《" in await page.input_value("#words-box")


async def test_presence_and_load_stand_beside_the_lists_also_on_a_phone(sit_down, waiting):  # noqa: F811
    page = await sit_down(size=PHONE)
    await page.wait_for_selector("#my-load:has-text('0 / 5')")
    await page.wait_for_function("() => document.querySelector('#presence').value === 'online'")
    async with page.expect_response("**/me/presence") as answer:
        await page.select_option("#presence", "away")
    assert (await answer.value).status == 200
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_what_a_colleague_lacks_is_told_when_they_are_chosen_and_another_region_cannot_be(sit_down, desk, waiting):  # noqa: F811
    page, other = await sit_down("李明"), await sit_down("王敏")
    await make_ticket(desk, waiting.conversation_id, region="330106")
    ningbo = await make_agent(desk, "宁波", regions=["3302"])
    async with desk.begin() as session:
        await handoff.arrive(session, ningbo.id, desk.office.handoff, now=desk.clock())
        for agent in await session.scalars(select(Agent).where(Agent.name == "王敏")):
            agent.skills = Skills(("patent",)).to_json()
    await claim(page)
    await page.click("#give-on")
    await page.wait_for_selector("#transfer-agents label:has-text('宁波'):has-text('不负责这个地区') input:disabled")
    await page.click("#transfer-agents label:has-text('王敏')")
    await page.wait_for_selector(".choice-warning:has-text('王敏不接综合队列')")
    await page.click("#transfer button[type=submit]")
    await page.wait_for_selector("#c-status:has-text('王敏 接待中')")
    await other.wait_for_selector("#notices li:has-text('李明 把')")
