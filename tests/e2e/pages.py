"""Drivers of the pages: what a citizen and an agent do, and what they must see."""

import re
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 860}


class Watch:
    """Notes what no page of ours may do: fail in a script, or ask anything of another host."""

    def __init__(self, page: Page, url: str) -> None:
        self._host = urlsplit(url).netloc
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("console", lambda said: said.type == "error" and self.complaints.append(f"console: {said.text}"))
        page.on("request", lambda request: self._check(request.url))

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self._host:
            self.complaints.append(f"outside: {url}")


async def open_context(browser: Browser, size: dict[str, int], *, still: bool = False) -> BrowserContext:
    """A browser profile of its own: a phone is touched, a desktop is not; `still` asks for no motion."""
    is_phone = size["width"] < 600
    return await browser.new_context(
        viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai",
        has_touch=is_phone, is_mobile=is_phone, device_scale_factor=2 if is_phone else 1,
        reduced_motion="reduce" if still else "no-preference",
    )  # fmt: skip


class ChatPage:
    """The chat as a citizen uses it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.watch = Watch(page, url)
        self._url = url
        self.log = page.locator("#log")
        self.strip = page.locator("#strip")

    @classmethod
    async def open(
        cls, browser: Browser, url: str, size: dict[str, int], *, still: bool = False
    ) -> "ChatPage":
        context = await open_context(browser, size, still=still)
        chat = cls(await context.new_page(), url)
        await chat.page.goto(f"{url}/")
        return chat

    async def say(self, text: str, reply: str | re.Pattern[str]) -> Locator:
        """Type, send, and wait until the last message of the other side holds `reply`; returns it."""
        await self.write(text)
        return await self.hears(reply)

    async def write(self, text: str) -> None:
        """Type and send."""
        await self.page.fill("#text", text)
        await self.page.press("#text", "Enter")

    async def press(self, title: str, reply: str | re.Pattern[str]) -> Locator:
        """Press a quick reply under the last message and wait as `say` does."""
        await self.log.get_by_role("button", name=title, exact=True).click()
        return await self.hears(reply)

    async def hears(self, reply: str | re.Pattern[str]) -> Locator:
        """Wait until the last message is not the citizen's and holds these words."""
        last = self.log.locator('[data-entry="message"]').last
        await expect(last).to_contain_text(reply)
        await expect(last).not_to_have_class(re.compile("row-citizen"))
        return last

    async def is_handled_by(self, who: str) -> None:
        """Wait until the strip says who answers: bot, queued or human."""
        await expect(self.strip).to_have_attribute("data-handled", who)

    async def shown(self) -> list[tuple[int, str]]:
        """Return (seq, text) of all messages in the order of the page."""
        rows = self.log.locator('[data-entry="message"]')
        return await rows.evaluate_all("rows => rows.map(row => [Number(row.dataset.seq), row.innerText])")

    async def is_settled(self) -> None:
        """Wait until nothing is on its way."""
        await expect(self.log.locator('[data-entry="pending"], [data-entry="typing"]')).to_have_count(0)

    async def check_order(self) -> None:
        """No message is there twice, and they stand in their order."""
        numbers = [seq for seq, _ in await self.shown()]
        assert numbers == sorted(set(numbers)), numbers

    async def fits(self) -> None:
        """Nothing sticks out of the page sideways."""
        wider = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, f"{wider} px too wide"


class ConsolePage:
    """The workbench as an agent uses it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.watch = Watch(page, url)
        self._url = url
        self.log = page.locator("#log")

    @classmethod
    async def open(
        cls, browser: Browser, url: str, size: dict[str, int], *, still: bool = False
    ) -> "ConsolePage":
        context = await open_context(browser, size, still=still)
        console = cls(await context.new_page(), url)
        await console.page.goto(f"{url}/console/")
        return console

    async def log_in(self, login: str, password: str) -> None:
        """Fill in the login form."""
        await self.page.fill("#login", login)
        await self.page.fill("#password", password)
        await self.page.get_by_role("button", name="登录", exact=True).click()

    async def change_password(self, current: str, new: str) -> None:
        """Fill in the form that a one-time password leads to."""
        await expect(self.page.get_by_role("heading", name="设置新密码")).to_be_visible()
        await self.page.fill("#current", current)
        await self.page.fill("#new", new)
        await self.page.fill("#again", new)
        await self.page.get_by_role("button", name="保存并继续").click()
        await expect(self.page.locator("#rows")).to_have_attribute("aria-busy", "false")
        await expect(self.page.locator("#live")).to_have_attribute("data-state", "open")

    def waiting(self, words: str) -> Locator:
        """The line of the waiting conversation whose last message holds these words."""
        return self.page.locator("#rows button.row", has_text=words)

    async def claim(self, words: str) -> None:
        """Open a waiting conversation and take it."""
        await self.waiting(words).click()
        await self.page.locator("#claim").click()
        await expect(self.page.locator("#hand-back")).to_be_visible()

    async def reply(self, text: str) -> None:
        """Write to the citizen and wait until it is stored."""
        await self.page.fill("#words-box", text)
        await self.page.locator("#send").click()
        await expect(self.log.locator('.msg.agent:not([data-seq=""])', has_text=text)).to_have_count(1)
        await expect(self.log.locator(".msg.agent", has_text=text)).to_have_count(1)

    async def hears(self, text: str) -> None:
        """Wait for a message of the citizen."""
        await expect(self.log.locator(".msg.citizen", has_text=text)).to_have_count(1)

    async def hand_back(self) -> None:
        """Give the conversation back to the bot."""
        await self.page.locator("#hand-back").click()
        await self.page.locator("#confirm-yes").click()
        await expect(self.page.locator("#hand-back")).to_be_hidden()

