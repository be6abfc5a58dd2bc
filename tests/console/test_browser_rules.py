"""The preview of an SLA rule in a real browser: sorted by keyboard, and readable on a phone."""

import pytest
from sqlalchemy import update

from bot.helpdesk.ticket import TicketStatus
from bot.services.tickets import move
from bot.store.tables import Agent, Ticket
from tests.console.axe import axe_script, findings
from tests.console.test_browser import CHROMIUM, DESKTOP, PHONE, browser, sit_down  # noqa: F401  (fixtures)
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]


ACCEPTANCE = {"acceptance": "2"}


@pytest.fixture
async def supervise(desk, sit_down):  # noqa: F811
    """Open the form of a policy as a supervisor, with tickets that a change would move."""

    async def make(size, amounts=ACCEPTANCE):
        for n in range(3):
            await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id, facts={"n": n})
            desk.clock.at = desk.clock.at.replace(day=20 - n)
        desk.clock.at = desk.clock.at.replace(day=20)
        page = await sit_down("王主管", size)
        async with desk.begin() as session:
            await session.execute(update(Agent).where(Agent.name == "王主管").values(role="supervisor"))
        await page.goto("/console/rules/policies/complaint")
        for clock, amount in amounts.items():
            await page.fill(f"#amount-{clock}", amount)
        await page.fill("#note", "更快受理")
        await page.check('input[value="running"]')
        await page.click('button[value="preview"]')
        await page.wait_for_selector("table.moved th button")
        return page

    return make


async def test_a_preview_is_sorted_with_the_keyboard_and_then_saved(supervise) -> None:
    page = await supervise(DESKTOP)
    cell = "table.moved tbody tr:first-child td:nth-child(4)"
    earliest = await page.inner_text(cell)
    header = page.get_by_role("button", name="新到期")
    await header.focus()
    await page.keyboard.press("Enter")
    assert await page.get_attribute('th:has(button:text("新到期"))', "aria-sort") == "descending"
    assert await page.inner_text(cell) > earliest
    await page.click('button[value="save"]')
    await page.wait_for_selector(".notice.ok")
    assert "正在重算" in await page.inner_text("#main")


async def test_on_a_phone_nothing_is_wider_than_the_screen(supervise) -> None:
    page = await supervise(PHONE)
    for path in (None, "/console/rules", "/console/rules/calendars/main"):
        if path:
            await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_preview_shows_the_clocks_that_a_new_promise_starts(desk, supervise, size) -> None:
    ticket = (await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)).ticket
    async with desk.begin() as session:
        row = await session.get_one(Ticket, ticket.id)
        await move(session, desk.office, row, TicketStatus.ACCEPTED, actor="system", reason="", now=desk.clock())
    page = await supervise(size, ACCEPTANCE | {"next_update": "5"})
    assert "1 个新增" in " ".join((await page.inner_text("#preview .totals")).split())
    assert "新增的是以前没有承诺的时限" in await page.inner_text("#preview")
    new = page.locator("table.moved tbody tr", has_text="新增")
    assert await new.count() == 1
    cells = await new.locator("td").all_inner_texts()
    assert ticket.number in cells[0] and (cells[1], cells[2], cells[4]) == ("进展告知", "没有", "新增")
    assert await findings(page, axe_script()) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.click('button[value="save"]')
    await page.wait_for_selector(".notice.ok")
