"""Statutory periods: month ends, days off, make-up days, years whose holidays are not known."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.helpdesk.calendar import Day
from bot.helpdesk.deadlines import Holidays, Length, Roll, Shape, Unit, add_months, end_of

NATIONAL = [date(2026, 10, day) for day in range(1, 8)]
HOLIDAYS = Holidays(
    days={day: Day("holiday", "国庆节") for day in NATIONAL}
    | {date(2026, 9, 20): Day("makeup", "国庆节调休上班"), date(2026, 10, 10): Day("makeup", "国庆节调休上班")},
    loaded_years=frozenset({2026}),
    fixed={(1, 1): "元旦"},
)


def days(amount: int) -> Length:
    return Length(amount, Unit.DAYS)


def months(amount: int) -> Length:
    return Length(amount, Unit.MONTHS)


def years(amount: int) -> Length:
    return Length(amount, Unit.YEARS)


def due(start: date, length: Length, roll: Roll = Roll.WORKING_DAY, shape: Shape = Shape.PERIOD) -> date:
    return end_of(start, length, HOLIDAYS, roll=roll, shape=shape).due


def test_the_starting_day_is_left_out() -> None:
    assert due(date(2026, 11, 3), days(15)) == date(2026, 11, 18)


def test_a_month_ends_on_the_corresponding_day() -> None:
    assert due(date(2026, 3, 20), months(3), Roll.NONE) == date(2026, 6, 20)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        (date(2026, 1, 31), months(1), date(2026, 2, 28)),
        (date(2028, 1, 31), months(1), date(2028, 2, 29)),
        (date(2026, 8, 31), months(3), date(2026, 11, 30)),
        (date(2024, 2, 29), years(3), date(2027, 2, 28)),
        (date(2026, 11, 30), months(3), date(2027, 2, 28)),
    ],
)
def test_a_month_without_that_day_ends_on_its_last(start: date, length: Length, end: date) -> None:
    assert due(start, length, Roll.NONE) == end


def test_a_weekend_moves_the_end_to_monday() -> None:
    ended = end_of(date(2026, 11, 6), days(15), HOLIDAYS, roll=Roll.WORKING_DAY)
    assert (ended.last, ended.due, ended.rolled) == (date(2026, 11, 21), date(2026, 11, 23), True)
    assert [day for day, _ in ended.off] == [date(2026, 11, 21), date(2026, 11, 22)]


def test_a_holiday_moves_the_end_behind_it() -> None:
    assert due(date(2026, 9, 17), days(15)) == date(2026, 10, 8)
    assert due(date(2026, 9, 17), days(15), Roll.AFTER_HOLIDAYS) == date(2026, 10, 8)


def test_where_the_law_says_nothing_the_end_stays_on_the_holiday() -> None:
    ended = end_of(date(2026, 9, 17), days(15), HOLIDAYS, roll=Roll.NONE)
    assert ended.due == date(2026, 10, 2)
    assert not ended.rolled
    assert not ended.provisional


def test_a_make_up_working_day_ends_a_period() -> None:
    ended = end_of(date(2026, 9, 25), days(15), HOLIDAYS, roll=Roll.WORKING_DAY)
    assert ended.due == date(2026, 10, 10)
    assert ended.due.weekday() == 5
    assert ended.made_up == "国庆节调休上班"


def test_an_end_on_a_day_off_moves_to_a_make_up_day_before_monday() -> None:
    saturday = date(2026, 9, 19)
    assert due(saturday - timedelta(days=15), days(15)) == date(2026, 9, 20)


def test_working_days_pass_over_weekends_and_holidays_but_count_make_up_days() -> None:
    assert due(date(2026, 9, 29), Length(3, Unit.WORKING_DAYS)) == date(2026, 10, 9)
    assert due(date(2026, 9, 29), Length(4, Unit.WORKING_DAYS)) == date(2026, 10, 10)


def test_a_year_without_its_notice_is_provisional() -> None:
    ended = end_of(date(2026, 12, 20), days(15), HOLIDAYS, roll=Roll.WORKING_DAY)
    assert ended.provisional
    assert not end_of(date(2026, 11, 1), days(15), HOLIDAYS, roll=Roll.WORKING_DAY).provisional


def test_new_year_is_a_day_off_even_before_the_notice() -> None:
    ended = end_of(date(2026, 12, 17), days(15), HOLIDAYS, roll=Roll.WORKING_DAY)
    assert ended.last == date(2027, 1, 1)
    assert ended.due == date(2027, 1, 4)


def test_a_term_counts_its_first_day_and_never_rolls() -> None:
    assert due(date(2016, 11, 21), years(10), shape=Shape.TERM) == date(2026, 11, 20)
    assert due(date(2016, 10, 2), years(10), shape=Shape.TERM) == date(2026, 10, 1)


def test_copyright_ends_with_the_year() -> None:
    assert due(date(2000, 5, 5), years(50), shape=Shape.YEAR_END) == date(2050, 12, 31)


def test_months_can_be_counted_back() -> None:
    assert add_months(date(2027, 3, 31), -1) == date(2027, 2, 28)
    with pytest.raises(OverflowError):
        add_months(date(9998, 1, 1), 24)


@given(
    start=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    amount=st.integers(0, 400),
    unit=st.sampled_from(Unit),
    roll=st.sampled_from(Roll),
)
def test_an_end_never_lies_before_its_plain_end_nor_on_a_day_off(
    start: date, amount: int, unit: Unit, roll: Roll
) -> None:
    ended = end_of(start, Length(amount, unit), HOLIDAYS, roll=roll)
    assert start <= ended.last <= ended.due
    if roll is not Roll.NONE and unit is not Unit.WORKING_DAYS:
        assert not HOLIDAYS.is_off(ended.due)
        assert all(HOLIDAYS.is_off(day) for day, _ in ended.off)
