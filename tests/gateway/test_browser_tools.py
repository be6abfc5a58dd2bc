"""Tools on the chat page, in a real browser: where they start, how results and pictures look."""

import pytest
from playwright.async_api import expect

from bot.assistant.engine import EngineReply, EngineTurn
from bot.tools.dialogue import encode
from tests.gateway.site import DESKTOP, PHONE, Site, needs_browser, shows, write
from tests.support.engine import ScriptedEngine, says

pytestmark = needs_browser

STEPS = {
    "流程": ("flow", {"flow": "trademark_registration"}),
    "途径": ("route", {"right": "trademark", "matter": "squatting"}),
    "证据": ("evidence", {"case": "trademark_infringement"}),
    "问": ("route", {"right": "trademark"}),
}


@pytest.fixture(autouse=True)
def tools_answer(engine: ScriptedEngine) -> None:
    def script(turn: EngineTurn) -> EngineReply:
        if turn.text not in STEPS:
            return says(f"收到：{turn.text}")
        tool, given = STEPS[turn.text]
        return says("", intent="use_tool", tool=tool, given=encode(given))

    engine.script = script


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_flowchart_is_shown_with_its_words(site: Site, size: dict[str, int]) -> None:
    page = await site.open(size=size)
    await write(page, "流程")
    picture = page.locator(".answer .picture img")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_attribute(
        "alt", "流程图：商标注册咨询流程，共 12 步。图上是全过程，下面是每一步的说明和依据。"
    )
    await page.wait_for_function("document.querySelector('.picture img').naturalWidth > 0")
    box = await picture.bounding_box()
    assert box["width"] <= size["width"] and box["width"] >= 280
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await expect(page.locator(".answer .rich > ol > li")).to_have_count(12)
    await expect(page.locator(".answer .rich > ol > li").first.locator("ul li")).to_have_count(1)


async def test_result_is_open_an_article_is_not(site: Site, engine: ScriptedEngine) -> None:
    page = await site.open()
    await write(page, "途径")
    await expect(page.locator(".answer .rich")).to_be_visible()
    assert "**" not in await page.locator(".answer").inner_text()
    engine.script = lambda turn: says("", intent="faq", article="patent_term")
    await write(page, "专利几年")
    await expect(page.locator(".answer")).to_have_count(2)
    await expect(page.locator(".answer .rich").last).to_be_hidden()
    await expect(page.locator(".answer").last.get_by_role("button", name="打印")).to_have_count(0)


async def test_question_of_a_tool_offers_its_choices(site: Site, engine: ScriptedEngine) -> None:
    page = await site.open()
    await write(page, "问")
    await shows(page, "发生了什么？")
    await page.get_by_role("button", name="商标被人抢注").click()
    await shows(page, "收到：/use_tool")
    assert engine.turns[-1].text == '/use_tool{"tool": "route", "given": "right=trademark&matter=squatting"}'


async def test_tools_start_from_the_sheet_on_a_phone(site: Site) -> None:
    page = await site.open()
    await page.get_by_role("button", name="小工具").click()
    sheet = page.locator("#tools")
    names = await sheet.locator(".tool-list b").all_inner_texts()
    assert names == ["算期限", "选途径", "证据清单", "查号码", "费用", "流程图"]
    await sheet.get_by_role("button", name="关闭").click()
    await expect(sheet).to_be_hidden()
    await page.get_by_role("button", name="小工具").click()
    await sheet.get_by_role("button", name="流程图").click()
    await expect(sheet).to_be_hidden()
    await shows(page, "收到：看流程图")


async def test_tools_start_from_the_side_at_a_desk(site: Site) -> None:
    page = await site.open(size=DESKTOP)
    await page.locator(".side").get_by_role("button", name="算期限").click()
    await shows(page, "收到：算期限")


async def test_only_the_result_is_printed_all_of_it_unfolded(site: Site) -> None:
    page = await site.open()
    await page.add_init_script("window.print = () => { window.printed = true; }")
    await page.reload()
    await write(page, "问")
    await shows(page, "发生了什么？")
    await write(page, "证据")
    card = page.locator(".answer")
    await card.get_by_role("button", name="打印").click()
    assert await page.evaluate("window.printed")
    await page.emulate_media(media="print")
    await expect(card.locator(".sources blockquote").first).to_be_visible()
    for hidden in (".top", ".dock", ".strip", ".bubble >> nth=0"):
        await expect(page.locator(hidden)).to_be_hidden()
    await page.emulate_media(media="screen")
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    await expect(card.locator(".sources")).to_be_hidden()
    await expect(page.locator(".top")).to_be_visible()


async def test_result_is_copied_as_plain_text(site: Site) -> None:
    page = await site.open(permissions=["clipboard-read", "clipboard-write"])
    await write(page, "证据")
    await page.locator(".answer").get_by_role("button", name="复制").click()
    await expect(page.locator(".answer").get_by_role("button", name="已复制")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert "商标注册证" in copied and "法律依据：《" in copied and "**" not in copied


async def test_flow_page_prints_without_the_site_around_it(site: Site) -> None:
    page = await site.open("/flow/patent_infringement")
    await expect(page.get_by_role("button", name="打印")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.locator(".top")).to_be_hidden()
    await expect(page.locator(".picture img")).to_be_visible()
    await expect(page.locator(".flow-steps > li")).to_have_count(17)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
