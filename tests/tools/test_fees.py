"""The fee guide: no invented amounts, and annuities on the right days."""

import re
from datetime import date

import pytest

from bot.helpdesk.deadlines import Holidays
from bot.tools.annuity import schedule_of
from bot.tools.fees import FeesTool
from bot.tools.model import ToolInputError
from tests.tools.conftest import FIRST_NEW_DAY, LAST_OLD_DAY, TODAY
from tests.tools.walking import results_of

NO_HOLIDAYS = Holidays({}, frozenset(range(1990, 2100)))


@pytest.fixture(scope="module")
def tool(sources) -> FeesTool:
    return FeesTool(sources)


def annuities(tool: FeesTool, kind: str, filed: str, today: date = TODAY):
    return tool.step({"subject": "patent_annuity", "kind": kind, "filed": filed}, today=today)


def test_no_amount_of_money_is_named(tool: FeesTool) -> None:
    for given, result in results_of(tool, TODAY):
        assert not re.search(r"\d+\s*元|[一二三四五六七八九十百千万]+元", result.short + result.details), (
            given
        )
        assert "http" not in result.details and "www" not in result.details


def test_price_list_is_where_the_office_publishes_it(tool: FeesTool) -> None:
    assert "国家知识产权局官网“费用标准”" in tool.step({"subject": "trademark"}, today=TODAY).short


def test_annuity_of_a_year_is_due_before_the_year_before_runs_out() -> None:
    schedule = schedule_of("invention", date(2021, 6, 15), NO_HOLIDAYS)
    due = {annuity.year: annuity.due.due for annuity in schedule.annuities}
    assert due[2] == date(2022, 6, 15) and due[3] == date(2023, 6, 15)
    assert max(due) == 20
    assert schedule.end == date(2041, 6, 14)


@pytest.mark.parametrize(
    ("kind", "last", "end"),
    [
        ("invention", 20, date(2041, 6, 14)),
        ("utility_model", 10, date(2031, 6, 14)),
        ("design", 15, date(2036, 6, 14)),
    ],
)
def test_term_by_kind(kind: str, last: int, end: date) -> None:
    schedule = schedule_of(kind, date(2021, 6, 15), NO_HOLIDAYS)
    assert schedule.annuities[-1].year == last and schedule.end == end


def test_day_off_moves_the_due_day_but_not_the_six_months() -> None:
    """2024-06-15 was a Saturday; 2024-12-15 a Sunday."""
    [annuity] = [a for a in schedule_of("invention", date(2021, 6, 15), NO_HOLIDAYS).annuities if a.year == 4]
    assert annuity.due.due == date(2024, 6, 17)
    assert annuity.grace.due == date(2024, 12, 16)


def test_leap_day_ends_on_the_last_day_of_february() -> None:
    [second] = [a for a in schedule_of("invention", date(2024, 2, 29), NO_HOLIDAYS).annuities if a.year == 2]
    assert second.due.last == date(2025, 2, 28)


def test_public_holiday_moves_the_due_day(tool: FeesTool) -> None:
    """2026-10-01 to 10-07 are days off; 10-08 is worked."""
    data = annuities(tool, "invention", "2022-10-02").data
    assert data["annuities"][3] == {
        "year": 5,
        "due": "2026-10-08",
        "grace": "2027-04-02",
        "provisional": True,
    }


def test_says_what_is_next_and_that_it_can_still_be_paid_late(tool: FeesTool) -> None:
    late = annuities(tool, "invention", "2021-06-15")
    assert late.data["late"] == 6 and late.data["next"] == 7
    assert "补缴" in late.short and "2026年12月15日" in late.short
    in_time = annuities(tool, "invention", "2021-12-15")
    assert in_time.data["late"] is None and in_time.data["next"] == 6
    assert "2026年12月15日" in in_time.short


def test_term_that_is_over_needs_no_annuity(tool: FeesTool) -> None:
    over = annuities(tool, "utility_model", "2016-01-05")
    assert over.data["next"] is None and "2026年1月4日" in over.short and "不用再交" in over.short


def test_design_filed_under_the_old_law_is_not_worked_out(tool: FeesTool) -> None:
    result = annuities(tool, "design", "2021-05-31")
    assert result.data["annuities"] == [] and result.data["term_end"] is None
    assert "专利登记簿" in result.short
    assert annuities(tool, "design", "2021-06-01").data["term_end"] == "2036-05-31"


@pytest.mark.parametrize("filed", ["明天", "2027-01-01", "随便", "2026-02-30"])
def test_day_that_cannot_be_is_refused(tool: FeesTool, filed: str) -> None:
    with pytest.raises(ToolInputError) as refused:
        annuities(tool, "invention", filed)
    assert refused.value.field == "filed"


def test_surcharge_stands_as_in_the_law(tool: FeesTool) -> None:
    result = annuities(tool, "invention", "2021-06-15")
    assert "每超过规定的缴费时间一个月，加收当年全额年费的5%" in result.details
    assert any(c.article == "第一百一十五条" and "5%" in c.quote for c in result.citations)


def test_renewal_after_the_grace_period_in_both_versions(tool: FeesTool) -> None:
    before, after = (
        tool.step({"subject": "trademark"}, today=day).details for day in (LAST_OLD_DAY, FIRST_NEW_DAY)
    )
    assert "宽展期满没办续展的，注销注册商标（《商标法（2026修订）》第四十四条）" in after
    assert "宽展期满" not in before


def test_sentence_names_the_subject(tool: FeesTool) -> None:
    assert tool.read("实用新型的年费哪天交", today=TODAY) == {
        "subject": "patent_annuity",
        "kind": "utility_model",
    }
    assert tool.read("外观专利", today=TODAY) == {}
