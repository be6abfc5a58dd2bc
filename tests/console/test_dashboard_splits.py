"""First responses, deflection and load by right, region and channel, on the dashboard and in its files."""

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from bot.bootstrap import Desk
from tests.console.conftest import Enter
from tests.console.test_satisfaction import HANGZHOU, SHENZHEN, TODAY, rows_of, tables_of
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.handoffs import asks_for_human, claims, replies
from tests.support.ratings import resolved

TITLES = [
    f"{what}：{by}" for what in ("工单首次响应（小时）", "转人工首次响应（分钟）", "独立解决") for by in ("按权利类型", "按地区", "按渠道")
]


@pytest.fixture
async def matters(desk: Desk) -> None:
    """In each city a ticket that was answered and a talk with a person; and somebody whom the assistant helped alone."""
    agent = await make_agent(desk)
    for minutes, right, region in ((6, "patent", HANGZHOU), (12, "trademark", SHENZHEN)):
        await resolved(desk, agent, right=right, region=region)
        citizen = await Citizen.arrives(desk)
        await citizen.says("您好")
        await make_ticket(desk, citizen.conversation_id, facts={"right": right, "region": region})
        await asks_for_human(desk, citizen)
        await claims(desk, agent, citizen)
        desk.clock.move(timedelta(minutes=minutes))
        await replies(desk, agent, citizen, "您好")
    await (await Citizen.arrives(desk)).says("商标续展怎么办")


async def test_the_dashboard_splits_waits_deflection_and_load(enter: Enter, desk: Desk, matters: None) -> None:
    page = await (await enter("赵强", "supervisor")).page(f"/console/dashboard?{TODAY}")
    assert rows_of(page, "工单首次响应（小时）：按权利类型") == [["专利", "0.0", "0.0", "1", "2"], ["商标", "0.0", "0.0", "1", "2"]]
    assert sorted(rows_of(page, "转人工首次响应（分钟）：按地区")) == [
        [SHENZHEN, "12.0", "12.0", "1", "1"], [HANGZHOU, "6.0", "6.0", "1", "1"]
    ]  # fmt: skip
    assert rows_of(page, "转人工首次响应（分钟）：按渠道") == [["网页", "6.0", "12.0", "2", "2"]]
    assert ["未知", "100.0", "1", "1"] in rows_of(page, "独立解决：按地区")
    assert rows_of(page, "独立解决：按渠道") == [["网页", "33.3", "1", "3"]]
    assert rows_of(page, "全部来往：按渠道") == [["网页", "3", "2", "4", "2"]]
    # All that was promised of the finished one was kept; nothing is known yet of the other.
    assert rows_of(page, "登记：按权利类型")[0] == ["专利", "2", "1", "100.0", "3", "0"]


async def test_a_long_table_is_cut_on_the_page_until_it_is_opened_and_whole_in_the_files(enter: Enter, desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    for number in range(17):
        region = f"浙江省杭州市{number}区"
        await make_ticket(desk, citizen.conversation_id, facts={"right": "patent", "region": region, "number": str(number)})
    boss = await enter("赵强", "supervisor")
    page = await boss.page(f"/console/dashboard?{TODAY}")
    table = page[page.index(">登记：按地区</h3>") :].partition("</section>")[0]
    first, _, rest = table.partition('<tbody id="rest-opened_by_region" hidden>')
    assert (first.count('<th scope="row">'), rest.count('<th scope="row">')) == (15, 2)
    assert "显示全部 17 行" in table and "显示全部" not in page[: page.index(">登记：按地区</h3>")]
    assert len((await tables_of(boss, TODAY))["登记：按地区"]) == 1 + 17
    answer = await boss.client.get(f"/console/exports/dashboard.xlsx?{TODAY}")
    sheet = load_workbook(io.BytesIO(await answer.read()))["登记：按地区"]
    assert sheet.max_row == 1 + 17


async def test_a_supervisor_of_one_city_sees_its_waits_only(enter: Enter, desk: Desk, matters: None) -> None:
    li = await enter("李明", "supervisor", ["330100"])
    page, tables = await li.page(f"/console/dashboard?{TODAY}"), await tables_of(li, TODAY)
    assert SHENZHEN not in page and SHENZHEN not in str(tables)
    assert rows_of(page, "转人工首次响应（分钟）：按渠道") == [["网页", "6.0", "6.0", "1", "1"]]
    assert tables["独立解决：按渠道"][1:] == [["网页", "50.0", "1", "2"]]
    assert tables["全部来往：按渠道"][1:] == [["网页", "2", "1", "2", "1"]]


async def test_the_files_hold_the_same_splits(enter: Enter, desk: Desk, matters: None) -> None:
    boss = await enter("赵强", "supervisor")
    page, tables = await boss.page(f"/console/dashboard?{TODAY}"), await tables_of(boss, TODAY)
    for title in (*TITLES, "全部来往：按渠道"):
        assert tables[title][1:] == rows_of(page, title) != [], title
    answer = await boss.client.get(f"/console/exports/dashboard.xlsx?{TODAY}")
    book = load_workbook(io.BytesIO(await answer.read()))
    assert set(TITLES) <= set(book.sheetnames)
    assert [cell.value for cell in book["转人工首次响应（分钟）：按渠道"][2]] == ["网页", 6, 12, 2, 2]
