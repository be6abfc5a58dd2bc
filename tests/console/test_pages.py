"""What the pages show."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.services import handoff
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.steps import asks_for_correction

FACTS = {
    "report_type": "rightholder",
    "right": "trademark",
    "right_number": "",
    "respondent": "某某旗舰店",
    "facts": "网店销售假冒我公司商标的水杯",
    "phone": "13800005678",
}


@pytest.fixture
async def ticket(desk):
    """A complaint with the fields of the form."""
    citizen = await Citizen.arrives(desk)
    return (await make_ticket(desk, citizen.conversation_id, facts=FACTS)).ticket


def text_of(page: str) -> str:
    """Return a page's words without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_the_workbench_names_all_lists_and_queues(enter, ticket):
    page = text_of(await (await enter("李明", "supervisor")).page("/console/"))
    for words in ("等待接入", "我的会话", "同事接待", "智能助手接待", "专利", "商标", "著作权", "综合", "李明", "班长", "工作时间"):
        assert words in page


async def test_the_console_opens_without_the_last_slash_too(enter):
    assert "等待接入" in text_of(await (await enter()).page("/console"))


async def test_outside_office_hours_the_next_opening_is_shown(enter, clock):
    clock.at = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    assert "非工作时间 · 11-23 09:00 开始" in text_of(await (await enter()).page("/console/"))


async def test_the_ticket_list_shows_number_status_clock_and_due_instant(enter, ticket):
    page = await (await enter()).page("/console/tickets")
    words = text_of(page)
    for expected in (ticket.number, "已提交", "举报投诉", "未分派", "首次响应", "11-20 15:30"):
        assert expected in words, expected
    assert 'data-level="ok">正常' in page
    assert f'data-due="{ticket.next_due_at.isoformat() if ticket.next_due_at else ""}' in page


async def test_a_late_clock_is_named_so_and_not_only_coloured(enter, ticket, clock):
    clock.move(timedelta(days=3, hours=8))
    assert 'data-level="breached">已超时' in await (await enter()).page("/console/tickets")


async def test_a_due_date_in_a_year_without_calendar_is_marked_provisional(enter, desk, clock):
    clock.at = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)
    ticket = (await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)).ticket
    li = await enter()
    assert "暂定" in text_of(await li.page(f"/console/tickets/{ticket.id}")).split("证据材料")[0]
    assert "年度安排未发布" in text_of(await li.page(f"/console/tickets/{ticket.id}/clocks"))


async def test_the_ticket_page_shows_the_facts_under_the_labels_of_the_form(enter, ticket):
    words = text_of(await (await enter()).page(f"/console/tickets/{ticket.id}"))
    for expected in ("权利类型 商标", "类别 权利人投诉", "被举报人 某某旗舰店", "权利号码 未提供"):
        assert expected in words, expected


async def test_sensitive_facts_are_masked_until_somebody_asks_for_them(enter, ticket):
    page = await (await enter()).page(f"/console/tickets/{ticket.id}")
    assert re.search(r"138\*+5678", page) and 'data-reveal="phone"' in page
    assert "13800005678" not in page


async def test_the_ticket_page_offers_exactly_the_allowed_steps(enter, ticket):
    li = await enter()
    page = await li.page(f"/console/tickets/{ticket.id}")
    assert set(re.findall(r'data-to="(\w+)"', page)) == {
        "accepted", "rejected", "needs_correction", "transferred", "withdrawn",
    }  # fmt: skip
    assert re.search(r'data-to="rejected" data-title="不予受理" data-needs-reason="true"', page)
    assert re.search(r'data-to="accepted" data-title="已受理" data-needs-reason="false"', page)
    await li.post(f"/tickets/{ticket.id}/transitions", {"to": "withdrawn", "version": 1, "reason": "求助人要求"})
    assert "data-to=" not in await li.page(f"/console/tickets/{ticket.id}")


async def test_the_clocks_page_explains_every_clock(enter, ticket):
    page = await (await enter()).page(f"/console/tickets/{ticket.id}/clocks")
    words = text_of(page)
    for expected in ("首次响应", "240 工作分钟", "受理", "7 工作日", "举报投诉时限规则第 1 版", "周末，不计", "到期 "):
        assert expected in words, expected
    assert page.count("<svg width") == 2
    assert 'class="counted"' in page and 'class="weekend"' in page


async def test_a_pause_is_shown_with_its_reason_and_an_open_one_lasts_until_now(enter, desk, ticket, clock):
    li = await enter()
    await asks_for_correction(desk, li.agent, ticket.id)
    clock.move(timedelta(hours=5))
    words = text_of(await li.page(f"/console/tickets/{ticket.id}/clocks"))
    assert "至今 暂停，不计（等待求助人补正）" in words
    assert "已暂停" in words


async def test_a_consultation_left_at_night_shows_what_was_asked(enter, desk, clock):
    clock.at = datetime(2026, 11, 19, 14, 0, tzinfo=UTC)
    citizen = await Citizen.arrives(desk)
    await citizen.sends("平台只给三天，怎么办")
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    li = await enter()
    (card,) = (await li.get("/tickets"))["items"]
    words = text_of(await li.page(f"/console/tickets/{card['id']}"))
    assert "求助人的问题 平台只给三天，怎么办" in words
    assert "提出时间 2026-11-19 22:00" in words
    (item,) = (await li.get("/conversations"))["items"]
    detail = await li.get(f"/conversations/{item['id']}")
    assert detail["status"]["owner"] == "offline_ticket"
    assert detail["tickets"] == [{"number": card["number"]}]


async def test_office_hours_for_countdowns_leave_out_nights_and_weekends(enter):
    frames = (await (await enter()).get("/calendar"))["frames"]
    starts = [datetime.fromtimestamp(opens, UTC) + timedelta(hours=8) for opens, _ in frames]
    assert all(start.weekday() < 5 for start in starts[:60])
    assert frames[0][0] == int(datetime(2026, 11, 20, 2, 0, tzinfo=UTC).timestamp())


async def test_an_unknown_page_says_so_in_chinese(enter):
    answer = await (await enter()).client.get("/console/nothing")
    assert answer.status == 404
    assert "没有找到" in await answer.text()


async def test_a_csrf_token_that_is_not_text_is_refused(stranger):
    """Header and cookie may hold any bytes; clients do not send them, so this one is made by hand."""
    client = (await stranger()).client
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"POST /console/login HTTP/1.1\r\nHost: x\r\nCookie: rightsdesk_login=\xff\r\nX-CSRF-Token: \xfe\r\n"
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    assert b" 403 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
