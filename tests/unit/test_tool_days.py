"""Days as citizens write them."""

from datetime import date

import pytest

from bot.tools.days import NoSuchDay, find_day

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("2026/1/5收到的", date(2026, 1, 5)),
        ("２０２６年１１月２０日", date(2026, 11, 20)),
        ("二〇二六年十一月二十日", date(2026, 11, 20)),
        ("20261120", date(2026, 11, 20)),
        ("11月20号", date(2026, 11, 20)),
        ("12月31日", date(2025, 12, 31)),
        ("去年12月31日", date(2025, 12, 31)),
        ("明年1月1日", date(2027, 1, 1)),
        ("上个月5号", date(2026, 10, 5)),
        ("昨天收到", date(2026, 11, 20)),
        ("大前天", date(2026, 11, 18)),
        ("10天前", date(2026, 11, 11)),
        ("十天前", date(2026, 11, 11)),
        ("上周五", date(2026, 11, 13)),
        ("本周一", date(2026, 11, 16)),
        ("2月29日", date(2024, 2, 29)),
        ("没有日期", None),
        ("第3条", None),
        ("", None),
    ],
)
def test_a_day_is_found(text: str, day: date | None) -> None:
    assert find_day(text, today=TODAY) == day


def test_a_day_without_a_year_lies_ahead_where_that_is_meant() -> None:
    assert find_day("3月1日到期", today=TODAY, ahead=True) == date(2027, 3, 1)


@pytest.mark.parametrize("text", ["2026-02-30", "2026年13月1日", "2月30日"])
def test_a_day_that_does_not_exist_is_an_error(text: str) -> None:
    with pytest.raises(NoSuchDay):
        find_day(text, today=TODAY)
