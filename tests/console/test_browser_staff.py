"""The second factor, accounts and a look at a number, in a real browser."""

import pyotp
import pytest
from aiohttp.test_utils import TestServer

from bot.store.tables import Agent
from tests.console.axe import axe_script, findings
from tests.console.driver import PASSWORD
from tests.console.test_access import FACTS
from tests.console.test_browser import DESKTOP, PHONE, browser, pytestmark  # noqa: F401  (fixture and marks)
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.engine import says


@pytest.fixture
async def opens(desk, console, browser):  # noqa: F811
    """Make pages on which somebody of a role is signed in; problems on a page fail the test."""
    server = TestServer(console)
    await server.start_server()
    problems: list[str] = []

    async def make(role="agent", size=DESKTOP, path="/console"):
        agent = await make_agent(desk, "李明", role)
        async with desk.begin() as session:
            (await session.get_one(Agent, agent.id)).must_change_password = False
        page = await browser.new_page(viewport=size, base_url=str(server.make_url("/")))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
        await page.goto(path)
        await page.fill("#login", agent.login)
        await page.fill("#password", PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_selector("header.top")
        return page

    yield make
    await server.close()
    assert problems == []


async def fits(page) -> bool:
    return await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def test_a_number_is_shown_in_full_when_somebody_asks(opens, desk):
    ticket = (await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id, facts=FACTS)).ticket
    page = await opens(path=f"/console/tickets/{ticket.id}")
    assert await page.get_by_text("13800005678").count() == 0
    await page.click("[data-reveal=phone]")
    await page.get_by_text("13800005678").wait_for()
    assert await page.locator("[data-reveal=phone]").count() == 0


async def test_a_second_factor_is_set_up_and_asked_for_on_a_phone(opens, clock):
    page = await opens(size=PHONE, path="/console/account")
    assert await fits(page)
    await page.click("text=设置两步验证")
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    key = await page.inner_text("#key")
    assert await page.locator(".qr svg").is_visible() and await fits(page)
    await page.fill("#code", pyotp.TOTP(key).at(clock()))
    await page.press("#code", "Enter")
    codes = (await page.inner_text("#codes")).split()
    assert len(codes) == 10 and await fits(page)
    await page.click("text=已妥善保存")
    await page.goto("/console/account")
    login = await page.locator("main b").first.inner_text()
    await page.click("text=退出 >> nth=0")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.fill("#code", codes[0])
    await page.press("#code", "Enter")
    await page.wait_for_selector("header.top")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_an_administrator_adds_somebody_and_throws_them_out(opens, size):
    page = await opens(role="administrator", size=size)
    await page.wait_for_selector("h1 >> text=账号")
    assert await fits(page)
    await page.fill("#login", "wangmin")
    await page.fill("#name", "王敏")
    await page.select_option("#role", "supervisor")
    await page.press("#name", "Enter")
    assert len(await page.inner_text("#password")) > 10 and await fits(page)
    await page.select_option("#is_active", "no")
    await page.click("text=保存")
    await page.goto("/console/staff")
    assert await page.locator("tr", has_text="wangmin").get_by_text("停用").is_visible()
    await page.goto("/console/staff-events")
    assert await page.get_by_text("新增账号").first.is_visible() and await fits(page)


async def test_an_auditor_sees_nothing_that_they_could_not_do(opens, desk):
    citizen = await Citizen.arrives(desk)
    await citizen.says("你好")
    ticket = (await make_ticket(desk, citizen.conversation_id, facts=FACTS)).ticket
    page = await opens("auditor", path=f"/console/tickets/{ticket.id}")
    await page.wait_for_selector('#live[data-state="open"]')
    controls = "main button:visible, main select:visible, main textarea:visible, main form:visible, dialog[open]"
    assert await page.locator(controls).count() == 0
    assert not await page.locator("#h-extensions").is_visible()
    await page.goto("/console/tickets")
    assert await page.locator(".tickets input:visible, .bulk:visible").count() == 0
    await page.goto(f"/console/?view=bot&c={citizen.conversation_id}")
    await page.wait_for_selector(".msg.citizen")
    assert await page.locator("#presence, #compose:visible, #claim:visible").count() == 0


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
async def test_a_maintainer_lands_on_a_page_that_everybody_can_use(opens, desk, engine, size, scheme):
    engine.script = lambda turn: says("没听懂", intent="nlu_fallback", outcome="fallback")
    citizen = await Citizen.arrives(desk)
    await citizen.says("隔壁店铺抄了我家的招牌，该怎么办")
    page = await opens("maintainer", size=size)
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    assert page.url.endswith("/console/knowledge")
    await page.get_by_text("隔壁店铺抄了我家的招牌").wait_for()
    await page.wait_for_selector('#live[data-state="open"]')
    assert await findings(page, axe_script()) == [] and await fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_menu_of_a_phone_shows_every_link_and_goes_by_keyboard(opens, scheme):
    page = await opens(role="supervisor", size=PHONE, path="/console/tickets")
    await page.emulate_media(color_scheme=scheme)
    button, links = page.locator("#menu-button"), page.locator("#main-nav a")
    assert not await page.locator("#main-nav").is_visible() and await fits(page)
    await button.focus()
    await page.keyboard.press("Enter")
    assert await button.get_attribute("aria-expanded") == "true" and await fits(page)
    boxes = [await link.bounding_box() for link in await links.all()]
    assert len(boxes) == 9
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] and box["height"] >= 44 for box in boxes)
    assert await findings(page, axe_script()) == []
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('#main-nav') !== null")
    await page.keyboard.press("Escape")
    assert not await page.locator("#main-nav").is_visible()
    assert await page.evaluate("document.activeElement.id") == "menu-button"
    await button.click()
    await page.mouse.click(100, 600)
    assert not await page.locator("#main-nav").is_visible()
    await button.click()
    await page.click("#main-nav >> text=时限规则")
    await page.wait_for_url("**/rules")


@pytest.mark.parametrize("width", [721, 768, 900, 1024, 1280])
async def test_every_link_can_be_seen_at_every_width_beside_the_others_or_in_the_menu(opens, width):
    page = await opens(role="head", size={"width": width, "height": 720}, path="/console/tickets")
    button, nav = page.locator("#menu-button"), page.locator("#main-nav")
    await page.wait_for_selector('#live[data-state="open"]')
    assert await fits(page)
    is_folded = await button.is_visible()
    if is_folded:
        assert not await nav.is_visible()
        await button.click()
    boxes = [await link.bounding_box() for link in await nav.locator("a").all()]
    assert len(boxes) == 11
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    assert await nav.evaluate("nav => nav.scrollWidth <= nav.clientWidth")
    assert await findings(page, axe_script()) == []
    if is_folded:
        await page.keyboard.press("Escape")
    await page.set_viewport_size({"width": 1900, "height": 720})
    await button.wait_for(state="hidden")
    assert await nav.locator("a >> visible=true").count() == 11


async def test_a_desk_has_its_links_and_no_menu_button(opens):
    page = await opens(role="supervisor")
    assert await page.locator("#main-nav a >> visible=true").count() == 9
    assert not await page.locator("#menu-button").is_visible()


async def test_a_ticket_page_says_which_named_colleague_was_not_told(opens, desk):
    await make_agent(desk, "郭管理", "administrator")
    ticket = (await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id, facts=FACTS)).ticket
    page = await opens(path=f"/console/tickets/{ticket.id}")
    await page.click("#write .tab[data-mode=note]")
    await page.fill("#words-box", "请 @郭管理 看一下")
    await page.press("#words-box", "Control+Enter")
    await page.get_by_text("郭管理看不到这件工单，没有通知。").wait_for()
    await page.reload()
    assert not await page.locator("#not-told").is_visible()
    await page.goto(f"/console/?c={ticket.conversation_id}")
    await page.click("#compose .tab[data-mode=note]")
    await page.fill("#compose textarea", "请 @郭管理 看一下")
    await page.press("#compose textarea", "Enter")
    await page.get_by_text("郭管理看不到这个会话，没有通知。").wait_for()
