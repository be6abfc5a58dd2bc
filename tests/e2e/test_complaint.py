"""A citizen asks, gets a cited answer, files a complaint, follows its ticket; on a phone and at a desk."""

import re

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.e2e.pages import DESKTOP, PHONE, ChatPage
from tests.e2e.system import System

pytestmark = [pytest.mark.engine, pytest.mark.browser]

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 500


@pytest.mark.parametrize("size", [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop")])
async def test_from_the_question_to_the_tracked_ticket(
    system: System, browser: Browser, size: dict[str, int]
) -> None:
    chat = await ChatPage.open(browser, system.url, size)
    await asks_and_checks_the_sources(chat)
    await files_a_complaint(chat)
    number, code = await reads_the_ticket_card(chat)
    await uploads_evidence(chat)
    await chat.fits()
    await chat.check_order()
    if size is PHONE:
        await chat.page.get_by_role("link", name="查看进度").click()
    else:
        await looks_the_ticket_up(chat, number, code)
    await sees_the_ticket(chat, number)
    await chat.fits()
    assert chat.watch.complaints == []


async def asks_and_checks_the_sources(chat: ChatPage) -> None:
    """A legal answer names law, article and date; the provision unfolds."""
    reply = await chat.say("外观设计专利权的保护期限是多少年？", "十五年")
    sources = reply.locator("summary", has_text="法律依据")
    await sources.click()
    provision = reply.locator(".sources li").first
    await expect(provision).to_contain_text("《专利法》第四十二条")
    await expect(provision).to_contain_text("2021年6月1日 起施行")
    quote = provision.locator("blockquote")
    await expect(quote).to_be_hidden()
    await provision.locator("summary").click()
    await expect(quote).to_be_visible()
    await expect(quote).to_contain_text("十五年")


async def files_a_complaint(chat: ChatPage) -> None:
    """The whole form: a question in between, a wrong phone, a correction of an earlier field."""
    await chat.say("我要举报投诉", "您这次是哪一种情况")
    await chat.press("权利人投诉", "涉及哪一类知识产权")
    await chat.press("商标", "对方做了什么")
    await chat.press("商标侵权", "您和这项权利是什么关系")
    await chat.press("权利人", "您知道权利号码吗")
    await chat.say("注册号12345678", "这项权利叫什么名称")
    await chat.say("好运来", "权利现在是什么情况")
    await chat.press("跳过", "证明权利的材料")
    await chat.press("权利证书或注册证", "对方是谁")
    await chat.say("某某平台“好运来旗舰店”", "您还知道对方的哪些情况")
    await chat.press("跳过", "事情发生在什么场所")
    await chat.press("网络平台", "在哪个平台、哪家店")
    await chat.press("跳过", "事情发生在哪里")

    # A legal question in the middle is answered, and the form goes on where it was.
    await chat.say("注册商标的有效期是多少年？", "事情发生在哪里")
    await expect(chat.log.locator(".answer").last).to_contain_text("十年，自核准注册之日起")

    await chat.say("浙江杭州", "是什么时候发生的")
    await chat.say("2026年10月", "现在还在继续吗")
    await chat.press("还在继续", "请说说经过")
    facts = "在店里买到两双鞋，每双99元，鞋上的商标和我们的注册商标一样，但不是我们生产的。"
    await chat.say(facts, "是什么商品或服务")
    # What may be skipped is skipped at once, here and further down.
    await chat.press("其余跳过", "法院、仲裁机构或别的部门受理过吗")
    await chat.press("没有", "您同意我们收集、保存这些信息吗")
    await chat.press("同意收集和保存", "您是以什么身份提交")
    await chat.press("企业", "怎么称呼您")
    await chat.say("某某鞋业有限公司", "单位里谁负责和我们联系")
    await chat.say("张三", "联系到您的电话")

    await chat.say("1390013900", "电话")
    await expect(chat.log).to_contain_text("电话号码少了几位。手机号是11位，例如")
    await chat.say("13900139000", "您的身份可以让对方知道")
    await chat.press("可以公开", "结果要告诉您吗")
    await chat.press("电话或短信", "转送过去吗")
    await chat.press("同意转送", "您是否承诺所填内容真实")
    await chat.press("我承诺", "确认提交")

    # A correction of an earlier field changes the summary and nothing else.
    await chat.say("地区改成江苏苏州", re.compile("江苏.*苏州"))
    await chat.press("确认提交", re.compile("工单|登记"))


async def reads_the_ticket_card(chat: ChatPage) -> tuple[str, str]:
    """The card shows number and query code."""
    card = chat.log.locator(".slip", has_text="工单已登记")
    await expect(card).to_have_count(1)
    number = await _field(card, "工单编号")
    code = await _field(card, "查询码")
    assert re.fullmatch(r"TS\d{13}", number), number
    assert len(code.replace("-", "")) == 8, code
    return number, code


async def _field(card: Locator, label: str) -> str:
    return (await card.locator(f"dt:text-is('{label}') + dd").inner_text()).strip()


async def uploads_evidence(chat: ChatPage) -> None:
    """A file gets a receipt with its hash, and can be verified."""
    await chat.page.set_input_files("#file", {"name": "鞋底照片.png", "mimeType": "image/png", "buffer": PNG})
    receipt = chat.log.locator(".slip", has_text="材料已存证")
    await expect(receipt).to_contain_text("鞋底照片.png")
    await receipt.get_by_role("button", name="核验").click()
    await expect(receipt).to_contain_text("核验通过")


async def looks_the_ticket_up(chat: ChatPage, number: str, code: str) -> None:
    """By hand: a wrong code opens nothing, the right one does."""
    await chat.page.goto(f"{chat.page.url.rstrip('/')}/t")
    await chat.page.fill("#number", number)
    await chat.page.fill("#code", "AAAA-1111")
    await chat.page.get_by_role("button", name="查询").click()
    await expect(chat.page.locator("#problem")).to_be_visible()
    # The browser itself notes the 404 of the wrong code.
    chat.watch.complaints = [said for said in chat.watch.complaints if "404" not in said]
    await chat.page.fill("#number", number)
    await chat.page.fill("#code", code)
    await chat.page.get_by_role("button", name="查询").click()


async def sees_the_ticket(chat: ChatPage, number: str) -> None:
    """The tracking page says how the ticket stands and what was promised until when."""
    await expect(chat.page.locator("#ticket-title")).to_have_text(number)
    await expect(chat.page.locator(".badge")).to_have_text("已提交")
    dues = chat.page.locator(".dues li")
    await expect(dues.filter(has_text="前首次答复您")).to_have_count(1)
    await expect(dues.filter(has_text="前告知您是否受理")).to_have_count(1)
    await expect(chat.page.locator(".timeline")).to_contain_text("您提交了工单")
    await expect(chat.page.locator(".receipts")).to_contain_text("鞋底照片.png")
    # The code does not stay in the address.
    assert "#" not in chat.page.url
