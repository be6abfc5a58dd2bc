"""Take the pictures of the README: `make screenshots`.

Starts a system of its own in a temporary folder (its office never closes, so that the pictures do not
depend on the hour), lets citizens and an agent do what they do, and writes `docs/images/*.png`.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.citizen import HttpCitizen
from tests.e2e.conftest import CHROMIUM_OPTIONS
from tests.e2e.pages import DESKTOP, PHONE, ChatPage, ConsolePage
from tests.e2e.system import System
from tests.support.models import missing_engine, train_if_stale

IMAGES = Path(__file__).parent / "images"
MAX_BYTES = 400_000
PASSWORD = "screenshots-only-2026"
#: What others ask for who wait for a person while the pictures are taken.
WAITING = (
    "我们收到了一封律师函，说我们的包装侵权，今天就要回复，怎么办？",
    "展会上发现有人展出仿冒我们专利的产品，展会明天就结束了。",
    "前员工带走了客户名单，我想知道要准备哪些证据。",
)
COMPLAINT = (
    ("我要举报投诉", "您这次是哪一种情况"),
    ("权利人投诉", "涉及哪一类知识产权"),
    ("商标", "对方做了什么"),
    ("商标侵权", "您和这项权利是什么关系"),
    ("权利人", "您知道权利号码吗"),
    ("12345678", "这项权利叫什么名称"),
    ("好运来", "权利现在是什么情况"),
    ("有效期到2033年，没有质押", "证明权利的材料"),
    ("权利证书或注册证", "对方是谁"),
    ("某某百货店", "您还知道对方的哪些情况"),
    ("跳过", "事情发生在什么场所"),
    ("网络平台", "在哪个平台、哪家店"),
    ("某某平台“好运来旗舰店”", "事情发生在哪里"),
    ("浙江杭州", "是什么时候发生的"),
    ("2026年10月至今", "请说说经过"),
    (
        "10月12日在该店买到两双运动鞋，每双99元，鞋舌上的商标和我们的注册商标一样，但货号、包装都不是我们的。店铺显示已售三百多双。",
        "是什么商品或服务",
    ),
    ("运动鞋", "单价多少"),
    ("300双，每双99元", "您手上有哪些证据"),
    ("实物两双、付款记录、商品页面截图", "您希望怎么处理"),
    ("停止侵权和下架", "受理过吗"),
    ("没有", "您同意我们收集、保存这些信息吗"),
    ("同意收集和保存", "您是以什么身份提交"),
    ("企业", "怎么称呼您"),
    ("杭州某某鞋业有限公司", "统一社会信用代码"),
    ("其余跳过", "单位里谁负责和我们联系"),
    ("李经理", "联系到您的电话"),
    ("0571-88881234", "您的身份可以让对方知道"),
    ("可以公开", "结果要告诉您吗"),
    ("电话或短信", "转送过去吗"),
    ("同意转送", "您是否承诺所填内容真实"),
    ("我承诺", "确认提交"),
    ("确认提交", "查询码"),
)


async def take(page: Page, name: str) -> None:
    """Write one picture of what the page shows."""
    await page.evaluate("document.fonts.ready")
    path = IMAGES / f"{name}.png"
    await page.screenshot(path=path, animations="disabled", caret="hide")
    size = path.stat().st_size
    print(f"{path.name}  {size / 1000:.0f} kB")
    if size > MAX_BYTES:
        raise SystemExit(f"{path.name} has {size} bytes, more than {MAX_BYTES}")


async def chat_on_a_phone(browser: Browser, url: str) -> None:
    """A question, its answer, the provision unfolded."""
    chat = await ChatPage.open(browser, url, PHONE, still=True)
    reply = await chat.say("外观设计专利权的保护期限是多少年？", "十五年")
    await reply.locator("summary", has_text="法律依据").click()
    await reply.locator(".sources summary").first.click()
    await chat.is_settled()
    await take(chat.page, "chat-phone")
    await chat.page.context.close()


async def chat_at_a_desk(browser: Browser, url: str) -> tuple[str, str]:
    """A complaint from its summary to its ticket; returns number and code."""
    chat = await ChatPage.open(browser, url, DESKTOP, still=True)
    for said, reply in COMPLAINT:
        await chat.say(said, reply)
    card = chat.log.locator(".slip", has_text="工单已登记")
    number, code = [await card.locator("dd.mono").nth(at).inner_text() for at in (0, 1)]
    await chat.is_settled()
    await take(chat.page, "chat-desktop")
    await chat.page.context.close()
    return number.strip(), code.strip()


async def workbench(browser: Browser, system: System) -> ConsolePage:
    """Several people wait; the agent has taken one and talks."""
    console = await ConsolePage.open(browser, system.url, DESKTOP, still=True)
    login, password = system.add_agent("wangfang", "王芳")
    await console.log_in(login, password)
    await console.change_password(password, PASSWORD)
    chat = await ChatPage.open(browser, system.url, PHONE, still=True)
    await chat.say("商标被别人抢先注册了怎么办", re.compile("."))
    await chat.say("转人工", "已为您转人工")
    question = "我们用了八年的店名被别人抢注了，对方还来要转让费。"
    await chat.write(question)
    await console.claim(question)
    await console.reply("您好，您方便说一下最早使用这个店名的时间吗？有没有当时的合同或发票？")
    await chat.hears("最早使用")
    await chat.write("2018年3月开业，租房合同、进货单和点评网站的记录都在。")
    await console.hears("2018年3月")
    await console.reply("很好，这些都能证明在先使用。请把租房合同拍照发上来，我先帮您登记维权援助。")
    await take(console.page, "console-workbench")
    await chat.page.context.close()
    return console


async def ticket_page(console: ConsolePage, url: str, number: str) -> None:
    """The agent accepts the complaint and answers."""
    page = console.page
    await page.goto(f"{url}/console/tickets/number/{number}")
    await page.locator("button[data-to=accepted]").click()
    await page.locator("#step-form button[type=submit]").click()
    await expect(page.locator("button[data-to=in_progress]")).to_be_visible()
    await page.locator("#write #words-box").fill("已收到您的投诉并受理，已联系平台调取店铺经营者信息，三个工作日内告知进展。")
    await page.locator("#write button[type=submit]").click()
    await expect(page.locator(".timeline")).to_contain_text("三个工作日内")
    await page.evaluate("scrollTo(0, 0)")
    await take(page, "console-ticket")


async def tracking_on_a_phone(browser: Browser, url: str, number: str, code: str) -> None:
    """What the citizen sees of it."""
    chat = await ChatPage.open(browser, url, PHONE, still=True)
    await chat.page.goto(f"{url}/t?n={number}#c={code}")
    await expect(chat.page.locator("#ticket-title")).to_have_text(number)
    await take(chat.page, "tracking-phone")
    await chat.page.context.close()


async def take_all(system: System, chromium: str) -> None:
    """Take every picture."""
    expect.set_options(timeout=20_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        await chat_on_a_phone(browser, system.url)
        number, code = await chat_at_a_desk(browser, system.url)
        for text in WAITING:
            async with HttpCitizen(system.url) as citizen:
                await citizen.say("转人工")
                await citizen.say(text)
        console = await workbench(browser, system)
        await ticket_page(console, system.url, number)
        await tracking_on_a_phone(browser, system.url, number, code)
        await browser.close()


def main() -> None:
    """Start a system, take the pictures, take the system down."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("Chromium is not installed (Debian: apt-get install chromium fonts-noto-cjk)")
    if reason := missing_engine():
        raise SystemExit(reason)
    train_if_stale()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rightsdesk-pictures-") as folder:
        system = System(Path(folder))
        done = system.up()
        try:
            if done.returncode != 0:
                raise SystemExit(done.stdout + done.stderr)
            asyncio.run(take_all(system, chromium))
        finally:
            system.down()


if __name__ == "__main__":
    main()
