"""Whose matter it is, how urgent it is, who could take it: each decision with its reasons."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.helpdesk.presence import Assignment, Presence, Skills
from bot.helpdesk.regions import RegionScope
from bot.helpdesk.routing import (
    ANYTHING,
    LANGUAGES,
    Candidate,
    Centre,
    Colleague,
    Matter,
    Place,
    Reason,
    Route,
    RoutingRules,
    Signal,
    Urgency,
    Wanted,
    hurry_of_tickets,
    language_of,
    named_right,
    route,
    skills_after_move,
    takers,
    to_be_told,
)
from bot.helpdesk.ticket import RIGHTS
from bot.knowledge.routing import RoutingInvalid, check_words, load_routing
from bot.settings import PROJECT_ROOT
from bot.texts import Texts

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
    {"patent": ("patent", "plant_variety"), "trademark": ("trademark", "gi"), "general": ()},
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


@pytest.mark.parametrize(
    ("matter", "queue", "skills"),
    [
        (Matter("gi"), "trademark", {"queue:trademark", "right:gi"}),
        (Matter("general"), "general", {"queue:general"}),
        (Matter(None), "general", {"queue:general"}),
        (Matter("copyright"), "general", {"queue:general", "right:copyright"}),
        (Matter("gi", queue="patent"), "patent", {"queue:patent", "right:patent|plant_variety"}),
        (Matter(None, queue="trademark"), "trademark", {"queue:trademark", "right:trademark|gi"}),
        (Matter("gi", told="They are selling fake Longjing tea online"), "trademark",
         {"queue:trademark", "right:gi", "language:en"}),
    ],
)  # fmt: skip
def test_what_is_known_leads_to_a_queue_and_to_skills(matter: Matter, queue: str, skills: set[str]) -> None:
    found = route(matter, RULES)
    assert (found.queue, found.skills) == (queue, skills)


def test_the_first_right_that_says_something_counts() -> None:
    assert named_right(None, "none", "general", "gi", "patent") == "gi"
    assert named_right("general", None) is None


def test_a_move_to_another_queue_keeps_the_language() -> None:
    skills = {"queue:general", "right:copyright", "language:en"}
    assert skills_after_move(skills, "patent", RULES) == {"queue:patent", "right:patent|plant_variety", "language:en"}


WANTED = Wanted(frozenset({"queue:trademark", "right:gi", "language:en"}), ("330106",))


def agent(
    name: str, *, queues: str = "", rights: str = "", languages: str = "", regions: str = "",
    load: int = 0, free: int = 0, presence: Presence = Presence.ONLINE,
) -> Candidate:  # fmt: skip
    skills = Skills(*(tuple(words.split()) for words in (queues, rights, languages)))
    scope = RegionScope.of(regions.split())
    return Candidate(name, skills, scope, presence, load, 5, NOW - timedelta(minutes=free))


def taken_by(*candidates: Candidate, waited: int = 0) -> list[str]:
    patience = timedelta(minutes=5)
    found = takers(candidates, WANTED, waited=timedelta(minutes=waited), anyone_after=patience)
    return [one.id for one in found]


def test_an_agent_without_skills_takes_anything_and_the_least_loaded_and_longest_free_come_first() -> None:
    fitting = {"queues": "trademark", "rights": "gi patent", "languages": "en ja"}
    assert taken_by(
        agent("busy", load=3), agent("new", free=1), agent("free", **fitting, free=9), agent("full", load=5)
    ) == ["free", "new", "busy"]


@pytest.mark.parametrize(
    ("assignment", "order"),
    [
        (Assignment.LONGEST_FREE, ["roomy", "few", "turn"]),
        (Assignment.LEAST_BUSY, ["few", "turn", "roomy"]),
        (Assignment.ROUND_ROBIN, ["turn", "roomy", "few"]),
    ],
)
def test_the_assignment_decides_between_those_equally_suited(assignment: Assignment, order: list[str]) -> None:
    def one(name: str, load: int, capacity: int, given: int, hours: int) -> Candidate:
        at = NOW - timedelta(hours=hours)
        return Candidate(
            name, presence=Presence.ONLINE, load=load, capacity=capacity, free_since=at, given_at=at, given=given
        )

    agents = [one("few", 1, 3, 2, 1), one("roomy", 2, 20, 9, 2), one("turn", 1, 2, 5, 3)]
    found = takers(agents, ANYTHING, waited=timedelta(), anyone_after=timedelta(), assignment=assignment)
    assert [each.id for each in found] == order


def test_every_way_of_giving_out_has_an_order() -> None:
    for assignment in Assignment:
        if assignment.is_automatic:
            assert takers([], ANYTHING, waited=timedelta(), anyone_after=timedelta(), assignment=assignment) == []


@pytest.mark.parametrize("unfit", [{"queues": "patent"}, {"rights": "patent"}, {"languages": "ja"}])
def test_who_lacks_a_skill_is_asked_only_after_a_time_and_if_nobody_suited_is_free(unfit: dict[str, str]) -> None:
    lacking, suited = agent("lacking", **unfit), agent("suited", load=4)
    assert taken_by(lacking, waited=4) == []
    assert taken_by(lacking, waited=5) == ["lacking"]
    assert taken_by(lacking, suited, waited=5) == ["suited"]


def test_of_those_who_lack_skills_the_nearest_come_first() -> None:
    assert taken_by(agent("far", queues="patent", rights="patent"), agent("near", rights="patent", load=3), waited=9) == [
        "near", "far",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "out", [{"regions": "3302"}, {"presence": Presence.AWAY}, {"presence": Presence.OFFLINE}, {"load": 5}]
)
def test_no_wait_is_long_enough_for_who_is_elsewhere_absent_or_full(out: dict[str, object]) -> None:
    assert taken_by(agent("out", **out), agent("here", regions="3301"), waited=999) == ["here"]
    assert taken_by(agent("out", **out), waited=999) == []


def test_a_matter_that_lies_nowhere_or_also_here_is_for_this_region() -> None:
    one = agent("here", regions="3301")
    for regions in ((), (None,), ("440100", "330102")):
        assert one.may_see(Wanted(regions=regions))
    assert not one.may_see(Wanted(regions=("440100",)))


def test_those_who_are_there_and_suited_are_told_else_all_who_may_see_it() -> None:
    suited = Colleague("suited", Skills(rights=("gi",)), presence=Presence.ONLINE)
    gone = Colleague("gone", Skills(rights=("gi",)), presence=Presence.AWAY)
    unfit = Colleague("unfit", Skills(rights=("patent",)), presence=Presence.ONLINE)
    elsewhere = Colleague("elsewhere", scope=RegionScope.of(["44"]), presence=Presence.ONLINE)
    assert to_be_told([suited, gone, unfit, elsewhere], WANTED) == [suited]
    assert to_be_told([gone, unfit, elsewhere], WANTED) == [gone, unfit]
    assert to_be_told([elsewhere], WANTED) == []


# --- the data -------------------------------------------------------------------------------


def test_every_right_has_a_queue_of_the_shipped_data() -> None:
    assert set(SHIPPED.queues) == {"patent", "trademark", "copyright", "competition", "general"}
    assert "general" not in {SHIPPED.queue_of(right) for right in RIGHTS}
    assert SHIPPED.queue_of("plant_variety") == "patent"
    assert SHIPPED.queue_of("none") == SHIPPED.queue_of(None) == "general"


def test_every_language_has_a_name() -> None:
    named = Texts.load().section("languages")
    assert set(LANGUAGES) == set(named) - {"zh"}


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
        (CENTRE, "own: main\nqueues: {patent: [patents]}\n"),
        (CENTRE, "own: main\nqueues: {a: [patent], b: [patent]}\n"),
        (CENTRE, "own: main\nqueues: {专利: [patent]}\n"),
        (CENTRE, "own: main\nhurry_by_ticket: {soon: high}\n"),
        (CENTRE, "own: main\nhurry_by_ticket: {high: soon}\n"),
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


def test_a_queue_or_a_signal_without_words_is_refused_by_file_and_key() -> None:
    check_words(SHIPPED, Texts.load())
    lacking = dataclasses.replace(
        SHIPPED, queues={**SHIPPED.queues, "design": ()}, signals=(Signal(Urgency.HIGH, "eclipse"),)
    )
    with pytest.raises(RoutingInvalid) as refused:
        check_words(lacking, Texts.load())
    said = "queues.design in bot/texts/citizen.yml, routing.signals.eclipse in bot/texts/intake.yml"
    assert str(refused.value) == f"routing.yml: add words for {said}"


def test_the_priorities_that_the_data_names_hurry_and_the_highest_counts() -> None:
    rules = RoutingRules(own="main", centres={}, hurry_by_ticket={"high": Urgency.HIGH, "urgent": Urgency.URGENT})
    assert hurry_of_tickets(["low", "high", "urgent", "normal"], rules) == [Reason("open_ticket", {"level": "urgent"})]
    assert hurry_of_tickets(["low", "normal"], rules) == hurry_of_tickets([], rules) == []
