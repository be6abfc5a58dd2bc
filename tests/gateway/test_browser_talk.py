"""Talking, in a real browser: nothing is lost and nothing appears twice, whatever the network does."""

import asyncio

from playwright.async_api import expect

from bot.bootstrap import Desk
from bot.gateway.keys import SOCKETS
from bot.services import handoff
from tests.gateway.driver import MESSAGES
from tests.gateway.site import Site, needs_browser, shows, talk, write
from tests.support.builders import make_agent
from tests.support.engine import ScriptedEngine, says

pytestmark = needs_browser


async def test_question_and_answer_appear_once_each(site: Site) -> None:
    page = await site.open()
    await write(page, "专利能保护几年")
    await shows(page, "收到：专利能保护几年")
    await write(page, "商标呢")
    await shows(page, "收到：商标呢")
    assert await talk(page) == ["专利能保护几年", "收到：专利能保护几年", "商标呢", "收到：商标呢"]
    await expect(page.locator('[data-entry="pending"], [data-entry="typing"]')).to_have_count(0)


async def test_conversation_is_there_again_after_a_reload(site: Site) -> None:
    page = await site.open()
    await write(page, "一")
    await shows(page, "收到：一")
    await page.reload()
    await shows(page, "收到：一")
    await write(page, "二")
    await shows(page, "收到：二")
    assert await talk(page) == ["一", "收到：一", "二", "收到：二"]


async def test_two_tabs_show_the_same_conversation(site: Site) -> None:
    first = await site.open()
    await write(first, "一")
    await shows(first, "收到：一")
    second = await first.context.new_page()
    await second.goto("/")
    await write(second, "二")
    for page in (first, second):
        await shows(page, "收到：二")
        assert await talk(page) == ["一", "收到：一", "二", "收到：二"]


async def test_tab_without_conversation_joins_the_one_that_begins_in_another(site: Site) -> None:
    first = await site.open()
    second = await first.context.new_page()
    await second.goto("/")
    await write(first, "一")
    for page in (first, second):
        await shows(page, "收到：一")
    await write(second, "二")
    for page in (first, second):
        await shows(page, "收到：二")
        assert await talk(page) == ["一", "收到：一", "二", "收到：二"]


async def test_message_sent_while_offline_goes_out_once(site: Site, engine: ScriptedEngine) -> None:
    page = await site.open()
    await write(page, "一")
    await shows(page, "收到：一")
    await page.context.set_offline(True)
    await expect(page.locator("#offline")).to_be_visible()
    await write(page, "断网时说的")
    await expect(page.locator(".fate")).to_be_visible()
    await page.context.set_offline(False)
    await shows(page, "收到：断网时说的")
    await expect(page.locator("#offline")).to_be_hidden()
    assert await talk(page) == ["一", "收到：一", "断网时说的", "收到：断网时说的"]
    assert [turn.text for turn in engine.turns] == ["一", "断网时说的"]


async def test_answer_lost_on_the_way_is_asked_for_again_under_the_same_id(
    site: Site, engine: ScriptedEngine
) -> None:
    page = await site.open()
    await write(page, "一")
    await shows(page, "收到：一")
    ids: list[str] = []

    async def lose_first(route) -> None:
        ids.append(route.request.post_data_json["message_id"])
        if len(ids) == 1:
            await route.fetch()
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route(f"**{MESSAGES}", lose_first)
    await write(page, "二")
    await expect(page.locator('[data-entry="pending"]')).to_have_count(0)
    await shows(page, "收到：二")
    async with asyncio.timeout(10):
        while len(ids) < 2:
            await asyncio.sleep(0.05)
    assert ids[0] == ids[1]
    assert await talk(page) == ["一", "收到：一", "二", "收到：二"]
    assert [turn.text for turn in engine.turns] == ["一", "二"]


async def test_unsent_message_survives_a_reload(site: Site) -> None:
    page = await site.open()
    await write(page, "一")
    await shows(page, "收到：一")
    await page.route(f"**{MESSAGES}", lambda route: route.abort("connectionrefused"))
    await write(page, "没发出去的")
    await expect(page.locator('[data-entry="pending"]')).to_have_count(1)
    await page.unroute(f"**{MESSAGES}")
    await page.reload()
    await shows(page, "收到：没发出去的")
    assert await talk(page) == ["一", "收到：一", "没发出去的", "收到：没发出去的"]


async def test_refused_message_says_why_and_can_be_dropped(site: Site) -> None:
    page = await site.open()
    refusal = {"error": {"code": "bad_request", "message": "请求无法识别"}}
    await page.route(f"**{MESSAGES}", lambda route: route.fulfill(status=400, json=refusal))
    await write(page, "一")
    await expect(page.locator(".fate-bad")).to_contain_text("请求无法识别")
    await expect(page.get_by_role("button", name="重试")).to_be_visible()
    await page.get_by_role("button", name="删除").click()
    await expect(page.locator('[data-entry="pending"]')).to_have_count(0)


async def test_lost_connection_comes_back_without_loss_or_doubles(
    site: Site, desk: Desk, engine: ScriptedEngine
) -> None:
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")
    page = await site.open()
    await write(page, "转人工")
    await expect(page.locator("#strip")).to_have_attribute("data-handled", "queued")
    agent = await make_agent(desk, name="张敏")
    async with desk.read() as session:
        [card] = await handoff.list_conversations(session, owner="queued")
    await site.app[SOCKETS].close_all()
    async with desk.begin() as session:
        await handoff.claim(session, desk.office, agent, card.id, now=desk.clock())
    for number in range(3):
        async with desk.begin() as session:
            await handoff.reply(
                session, desk.office, agent, card.id, text=f"第{number}句", client_id=str(number), now=desk.clock()
            )
    await shows(page, "第2句")
    await expect(page.locator("#state-text")).to_contain_text("张敏")
    numbers = await page.locator('[data-entry="message"]').evaluate_all("rows => rows.map(r => +r.dataset.seq)")
    assert numbers == sorted(set(numbers))
    assert [text for text in await talk(page) if text.startswith("第")] == ["第0句", "第1句", "第2句"]


async def test_message_that_goes_through_brings_the_live_connection_back_at_once(site: Site) -> None:
    page = await site.open()
    await write(page, "一")
    await shows(page, "收到：一")
    # As after many failed tries: the next one is far away.
    await page.route_web_socket("**/api/v1/chat/ws", lambda socket: socket.close())
    await page.evaluate("Math.random = () => 1000")
    await site.app[SOCKETS].close_all()
    await expect(page.locator("#offline")).to_be_visible()
    await page.unroute_all()
    await page.evaluate("Math.random = () => 0")
    await write(page, "二")
    await shows(page, "收到：二")
    await expect(page.locator("#offline")).to_be_hidden(timeout=5000)


async def test_own_words_do_not_hide_what_was_missed_before_them(
    site: Site, desk: Desk, engine: ScriptedEngine
) -> None:
    """The answer to a request knows nothing of an agent's message that was lost just before."""
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")
    page = await site.open("/about")
    await page.add_init_script(
        "const Real = WebSocket; window.WebSocket = class extends Real {"
        " constructor(url) { super(window.isBlocked ? url + '/blocked' : url); } };"
    )
    await page.goto("/")
    await write(page, "转人工")
    await expect(page.locator("#strip")).to_have_attribute("data-handled", "queued")
    agent = await make_agent(desk, name="张敏")
    async with desk.read() as session:
        [card] = await handoff.list_conversations(session, owner="queued")
    await page.evaluate("window.isBlocked = true")
    await page.route(f"**{MESSAGES}?after=*", lambda route: route.abort("connectionfailed"))
    await site.app[SOCKETS].close_all()
    async with desk.begin() as session:
        await handoff.claim(session, desk.office, agent, card.id, now=desk.clock())
    async with desk.begin() as session:
        await handoff.reply(session, desk.office, agent, card.id, text="您好", client_id="1", now=desk.clock())
    await write(page, "有人吗")
    await expect(page.locator('[data-entry="pending"]')).to_have_count(0)
    await page.evaluate("window.isBlocked = false")
    await page.unroute(f"**{MESSAGES}?after=*")
    await expect(page.locator(".row-agent")).to_contain_text("您好")
    assert (await talk(page))[-2:] == ["您好", "有人吗"]


async def test_device_that_slept_notices_at_once_that_its_connection_is_dead(site: Site) -> None:
    """The socket still looks open; without its 25-second sign of life it is not trusted."""
    page = await site.open("/about")
    await page.add_init_script(
        "const Real = WebSocket; window.WebSocket = class extends Real {"
        " set onmessage(hear) { super.onmessage = (event) => this === window.dead || hear(event); window.last = this; } };"
    )
    await page.goto("/")
    await write(page, "一")
    await shows(page, "收到：一")
    await page.evaluate("window.dead = window.last; const now = Date.now; Date.now = () => now() + 60000")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.wait_for_function("window.last !== window.dead")
    await write(page, "二")
    await shows(page, "收到：二")


async def test_late_answer_to_the_old_conversation_stays_out_of_the_new_one(
    site: Site, engine: ScriptedEngine
) -> None:
    page = await site.open("/about")
    await page.add_init_script("delete window.WebSocket; window.WebSocket = class { close() {} }")
    await page.goto("/")
    await write(page, "零")
    await shows(page, "收到：零")
    engine.gate = asyncio.Event()
    await write(page, "旧问题")
    while len(engine.turns) < 2:
        await asyncio.sleep(0.02)
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.get_by_role("button", name="新会话").click()
    await write(page, "新问题")
    engine.gate.set()
    await shows(page, "收到：新问题")
    assert await talk(page) == ["新问题", "收到：新问题"]


async def test_where_websockets_are_blocked_messages_come_all_the_same(site: Site) -> None:
    page = await site.open("/about")
    await page.add_init_script("delete window.WebSocket; window.WebSocket = class { close() {} }")
    await page.goto("/")
    await write(page, "一")
    await shows(page, "收到：一")


async def test_session_that_is_no_longer_known_starts_afresh_and_loses_no_words(site: Site) -> None:
    page = await site.open()
    await page.evaluate("localStorage.setItem('rightsdesk.session', JSON.stringify('forged.token'))")
    await page.reload()
    await write(page, "一")
    await shows(page, "收到：一")
    assert await talk(page) == ["一", "收到：一"]


async def test_new_conversation_forgets_the_old_one_on_this_device(site: Site) -> None:
    page = await site.open()
    await write(page, "我的秘密")
    await shows(page, "收到：我的秘密")
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.get_by_role("button", name="新会话").click()
    await expect(page.locator('[data-entry="message"]')).to_have_count(0)
    await page.reload()
    await expect(page.locator(".hello")).to_be_visible()
    assert await talk(page) == []
