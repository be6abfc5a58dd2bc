"""What the pages show, in a real browser, on a phone and at a desk."""

from playwright.async_api import expect

from bot.assistant.engine import EngineReply, EngineTurn
from bot.bootstrap import Desk
from bot.services import handoff
from bot.services.life_cycle.ratings import ratings_of
from tests.gateway.driver import MESSAGES, PNG
from tests.gateway.site import DESKTOP, PHONE, Site, needs_browser, shows, talk, write
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.engine import ScriptedEngine, says
from tests.support.ratings import resolves, resolves_again

ATTACK = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"

pytestmark = needs_browser


def article_for(turn: EngineTurn) -> EngineReply:
    """Answer with an article of the real knowledge base."""
    return says("", intent="faq", article="patent_term")


async def test_answer_unfolds_to_details_and_sources(site: Site, desk: Desk, engine: ScriptedEngine) -> None:
    engine.script = article_for
    answer = desk.knowledge.answer("patent_term", desk.office.calendar.local_date(desk.clock()))
    page = await site.open(size=DESKTOP)
    await write(page, "专利能保护几年")
    card = page.locator(".answer")
    await expect(card).to_contain_text(answer.short)
    await expect(card.locator(".rich")).to_be_hidden()
    await card.get_by_text("查看详细说明").click()
    await expect(card.locator(".rich")).to_be_visible()
    await expect(card.locator(".rich strong").first).to_be_visible()
    assert "**" not in await card.inner_text()
    await card.get_by_text("法律依据").click()
    first = answer.citations[0]
    source = card.locator(".sources details").first
    await expect(source).to_contain_text(f"《{first.law}》{first.article}")
    await expect(source).to_contain_text(f"{first.effective.year}年{first.effective.month}月{first.effective.day}日")
    await source.locator("summary").click()
    await expect(source.locator("blockquote")).to_contain_text(first.quote.splitlines()[0])


async def test_words_are_shown_as_words(site: Site, desk: Desk, engine: ScriptedEngine) -> None:
    body = {"title": ATTACK, "details": f"**{ATTACK}**\n\n- {ATTACK}", "notice": ATTACK, "citations": [
        {"law_id": "x", "law": ATTACK, "article": ATTACK, "effective": "2021-06-01", "quote": ATTACK}]}  # fmt: skip

    async def attack(route) -> None:
        answer = await (await route.fetch()).json()
        for message in answer["messages"]:
            message.update(body)
        await route.fulfill(json=answer)

    page = await site.open(size=DESKTOP)
    await page.route(f"**{MESSAGES}*", attack)
    button = {"title": ATTACK, "payload": "x"}
    reply = says(ATTACK)
    reply.messages[0]["buttons"] = [button]
    engine.script = lambda turn: reply
    await write(page, ATTACK)
    await shows(page, ATTACK)
    await page.reload()
    await expect(page.locator(".answer").last).to_contain_text(ATTACK)
    assert await page.locator("#log img, #log script").count() == 0
    assert "broken" not in await page.title()


async def test_quick_reply_is_sent_and_gone(site: Site, engine: ScriptedEngine) -> None:
    offer = says("要登记吗？")
    offer.messages[0]["buttons"] = [{"title": "登记", "payload": "/open_complaint"}]
    engine.script = lambda turn: offer if turn.text == "一" else says("开始登记")
    page = await site.open()
    await write(page, "一")
    await page.get_by_role("button", name="登记", exact=True).press("Enter")
    await shows(page, "开始登记")
    assert engine.turns[-1].text == "/open_complaint"
    await expect(page.get_by_role("button", name="登记", exact=True)).to_have_count(0)
    await expect(page.locator("#text")).to_be_focused()


async def test_way_to_the_end_covers_no_quick_reply(site: Site, engine: ScriptedEngine) -> None:
    titles = ["商标注册要多少钱？", "商标注册要多久？", "谁可以申请商标？", "转人工"]
    reply = says("很长的答复。\n" * 40)
    reply.messages[0]["buttons"] = [{"title": title, "payload": title} for title in titles]
    engine.script = lambda turn: reply
    page = await site.open()
    await write(page, "商标")
    to_end = page.locator("#to-end")
    await expect(to_end).to_be_visible()
    log, button = await page.locator("#log").bounding_box(), await to_end.bounding_box()
    assert log and button and button["y"] >= log["y"] + log["height"]
    await to_end.click()
    await expect(to_end).to_be_hidden()
    await expect(page.locator(".chip").last).to_be_in_viewport()


async def test_passages_of_one_provision_stand_apart_and_notices_are_named_once(
    site: Site, desk: Desk, engine: ScriptedEngine
) -> None:
    engine.script = lambda turn: says("", intent="faq", article="trademark_opposition")
    page = await site.open(size=DESKTOP)
    await write(page, "商标异议期多久")
    notice = page.locator(".answer .notice")
    await expect(notice).to_contain_text("规定将有变化：自2027年1月1日起")
    quotes = await page.locator(".sources blockquote").evaluate_all("all => all.map(e => e.textContent)")
    answer = desk.knowledge.answer("trademark_opposition", desk.office.calendar.local_date(desk.clock()))
    assert answer and quotes == [cited.quote.replace("\n", "\n……\n") for cited in answer.citations]


async def test_citizen_leaves_the_queue(site: Site, engine: ScriptedEngine) -> None:
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")
    page = await site.open()
    await write(page, "转人工")
    await expect(page.locator("#state-text")).to_contain_text("第 1 位")
    complaint = page.locator(".services").get_by_role("button", name="举报投诉")
    await expect(complaint).to_be_disabled()
    await page.click("#back-to-bot")
    await expect(page.locator("#strip")).to_have_attribute("data-handled", "bot")
    await expect(complaint).to_be_enabled()
    engine.script = lambda turn: says("我在")
    await write(page, "在吗")
    await shows(page, "我在")


async def test_ways_out_of_the_queue_are_gone_with_the_queue(site: Site, engine: ScriptedEngine) -> None:
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")
    page = await site.open()
    await write(page, "转人工")
    leave = page.locator(".chip", has_text="留言")
    await expect(leave).to_be_visible()
    await page.click("#back-to-bot")
    await expect(page.locator("#strip")).to_have_attribute("data-handled", "bot")
    await expect(leave).to_have_count(0)


async def test_evidence_is_uploaded_with_a_receipt_that_verifies(site: Site) -> None:
    page = await site.open()
    await page.set_input_files("#file", {"name": "小票.png", "mimeType": "image/png", "buffer": PNG})
    card = page.locator(".slip", has_text="材料已存证")
    await expect(card).to_contain_text("小票.png")
    await card.get_by_role("button", name="核验").click()
    await expect(card).to_contain_text("核验通过")
    await page.reload()
    await expect(page.locator(".slip", has_text="小票.png")).to_have_count(1)


async def test_file_that_is_not_accepted_says_why(site: Site) -> None:
    page = await site.open()
    await page.set_input_files("#file", {"name": "程序.png", "mimeType": "image/png", "buffer": b"MZ" + b"\0" * 99})
    await expect(page.get_by_role("alert")).to_contain_text("程序.png")


async def test_too_many_characters_cannot_be_sent(site: Site, desk: Desk) -> None:
    page = await site.open()
    await page.fill("#text", "字" * (desk.settings.message_max_chars + 3))
    await expect(page.locator("#count")).to_contain_text("3")
    await expect(page.locator("#send")).to_be_disabled()
    await page.press("#text", "Enter")
    assert await talk(page) == []


async def test_page_fits_phone_and_desktop_and_every_control_has_a_name(
    site: Site, engine: ScriptedEngine
) -> None:
    engine.script = article_for
    for size in ({"width": 320, "height": 640}, PHONE, DESKTOP):
        page = await site.open(size=size)
        await write(page, "专利能保护几年")
        await expect(page.locator(".answer")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        nameless = await page.locator("button, a, input:not([type=hidden]), textarea, summary").evaluate_all(
            "all => all.filter(e => e.checkVisibility()).filter(e => !(e.innerText || '').trim()"
            " && !e.getAttribute('aria-label') && !e.labels?.length).map(e => e.outerHTML)"
        )
        assert nameless == []


async def test_what_a_finger_must_hit_is_large_enough(site: Site) -> None:
    page = await site.open(has_touch=True, is_mobile=True)
    small = await page.locator("button, a, textarea").evaluate_all(
        "all => all.filter(e => e.checkVisibility()).map(e => [e.getBoundingClientRect(), e])"
        ".filter(([r, e]) => (r.height < 36 || r.width < 36) && !e.classList.contains('skip')).map(([r, e]) => e.outerHTML)"
    )
    assert small == []


async def test_keyboard_reaches_the_conversation_first(site: Site) -> None:
    page = await site.open(size=DESKTOP)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="跳到主要内容")).to_be_focused()
    log = page.get_by_role("log")
    assert await log.get_attribute("aria-live") == "polite"


# --- tracking -------------------------------------------------------------------------------


async def test_link_of_the_ticket_card_opens_the_ticket_without_showing_the_code(
    site: Site, desk: Desk, engine: ScriptedEngine
) -> None:
    page = await site.open()
    await write(page, "一")
    await shows(page, "收到：一")
    async with desk.read() as session:
        [card] = await handoff.list_conversations(session, owner="bot")
    opened = await make_ticket(desk, card.id)
    ticket = {"number": opened.ticket.number, "code": opened.code, "kind": "complaint"}
    engine.script = lambda turn: says("已登记", ticket=ticket)
    await write(page, "提交")
    await page.get_by_role("link", name="查看进度").click()
    await expect(page.get_by_role("heading", name=opened.ticket.number)).to_be_visible()
    assert opened.code not in page.url
    await page.set_input_files("#file", {"name": "小票.png", "mimeType": "image/png", "buffer": PNG})
    await expect(page.locator(".receipts")).to_contain_text("小票.png")
    await page.get_by_text("补充说明").click()
    await page.fill("#supplement", "订单号 123")
    await page.get_by_role("button", name="提交补充").click()
    await expect(page.locator(".timeline")).to_contain_text("订单号 123")


async def test_tracking_works_without_scripts(site: Site, desk: Desk) -> None:
    page = await site.open("/t", java_script_enabled=False)
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    await page.fill("#number", opened.ticket.number)
    await page.fill("#code", opened.code)
    await page.get_by_role("button", name="查询").click()
    await expect(page.get_by_role("heading", name=opened.ticket.number)).to_be_visible()
    await page.get_by_text("撤回工单").first.click()
    await page.fill("#reason", "已和解")
    await page.check("input[name=sure]")
    await page.get_by_role("button", name="撤回工单").click()
    await expect(page.locator(".badge")).to_have_text("已撤回")


async def test_each_resolution_is_rated_once_on_the_tracking_page(site: Site, desk: Desk) -> None:
    page, agent = await site.open("/t"), await make_agent(desk)
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    thanks, form = page.get_by_text("您已评价这次办理"), page.locator("form[action='/t/rating']")
    for resolve, title in ((resolves, "不满意"), (resolves_again, "很满意")):
        await resolve(desk, agent, opened.ticket.id)
        await page.goto("/t")
        await page.fill("#number", opened.ticket.number)
        await page.fill("#code", opened.code)
        await page.get_by_role("button", name="查询").click()
        await page.get_by_text("评价这次办理").click()
        await expect(thanks).to_have_count(0)
        await form.get_by_label(title, exact=True).check()
        await page.get_by_role("button", name="提交评价").click()
        await expect(thanks).to_be_visible()
        await expect(form).to_have_count(0)
    await expect(thanks).to_contain_text("5 分")
    async with desk.read() as session:
        found = await ratings_of(session, "ticket", opened.ticket.id)
    assert [(rating.round, rating.score) for rating in found] == [(2, 5), (1, 2)]
