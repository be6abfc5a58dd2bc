"""Real browsers in front of a real gateway, and what a citizen does in them."""

import shutil

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic", "--no-first-run",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: On a busy machine with two cores; a condition that holds is seen at once.
PATIENCE_MS = 20_000
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}

needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]


class Site:
    """A running gateway, whose pages are watched."""

    def __init__(self, browser: Browser, server: TestServer, app: web.Application) -> None:
        self.browser = browser
        self.server = server
        self.app = app
        self.complaints: list[str] = []

    async def open(self, path: str = "/", size: dict[str, int] = PHONE, **options: object) -> Page:
        """Open a page in a profile of its own."""
        context = await self.browser.new_context(
            viewport=size, base_url=str(self.server.make_url("/")), locale="zh-CN", **options
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda m: self.complaints.append(m.text) if "Content Security" in m.text else None)
        page.on("request", lambda request: self._check_host(request.url))
        await page.goto(path)
        return page

    def _check_host(self, url: str) -> None:
        if not url.startswith((str(self.server.make_url("/")), "ws://127.0.0.1", "data:")):
            self.complaints.append(f"outside: {url}")


async def write(page: Page, text: str) -> None:
    """Type and send."""
    await page.fill("#text", text)
    await page.press("#text", "Enter")


async def talk(page: Page) -> list[str]:
    """Return the words of the bubbles, in the order of the page."""
    bubbles = page.locator('[data-entry="message"] .bubble')
    return [text.removeprefix("您：").strip() for text in await bubbles.all_inner_texts()]


async def shows(page: Page, text: str) -> None:
    """Wait until the last message holds these words."""
    await expect(page.locator('[data-entry="message"]').last).to_contain_text(text)
