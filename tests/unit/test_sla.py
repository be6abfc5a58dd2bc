"""Due dates, warnings, states and explanations of service clocks."""

from datetime import date, datetime, timedelta

import pytest

from bot.helpdesk.sla import (
    ClockState,
    Level,
    Pause,
    Policy,
    PolicyMissing,
    Target,
    Unit,
    compute,
    policy_for,
    read_clock,
)

MINUTES, DAYS, CALENDAR_DAYS, MONTHS = (
    Unit.WORKING_MINUTES,
    Unit.WORKING_DAYS,
    Unit.CALENDAR_DAYS,
    Unit.MONTHS,
)


@pytest.fixture
def due(office, at):
    """Compute a due date in local time: due(start, amount, unit, (from, to), …)."""

    def compute_local(start, amount, unit, *pauses):
        spans = [Pause(at(begin), at(end) if end else None, "补正") for begin, end in pauses]
        return compute(at(start), Target(amount, unit), office, spans)

    return compute_local


# --- golden cases ---


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-02-12T10:00", "2026-02-28T17:30"),
        ("2026-09-18T10:00", "2026-09-29T17:30"),
        ("2026-09-30T10:00", "2026-10-15T17:30"),
    ],
)
def test_seven_working_days_over_the_2026_holidays(due, at, start, expected):
    result = due(start, 7, DAYS)
    assert result.due_at == at(expected)
    assert not result.provisional


@pytest.mark.parametrize(
    ("start", "amount", "unit"),
    [
        ("2026-12-30T10:00", 7, DAYS),
        ("2026-12-31T17:00", 60, MINUTES),
        ("2026-12-20T10:00", 15, CALENDAR_DAYS),
        ("2026-11-20T10:00", 2, MONTHS),
    ],
)
def test_what_reaches_into_a_year_not_loaded_is_provisional(due, start, amount, unit):
    result = due(start, amount, unit)
    assert result.provisional
    assert [step.title for step in result.steps if step.kind == "assumed_year"] == ["2027"]


def test_due_on_the_last_working_day_of_a_loaded_year_is_not_provisional(due, at):
    assert due("2026-12-30T10:00", 1, DAYS).due_at == at("2026-12-31T17:30")
    assert not due("2026-12-30T10:00", 1, DAYS).provisional
    assert not due("2026-12-31T16:30", 60, MINUTES).provisional


def test_a_start_on_the_last_day_of_a_year_not_loaded_needs_only_the_next_year_for_days(due):
    assert not due("2025-12-31T10:00", 3, DAYS).provisional
    assert due("2025-12-31T10:00", 30, MINUTES).provisional


# --- minutes ---


@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        ("2026-11-20T09:00", 10, "2026-11-20T09:10"),
        ("2026-11-20T11:55", 10, "2026-11-20T13:35"),
        ("2026-11-20T17:25", 10, "2026-11-23T09:05"),
        ("2026-11-20T16:30", 60, "2026-11-20T17:30"),  # closing time, not Monday's opening
        ("2026-11-20T11:00", 60, "2026-11-20T12:00"),
        ("2026-11-20T17:30", 10, "2026-11-23T09:10"),
        ("2026-11-21T10:00", 10, "2026-11-23T09:10"),  # Saturday
        ("2026-11-20T12:30", 240, "2026-11-20T17:30"),
        ("2026-02-14T17:00", 60, "2026-02-24T09:30"),  # make-up Saturday, then Spring Festival
        ("2026-11-20T17:29:30", 1, "2026-11-23T09:00:30"),
    ],
)
def test_minutes_are_due_at_the_first_instant_they_are_used_up(due, at, start, amount, expected):
    assert due(start, amount, MINUTES).due_at == at(expected)


# --- days and months ---


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-11-20T00:00", "2026-11-23T17:30"),
        ("2026-11-20T23:59", "2026-11-23T17:30"),
        ("2026-11-21T10:00", "2026-11-23T17:30"),
        ("2026-02-14T10:00", "2026-02-24T17:30"),
        ("2026-09-19T10:00", "2026-09-20T17:30"),
    ],
)
def test_the_starting_day_of_working_days_is_not_counted(due, at, start, expected):
    assert due(start, 1, DAYS).due_at == at(expected)


@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        ("2026-11-18T10:00", 3, "2026-11-21T17:30"),  # ends on a Saturday and stays there
        ("2026-09-20T10:00", 15, "2026-10-05T17:30"),  # in a holiday
    ],
)
def test_calendar_days_count_every_day_and_do_not_roll(due, at, start, amount, expected):
    assert due(start, amount, CALENDAR_DAYS).due_at == at(expected)


@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        ("2026-01-31T10:00", 1, "2026-02-28T17:30"),
        ("2026-02-28T10:00", 1, "2026-03-28T17:30"),  # the corresponding day, not the month's end
        ("2026-03-31T10:00", 1, "2026-04-30T17:30"),
        ("2026-03-15T10:00", 2, "2026-05-15T17:30"),
        ("2026-07-15T10:00", 1, "2026-08-15T17:30"),  # a Saturday: months do not roll
        ("2025-12-31T10:00", 2, "2026-02-28T17:30"),
        ("2026-08-30T10:00", 18, "2028-02-29T17:30"),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_last_of_the_month(due, at, start, amount, expected):
    assert due(start, amount, MONTHS).due_at == at(expected)


# --- pauses ---


def test_pause_moves_minutes_by_the_office_time_inside_it(due, at):
    paused = due("2026-11-20T09:00", 60, MINUTES, ("2026-11-20T09:30", "2026-11-20T10:15"))
    assert paused.due_at == at("2026-11-20T10:45")


def test_pause_outside_office_hours_moves_nothing(due, at):
    pause = ("2026-11-20T17:30", "2026-11-23T09:00")
    assert due("2026-11-20T17:00", 60, MINUTES, pause).due_at == at("2026-11-23T09:30")
    weekend = ("2026-11-20T17:45", "2026-11-23T08:00")
    assert due("2026-11-19T10:00", 2, DAYS, weekend).due_at == at("2026-11-23T17:30")


def test_pause_over_a_close_moves_days_by_one(due, at):
    assert due("2026-11-16T10:00", 3, DAYS).due_at == at("2026-11-19T17:30")
    paused = due("2026-11-16T10:00", 3, DAYS, ("2026-11-17T17:00", "2026-11-18T09:30"))
    assert paused.due_at == at("2026-11-20T17:30")


def test_pause_that_ends_before_the_close_moves_days_by_nothing(due, at):
    paused = due("2026-11-16T10:00", 3, DAYS, ("2026-11-17T09:00", "2026-11-17T17:29"))
    assert paused.due_at == at("2026-11-19T17:30")


def test_the_first_instant_of_a_pause_belongs_to_it_and_the_last_does_not(due, at):
    from_close = ("2026-11-17T17:30", "2026-11-17T18:00")
    until_close = ("2026-11-17T09:00", "2026-11-17T17:30")
    assert due("2026-11-16T10:00", 1, DAYS, from_close).due_at == at("2026-11-18T17:30")
    assert due("2026-11-16T10:00", 1, DAYS, until_close).due_at == at("2026-11-17T17:30")


def test_pause_on_the_starting_day_moves_days_by_nothing(due, at):
    paused = due("2026-11-16T10:00", 3, DAYS, ("2026-11-16T11:00", "2026-11-16T20:00"))
    assert paused.due_at == at("2026-11-19T17:30")


def test_pause_moves_calendar_days_and_months_by_the_days_closed_in_it(due, at):
    pause = ("2026-11-20T12:00", "2026-11-23T12:00")  # Friday, Saturday and Sunday close in it
    assert due("2026-11-18T10:00", 10, CALENDAR_DAYS, pause).due_at == at("2026-12-01T17:30")
    assert due("2026-11-10T10:00", 1, MONTHS, pause).due_at == at("2026-12-13T17:30")


def test_overlapping_pauses_count_once(due, at):
    pauses = [("2026-11-20T09:30", "2026-11-20T10:00"), ("2026-11-20T09:45", "2026-11-20T10:15")]
    assert due("2026-11-20T09:00", 60, MINUTES, *pauses).due_at == at("2026-11-20T10:45")


def test_pause_begun_at_the_due_instant_of_minutes_changes_nothing(due, at):
    paused = due("2026-11-20T09:00", 60, MINUTES, ("2026-11-20T10:00", "2026-11-20T11:00"))
    assert paused.due_at == at("2026-11-20T10:00")


def test_pause_without_end_leaves_the_earliest_possible_due_date_and_says_so(due, at):
    result = due("2026-11-20T09:00", 60, MINUTES, ("2026-11-20T09:30", None))
    assert result.due_at == at("2026-11-20T10:00")
    assert result.suspended
    assert not due("2026-11-20T09:00", 60, MINUTES, ("2026-11-20T10:30", None)).suspended


def test_ended_pause_still_counts_beside_one_that_lasts(due, at):
    pauses = [("2026-11-20T09:30", "2026-11-20T10:00"), ("2026-11-20T10:15", None)]
    assert due("2026-11-20T09:00", 60, MINUTES, *pauses).due_at == at("2026-11-20T10:30")


# --- warnings ---


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2026-11-20T09:00", 100, MINUTES, "2026-11-20T10:20"),
        ("2026-11-20T17:00", 60, MINUTES, "2026-11-23T09:18"),
        ("2026-11-20T10:00", 1, DAYS, "2026-11-23T16:06"),  # 5.6 of the day's 7 hours
        ("2026-11-16T10:00", 5, DAYS, "2026-11-20T17:30"),  # four of five days: a closing time
    ],
)
def test_warning_comes_at_four_fifths_of_the_counted_time(due, at, start, amount, unit, expected):
    assert due(start, amount, unit).warn_at == at(expected)


def test_warning_moves_with_a_pause(due, at):
    paused = due("2026-11-20T09:00", 100, MINUTES, ("2026-11-20T09:10", "2026-11-20T09:40"))
    assert paused.warn_at == at("2026-11-20T10:50")


# --- explanations ---


def test_steps_show_counted_stretches_holidays_and_makeup_days(due):
    steps = due("2026-02-12T10:00", 7, DAYS).steps
    assert [(step.kind, step.counted) for step in steps] == [
        ("start_day", 0),
        ("counted", 1),
        ("makeup", 1),
        ("holiday", 0),
        ("counted", 4),
        ("makeup", 1),
        ("due", 7),
    ]
    holiday = steps[3]
    assert (holiday.title, holiday.source) == ("0215", "notice 2026")
    assert holiday.to_at - holiday.from_at == timedelta(days=9)


def test_steps_of_minutes_show_every_stretch_the_weekend_and_the_pause(due, at):
    steps = due("2026-11-20T17:00", 60, MINUTES, ("2026-11-23T09:10", "2026-11-23T09:20")).steps
    assert [(step.kind, step.counted) for step in steps] == [
        ("start", 0),
        ("counted", 30),
        ("weekend", 0),
        ("counted", 10),
        ("pause", 0),
        ("counted", 20),
        ("due", 60),
    ]
    assert steps[4].title == "补正"
    assert steps[4].text_key == "sla.step.pause"


def test_steps_of_months_say_when_the_last_day_of_the_month_was_taken(due, at):
    assert [step.kind for step in due("2026-01-31T10:00", 1, MONTHS).steps] == [
        "start_day",
        "counted",
        "month_end",
        "due",
    ]


def test_counted_steps_add_up_to_the_target(due):
    for amount, unit in [(500, MINUTES), (45, DAYS), (45, CALENDAR_DAYS)]:
        steps = due("2026-09-01T10:10", amount, unit, ("2026-09-02T10:00", "2026-09-04T11:00")).steps
        assert sum(step.counted for step in steps if step.kind in ("counted", "makeup")) == amount


# --- refusals ---


@pytest.mark.parametrize(
    ("amount", "unit"), [(0, DAYS), (-1, DAYS), (10**9, MINUTES), (1, "fortnights")]
)
def test_impossible_targets_are_refused(amount, unit):
    with pytest.raises(ValueError):
        Target(amount, unit)


def test_units_may_be_given_by_name():
    assert Target(7, "working_days").unit is Unit.WORKING_DAYS


def test_pause_that_ends_before_it_begins_is_refused(at):
    with pytest.raises(ValueError):
        Pause(at("2026-11-20T10:00"), at("2026-11-20T09:00"))


def test_naive_start_is_refused(office):
    with pytest.raises(ValueError, match="start_at"):
        compute(datetime(2026, 11, 20, 10), Target(1, DAYS), office)


# --- states ---


@pytest.fixture
def read(at):
    """Read a clock due on 2026-11-20 17:00, to be warned of at 16:00."""

    def reading(now, *, pauses=(), stopped=None, cancelled=None):
        result = read_clock(
            due_at=at("2026-11-20T17:00"),
            warn_at=at("2026-11-20T16:00"),
            now=at(f"2026-11-20T{now}"),
            pauses=[Pause(at(f"2026-11-20T{a}"), at(f"2026-11-20T{b}") if b else None) for a, b in pauses],
            stopped_at=at(f"2026-11-20T{stopped}") if stopped else None,
            cancelled_at=at(f"2026-11-20T{cancelled}") if cancelled else None,
        )
        return result.state, result.level

    return reading


def test_running_clock_warns_and_then_breaches_at_its_due_instant(read):
    assert read("15:59:59") == (ClockState.RUNNING, Level.OK)
    assert read("16:00") == (ClockState.RUNNING, Level.WARN)
    assert read("16:59:59") == (ClockState.RUNNING, Level.WARN)
    assert read("17:00") == (ClockState.BREACHED, Level.BREACHED)


def test_clock_is_met_only_if_stopped_in_time_however_late_anybody_looks(read):
    assert read("23:00", stopped="17:00") == (ClockState.MET, Level.OK)
    assert read("23:00", stopped="17:00:01") == (ClockState.BREACHED, Level.BREACHED)


def test_cancelled_clock_stays_breached_if_it_was_due_before(read):
    assert read("23:00", cancelled="16:30") == (ClockState.CANCELLED, Level.OK)
    assert read("23:00", cancelled="17:30") == (ClockState.BREACHED, Level.BREACHED)


def test_paused_clock_does_not_breach_and_keeps_its_colour(read):
    assert read("18:00", pauses=[("15:00", None)]) == (ClockState.PAUSED, Level.OK)
    assert read("18:00", pauses=[("16:30", None)]) == (ClockState.PAUSED, Level.WARN)
    assert read("15:30", pauses=[("15:00", "15:30")]) == (ClockState.RUNNING, Level.OK)


def test_pause_begun_after_the_due_instant_hides_no_breach(read):
    assert read("18:00", pauses=[("17:00", None)]) == (ClockState.BREACHED, Level.BREACHED)


# --- policies ---


def make_policy(**changes) -> Policy:
    values = {
        "id": "complaint",
        "version": 1,
        "applies_to": "complaint",
        "clocks": {"acceptance": Target(7, DAYS)},
        "effective_from": date(2026, 1, 1),
    }
    return Policy(**values | changes)


def test_newest_policy_in_force_on_the_day_is_chosen():
    policies = [
        make_policy(),
        make_policy(version=2, effective_from=date(2026, 7, 1)),
        make_policy(version=3, effective_from=date(2027, 1, 1)),
        make_policy(id="other", applies_to="handoff", clocks={}),
    ]
    assert policy_for(policies, "complaint", date(2026, 6, 30)).version == 1
    assert policy_for(policies, "complaint", date(2026, 11, 20)).version == 2


def test_missing_policy_is_an_error_that_names_what_is_missing():
    with pytest.raises(PolicyMissing) as error:
        policy_for([make_policy()], "consultation", date(2026, 11, 20))
    assert error.value.details == {"applies_to": "consultation", "on": "2026-11-20"}


@pytest.mark.parametrize(
    "changes", [{"clocks": {"lunch": Target(1, DAYS)}}, {"warn_ratio": 1.0}, {"version": 0}]
)
def test_impossible_policies_are_refused(changes):
    with pytest.raises(ValueError):
        make_policy(**changes)
