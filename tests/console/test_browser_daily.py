"""The console's daily work in a real browser: keyboard, drafts, collision, and pages that everybody can use."""


import pytest

from bot.services import macros
from bot.services.macros import MacroDraft
from bot.store.tables import Ticket
from tests.console.axe import axe_script, findings
from tests.console.test_browser import (  # noqa: F401  (fixtures)
    DESKTOP,
    PHONE,
    browser,
    pytestmark,
    sit_down,
    waiting,
)
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.ratings import resolved


@pytest.fixture
async def ticket(desk):
    citizen = await Citizen.arrives(desk)
    return (await make_ticket(desk, citizen.conversation_id, facts={"right": "trademark", "name": "张三"})).ticket


@pytest.fixture
def script():
    return axe_script()


async def add_macro(desk, agent_name="李明", **values):
    from sqlalchemy import select

    from bot.store.tables import Agent

    async with desk.begin() as session:
        agent = (await session.scalars(select(Agent).where(Agent.name == agent_name))).one()
        await macros.save(session, agent, MacroDraft(is_shared=True, **values), now=desk.clock())


async def test_a_draft_survives_the_crash_of_the_browser(sit_down, browser, ticket):  # noqa: F811
    page = await sit_down("李明")
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.keyboard.press("r")
    await page.wait_for_selector("#words-box:focus")
    async with page.expect_response("**/drafts/**") as kept:
        await page.keyboard.type("您好，已收到")
        await page.clock.run_for(1000)
    assert (await kept.value).ok
    await page.click('.tab[data-mode="note"]')
    assert await page.input_value("#words-box") == ""
    address, cookies = page.url, await page.context.storage_state()
    await page.close(run_before_unload=False)
    other = await browser.new_page(storage_state=cookies)
    await other.goto(address)
    await other.wait_for_function("() => document.querySelector('#words-box').value === '您好，已收到'")


async def test_a_reply_to_a_ticket_that_could_not_be_sent_survives_a_reload(sit_down, ticket):  # noqa: F811
    page = await sit_down("李明")
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.keyboard.press("r")
    await page.wait_for_selector("#words-box:focus")
    await page.route("**/replies", lambda route: route.abort())
    async with page.expect_response("**/drafts/**") as kept:
        await page.keyboard.type("请补充注册证")
        await page.keyboard.press("Control+Enter")
        await page.wait_for_selector("#problem:visible")
        await page.clock.run_for(1000)
    assert (await kept.value).request.post_data_json["text"] == "请补充注册证"
    await page.reload()
    await page.wait_for_function("() => document.querySelector('#words-box').value === '请补充注册证'")


async def test_a_canned_reply_is_chosen_with_the_keyboard(sit_down, desk, ticket):  # noqa: F811
    page = await sit_down("李明")
    await add_macro(desk, title="催证", text="{{citizen}}，请补充注册证。")
    await add_macro(desk, title="问候", text="您好")
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.keyboard.press("r")
    await page.keyboard.press("/")
    await page.wait_for_selector("#picker[open]")
    await page.keyboard.type("注册证")
    await page.wait_for_selector('#picker-list [aria-selected="true"]:has-text("催证")')
    await page.keyboard.press("Enter")
    await page.wait_for_function("() => document.querySelector('#words-box').value === '张三，请补充注册证。'")


async def test_a_colleague_is_mentioned_where_the_caret_stands_also_after_an_input_method(sit_down, ticket):  # noqa: F811
    await sit_down("王敏")
    page = await sit_down("李明")
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.keyboard.press("n")
    await page.keyboard.insert_text("请看一下 ")
    await page.keyboard.press("@")
    await page.wait_for_selector("#picker[open]")
    await page.keyboard.press("Enter")
    await page.wait_for_function("() => document.querySelector('#words-box').value === '请看一下 @王敏 '")


async def test_colleagues_on_one_ticket_see_each_other_and_one_takes_over(sit_down, ticket):  # noqa: F811
    first, second = await sit_down("李明"), await sit_down("王敏")
    for page in (first, second):
        await page.goto(f"/console/tickets/{ticket.id}")
    await first.wait_for_selector("#lookers:has-text('王敏 也在看')")
    await first.keyboard.press("r")
    await first.keyboard.type("您好")
    await second.wait_for_selector("#lease:has-text('李明 正在写答复')")
    await second.click("#take-over")
    await first.wait_for_selector("#lease:has-text('王敏 接过去写了')")
    await second.wait_for_selector("#lease", state="hidden")


async def test_tickets_are_chosen_and_taken_with_the_keyboard(sit_down, desk, ticket):  # noqa: F811
    page = await sit_down("李明")
    await page.goto("/console/tickets")
    for key in ("j", "x"):
        await page.keyboard.press(key)
    await page.wait_for_selector("#bulk:has-text('已选 1 件')")
    await page.keyboard.press("a")
    await page.wait_for_selector("td.assignee:has-text('李明')")
    # The list was shown anew: its scripts come after its rows.
    await page.wait_for_load_state("load")
    await page.keyboard.press("?")
    await page.wait_for_selector("#keys-help[open]:has-text('选择（批量操作）')")
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await page.wait_for_selector("#number:focus")


async def test_a_priority_is_set_with_the_keyboard_and_says_who_reads_the_reason(sit_down, ticket):  # noqa: F811
    page = await sit_down("李明")
    await page.goto("/console/tickets")
    for key in ("j", "x", "p"):
        await page.keyboard.press(key)
    await page.wait_for_selector("#bulk-priority:focus")
    await page.select_option("#bulk-priority", "urgent")
    await page.wait_for_selector("#bulk-title:has-text('优先级改为“紧急”')")
    assert "只有工作人员看得到" in await page.inner_text("#bulk-hint")
    assert "求助人会看到" not in await page.inner_text("#bulk-hint")
    await page.fill("#bulk-reason", "展会明天结束")
    await page.click("#bulk-form button[type=submit]")
    await page.wait_for_selector("td.subject .chip:has-text('紧急')")
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.wait_for_selector(".said:has-text('展会明天结束')")
    await page.keyboard.press("p")
    await page.wait_for_selector("#priority:focus")


async def test_a_queue_is_changed_with_the_keyboard_and_needs_a_reason(sit_down, ticket):  # noqa: F811
    page = await sit_down("李明")
    await page.goto("/console/tickets")
    for key in ("j", "x", "q"):
        await page.keyboard.press(key)
    await page.wait_for_selector("#bulk-queue:focus")
    await page.select_option("#bulk-queue", "patent")
    await page.wait_for_selector("#bulk-title:has-text('改到“专利”队列')")
    await page.click("#bulk-form button[type=submit]")
    assert await page.is_visible("#bulk-dialog")
    await page.fill("#bulk-reason", "争议的是外观设计")
    await page.click("#bulk-form button[type=submit]")
    await page.wait_for_selector("td.subject:has-text('专利')")


async def test_a_macro_for_many_says_first_what_it_does(sit_down, desk, ticket):  # noqa: F811
    page = await sit_down("李明")
    await add_macro(desk, title="受理", text="{{citizen}}，已受理。", steps=({"do": "status", "to": "accepted", "reason": ""},))
    await page.goto("/console/tickets")
    await page.check(".pick input[aria-label^='选择 ']")
    await page.select_option("#bulk-macro", label="受理")
    await page.wait_for_selector("#bulk-does:has-text('发给求助人：{{citizen}}，已受理。')")
    assert "变更为“已受理”" in await page.inner_text("#bulk-does")


async def test_a_macro_says_which_named_colleague_was_not_told(sit_down, desk, ticket):  # noqa: F811
    page = await sit_down("李明")
    await make_agent(desk, "郭管理", "administrator")
    await add_macro(desk, title="请看", steps=({"do": "note", "text": "@郭管理 请看"},))
    said = "郭管理看不到这件工单，没有通知。"
    await page.goto("/console/tickets")
    await page.check(".pick input[aria-label^='选择 ']")
    await page.select_option("#bulk-macro", label="请看")
    await page.click("#bulk-form button[type=submit]")
    await page.wait_for_selector(f"#bulk-outcome[open] li:has-text('{ticket.number} {said}')")
    assert await page.inner_text("#outcome-title") == "完成 1 件"
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.click("#pick-macro")
    await page.click("[role=option]:has-text('请看')")
    await page.wait_for_selector(f"#not-told:has-text('{said}')")


async def test_what_failed_in_bulk_is_told_with_its_number(sit_down, ticket):  # noqa: F811
    page = await sit_down("李明")
    await page.goto("/console/tickets")
    await page.check(".pick input[aria-label^='选择 ']")
    await page.select_option("#bulk-status", "closed")
    await page.click("#bulk-form button[type=submit]")
    await page.wait_for_selector(f"#bulk-outcome[open]:has-text('{ticket.number}')")


async def test_a_draft_in_a_conversation_survives_a_reload(sit_down, waiting):  # noqa: F811
    page = await sit_down("李明")
    await page.click(".row")
    await page.click("#claim")
    await page.wait_for_selector("#words-box:focus")
    async with page.expect_response("**/drafts/**") as kept:
        await page.keyboard.type("稍等我查一下")
        await page.clock.run_for(1000)
    assert (await kept.value).ok
    await page.reload()
    await page.wait_for_function("() => document.querySelector('#words-box').value === '稍等我查一下'")


async def test_a_reply_that_could_not_be_sent_survives_a_reload_until_it_is_sent(sit_down, waiting):  # noqa: F811
    page = await sit_down("李明")
    await page.click(".row")
    await page.click("#claim")
    await page.wait_for_selector("#words-box:focus")
    await page.route("**/replies", lambda route: route.abort())
    await page.keyboard.type("先做公证保全")
    await page.keyboard.press("Enter")
    async with page.expect_response("**/drafts/**") as kept:
        await page.wait_for_selector(".msg:has-text('没有发出')")
        await page.clock.run_for(1000)
    assert (await kept.value).request.post_data_json["text"] == "先做公证保全"
    await page.reload()
    await page.wait_for_function("() => document.querySelector('#words-box').value === '先做公证保全'")
    await page.click("#send")
    await page.wait_for_selector(".msg:has-text('没有发出')")
    await page.unroute("**/replies")
    async with page.expect_request(lambda sent: "/drafts/" in sent.url and sent.method == "POST" and not sent.post_data_json["text"]):
        await page.click(".msg :text('重发')")
        await page.wait_for_selector(".msg:has-text('没有发出')", state="detached")
        await page.clock.run_for(1000)


async def test_a_long_table_of_the_dashboard_is_opened_and_closed(sit_down, desk, script):  # noqa: F811
    page = await sit_down("李明", role="supervisor")
    citizen = await Citizen.arrives(desk)
    for number in range(17):
        await make_ticket(desk, citizen.conversation_id, facts={"right": "patent", "region": f"杭州{number}区"})
    await page.goto("/console/dashboard")
    rows, button = page.locator("[aria-labelledby=h-opened_by_region] tbody tr:visible"), page.locator("[data-rest=rest-opened_by_region]")
    assert await rows.count() == 15 and "显示全部 17 行" in await button.inner_text()
    await button.focus()
    await page.keyboard.press("Enter")
    assert await rows.count() == 17 and "只显示前 15 行" in await button.inner_text()
    assert await button.is_visible() and await findings(page, script) == []
    await button.click()
    assert await rows.count() == 15


# Colours do not depend on the width, nor widths on the colours: two rounds see all four.
@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
async def test_no_page_has_a_serious_fault_and_none_is_wider_than_the_screen(sit_down, desk, ticket, script, size, scheme):  # noqa: F811
    # As long as names of accounts may be, and a subject that nowhere breaks.
    name = "阿卜杜勒艾合买提江" * 2 if size is PHONE else "李明"
    page = await sit_down(name, size=size, role="supervisor")
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    async with desk.begin() as session:
        (await session.get_one(Ticket, ticket.id)).subject = "https://shop.example.com/" + "x" * 90
    await add_macro(desk, name, title="催证", text="{{citizen}}，请补充注册证。", steps=({"do": "assign", "to": "me"},))
    await resolved(desk, await make_agent(desk), 4)
    faults = {}
    for path in (
        "/console/", "/console/tickets", "/console/tickets?q=张三", "/console/tickets?queue=patent", f"/console/tickets/{ticket.id}",
        f"/console/tickets/{ticket.id}/clocks", f"/console/tickets/{ticket.id}/audit", "/console/macros", "/console/macros/new",
        "/console/mentions", "/console/dashboard", "/console/password",
    ):  # fmt: skip
        await page.goto(path)
        found = await findings(page, script)
        if not await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"):
            found.append("wider than the screen")
        if found:
            faults[path] = found
    await page.goto("/console/tickets")
    await page.keyboard.press("?")
    if found := await findings(page, script):
        faults["help"] = found
    assert faults == {}
