"""How a due date was found, step by step, for `rightsdesk sla explain` and the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.helpdesk.calendar import BusinessCalendar, Span
from bot.helpdesk.counting import Count, corresponding_day
from bot.helpdesk.targets import Pause, Target, Unit

_DAY = timedelta(days=1)
_ORDER = (
    "start", "start_day", "month_end", "assumed_year", "holiday", "weekend",
    "counted", "makeup", "special_hours", "pause", "extension", "due",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation.

    Attributes:
        kind: ``start``; ``start_day`` (not counted); ``counted``, ``makeup`` (a make-up working
            day that counts) and ``special_hours`` (a day with hours of its own); ``holiday`` and ``weekend`` (not counted); ``pause``; ``month_end``
            (no corresponding day); ``assumed_year`` (holidays not known); ``extension`` (granted
            at this instant; the amount is part of the target); ``due``.
        from_at: UTC.
        to_at: UTC; None for a pause that still lasts.
        counted: Minutes or days counted in this stretch, by the unit of the target.
        title: Name of the holiday, reason of the pause, or the year.
        source: Notice that the holiday or make-up day comes from.
    """

    kind: str
    from_at: datetime
    to_at: datetime | None
    counted: float = 0
    title: str = ""
    source: str = ""

    @property
    def text_key(self) -> str:
        """Key of the words for this step."""
        return f"sla.step.{self.kind}"


def explain_count(
    start_at: datetime, target: Target, calendar: BusinessCalendar, pauses: Sequence[Pause], counted: Count
) -> list[Step]:
    """Return the steps that led to a due date, in order of time."""
    steps = [_start_step(start_at, target, calendar), *_assumed_steps(calendar, counted)]
    match target.unit:
        case Unit.WORKING_MINUTES:
            steps += [*_minute_steps(calendar, counted), *_rest_steps(calendar, counted)]
        case Unit.WORKING_DAYS:
            steps += [*_working_day_steps(calendar, counted), *_rest_steps(calendar, counted)]
        case Unit.CALENDAR_DAYS:
            steps += _calendar_day_steps(calendar, counted)
        case Unit.MONTHS:
            steps += [*_calendar_day_steps(calendar, counted), *_month_end_steps(start_at, target, calendar)]
    steps += [
        Step("pause", pause.from_at, pause.to_at, title=pause.reason)
        for pause in pauses
        if pause.from_at < counted.due_at and (pause.to_at is None or pause.to_at > start_at)
    ]
    steps.append(Step("due", counted.due_at, counted.due_at, target.amount))
    return sorted(steps, key=lambda step: (step.from_at, _ORDER.index(step.kind)))


def with_extensions(steps: Sequence[Step], extensions: Sequence[Step]) -> list[Step]:
    """Return the steps with those at which more time was granted, in order of time."""
    return sorted((*steps, *extensions), key=lambda step: (step.from_at, _ORDER.index(step.kind)))


def _start_step(start_at: datetime, target: Target, calendar: BusinessCalendar) -> Step:
    if target.unit is Unit.WORKING_MINUTES:
        return Step("start", start_at, start_at)
    return Step("start_day", start_at, calendar.midnight(calendar.local_date(start_at) + _DAY))


def _assumed_steps(calendar: BusinessCalendar, counted: Count) -> Iterator[Step]:
    for year in counted.assumed_years:
        first = max(date(year, 1, 1), counted.first_day)
        yield Step("assumed_year", calendar.midnight(first), counted.due_at, title=str(year))


def _minute_steps(calendar: BusinessCalendar, counted: Count) -> Iterator[Step]:
    for start, end in counted.spans:
        minutes = round((end - start).total_seconds() / 60, 2)
        yield _counted_step(calendar, calendar.local_date(start), (start, end), minutes)


def _working_day_steps(calendar: BusinessCalendar, counted: Count) -> Iterator[Step]:
    """Yield one step for every run of neighbouring days; make-up days and special hours stand alone."""
    for run in _runs(counted.days, calendar.days.get):
        span = calendar.frames_on(run[0])[0][0], calendar.close_of(run[-1])
        yield _counted_step(calendar, run[0], span, len(run))


def _calendar_day_steps(calendar: BusinessCalendar, counted: Count) -> Iterator[Step]:
    for run in _runs(counted.days, lambda day: None):
        end = min(calendar.midnight(run[-1] + _DAY), counted.due_at)
        yield Step("counted", calendar.midnight(run[0]), end, len(run))


def _counted_step(calendar: BusinessCalendar, day: date, span: Span, counted: float) -> Step:
    special = calendar.days.get(day)
    if special is not None and special.kind != "holiday":
        return Step(special.kind, *span, counted, special.title, special.source)
    return Step("counted", *span, counted)


def _rest_steps(calendar: BusinessCalendar, counted: Count) -> Iterator[Step]:
    last = calendar.local_date(counted.due_at)
    days = [counted.first_day + offset * _DAY for offset in range((last - counted.first_day).days)]
    resting = [day for day in days if not calendar.is_working_day(day)]
    for run in _runs(resting, calendar.days.get):
        holiday = calendar.days.get(run[0])
        yield Step(
            "holiday" if holiday else "weekend",
            calendar.midnight(run[0]),
            calendar.midnight(run[-1] + _DAY),
            title=holiday.title if holiday else "",
            source=holiday.source if holiday else "",
        )


def _month_end_steps(start_at: datetime, target: Target, calendar: BusinessCalendar) -> Iterator[Step]:
    start_day = calendar.local_date(start_at)
    end_day = corresponding_day(start_day, target.amount)
    if end_day.day != start_day.day:
        yield Step("month_end", calendar.midnight(end_day), calendar.midnight(end_day + _DAY))


def _runs(days: Sequence[date], group: Callable[[date], object]) -> Iterator[list[date]]:
    """Yield stretches of neighbouring days for which ``group`` says the same."""
    run: list[date] = []
    for day in days:
        if run and (day != run[-1] + _DAY or group(day) != group(run[-1])):
            yield run
            run = []
        run.append(day)
    if run:
        yield run
