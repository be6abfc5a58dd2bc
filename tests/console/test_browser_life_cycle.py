"""A ticket's life in a real browser: forms by keyboard, and on a phone."""

import pytest

from bot.helpdesk.presence import Skills
from bot.store.tables import Agent, Ticket
from tests.console.axe import axe_script, findings
from tests.console.test_browser import CHROMIUM, PHONE, browser, sit_down, told  # noqa: F401  (fixtures)
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.ratings import rates, resolved, resolves_again

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]


async def opened(desk):
    citizen = await Citizen.arrives(desk)
    return citizen, (await make_ticket(desk, citizen.conversation_id)).ticket


async def test_a_correction_is_asked_for_with_the_keyboard_alone(desk, sit_down):  # noqa: F811
    citizen, ticket = await opened(desk)
    page = await sit_down()
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.focus('[data-dialog="correction"]')
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#d-correction[open]")
    assert await page.evaluate("document.activeElement.name") == "items"
    await page.keyboard.type("商标注册证")
    await page.keyboard.press("Enter")
    await page.keyboard.type("购买凭证")
    async with page.expect_navigation():
        await page.evaluate("document.querySelector('#d-correction form').requestSubmit()")
    assert await page.inner_text("#h-correction") == "等待补正"
    assert await told(citizen, "1. 商标注册证；2. 购买凭证")


async def test_escape_leaves_a_form_and_what_is_refused_is_said_in_it(desk, sit_down):  # noqa: F811
    _, ticket = await opened(desk)
    page = await sit_down()
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.click('.life-acts [data-dialog="merge"]')
    await page.keyboard.press("Escape")
    assert not await page.is_visible("#d-merge")
    await page.click('.life-acts [data-dialog="merge"]')
    await page.fill("#merge-into", ticket.number)
    await page.fill("#merge-reason", "同一件事")
    await page.click("#d-merge button[type=submit]")
    await page.wait_for_selector("#d-merge [data-problem]:not([hidden])")
    assert await page.inner_text("#d-merge [data-problem]") == "不能并入自己。"


async def test_a_reason_from_the_catalogue_spares_the_words(desk, sit_down):  # noqa: F811
    citizen, ticket = await opened(desk)
    page = await sit_down()
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.click('[data-to="rejected"]')
    offered = await page.locator("#step-code option:not([hidden])").all_inner_texts()
    assert "没有具体线索" in offered and "调解达成一致" not in offered
    await page.select_option("#step-code", "no_facts")
    async with page.expect_navigation():
        await page.click("#step-form button[type=submit]")
    assert await told(citizen, "没有具体的线索")


async def test_a_ticket_is_moved_to_another_queue_by_keyboard_on_a_phone(desk, sit_down):  # noqa: F811
    _, ticket = await opened(desk)
    li = await make_agent(desk, "王敏")
    async with desk.begin() as session:
        (await session.get_one(Agent, li.id)).skills = Skills(queues=("trademark", "copyright")).to_json()
        (await session.get_one(Ticket, ticket.id)).assignee_id = li.id
    page, lists = await sit_down(size=PHONE), await sit_down("赵强", role="supervisor")
    await lists.goto("/console/tickets?queue=trademark")
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.keyboard.press("q")
    await page.wait_for_selector("#d-queue[open] #queue-to:focus")
    assert not await page.is_visible("#queue-fate p")
    await page.select_option("#queue-to", "copyright")
    assert await page.locator("#queue-fate p:visible").inner_text() == "办理人 王敏 也接这个队列，继续由其办理。"
    await page.select_option("#queue-to", "patent")
    assert await page.locator("#queue-fate p:visible").inner_text() == "办理人 王敏 不接这个队列，改后没有办理人。"
    assert await findings(page, axe_script()) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.keyboard.press("Tab")
    await page.keyboard.type("争议的是外观设计")
    async with page.expect_navigation():
        await page.evaluate("document.querySelector('#d-queue form').requestSubmit()")
    assert "专利" in await page.locator(".ticket-head .chip").all_inner_texts()
    assert "办理人 未分派" in await page.inner_text(".ticket-head")
    await lists.wait_for_selector("#stale:not([hidden])")


async def test_what_a_correction_proposes_is_one_step_away(desk, sit_down):  # noqa: F811
    _, ticket = await opened(desk)
    async with desk.begin() as session:
        (await session.get_one(Ticket, ticket.id)).queue = "copyright"
    page = await sit_down()
    await page.goto(f"/console/tickets/{ticket.id}")
    await page.click('[data-dialog="fact"]')
    await page.select_option("#fact-name", "right")
    await page.fill("#fact-value", "专利")
    await page.fill("#fact-reason", "登记时选错")
    async with page.expect_navigation():
        await page.click("#d-fact button[type=submit]")
    await page.wait_for_selector("#proposed-queue:has-text('归“专利”队列')")
    await page.click("#proposed-queue button")
    assert await page.input_value("#queue-to") == "patent"
    await page.reload()
    assert not await page.is_visible("#proposed-queue")


async def test_every_form_fits_a_phone_and_every_field_has_a_label(desk, sit_down):  # noqa: F811
    _, ticket = await opened(desk)
    page = await sit_down(size=PHONE)
    await page.goto(f"/console/tickets/{ticket.id}")
    problems = await page.evaluate(
        """() => [...document.querySelectorAll('dialog')].flatMap((dialog) => {
          dialog.showModal();
          const box = dialog.getBoundingClientRect();
          const wide = dialog.scrollWidth > dialog.clientWidth + 1 || box.right > innerWidth + 1;
          const bare = [...dialog.querySelectorAll('[name]')].filter((field) => !field.labels.length);
          dialog.close();
          return [...(wide ? [`${dialog.id} is too wide`] : []), ...bare.map((f) => `${dialog.id} ${f.name}`)];
        })"""
    )
    assert problems == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_each_resolution_has_its_rating_on_the_ticket_page(desk, sit_down):  # noqa: F811
    page, agent = await sit_down(size=PHONE), await make_agent(desk, "王敏")
    ticket_id = await resolved(desk, agent, 2)
    await page.goto(f"/console/tickets/{ticket_id}")
    part = page.locator("section[aria-labelledby=h-follow-ups]")
    assert "求助人评价 2 分" in await part.inner_text()
    await resolves_again(desk, agent, ticket_id)
    await page.reload()
    said = await part.inner_text()
    assert "已邀请求助人评价（第 2 次办结），尚未评价。" in said and "求助人评价（第 1 次办结） 2 分" in said
    await rates(desk, ticket_id, 5)
    await page.reload()
    assert [" ".join(text.split()) for text in await part.locator(".life-item").all_inner_texts()][-2:] == [
        "求助人评价（第 2 次办结） 5 分（满分 5 分）", "求助人评价（第 1 次办结） 2 分（满分 5 分）"
    ]  # fmt: skip
    assert await findings(page, axe_script()) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
