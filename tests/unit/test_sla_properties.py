"""What must hold for every due date, whatever the start, the amount and the pauses."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.helpdesk.sla import DueCounter, Pause, Target, Unit, compute

START = datetime(2026, 1, 1, tzinfo=UTC)
SMALL = {Unit.WORKING_MINUTES: 1200, Unit.WORKING_DAYS: 40, Unit.CALENDAR_DAYS: 60, Unit.MONTHS: 6}

units = st.sampled_from(list(Unit))
instants = st.integers(0, 300 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
lengths = st.integers(0, 6 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def targets(draw):
    unit = draw(units)
    return Target(draw(st.integers(1, SMALL[unit])), unit)


@st.composite
def pauses_after(draw, start):
    offsets = st.integers(-3 * 24 * 60, 40 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
    begins = [start + offset for offset in draw(st.lists(offsets, max_size=3))]
    return [Pause(begin, begin + draw(lengths)) for begin in begins]


@given(instants, targets())
def test_a_larger_amount_is_never_due_earlier(office, start, target):
    larger = Target(target.amount + 1, target.unit)
    assert compute(start, larger, office).due_at >= compute(start, target, office).due_at


@given(instants, lengths, targets())
def test_a_later_start_is_never_due_earlier(office, start, later, target):
    assert compute(start + later, target, office).due_at >= compute(start, target, office).due_at


@given(st.data(), instants, targets())
def test_a_pause_never_shortens(office, data, start, target):
    pauses = data.draw(pauses_after(start))
    for count in range(len(pauses)):
        fewer = compute(start, target, office, pauses[:count])
        more = compute(start, target, office, pauses[: count + 1])
        assert more.due_at >= fewer.due_at


@given(st.data(), instants, targets())
def test_due_is_after_start_and_warning_lies_between(office, data, start, target):
    result = compute(start, target, office, data.draw(pauses_after(start)))
    assert start < result.warn_at <= result.due_at


@given(st.data(), instants, targets())
def test_working_time_is_never_due_outside_office_hours(office, data, start, target):
    assume(target.unit in (Unit.WORKING_MINUTES, Unit.WORKING_DAYS))
    result = compute(start, target, office, data.draw(pauses_after(start)))
    frames = office.frames_on(office.local_date(result.due_at))
    assert any(opens < result.due_at <= closes for opens, closes in frames)


@given(st.data(), instants, targets())
def test_counted_steps_add_up(office, data, start, target):
    assume(target.unit is not Unit.MONTHS)
    steps = compute(start, target, office, data.draw(pauses_after(start))).steps
    counted = sum(step.counted for step in steps if step.kind in ("counted", "makeup"))
    assert counted == pytest.approx(target.amount, abs=0.1)


@given(st.data(), instants, st.integers(1, 600))
def test_minutes_agree_with_counting_them_one_by_one(office, data, start, amount):
    pauses = data.draw(pauses_after(start))
    result = compute(start, Target(amount, Unit.WORKING_MINUTES), office, pauses)
    assert result.due_at == _count_one_by_one(office, start, amount, pauses)


def _count_one_by_one(office, start, amount, pauses):
    """Walk whole minutes (start, frames and pauses all lie on them) asking nothing but `is_open`."""
    minute, left = start, amount
    while left:
        if not office.is_working_day(office.local_date(minute)):
            minute = office.midnight(office.local_date(minute) + timedelta(days=1))
            continue
        if office.is_open(minute) and not any(p.from_at <= minute < p.to_at for p in pauses):
            left -= 1
        minute += timedelta(minutes=1)
    return minute


@given(st.data(), instants, st.integers(1, 40))
def test_working_days_agree_with_looking_at_each_day(office, data, start, amount):
    pauses = data.draw(pauses_after(start))
    result = compute(start, Target(amount, Unit.WORKING_DAYS), office, pauses)
    day, left = office.local_date(start), amount
    while left:
        day += timedelta(days=1)
        close = office.close_of(day)
        if office.is_working_day(day) and not any(p.from_at <= close < p.to_at for p in pauses):
            left -= 1
    assert result.due_at == office.close_of(day)


@given(st.data(), targets(), st.lists(instants, min_size=1, max_size=4), st.floats(0.1, 0.95))
def test_counting_many_clocks_gives_what_counting_each_gives(office, data, target, starts, ratio):
    counter = DueCounter(target, office, ratio)
    for start in [*starts, starts[0]]:
        pauses = data.draw(st.one_of(st.just([]), pauses_after(start)))
        pauses += data.draw(st.sampled_from([[], [Pause(start + timedelta(hours=5))]]))
        one, alone = counter(start, pauses), compute(start, target, office, pauses, warn_ratio=ratio)
        assert (one.due_at, one.warn_at, one.provisional) == (alone.due_at, alone.warn_at, alone.provisional)
