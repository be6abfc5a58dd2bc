"""The route advisor asks what it needs and puts the fitting way first."""

import pytest

from bot.tools.model import Result
from bot.tools.route import ASPECTS, RouteTool
from tests.tools.conftest import FIRST_NEW_DAY, LAST_OLD_DAY, TODAY


@pytest.fixture(scope="module")
def tool(sources) -> RouteTool:
    return RouteTool(sources)


def infringed(right: str, where: str, goal: str, known: str = "yes") -> dict[str, str]:
    return {"right": right, "matter": "infringed", "where": where, "goal": goal, "known": known}


@pytest.mark.parametrize(
    ("given", "first"),
    [
        (infringed("trademark", "online", "stop"), "platform_notice"),
        (infringed("trademark", "market", "stop"), "trademark_complaint"),
        (infringed("trademark", "market", "money"), "court"),
        (infringed("trademark", "border", "stop"), "customs"),
        (infringed("patent", "market", "stop"), "patent_ruling"),
        (infringed("patent", "market", "money"), "court"),
        (infringed("patent", "market", "quick"), "mediation"),
        (infringed("patent", "exhibition", "stop"), "exhibition_site"),
        (infringed("copyright", "market", "punish", "no"), "copyright_complaint"),
        (infringed("trade_secret", "other", "punish"), "aucl_complaint"),
        (infringed("layout_design", "market", "stop"), "layout_ruling"),
        (infringed("plant_variety", "market", "stop"), "variety_complaint"),
        ({"right": "patent", "matter": "infringed", "where": "abroad", "goal": "stop"}, "overseas"),
        ({"right": "trademark", "matter": "accused", "where": "online"}, "counter_notice"),
        ({"right": "patent", "matter": "accused", "where": "border"}, "customs_response"),
        ({"right": "patent", "matter": "ownership"}, "court"),
        ({"right": "trademark", "matter": "squatting"}, "opposition"),
        ({"right": "trademark", "matter": "agency"}, "agency_complaint"),
        ({"right": "trademark", "matter": "decision", "decision": "refused"}, "reexamination"),
        ({"right": "patent", "matter": "decision", "decision": "ruling"}, "ruling_suit"),
        ({"right": "copyright", "matter": "decision", "decision": "inaction"}, "reconsideration"),
    ],
)
def test_first_route(tool: RouteTool, given: dict[str, str], first: str) -> None:
    result = tool.step(given, today=TODAY)
    assert isinstance(result, Result)
    assert result.data["recommended"] == first
    assert result.data["routes"][0]["title"] in result.short


def test_questions_come_one_after_the_other(tool: RouteTool) -> None:
    given = infringed("patent", "market", "stop")
    for number, field in enumerate(given):
        question = tool.step(dict(list(given.items())[:number]), today=TODAY)
        assert question.field == field


def test_squatting_is_offered_for_trade_marks_only(tool: RouteTool) -> None:
    titles = {
        right: [c.value for c in tool.step({"right": right}, today=TODAY).choices]
        for right in ("patent", "trademark")
    }
    assert "squatting" in titles["trademark"] and "squatting" not in titles["patent"]


def test_routes_are_compared_aspect_by_aspect(tool: RouteTool) -> None:
    routes = tool.step(infringed("patent", "market", "stop"), today=TODAY).data["routes"]
    assert len(routes) >= 3
    assert all(set(route) == {"id", "title", "gist", *ASPECTS} for route in routes)
    ruling = routes[0]
    assert any("三个月内结案" in part["text"] for part in ruling["time"])
    assert {"law_id": "patent-law-2020", "law": "专利法", "article": "第六十五条"} in ruling["cannot"][0][
        "citations"
    ]


def test_unknown_other_side_moves_the_court_down(tool: RouteTool) -> None:
    def place(known: str) -> int:
        result = tool.step(infringed("trademark", "market", "stop", known), today=TODAY)
        ids = [route["id"] for route in result.data["routes"]]
        return ids.index("court") if "court" in ids else len(ids)

    assert place("no") > place("yes")


def test_opposition_period_is_that_of_the_day(tool: RouteTool) -> None:
    squatting = {"right": "trademark", "matter": "squatting"}
    before, after = (tool.step(squatting, today=day).details for day in (LAST_OLD_DAY, FIRST_NEW_DAY))
    assert "自初步审定公告之日起三个月内（《商标法》第三十三条）" in before
    assert "自初步审定公告之日起二个月内（《商标法（2026修订）》第三十六条）" in after
    assert "公告之日起三个月内" not in after and "公告之日起二个月内" not in before


def test_sentence_tells_what_it_names(tool: RouteTool) -> None:
    told = tool.read("网店卖仿造我专利的产品，我想要赔偿", today=TODAY)
    assert told == {"right": "patent", "matter": "infringed", "where": "online", "goal": "money"}
    assert tool.read("你好", today=TODAY) == {}


def test_answer_that_does_not_go_with_an_earlier_one_is_not_read(tool: RouteTool) -> None:
    assert "matter" not in tool.read("著作权被抢注", today=TODAY)
