"""How satisfied citizens are, on the dashboard and in its files."""

import csv
import io
import re

from openpyxl import load_workbook

from bot.bootstrap import Desk
from tests.console.conftest import Enter
from tests.console.driver import StaffClient
from tests.support.builders import make_agent
from tests.support.citizens import Citizen
from tests.support.ratings import resolved, talked

HANGZHOU, SHENZHEN = "浙江省杭州市西湖区", "广东省深圳市南山区"
TODAY = "from=2026-11-20&to=2026-11-20"


async def rated_matters(desk: Desk) -> None:
    """Two rated tickets, one in each city, one that nobody rated, and a rated talk."""
    agent = await make_agent(desk)
    await resolved(desk, agent, 5, right="patent", region=HANGZHOU)
    await resolved(desk, agent, 2, right="trademark", region=SHENZHEN)
    await resolved(desk, agent, right="patent", region=HANGZHOU)
    await talked(desk, agent, await Citizen.arrives(desk), 4)


async def section_of(browser: StaffClient, query: str = TODAY) -> str:
    """The dashboard's part on satisfaction, its tile first, as text between tags."""
    page = await browser.page(f"/console/dashboard?{query}")
    tile = page[page.index("<dt>满意度</dt>") : page.index("</dl>")]
    return tile + page[page.index("<h2>满意度</h2>") : page.index("<h2>现在手上的事项</h2>")]


def rows_of(section: str, title: str) -> list[list[str]]:
    """The cells of a table's rows."""
    table = section[section.index(f">{title}</h3>") :]
    rows = re.findall(r"<tr><th scope=\"row\".*?</tr>", table[: table.index("</section>")], re.DOTALL)
    return [[cell for cell in re.findall(r">([^<>]+)<", row) if cell.strip()] for row in rows]


async def tables_of(browser: StaffClient, query: str = TODAY) -> dict[str, list[list[str]]]:
    """The tables of the CSV file by title."""
    answer = await browser.client.get(f"/console/exports/dashboard.csv?{query}")
    tables: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for row in csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))):
        if len(row) == 1:
            rows = tables[row[0]] = []
        elif row:
            rows.append(row)
    return tables


async def test_the_dashboard_shows_tile_chart_and_tables(enter: Enter, desk: Desk) -> None:
    await rated_matters(desk)
    section = await section_of(await enter("赵强", "supervisor"))
    assert "3.67 分" in section and "邀请评价 4 次，已评价 3 次（75%）" in section
    assert section.count('<circle class="dot s1"') == section.count('<circle class="dot s2"') == 1
    assert 'role="img" aria-label="工单与人工会话每天的平均分，数值见下表"' in section
    assert rows_of(section, "满意度：每天") == [["2026-11-20", "3.5", "2", "3", "4.0", "1", "1"]]
    assert rows_of(section, "满意度：按分数")[:2] == [["5 分（很满意）", "1", "33.3"], ["4 分（满意）", "1", "33.3"]]
    kinds = rows_of(section, "满意度：按评价对象")
    assert kinds[0] == ["工单", "3.5", "2", "3", "66.7", "1", "0", "0", "1", "0"]
    assert kinds[1] == ["人工会话", "4.0", "1", "1", "100.0", "0", "1", "0", "0", "0"]
    assert [row[0] for row in rows_of(section, "满意度：按权利类型")] == ["专利", "商标", "未填或没有工单"]
    assert rows_of(section, "满意度：按渠道")[0][:4] == ["网页", "3.67", "3", "4"]


async def test_a_supervisor_of_one_city_sees_its_ratings_only(enter: Enter, desk: Desk) -> None:
    await rated_matters(desk)
    li = await enter("李明", "supervisor", ["330100"])
    section, tables = await section_of(li), await tables_of(li)
    assert SHENZHEN not in section and "邀请评价 3 次，已评价 2 次" in section
    assert rows_of(section, "满意度：按评价对象")[0][1:4] == ["5.0", "1", "2"]
    assert [row[0] for row in tables["满意度：按地区"][1:]] == [HANGZHOU, "未填或没有工单"]


async def test_a_period_without_ratings_says_so(enter: Enter, desk: Desk) -> None:
    await rated_matters(desk)
    boss, query = await enter("赵强", "supervisor"), "from=2020-01-01&to=2020-01-03"
    section, tables = await section_of(boss, query), await tables_of(boss, query)
    assert section.count("这段时间没有邀请求助人评价") == 2 and "<circle" not in section
    assert ["满意度", "无", "这段时间没有邀请求助人评价"] in tables["概览"]
    assert tables["满意度：每天"][1] == ["2020-01-01", "", "0", "0", "", "0", "0"]


async def test_asked_and_not_answered_says_so(enter: Enter, desk: Desk) -> None:
    await resolved(desk, await make_agent(desk), right="patent")
    section = await section_of(await enter("赵强", "supervisor"))
    assert "邀请评价 1 次，已评价 0 次（0%）" in section and "还没有求助人作答" in section and "None" not in section
    assert rows_of(section, "满意度：按权利类型") == [["专利", "—", "0", "1", "0.0", "0", "0", "0", "0", "0"]]


async def test_the_files_hold_what_the_page_shows(enter: Enter, desk: Desk) -> None:
    await rated_matters(desk)
    boss = await enter("赵强", "supervisor")
    section, tables = await section_of(boss), await tables_of(boss)
    for title in ("满意度：每天", "满意度：按分数", "满意度：按评价对象", "满意度：按权利类型", "满意度：按地区", "满意度：按渠道"):
        assert tables[title][1:] == rows_of(section, title), title
    answer = await boss.client.get(f"/console/exports/dashboard.xlsx?{TODAY}")
    book = load_workbook(io.BytesIO(await answer.read()))
    assert book.sheetnames[-1] == "回访结果"
    assert [cell.value for cell in book["满意度：按评价对象"][2]][:4] == ["工单", 3.5, 2, 3]
