"""When something happened, as people say it on Friday 2026-11-20."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.services.fields.dates import check_date, show_date
from bot.services.fields.vocabulary import Vocabulary
from bot.services.forms import Accepted, Rejected
from bot.settings import PROJECT_ROOT

TODAY = date(2026, 11, 20)
WORDS = Vocabulary.load(PROJECT_ROOT / "knowledge_base" / "forms" / "words" / "vocabulary.yml").dates


def value(text: str, today: date = TODAY) -> str:
    outcome = check_date(text, today=today, words=WORDS)
    return outcome.value if isinstance(outcome, Accepted) else f"-{outcome.code}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026年11月18日", "2026-11-18"),
        ("2026.11.18", "2026-11-18"),
        ("2026/1/5", "2026-01-05"),
        ("20261018", "2026-10-18"),
        ("二〇二六年十一月十八日", "2026-11-18"),
        ("二零二六年三月", "2026-03"),
        ("26年3月", "2026-03"),
        ("2026年11月", "2026-11"),
        ("2026-03", "2026-03"),
        ("2026年", "2026"),
        ("今天", "2026-11-20"),
        ("昨天晚上", "2026-11-19"),
        ("前天", "2026-11-18"),
        ("大前天", "2026-11-17"),
        ("三天前", "2026-11-17"),
        ("两个月前", "2026-09"),
        ("半年前", "2026-05"),
        ("一年前", "2025"),
        ("本周", "2026-11-16/2026-11-20"),
        ("上周", "2026-11-09/2026-11-15"),
        ("上周三", "2026-11-11"),
        ("周三", "2026-11-18"),
        ("星期天", "2026-11-15"),
        ("上个月", "2026-10"),
        ("上个月15号", "2026-10-15"),
        ("去年3月", "2025-03"),
        ("去年", "2025"),
        ("今年三月八号", "2026-03-08"),
        ("11月18日", "2026-11-18"),
        ("12月", "2025-12"),
        ("12月5号", "2025-12-05"),
        ("11.18", "2026-11-18"),
        ("18号", "2026-11-18"),
        ("二十三号", "2026-10-23"),
        ("2月29日", "2024-02-29"),
        ("双十一", "2026-11-11"),
        ("去年双十一", "2025-11-11"),
        ("618", "2026-06-18"),
        ("大概十一月十号下午在淘宝买的", "2026-11-10"),
        ("昨天收到货的", "2026-11-19"),
    ],
)
def test_one_time(text: str, expected: str) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026年3月到5月", "2026-03/2026-05"),
        ("3月到5月", "2026-03/2026-05"),
        ("3-5月", "2026-03/2026-05"),
        ("3月5日到8日", "2026-03-05/2026-03-08"),
        ("2026.3.1-2026.5.1", "2026-03-01/2026-05-01"),
        ("2026-03-01至2026-05-01", "2026-03-01/2026-05-01"),
        ("去年十二月底到今年一月初", "2025-12/2026-01"),
        ("去年3月至今", "2025-03/.."),
        ("从去年3月开始到现在", "2025-03/.."),
        ("2026年11月1日起", "2026-11-01/.."),
    ],
)
def test_a_stretch_of_time(text: str, expected: str) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("明天", "date_future"),
        ("2026年11月21日", "date_future"),
        ("明年3月", "date_future"),
        ("下周", "date_future"),
        ("3月到12月", "date_future"),
        ("2026年2月30日", "date_impossible"),
        ("13月1日", "date_impossible"),
        ("38号", "date_impossible"),
        ("0000-01-01", "date_impossible"),
        ("1926年3月", "date_too_old"),
        ("最近", "date_vague"),
        ("一直都有", "date_vague"),
        ("2026年5月到3月", "date_order"),
        ("记不得", "date_unknown"),
        ("淘宝", "date_unknown"),
    ],
)
def test_times_that_cannot_be_right(text: str, code: str) -> None:
    assert value(text) == f"-{code}"


def test_a_day_in_the_future_is_said_back() -> None:
    outcome = check_date("2026年11月21日", today=TODAY, words=WORDS)
    assert outcome == Rejected("date_future", {"shown": "2026年11月21日"})


def test_a_day_without_a_year_around_new_year_is_the_one_behind_us() -> None:
    assert value("12月31日", date(2027, 1, 1)) == "2026-12-31"
    assert value("31号", date(2027, 1, 1)) == "2026-12-31"
    assert value("上个月", date(2027, 1, 1)) == "2026-12"
    assert value("上周", date(2027, 1, 1)) == "2026-12-21/2026-12-27"


@settings(deadline=None)
@given(st.dates(date(1985, 1, 1), TODAY))
def test_every_day_up_to_today_is_read_in_every_spelling(day: date) -> None:
    spellings = [
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y%m%d}",
        f"是{day.year}年{day.month}月{day.day}号的事",
    ]
    assert {value(spelling) for spelling in spellings} == {day.isoformat()}


@settings(deadline=None)
@given(st.dates(TODAY + timedelta(days=1), date(2999, 12, 31)))
def test_no_day_after_today_is_taken(day: date) -> None:
    assert value(day.isoformat()) == "-date_future"


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), TODAY), st.integers(0, 5000))
def test_what_is_shown_is_read_as_the_same(last: date, days: int) -> None:
    first = max(last - timedelta(days=days), date(1985, 1, 1))
    for stored in (last.isoformat(), f"{first}/{last}", f"{first}/..", f"{last:%Y-%m}", f"{last:%Y}"):
        assert value(show_date(stored, WORDS)) == stored


@settings(deadline=None)
@given(st.text(alphabet="0123456789年月日号周上下今去到至-/. 一二三十天前", max_size=16), st.dates())
def test_no_text_breaks_the_reader(text: str, today: date) -> None:
    if date(1990, 1, 1) <= today <= date(2100, 1, 1):
        value(text, today)
