"""The flowcharts: steps, branches, versions, and the picture."""

import xml.etree.ElementTree as ElementTree
from datetime import date

import pytest

from bot.tools.flow import END, FlowTool
from bot.tools.flow_picture import WIDTH, Box, Drawing, draw, wrap
from tests.tools.conftest import FIRST_NEW_DAY, LAST_OLD_DAY, TODAY

FLOWS = {"trademark_registration": "商标注册咨询流程", "trademark_protection": "商标维权投诉举报流程",
         "patent_infringement": "侵犯专利权纠纷处理流程"}  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def tool(sources) -> FlowTool:
    return FlowTool(sources)


def texts_of(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_there_are_the_three_flows(tool: FlowTool) -> None:
    assert {choice.value: choice.title for choice in tool.step({}, today=TODAY).choices} == FLOWS


@pytest.mark.parametrize("flow", FLOWS)
def test_every_branch_leads_somewhere_later(tool: FlowTool, flow: str) -> None:
    steps = tool.flows[flow].steps
    for number, step in enumerate(steps, start=1):
        if step.kind == "branch" and step.then != END:
            assert tool.flows[flow].number(step.then) > number
    assert steps[-1].kind == END


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("day", [TODAY, FIRST_NEW_DAY], ids=str)
def test_picture_and_words_have_the_same_steps(tool: FlowTool, flow: str, day: date) -> None:
    result = tool.step({"flow": flow}, today=day)
    shown = "".join(texts_of(tool.picture(flow, day)))
    for step in result.data["steps"]:
        assert f"{step['number']}. **{step['title']}**" in result.details
        assert step["title"] in shown


def test_period_of_opposition_is_drawn_as_of_the_day(tool: FlowTool) -> None:
    before, after = (
        "".join(texts_of(tool.picture("trademark_registration", day)))
        for day in (LAST_OLD_DAY, FIRST_NEW_DAY)
    )
    assert "公告三个月" in before and "第三十三条" in before
    assert "公告二个月" in after and "第三十六条" in after and "公告三个月" not in after


def test_address_of_the_picture_names_the_version(tool: FlowTool) -> None:
    def picture(flow: str, day: date) -> str | None:
        return tool.step({"flow": flow}, today=day).picture

    assert picture("trademark_registration", TODAY) == picture("trademark_registration", LAST_OLD_DAY)
    assert (
        picture("trademark_registration", FIRST_NEW_DAY) == "/flow/trademark_registration.svg?on=2027-01-01"
    )
    assert picture("patent_infringement", TODAY) == picture("patent_infringement", FIRST_NEW_DAY)


def test_picture_says_until_when_it_holds(tool: FlowTool) -> None:
    assert "适用到2026年12月31日" in "".join(texts_of(tool.picture("trademark_protection", TODAY)))
    assert "按2027年1月1日起施行的规定绘制" in "".join(
        texts_of(tool.picture("trademark_protection", FIRST_NEW_DAY))
    )


def test_no_picture_of_what_is_not_known(tool: FlowTool) -> None:
    assert tool.picture("nothing", TODAY) is None
    assert tool.picture("patent_infringement", date(2020, 1, 1)) is None


@pytest.mark.parametrize("flow", FLOWS)
def test_picture_runs_nothing_and_fits(tool: FlowTool, flow: str) -> None:
    svg = tool.picture(flow, TODAY)
    root = ElementTree.fromstring(svg)
    allowed = {f"{SVG}{tag}" for tag in ("svg", "title", "rect", "circle", "path", "text")}
    assert {element.tag for element in root.iter()} <= allowed
    assert not [
        name for element in root.iter() for name in element.attrib if name == "style" or name.startswith("on")
    ]
    for element in root.iter(f"{SVG}text"):
        if element.get("text-anchor") != "middle":
            width = sum(1 if ord(char) > 0x2E80 else 0.58 for char in element.text) * float(
                element.get("font-size")
            )
            assert float(element.get("x")) + width <= WIDTH - 8, element.text


def test_words_are_escaped() -> None:
    box = Box(1, "<script>&", "\"'<b>", "", is_branch=False, is_end=False, when="", leads="")
    svg = draw(Drawing("<x>", '"><script>', "&", "<", (box,)))
    assert "<script" not in svg
    ElementTree.fromstring(svg)


@pytest.mark.parametrize("width", [60, 100, 160, 240])
def test_lines_fit_and_punctuation_stays_with_its_words(width: int) -> None:
    text = "收到通知十五日内复审（2027年起为二个月），不服的，三十日内起诉；《商标法》第三十四条。"
    lines = wrap(text, 14, width)
    assert "".join(lines) == text
    assert not [line for line in lines if line[0] in "，。；）》" or line[-1] in "（《"]
    assert all(len(line) * 14 <= width + 28 for line in lines)


def test_latin_words_and_numbers_are_not_torn() -> None:
    assert all("2027" in line or "202" not in line for line in wrap("自2027年起在2027年", 14, 60))


def test_sentence_names_the_flow(tool: FlowTool) -> None:
    assert tool.read("给我看看商标注册流程", today=TODAY) == {"flow": "trademark_registration"}
    assert tool.read("流程图", today=TODAY) == {}
