"""A few journeys in a real browser: what only a page with its scripts can show."""

import asyncio
import shutil
from datetime import UTC, timedelta

import pytest
from aiohttp.test_utils import TestServer

from bot.services import handoff, sla
from tests.console.driver import PASSWORD
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic", "--no-first-run",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]


@pytest.fixture
async def browser():
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        await browser.close()


@pytest.fixture
async def sit_down(desk, console, browser):
    """Make agents in front of a signed-in workbench; problems on a page fail the test."""
    server = TestServer(console)
    await server.start_server()
    problems: list[str] = []

    async def make(name="李明", size=DESKTOP, is_deaf=False, role="agent"):
        agent = await make_agent(desk, name, role)
        async with desk.begin() as session:
            (await session.get_one(type(agent), agent.id)).must_change_password = False
        page = await browser.new_page(viewport=size, base_url=str(server.make_url("/")))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
        await page.clock.install(time=desk.clock().astimezone(UTC).replace(tzinfo=None).isoformat() + "Z")
        if is_deaf:
            await page.route_web_socket("**/ws", lambda socket: None)
        await page.goto("/console/")
        await page.fill("#login", agent.login)
        await page.fill("#password", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_selector('#live[data-state="open"]')
        return page

    yield make
    await server.close()
    assert problems == []


@pytest.fixture
async def waiting(desk):
    """A citizen who asked for a person."""
    citizen = await Citizen.arrives(desk)
    await citizen.says("我的外观专利被仿冒了")
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    return citizen


async def told(citizen, text):
    """Wait until the citizen sees something."""
    for _ in range(300):
        if any(text in message.text for message in await citizen.sees()):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_an_agent_claims_answers_and_hands_back_with_the_keyboard(sit_down, waiting):
    page = await sit_down()
    # The list may still be on its way; without a row there is nothing that j could choose.
    await page.wait_for_selector(".row")
    await page.keyboard.press("j")
    await page.wait_for_selector(".msg.citizen")
    await page.keyboard.press("c")
    await page.wait_for_selector("#words-box:focus")
    await page.keyboard.type("您好，请问专利号是多少")
    await page.keyboard.press("Enter")
    assert await told(waiting, "您好，请问专利号是多少")
    await page.wait_for_selector(".msg.agent:has-text('您好')")
    await waiting.sends("ZL202330123456.7")
    await page.wait_for_selector(".msg.citizen:has-text('ZL2023')")
    assert await page.locator(".msg.agent:has-text('您好')").count() == 1
    await page.click("#hand-back")
    await page.click("#confirm-yes")
    await page.wait_for_selector("#c-status:has-text('智能助手接待中')")


async def test_the_countdown_runs_and_changes_its_words(sit_down, waiting, clock):
    page = await sit_down()
    await page.wait_for_selector(".row .clock:has-text('剩 10 分')")
    await page.clock.fast_forward("08:30")
    await page.wait_for_selector('.row .clock[data-level="warn"]:has-text("剩 2 分")')
    await page.clock.fast_forward("05:00")
    await page.wait_for_selector('.row .clock[data-level="breached"]:has-text("超时 3 分")')


async def test_who_comes_second_reads_the_name_of_the_first(sit_down, waiting):
    # The second page hears nothing of the claim before it tries itself.
    first, second = await sit_down("李明"), await sit_down("王敏", is_deaf=True)
    for page in (first, second):
        await page.click(".row")
        await page.wait_for_selector("#claim-bar:not([hidden])")
    await first.click("#claim")
    await first.wait_for_selector("#c-status:has-text('由我接待')")
    await second.click("#claim")
    await second.wait_for_selector("#pane-problem:has-text('李明 已经接入')")
    await second.wait_for_selector("#c-status:has-text('李明 接待中')")
    assert await second.locator("#claim-bar").is_hidden()
    assert await second.locator('.tab[data-mode="reply"]').is_hidden()


async def test_a_lost_connection_is_shown_and_what_was_missed_comes_once(sit_down, waiting):
    page = await sit_down()
    await page.click(".row")
    await page.wait_for_selector(".msg.citizen")
    await page.context.set_offline(True)
    await page.evaluate("() => dispatchEvent(new Event('offline'))")
    await waiting.sends("断线时说的")
    await page.context.set_offline(False)
    await page.evaluate("() => dispatchEvent(new Event('online'))")
    await page.wait_for_selector(".msg:has-text('断线时说的')")
    assert await page.locator(".msg:has-text('断线时说的')").count() == 1


async def test_a_device_that_slept_does_not_trust_its_old_connection(sit_down, waiting):
    page = await sit_down()
    await page.wait_for_selector('#live[data-state="open"]', state="attached")
    async with page.expect_event("websocket", timeout=10_000):
        await page.evaluate("const now = Date.now; Date.now = () => now() + 60000")
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


async def test_what_a_citizen_writes_never_becomes_markup(sit_down, waiting):
    page = await sit_down()
    await page.click(".row")
    await page.wait_for_selector(".msg.citizen")
    await waiting.sends("<img src=x onerror='document.title=1'><b>粗体</b>")
    await page.wait_for_selector(".msg:has-text('<b>粗体</b>')")
    assert await page.locator(".msg img, .msg .text b").count() == 0


async def test_a_step_with_a_stale_page_tells_what_changed(sit_down, desk, waiting):
    ticket = (await make_ticket(desk, waiting.conversation_id)).ticket
    first, second = await sit_down("李明"), await sit_down("王敏")
    for page in (first, second):
        await page.goto(f"/console/tickets/{ticket.id}")
    await second.click('[data-to="rejected"]')
    await second.fill("#step-reason", "不属于受理范围")
    await first.click('[data-to="accepted"]')
    await first.click('#step button[type="submit"]')
    await first.wait_for_selector(".chip:has-text('已受理')")
    await second.click('#step button[type="submit"]')
    await second.wait_for_selector("#step-problem:has-text('李明 变更状态 已提交 → 已受理')")
    assert await second.locator("#stale").is_visible()


async def test_on_a_phone_the_list_leads_to_the_conversation_and_back(sit_down, waiting):
    page = await sit_down(size=PHONE)
    assert await page.locator("#pane").is_hidden()
    await page.click(".row")
    await page.wait_for_selector(".msg.citizen")
    assert await page.locator("#rows").is_hidden()
    await page.click("#back")
    await page.wait_for_selector(".row")
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_the_bell_shows_what_came_while_the_page_was_open(sit_down, desk, clock, waiting):
    page = await sit_down()
    assert await page.locator("#bell-count").is_hidden()
    clock.move(timedelta(minutes=11))
    async with desk.begin() as session:
        await sla.sweep(session, desk.office.sla, now=clock())
    await page.wait_for_selector("#bell-count:has-text('2')")
    assert await page.get_attribute("#bell", "aria-label") == "通知，2 条未读"
    await page.click("#bell")
    await page.click(".notices .unread button")
    await page.wait_for_selector("#c-status:has-text('等待接入')")
