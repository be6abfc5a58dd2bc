"""What must hold for every due date, whatever the start, the amount and the pauses."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.helpdesk.calendar import BusinessCalendar, Day
from bot.helpdesk.sla import DueCounter, Pause, Target, Unit, compute

START = datetime(2026, 1, 1, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))
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


# --- any calendar, beside a count that asks nothing of ours -----------------------------------

quarters = st.integers(0, 95)


@st.composite
def frames(draw):
    cuts = sorted(draw(st.sets(quarters, min_size=2, max_size=6)))
    times = [time(cut // 4, cut % 4 * 15) for cut in cuts[: len(cuts) // 2 * 2]]
    return tuple(zip(times[::2], times[1::2], strict=True))


@st.composite
def calendars(draw):
    """A calendar with several frames a day, special days around the turn of the year, and years that are not known."""
    weekly = draw(st.dictionaries(st.integers(0, 6), frames(), min_size=2))
    days = {}
    for offset in draw(st.sets(st.integers(0, 60), max_size=20)):
        kind = draw(st.sampled_from(["holiday", "makeup", "special_hours"]))
        days[date(2026, 12, 1) + timedelta(days=offset)] = Day(kind, frames=draw(frames()) if kind == "special_hours" else ())
    return BusinessCalendar(CHINA, weekly, days, draw(st.sampled_from([frozenset(), frozenset({2026}), frozenset({2026, 2027})])))


def hours(calendar, day):
    """Return the opening and closing minutes of a local day, read from the data itself."""
    special = calendar.days.get(day)
    normal = calendar.frames[min(calendar.frames)]
    found = calendar.frames.get(day.weekday(), ()) if special is None else {"makeup": normal}.get(special.kind, special.frames)
    return [(a.hour * 60 + a.minute, b.hour * 60 + b.minute) for a, b in found], normal[-1][1].hour * 60 + normal[-1][1].minute


def naive(calendar, start, target, pauses):
    """Return due and warning instant (None where days are counted) and the years that were needed."""
    def instant(day, minute):
        return datetime.combine(day, time(), CHINA) + timedelta(minutes=minute)

    def stands(at):
        return any(pause.from_at <= at < pause.to_at for pause in pauses)

    day, counted, warn_at = start.astimezone(CHINA).date(), 0, None
    first = day
    if target.unit is Unit.WORKING_MINUTES:
        while True:
            for opens, closes in hours(calendar, day)[0]:
                for minute in range(opens, closes):
                    if instant(day, minute) >= start and not stands(instant(day, minute)):
                        counted += 1
                        warn_at = instant(day, minute + 1) if counted == target.amount // 2 else warn_at
                        if counted == target.amount:
                            return instant(day, minute + 1), warn_at, range(first.year, day.year + 1)
            day += timedelta(days=1)
    left = target.amount
    if target.unit is Unit.MONTHS:
        to = day.month + target.amount
        last = next(d for d in range(day.day, 0, -1) if _is_date(day.year + (to - 1) // 12, (to - 1) % 12 + 1, d))
        left = (date(day.year + (to - 1) // 12, (to - 1) % 12 + 1, last) - day).days
    while left:
        day += timedelta(days=1)
        open_hours, usual_close = hours(calendar, day)
        close = instant(day, open_hours[-1][1] if open_hours else usual_close)
        if (open_hours or target.unit is not Unit.WORKING_DAYS) and not stands(close):
            left -= 1
    return close, None, range((first + timedelta(days=1)).year, day.year + 1)


def _is_date(year, month, day):
    try:
        return bool(date(year, month, day))
    except ValueError:
        return False


@settings(max_examples=60)
@given(st.data(), calendars(), targets())
def test_any_calendar_agrees_with_a_count_by_hand(data, calendar, target):
    if target.unit is Unit.WORKING_MINUTES:
        target = Target(target.amount // 6 * 2 + 2, target.unit)
    start = datetime(2026, 12, 1, tzinfo=CHINA) + timedelta(minutes=data.draw(st.integers(0, 60 * 24 * 60)))
    pauses = data.draw(pauses_after(start))
    found = compute(start, target, calendar, pauses, warn_ratio=0.5)
    due_at, warn_at, years = naive(calendar, start, target, pauses)
    assert found.due_at == due_at and (warn_at is None or abs(found.warn_at - warn_at) < timedelta(milliseconds=1))
    assert found.provisional == bool(set(years) - calendar.loaded_years)
    assert found.steps[-1].kind == "due" or found.steps[-1].from_at >= due_at
