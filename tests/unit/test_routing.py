"""Whose matter it is, how urgent it is, who could take it: each decision with its reasons."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.helpdesk.routing import (
    Candidate,
    Centre,
    Matter,
    Place,
    Route,
    RoutingRules,
    Signal,
    Urgency,
    language_of,
    route,
    suited,
)
from bot.knowledge.routing import RoutingInvalid, load_routing
from bot.settings import PROJECT_ROOT

HERE = Centre("main", "杭州中心", ("3301",))
PROVINCE = Centre("zhejiang", "浙江中心", ("33",))
DISTRICT = Centre("xihu", "西湖分中心", ("330106",), queues=frozenset({"trademark"}))
RULES = RoutingRules(
    "main",
    {centre.id: centre for centre in (HERE, PROVINCE, DISTRICT)},
    (
        Signal(Urgency.URGENT, "evidence_lost", words=re.compile("销毁证据")),
        Signal(Urgency.HIGH, "exhibition", fields={"venue": frozenset({"exhibition"})}),
        Signal(Urgency.HIGH, "large", amount_from=Decimal(50000)),
    ),
)
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SHIPPED = load_routing(PROJECT_ROOT / "knowledge_base")


def routed(*codes: str, right: str = "trademark", **matter: object) -> Route:
    places = tuple(Place("act", code, code) for code in codes)
    return route(Matter(right=right, places=places, **matter), RULES)


@pytest.mark.parametrize(
    ("code", "right", "centre"),
    [
        ("330106", "trademark", "xihu"),
        ("330106", "patent", "main"),
        ("330105", "trademark", "main"),
        ("330700", "patent", "zhejiang"),
        ("330000", "patent", "zhejiang"),
        ("440100", "patent", "main"),
    ],
)
def test_the_smallest_division_with_the_queue_takes_the_matter(code: str, right: str, centre: str) -> None:
    found = routed(code, right=right)
    assert found.centre.id == centre
    assert found.is_ours == (centre == "main")


def test_the_first_source_that_some_centre_serves_decides() -> None:
    found = routed("440100", "330700")
    assert (found.centre.id, found.region) == ("zhejiang", "330700")
    assert found.reasons[0].code == "place"


def test_between_two_that_serve_a_place_equally_ours_takes_it() -> None:
    rules = RoutingRules("b", {"a": Centre("a", "甲", ("33",)), "b": Centre("b", "乙", ("33",))})
    assert route(Matter(right=None, places=(Place("home", "330100"),)), rules).centre.id == "b"


def test_without_a_place_the_matter_is_ours_and_the_reason_says_so() -> None:
    found = routed()
    assert (found.centre.id, found.reasons[0].code, found.region) == ("main", "place_unknown", None)
    assert routed("440100").reasons[0].code == "place_unserved"


@pytest.mark.parametrize(
    ("matter", "urgency", "signals"),
    [
        ({}, "normal", []),
        ({"told": "他们正在销毁证据"}, "urgent", ["evidence_lost"]),
        ({"values": {"venue": "exhibition"}}, "high", ["exhibition"]),
        ({"amount": Decimal(50000)}, "high", ["large"]),
        ({"amount": Decimal("49999.99")}, "normal", []),
        ({"amount": Decimal(60000), "told": "销毁证据"}, "urgent", ["evidence_lost", "large"]),
    ],
)
def test_signals_make_a_matter_urgent(matter: dict[str, object], urgency: str, signals: list[str]) -> None:
    found = routed("330100", **matter)
    assert found.urgency == urgency
    assert [r.details["signal"] for r in found.reasons if r.code == "signal"] == signals


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("对方卖的杯子和我们的商标一样", "zh"),
        ("我们的品牌是 Super Good Cup，英文商标", "zh"),
        ("They are selling copies of our registered design at the fair", "en"),
        ("우리 상표를 도용했습니다", "ko"),
        ("コピー商品が売られています", "ja"),
        ("", "zh"),
    ],
)
def test_the_letters_tell_the_language(text: str, language: str) -> None:
    assert language_of(text) == language


def agent(name: str, *skills: str, load: int = 0, free: int = 0) -> Candidate:
    return Candidate(name, frozenset(skills), load, 5, NOW - timedelta(minutes=free))


def test_agents_are_ranked_by_skill_then_load_then_how_long_they_are_free() -> None:
    wanted = routed("330100")
    both = ("queue:trademark", "right:trademark")
    found = suited(
        [
            agent("none"), agent("busy", *both, load=3), agent("new", *both, free=1), agent("free", *both, free=9),
            agent("queue", "queue:trademark"), agent("full", *both, load=5),
        ],
        wanted,
    )  # fmt: skip
    assert [one.id for one in found] == ["free", "new", "busy", "queue", "none"]


def test_whoever_cannot_read_the_matter_is_left_out() -> None:
    wanted = routed("330100", told="They are selling copies of our registered design at the fair")
    assert "language:en" in wanted.skills
    assert [one.id for one in suited([agent("a", "queue:trademark"), agent("b", "language:en")], wanted)] == ["b"]


# --- the data -------------------------------------------------------------------------------


def test_the_shipped_data_sends_nothing_away_and_names_no_telephone() -> None:
    assert list(SHIPPED.centres) == ["main"]
    assert SHIPPED.here.phone is None
    assert all(SHIPPED.here.reach(code) == 0 for code in ("110000", "330106", "000000"))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("老板说要连夜把货转移走，正在销毁账本", "evidence_lost"),
        ("他扬言要到我家来，跟踪我好几天了", "safety"),
        ("明天就开庭了，答辩还没写", "deadline"),
    ],
)
def test_the_shipped_signals_hear_what_is_urgent(told: str, reason: str) -> None:
    found = route(Matter(right=None, told=told), SHIPPED)
    assert found.urgency == "urgent"
    assert reason in [r.details.get("signal") for r in found.reasons]


@pytest.mark.parametrize(
    "told",
    [
        "上周在他家网店买到三件印着我们商标的外套，每件一百二十元，做工很差",
        "我们打算申请专利，公司搬到了新厂房",
        "去年展会上看到的，现在还在网上卖",
    ],
)
def test_an_ordinary_story_is_not_urgent(told: str) -> None:
    assert route(Matter(right=None, told=told), SHIPPED).urgency == "normal"


CENTRE = "id: main\nname: 本中心\nregions: ['3301']\n"


@pytest.mark.parametrize(
    ("centre", "rules"),
    [
        (CENTRE.replace("'3301'", "浙江"), "own: main\n"),
        (CENTRE.replace("id: main", "id: other"), "own: main\n"),
        (CENTRE, "own: nobody\n"),
        (CENTRE, "own: main\nsignals: [{level: soon, reason: x}]\n"),
        (CENTRE, "own: main\nsignals: [{level: high, reason: x, words: '('}]\n"),
    ],
)
def test_wrong_data_is_named(tmp_path: Path, centre: str, rules: str) -> None:
    (tmp_path / "centres").mkdir()
    (tmp_path / "centres" / "main.yml").write_text(centre, "utf-8")
    (tmp_path / "routing.yml").write_text(rules, "utf-8")
    with pytest.raises(RoutingInvalid, match=r"\.yml"):
        load_routing(tmp_path)
