"""Working days, office hours, and what a calendar says about years it does not know."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.helpdesk.calendar import BusinessCalendar, CalendarExhausted, Day, check_aware
from bot.helpdesk.deadlines import Holidays
from bot.helpdesk.sla import Target, Unit, compute

NINE_TO_FIVE = ((time(9), time(17)),)


def test_2026_has_248_working_days(office):
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert sum(office.is_working_day(day) for day in days) == 248


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 13), True),
        (date(2026, 2, 14), True),  # Saturday, make-up
        (date(2026, 2, 15), False),
        (date(2026, 2, 23), False),  # Monday, holiday
        (date(2026, 2, 28), True),  # Saturday, make-up
        (date(2026, 3, 1), False),
    ],
)
def test_holidays_and_makeup_days_override_the_weekday(office, day, works):
    assert office.is_working_day(day) is works


def test_makeup_day_has_the_frames_of_a_normal_weekday(office, at):
    assert office.frames_on(date(2026, 2, 28)) == [
        (at("2026-02-28T09:00"), at("2026-02-28T12:00")),
        (at("2026-02-28T13:30"), at("2026-02-28T17:30")),
    ]


def test_holiday_has_no_frames_but_the_closing_time_of_a_weekday(office, at):
    assert office.frames_on(date(2026, 10, 1)) == []
    assert office.close_of(date(2026, 10, 1)) == at("2026-10-01T17:30")


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-11-20T08:59:59", False),
        ("2026-11-20T09:00", True),
        ("2026-11-20T12:00", False),
        ("2026-11-20T13:30", True),
        ("2026-11-20T17:30", False),
        ("2026-11-21T10:00", False),
        ("2026-02-28T10:00", True),
    ],
)
def test_office_is_open_from_opening_to_just_before_closing(office, at, when, is_open):
    assert office.is_open(at(when)) is is_open


@pytest.mark.parametrize(
    ("when", "opens"),
    [
        ("2026-11-20T10:00", "2026-11-20T10:00"),
        ("2026-11-20T12:15", "2026-11-20T13:30"),
        ("2026-11-20T17:30", "2026-11-23T09:00"),
        ("2026-02-14T18:00", "2026-02-24T09:00"),
        ("2026-09-19T12:00", "2026-09-20T09:00"),
    ],
)
def test_next_opening_is_the_first_open_instant_from_now_on(office, at, when, opens):
    assert office.next_opening(at(when)) == at(opens)


def test_instants_are_utc_whatever_zone_was_given(office):
    assert office.next_opening(datetime(2026, 11, 20, 20, tzinfo=UTC)).tzinfo is UTC


def test_open_time_counts_office_hours_only(office, at):
    assert office.open_time(at("2026-02-13T16:30"), at("2026-02-24T10:00")) == timedelta(hours=1 + 7 + 1)
    assert office.open_time(at("2026-02-14T18:00"), at("2026-02-20T10:00")) == timedelta()
    assert office.open_time(at("2026-02-24T10:00"), at("2026-02-13T16:30")) == timedelta()


def test_adding_working_days_leaves_out_the_starting_day(office):
    assert office.add_working_days(date(2026, 2, 12), 7) == date(2026, 2, 28)
    assert office.add_working_days(date(2026, 2, 12), 0) == date(2026, 2, 12)


def test_only_years_with_a_notice_are_loaded(office):
    assert office.is_loaded(date(2026, 12, 31))
    assert not office.is_loaded(date(2027, 1, 1))


def test_makeup_day_in_a_week_with_other_hours_has_those_of_the_first_weekday():
    short_friday = ((time(9), time(12)),)
    calendar = BusinessCalendar(UTC, {0: NINE_TO_FIVE, 4: short_friday}, {date(2026, 11, 21): Day("makeup")})
    assert calendar.close_of(date(2026, 11, 21)) == datetime(2026, 11, 21, 17, tzinfo=UTC)


def test_a_year_without_office_hours_is_reported_instead_of_searched_for_ever():
    closed = {date(2026, 1, 1) + timedelta(days=n): Day("holiday") for n in range(500)}
    calendar = BusinessCalendar(UTC, {0: NINE_TO_FIVE}, closed)
    with pytest.raises(CalendarExhausted):
        calendar.next_opening(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "frames",
    [
        {},
        {0: ()},
        {7: NINE_TO_FIVE},
        {0: ((time(12), time(9)),)},
        {0: ((time(9), time(12)), (time(11), time(13)))},
    ],
    ids=["none", "empty", "no_such_weekday", "reversed", "overlapping"],
)
def test_impossible_frames_are_refused(frames):
    with pytest.raises(ValueError):
        BusinessCalendar(UTC, frames)


def test_naive_instants_are_refused(office):
    with pytest.raises(ValueError, match="aware"):
        office.is_open(datetime(2026, 11, 20, 10))
    with pytest.raises(ValueError, match="start_at"):
        check_aware(datetime(2026, 11, 20, 10), "start_at")


# --- special hours --------------------------------------------------------------------------

HALF_DAY = Day("special_hours", "半天办公", "通知", ((time(9), time(10)), (time(11), time(12))))


def with_half_day(day=date(2026, 11, 20)):
    return BusinessCalendar(UTC, dict.fromkeys(range(5), NINE_TO_FIVE), {day: HALF_DAY})


def test_special_hours_replace_those_of_the_weekday():
    calendar = with_half_day()
    assert [opens.hour for opens, _ in calendar.frames_on(date(2026, 11, 20))] == [9, 11]
    assert calendar.close_of(date(2026, 11, 20)) == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert not calendar.is_open(datetime(2026, 11, 20, 10, 30, tzinfo=UTC))


def test_special_hours_make_a_working_day_of_a_saturday():
    assert with_half_day(date(2026, 11, 21)).is_working_day(date(2026, 11, 21))


def test_minutes_are_counted_through_several_frames_of_a_special_day():
    due = compute(datetime(2026, 11, 20, 9, 30, tzinfo=UTC), Target(60, Unit.WORKING_MINUTES), with_half_day())
    assert due.due_at == datetime(2026, 11, 20, 11, 30, tzinfo=UTC)
    assert [step.kind for step in due.steps if step.counted and step.kind != "due"] == ["special_hours"] * 2


def test_a_due_day_with_special_hours_ends_at_its_own_close():
    due = compute(datetime(2026, 11, 19, 9, tzinfo=UTC), Target(1, Unit.WORKING_DAYS), with_half_day())
    assert due.due_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    [step] = [step for step in due.steps if step.kind == "special_hours"]
    assert (step.title, step.source) == ("半天办公", "通知")


@pytest.mark.parametrize(
    ("kind", "frames"),
    [
        ("special_hours", ()),
        ("holiday", NINE_TO_FIVE),
        ("makeup", NINE_TO_FIVE),
        ("special_hours", ((time(12), time(9)),)),
        ("special_hours", ((time(9), time(12)), (time(11), time(13)))),
    ],
)
def test_impossible_special_days_are_refused(kind, frames):
    with pytest.raises(ValueError):
        Day(kind, frames=frames)


def test_special_hours_of_an_office_say_nothing_of_the_periods_of_the_law():
    holidays = Holidays({date(2026, 11, 21): HALF_DAY, date(2026, 11, 20): HALF_DAY}, frozenset({2026}))
    assert holidays.is_off(date(2026, 11, 21)) and not holidays.is_off(date(2026, 11, 20))
    assert holidays.title(date(2026, 11, 20)) == ""
