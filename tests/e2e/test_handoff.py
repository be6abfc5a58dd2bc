"""A citizen asks for a person; the agent talks to them live and hands them back to the bot."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.pages import DESKTOP, PHONE, ChatPage, ConsolePage
from tests.e2e.system import System

pytestmark = [pytest.mark.engine, pytest.mark.browser]

NEW_PASSWORD = "知产维权-2026-长密码"


def first_login(system: System) -> tuple[str, str]:
    """The account that the very first start printed."""
    assert system.first_login, "the first start printed no login"
    return system.first_login


def added_login(system: System) -> tuple[str, str]:
    """An account added on the command line."""
    return system.add_agent("wangfang", "王芳")


@pytest.mark.parametrize(
    ("size", "account"),
    [pytest.param(DESKTOP, first_login, id="desktop"), pytest.param(PHONE, added_login, id="phone")],
)
async def test_a_person_answers_and_hands_back(
    system: System, browser: Browser, size: dict[str, int], account: Callable[[System], tuple[str, str]]
) -> None:
    chat = await ChatPage.open(browser, system.url, size)
    question = f"我的情况比较复杂（{size['width']}）"
    await chat.say("转人工", re.compile("已为您转人工|非工作时间"))
    await chat.is_handled_by("queued")
    await chat.write(question)

    console = await ConsolePage.open(browser, system.url, size)
    login, password = account(system)
    await console.log_in(login, password)
    await console.change_password(password, NEW_PASSWORD)
    await console.claim(question)
    await chat.is_handled_by("human")

    await console.reply("您好，请说一下具体情况。")
    await chat.hears("您好，请说一下具体情况。")
    await chat.write("对方是我的前员工，专利能保护几年？")
    await console.hears("对方是我的前员工，专利能保护几年？")
    await console.reply("好的，已经记下。")
    last = await chat.hears("好的，已经记下。")
    # The bot kept silent: its name stands over nothing since the agent came.
    await expect(last).to_have_class(re.compile("row-agent"))

    await console.hand_back()
    await chat.is_handled_by("bot")
    await chat.hears("交还智能助手")
    await chat.say("外观设计专利权的保护期限是多少年？", "十五年")
    answers = [text for _, text in await chat.shown() if "十五年" in text]
    assert len(answers) == 1, answers
    await chat.check_order()
    await console.page.context.close()
    assert chat.watch.complaints == []
    assert console.watch.complaints == []
