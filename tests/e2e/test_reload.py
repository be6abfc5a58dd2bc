"""A page that is reloaded, or loses its connection, shows the conversation whole and once."""

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.pages import PHONE, ChatPage
from tests.e2e.system import System

TRADEMARK, TRADEMARK_ANSWER = "注册商标的有效期是多少年？", "十年，自核准注册之日起"
#: The manager waits up to ten seconds after several crashes and the page up to ten between two tries;
#: what goes through brings the live connection back at once.
RECONNECTED_MS = 30_000

pytestmark = [pytest.mark.engine, pytest.mark.browser]


async def test_reload_in_the_middle_of_a_form_restores_it_without_doubles(system: System, browser: Browser) -> None:
    chat = await ChatPage.open(browser, system.url, PHONE)
    await chat.say("外观设计专利权的保护期限是多少年？", "十五年")
    await chat.say("我要举报投诉", "您这次是哪一种情况")
    await chat.press("权利人投诉", "涉及哪一类知识产权")
    await chat.is_settled()
    before = [seq for seq, _ in await chat.shown()]

    await chat.page.reload()

    await chat.hears("涉及哪一类知识产权")
    await chat.is_settled()
    assert [seq for seq, _ in await chat.shown()] == before
    # The choices are there again and the form goes on.
    await chat.press("商标", "对方做了什么")
    await chat.check_order()
    assert chat.watch.complaints == []


async def test_message_sent_while_offline_goes_out_once_when_the_network_is_back(
    system: System, browser: Browser
) -> None:
    chat = await ChatPage.open(browser, system.url, PHONE)
    await chat.say("外观设计专利权的保护期限是多少年？", "十五年")

    await chat.page.context.set_offline(True)
    await expect(chat.page.locator("#offline")).to_be_visible()
    await chat.write(TRADEMARK)
    # A reload without a network would lose the page itself; what is unsent is kept all the same.
    await expect(chat.log.locator('[data-entry="pending"]')).to_have_count(1)
    await chat.page.context.set_offline(False)

    await chat.hears(TRADEMARK_ANSWER)
    await chat.is_settled()
    asked = [text for _, text in await chat.shown() if TRADEMARK in text and "您：" in text]
    assert len(asked) == 1, asked
    await chat.check_order()


async def test_page_that_outlives_the_desk_sends_and_shows_everything_once(system: System, browser: Browser) -> None:
    chat = await ChatPage.open(browser, system.url, PHONE)
    await chat.say("外观设计专利权的保护期限是多少年？", "十五年")

    system.kill_desk()
    await chat.write(TRADEMARK)
    await expect(chat.page.locator("#offline")).to_be_visible()

    last = chat.log.locator('[data-entry="message"]').last
    await expect(last).to_contain_text(TRADEMARK_ANSWER, timeout=RECONNECTED_MS)
    await expect(chat.page.locator("#offline")).to_be_hidden(timeout=RECONNECTED_MS)
    await chat.is_settled()
    shown = [text for _, text in await chat.shown()]
    assert len([text for text in shown if TRADEMARK in text and "您：" in text]) == 1
    assert len([text for text in shown if "十五年" in text]) == 1
    await chat.check_order()
