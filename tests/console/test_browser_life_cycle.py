"""A ticket's life in a real browser: forms by keyboard, and on a phone."""

import pytest

from tests.console.test_browser import CHROMIUM, PHONE, browser, sit_down, told  # noqa: F401  (fixtures)
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

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
