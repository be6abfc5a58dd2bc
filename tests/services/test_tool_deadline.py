"""The deadline calculator on its real rules."""

from datetime import date

import pytest

from bot.helpdesk.deadlines import Shape
from bot.knowledge.articles import RIGHTS, TOPICS
from bot.tools.deadline import DeadlineTool
from bot.tools.model import ToolInputError
from tests.services.toolkit import TODAY, question, real_sources, result

TOOL = DeadlineTool.load(real_sources())
RULES = TOOL.book.rules


def due(rule: str, day: str, today: date = TODAY, **given: str) -> str:
    if RULES[rule].is_served:
        given.setdefault("service", "received")
    return str(result(TOOL, today, rule=rule, from_=day, **given).data["date"])


def test_there_are_rules_for_every_kind_of_matter() -> None:
    assert len(RULES) >= 45
    rights = {rule.right for rule in RULES.values()}
    assert rights >= {"patent", "trademark", "copyright", "layout_design", "plant_variety", "general"}
    assert all(rule.right in RIGHTS and rule.topic in TOPICS for rule in RULES.values())


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_works_on_registered_provisions(rule) -> None:  # type: ignore[no-untyped-def]
    laws = real_sources().knowledge.laws
    for version in rule.versions:
        law = laws.get(version.source.law_id)
        assert law is not None
        assert law.has_article(version.source.article)
        assert version.length or rule.recurs or rule.opens
    given = {"rule": rule.id, "from_": "2026-11-20"} | ({"service": "post"} if rule.is_served else {})
    found = result(TOOL, **given)
    assert found.data["steps"]
    assert found.citations[0].quote
    assert rule.shape is not Shape.PERIOD or rule.recurs or found.data["date"] >= "2026-11-20"


def test_every_rule_can_be_chosen_in_the_dialogue() -> None:
    groups = [choice.value for choice in question(TOOL).choices]
    offered = [choice.value for group in groups for choice in question(TOOL, group=group).choices]
    assert sorted(offered) == sorted(RULES)
    assert question(TOOL, group="1") == question(TOOL, group=groups[0])


def test_the_opposition_period_follows_the_law_of_the_day_of_publication() -> None:
    old = result(TOOL, rule="trademark_opposition", from_="2026-12-31")
    new = result(TOOL, rule="trademark_opposition", from_="2027-01-01")
    assert (old.data["date"], old.data["law_id"], old.data["article"]) == (
        "2027-03-31", "trademark-law-2019", "第三十三条",
    )  # fmt: skip
    assert (new.data["date"], new.data["law_id"], new.data["article"]) == (
        "2027-03-01", "trademark-law-2026", "第三十六条",
    )  # fmt: skip
    assert "2个月" in (old.notice or "")
    assert "主管部门的公告" in (old.notice or "")


def test_the_law_of_the_day_of_receipt_counts_for_served_documents() -> None:
    found = result(TOOL, rule="trademark_refusal_review", service="electronic", from_="2026-12-31")
    assert (found.data["start"], found.data["date"]) == ("2027-01-15", "2027-02-01")
    assert found.data["law_id"] == "trademark-law-2026"


@pytest.mark.parametrize(
    ("rule", "service", "start"),
    [
        ("patent_reexamination", "electronic", "2026-11-05"),
        ("patent_reexamination", "post", "2026-11-20"),
        ("patent_reexamination", "handed", "2026-11-05"),
        ("trademark_refusal_review", "electronic", "2026-11-20"),
        ("trademark_refusal_review", "post", "2026-11-05"),
        ("trademark_refusal_review", "handed", "2026-11-05"),
        ("court_appeal_judgment", "electronic", "2026-11-05"),
        ("court_appeal_judgment", "post", "2026-11-05"),
    ],
)
def test_each_law_has_its_own_day_of_receipt(rule: str, service: str, start: str) -> None:
    found = result(TOOL, rule=rule, service=service, from_="2026-11-05")
    assert found.data["start"] == start
    assert any(step["kind"] == "served" for step in found.data["steps"])


@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        ("patent_priority", "2025-11-21", "2026-11-23"),
        ("patent_priority_design", "2026-05-21", "2026-11-23"),
        ("patent_examination_request", "2023-11-20", "2026-11-20"),
        ("patent_reexamination", "2026-07-31", "2026-11-02"),
        ("patent_registration", "2026-08-01", "2026-10-08"),
        ("patent_annuity_grace", "2026-05-20", "2026-11-20"),
        ("pct_national_phase", "2024-05-20", "2026-11-20"),
        ("trademark_refusal_review", "2026-11-02", "2026-11-17"),
        ("trademark_renewal_grace", "2026-05-20", "2026-11-20"),
        ("trademark_invalidation", "2021-11-19", "2026-11-19"),
        ("trademark_term", "2016-11-21", "2026-11-20"),
        ("court_appeal_judgment", "2026-09-17", "2026-10-08"),
        ("court_appeal_ruling", "2026-11-02", "2026-11-12"),
        ("court_enforcement", "2024-11-20", "2026-11-20"),
        ("admin_review", "2026-09-21", "2026-11-20"),
        ("admin_suit", "2026-05-20", "2026-11-20"),
        ("platform_counter_notice", "2026-11-06", "2026-11-21"),
        ("customs_court_notice", "2026-09-29", "2026-11-02"),
        ("penalty_hearing", "2026-09-30", "2026-10-13"),
        ("copyright_term_person", "1976-05-01", "2026-12-31"),
        ("patent_limitation", "2023-11-21", "2026-11-21"),
    ],
)
def test_known_cases(rule: str, day: str, expected: str) -> None:
    assert due(rule, day) == expected


def test_the_next_annuity_is_the_anniversary_to_come() -> None:
    assert due("patent_annuity", "2020-11-30") == "2026-11-30"
    assert due("patent_annuity", "2020-11-20") == "2027-11-22"
    assert due("patent_annuity", "2026-06-01") == "2027-06-01"


def test_renewal_opens_twelve_months_before() -> None:
    found = result(TOOL, rule="trademark_renewal", from_="2027-03-01")
    assert (found.data["opens"], found.data["date"]) == ("2026-03-02", "2027-03-01")


def test_a_year_without_notice_makes_the_day_provisional() -> None:
    found = result(TOOL, rule="patent_reexamination", service="received", from_="2026-11-20")
    assert found.data["provisional"]
    assert "暂定" in found.short
    assert "2027" in (found.notice or "")


def test_what_has_passed_is_said() -> None:
    found = result(TOOL, rule="court_appeal_judgment", service="received", from_="2026-09-17")
    assert "已经过去" in found.short


def test_questions_come_in_order() -> None:
    assert question(TOOL, rule="patent_reexamination").field == "service"
    assert question(TOOL, rule="patent_reexamination", service="post").kind == "date"
    assert "发文日" in question(TOOL, rule="patent_reexamination", service="post").text
    assert question(TOOL, rule="trademark_opposition").field == "from"


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"rule": "nothing"}, "rule", "rule"),
        ({"rule": "trademark_opposition", "from_": "2026-02-30"}, "from", "date_impossible"),
        ({"rule": "trademark_opposition", "from_": "soon"}, "from", "date"),
        ({"rule": "trademark_opposition", "from_": "3026-02-03"}, "from", "date"),
        ({"rule": "trademark_opposition", "from_": "1026-02-03"}, "from", "date_range"),
        (
            {"rule": "trademark_opposition", "service": "post", "from_": "2026-02-03"},
            "service", "service_not_applicable",
        ),
        ({"rule": "patent_reexamination", "service": "pigeon", "from_": "2026-02-03"}, "service", "service"),
        ({"rule": "patent_term_design", "from_": "2019-05-05"}, "from", "before_law"),
        ({"group": "nothing"}, "group", "choice"),
    ],
)
def test_what_cannot_be_used_is_refused_with_words(given: dict[str, str], field: str, code: str) -> None:
    with pytest.raises(ToolInputError) as caught:
        result(TOOL, **given)
    if code == "date" and given["from_"].startswith("3"):
        assert caught.value.code in ("date", "date_range")
    else:
        assert (caught.value.field, caught.value.code) == (field, code)
    assert f"tools.errors.{caught.value.code}" in real_sources().texts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "我昨天收到商标驳回通知，最晚哪天申请复审",
            {"rule": "trademark_refusal_review", "service": "received", "from": "2026-11-20"},
        ),
        (
            "专利驳回决定11月5日收到的，算一下复审截止日",
            {"rule": "patent_reexamination", "service": "received", "from": "2026-11-05"},
        ),
        (
            "判决书十一月二十日收到，上诉最晚哪天",
            {"rule": "court_appeal_judgment", "service": "received", "from": "2026-11-20"},
        ),
        ("专利年费申请日2020年5月6日，最晚哪天交", {"rule": "patent_annuity", "from": "2020-05-06"}),
        ("外观设计优先权 2026-07-01 最晚哪天", {"rule": "patent_priority_design", "from": "2026-07-01"}),
        ("算期限", {}),
    ],
)
def test_a_sentence_tells_rule_and_day(text: str, told: dict[str, str]) -> None:
    assert TOOL.read(text, today=TODAY) == told


def test_several_rules_that_fit_are_offered() -> None:
    told = TOOL.read("2026-11-05 收到驳回，复审最晚哪天", today=TODAY)
    asked = question(TOOL, **{f"{name}_": value for name, value in told.items()})
    assert {"patent_reexamination", "trademark_refusal_review"} <= {choice.value for choice in asked.choices}
