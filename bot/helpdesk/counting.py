"""The arithmetic of service clocks: which stretches of time count, and where they end."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from bot.helpdesk.calendar import BusinessCalendar, Span
from bot.helpdesk.targets import Pause, Target, Unit

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted.

    Attributes:
        due_at: UTC end of the last counted stretch.
        spans: Stretches that count, in order; their length is the counted time.
        days: Counted local days (empty when minutes are counted).
        first_day: First local day that was looked at.
        assumed_years: Years looked at whose holidays are not known.
    """

    due_at: datetime
    spans: list[Span]
    days: list[date]
    first_day: date
    assumed_years: list[int]


def count(start_at: datetime, target: Target, calendar: BusinessCalendar, pauses: Sequence[Pause]) -> Count:
    """Count a target from an instant; ``pauses`` are as :func:`merge_pauses` returns them."""
    start_day = calendar.local_date(start_at)
    if target.unit is Unit.WORKING_MINUTES:
        spans = _count_minutes(start_at, target.amount, calendar, pauses)
        due_at = spans[-1][1]
        years = _assumed_years(calendar, start_day, calendar.local_date(due_at))
        return Count(due_at, spans, [], start_day, years)
    working = target.unit is Unit.WORKING_DAYS
    amount = target.amount if target.unit is not Unit.MONTHS else _days_in_months(start_day, target.amount)
    candidates = _working_days(calendar, start_day) if working else _all_days(start_day)
    days = _count_days(candidates, amount, calendar, pauses)
    due_at = calendar.close_of(days[-1])
    spans = _spans_of_working_days(days, calendar) if working else _spans_of_days(days, calendar, due_at)
    years = _assumed_years(calendar, start_day + _DAY, days[-1])
    return Count(due_at, _without(spans, pauses), days, start_day + _DAY, years)


def merge_pauses(pauses: Iterable[Pause]) -> list[Pause]:
    """Return pauses in order of time, overlapping ones joined under the first one's reason.

    Of pauses that have not ended the earliest is kept, as the last of the list.
    """
    merged: list[Pause] = []
    lasting: list[Pause] = []
    for pause in sorted(pauses, key=lambda pause: pause.from_at):
        if pause.to_at is None:
            lasting.append(pause)
        elif not merged or merged[-1].to_at < pause.from_at:
            merged.append(pause)
        elif pause.to_at > merged[-1].to_at:
            merged[-1] = Pause(merged[-1].from_at, pause.to_at, merged[-1].reason)
    return merged + lasting[:1]


def corresponding_day(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of a month that is too short.

    Source: Civil Code, article 202 (期间的最后一日为到期月的对应日；没有对应日的，月末日).
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _days_in_months(start_day: date, months: int) -> int:
    return (corresponding_day(start_day, months) - start_day).days


def _count_minutes(
    start_at: datetime, amount: int, calendar: BusinessCalendar, pauses: Sequence[Pause]
) -> list[Span]:
    """Return office time from ``start_at`` on, pauses cut out, until the amount is used up."""
    left, counted = timedelta(minutes=amount), []
    pieces = (piece for span in calendar.open_spans(start_at) for piece in _without([span], pauses))
    while left:
        start, end = next(pieces)
        taken = min(end - start, left)
        counted.append((start, start + taken))
        left -= taken
    return counted


def _count_days(
    candidates: Iterator[date], amount: int, calendar: BusinessCalendar, pauses: Sequence[Pause]
) -> list[date]:
    """Return the first days at whose close no ended pause lies over the clock."""
    ended = [pause for pause in pauses if pause.to_at is not None]
    running = (day for day in candidates if not _covered(calendar.close_of(day), ended))
    return list(islice(running, amount))


def _covered(at: datetime, pauses: Sequence[Pause]) -> bool:
    return any(pause.covers(at) for pause in pauses)


def _working_days(calendar: BusinessCalendar, after: date) -> Iterator[date]:
    day = after
    while True:
        day = calendar.next_working_day(day)
        yield day


def _all_days(after: date) -> Iterator[date]:
    day = after
    while True:
        day += _DAY
        yield day


def _spans_of_working_days(days: Sequence[date], calendar: BusinessCalendar) -> list[Span]:
    return [span for day in days for span in calendar.frames_on(day)]


def _spans_of_days(days: Sequence[date], calendar: BusinessCalendar, due_at: datetime) -> list[Span]:
    return [(calendar.midnight(day), min(calendar.midnight(day + _DAY), due_at)) for day in days]


def _without(spans: Iterable[Span], pauses: Sequence[Pause]) -> list[Span]:
    """Return the stretches with the ended pauses cut out; an open one cannot be measured yet."""
    rest = list(spans)
    for pause in pauses:
        if pause.to_at is None:
            continue
        rest = [piece for span in rest for piece in _cut(span, pause.from_at, pause.to_at)]
    return rest


def _cut(span: Span, from_at: datetime, to_at: datetime) -> Iterator[Span]:
    start, end = span
    if to_at <= start or from_at >= end:
        yield span
        return
    if start < from_at:
        yield start, from_at
    if to_at < end:
        yield to_at, end


def _assumed_years(calendar: BusinessCalendar, first: date, last: date) -> list[int]:
    return [year for year in range(first.year, last.year + 1) if year not in calendar.loaded_years]
