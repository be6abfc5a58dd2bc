"""In a real browser: from an unfinished form back into the chat, and the filled form from the ticket card."""

from typing import Any

from playwright.async_api import expect

from bot.bootstrap import Desk
from bot.services import form_drafts
from bot.services.form_drafts import FormProgress
from tests.gateway.site import Site, needs_browser, shows
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.engine import ScriptedEngine, says

pytestmark = needs_browser


async def test_an_unfinished_form_leads_back_into_the_chat(site: Site, desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        progress = FormProgress("complaint", {"report_type": "report", "right": "patent"}, "act")
        saved = await form_drafts.save(session, desk.office, citizen.conversation_id, progress, now=desk.clock())
    assert saved is not None
    page = await site.open("/t")
    await page.fill("#number", saved.number)
    await page.fill("#code", saved.code)
    await page.press("#code", "Enter")
    await expect(page.locator("dl.answers")).to_contain_text("举报违法线索")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    engine.script = lambda turn: says(f"收到：{turn.text}")
    await page.get_by_role("link", name="接着填").click()
    await shows(page, f"收到：继续填 {saved.number} {saved.code[:4]}-{saved.code[4:]}")
    assert "#" not in page.url
    assert site.complaints == []


async def test_the_ticket_card_downloads_the_filled_form(site: Site, desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    opened = await make_ticket(desk, citizen.conversation_id)
    card: dict[str, Any] = {"number": opened.ticket.number, "code": opened.code, "kind": "complaint"}
    engine.script = lambda turn: says("已经登记。", ticket=card)
    page = await site.open("/")
    await page.fill("#text", "确认提交")
    await page.press("#text", "Enter")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="下载登记表").click()
    download = await waiting.value
    assert download.suggested_filename == f"{opened.ticket.number}.pdf"
    path = await download.path()
    assert path.read_bytes().startswith(b"%PDF-")
    assert not [complaint for complaint in site.complaints if "blob:" not in complaint]
