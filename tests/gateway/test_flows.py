"""Flowcharts on the citizen's site: a picture and a page, right for the day."""

import xml.etree.ElementTree as ElementTree

import pytest
from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from bot.tools.flow import FlowTool

FLOW = "/flow/trademark_registration"


async def test_picture_is_an_svg_that_runs_nothing(client: TestClient) -> None:
    response = await client.get(f"{FLOW}.svg")
    assert response.status == 200 and response.content_type == "image/svg+xml"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in response.headers["Cache-Control"]
    ElementTree.fromstring(await response.text())


@pytest.mark.parametrize(("day", "words"), [("2026-12-31", "公告三个月"), ("2027-01-01", "公告二个月")])
async def test_picture_is_that_of_the_day(client: TestClient, day: str, words: str) -> None:
    response = await client.get(f"{FLOW}.svg", params={"on": day})
    assert words in await response.text()


async def test_addresses_that_results_name_are_served(client: TestClient, desk: Desk) -> None:
    tool = desk.tools.get("flow")
    assert isinstance(tool, FlowTool)
    today = desk.office.calendar.local_date(desk.clock())
    for flow in tool.flows:
        result = tool.step({"flow": flow}, today=today)
        assert (await client.get(result.picture)).status == 200
        assert (await client.get(result.picture.replace(".svg", ""))).status == 200


async def test_page_has_steps_branches_and_provisions(client: TestClient) -> None:
    text = await (await client.get(FLOW, params={"on": "2027-01-01"})).text()
    assert "商标注册咨询流程" in text and f'src="{FLOW}.svg?on=2027-01-01"' in text
    assert "分支：被驳回，结束" in text and "分支：有人异议，转第11步" in text
    assert "《商标法（2026修订）》第三十六条" in text


@pytest.mark.parametrize(
    "path", ["/flow/nothing", "/flow/nothing.svg", f"{FLOW}.svg?on=2001-01-01", f"{FLOW}?on=2001-01-01"]
)
async def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    assert (await client.get(path)).status == 404


@pytest.mark.parametrize("day", ["morgen", "2026-13-01", "99999-01-01"])
async def test_day_that_cannot_be_read_is_refused(client: TestClient, day: str) -> None:
    assert (await client.get(f"{FLOW}.svg", params={"on": day})).status == 400
    assert (await client.get(FLOW, params={"on": day})).status == 400
