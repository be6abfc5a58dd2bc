"""Statutory periods: on which day does one end? Arithmetic only; the rules are data.

The starting day is left out. A period in months or years ends on the day of the last month that has
the number of the starting day, or on that month's last day. What happens when the last day is a day
off depends on the law, see `Roll`. These are days of the whole country, so the office's own hours do
not matter: Monday to Friday, public holidays and make-up working days.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from bot.helpdesk.calendar import Day

_DAY = timedelta(days=1)
_SATURDAY = 5


class Unit(StrEnum):
    """What a period is counted in."""

    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    YEARS = "years"


class Roll(StrEnum):
    """What a law says of a period whose last day is a day off."""

    WORKING_DAY = "working_day"
    """It ends on the first working day after it (patents, trade marks)."""
    AFTER_HOLIDAYS = "after_holidays"
    """It ends on the first day after the days off (courts)."""
    NONE = "none"
    """The law says nothing."""


class Shape(StrEnum):
    """What kind of period it is."""

    PERIOD = "period"
    """Something has to be done within it; the starting day is left out."""
    TERM = "term"
    """A right lasts so long, its first day counted: it ends the day before the corresponding one."""
    YEAR_END = "year_end"
    """It ends with the last day of the year in which it would otherwise end (copyright)."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long a period is."""

    amount: int
    unit: Unit


@dataclass(frozen=True)
class Holidays:
    """Which days are days off.

    Attributes:
        days: Holidays and make-up working days of the loaded years.
        loaded_years: Years whose yearly notice is in `days`.
        fixed: Month and day to the name of a holiday that falls on it in every year.
    """

    days: Mapping[date, Day]
    loaded_years: frozenset[int]
    fixed: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def is_off(self, day: date) -> bool:
        """Tell whether a day is a holiday or a weekend that is not worked."""
        special = self._special(day)
        if special is not None:
            return special.kind == "holiday"
        return day.weekday() >= _SATURDAY or self._is_fixed(day)

    def title(self, day: date) -> str:
        """Return the name of a holiday or make-up day; empty for an ordinary day or weekend."""
        special = self._special(day)
        if special is not None:
            return special.title
        return self.fixed[day.month, day.day] if self._is_fixed(day) else ""

    def is_known(self, day: date) -> bool:
        """Tell whether the yearly notice for a day is known."""
        return day.year in self.loaded_years

    def _special(self, day: date) -> Day | None:
        """Return what the notice says of a day; an office's special hours say nothing of the law's periods."""
        special = self.days.get(day)
        return None if special is None or special.kind == "special_hours" else special

    def _is_fixed(self, day: date) -> bool:
        return not self.is_known(day) and (day.month, day.day) in self.fixed


@dataclass(frozen=True, slots=True)
class Ended:
    """When a period ends.

    Attributes:
        last: Its last day before the law on days off is applied.
        due: Its last day.
        off: The days off from `last` on that moved it, with their names (empty: weekend).
        made_up: The make-up working day on which it ends, by name; None if it is no such day.
        provisional: A day that mattered lies in a year whose notice is not known.
    """

    last: date
    due: date
    off: tuple[tuple[date, str], ...] = ()
    made_up: str | None = None
    provisional: bool = False

    @property
    def rolled(self) -> bool:
        """Whether days off moved the end."""
        return self.due != self.last


def add_months(day: date, months: int) -> date:
    """Return the corresponding day so many months later, or the last day of that month.

    Raises:
        OverflowError: Beyond the years that dates can hold.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year < date.max.year:
        raise OverflowError(year)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def end_of(
    start: date, length: Length, holidays: Holidays, *, roll: Roll = Roll.NONE, shape: Shape = Shape.PERIOD
) -> Ended:
    """Return when a period ends.

    Args:
        start: The day of the event with which it begins.
        roll: What happens on days off; terms and years' ends never roll.
    Raises:
        OverflowError: Beyond the years that dates can hold.
    """
    if length.unit is Unit.WORKING_DAYS:
        return _working_days(start, length.amount, holidays)
    last = _plain_end(start, length, shape)
    if roll is Roll.NONE or shape is not Shape.PERIOD:
        return Ended(last, last)
    return _rolled(last, holidays)


def _plain_end(start: date, length: Length, shape: Shape) -> date:
    if length.unit is Unit.DAYS:
        return start + length.amount * _DAY
    end = add_months(start, length.amount * (12 if length.unit is Unit.YEARS else 1))
    if shape is Shape.YEAR_END:
        return date(end.year, 12, 31)
    return end - _DAY if shape is Shape.TERM else end


def _rolled(last: date, holidays: Holidays) -> Ended:
    due, off = last, []
    while holidays.is_off(due):
        off.append((due, holidays.title(due)))
        due += _DAY
    looked_at = (last, due)
    special = holidays.days.get(due)
    made_up = special.title if special is not None and special.kind == "makeup" else None
    return Ended(last, due, tuple(off), made_up, not all(map(holidays.is_known, looked_at)))


def _working_days(start: date, amount: int, holidays: Holidays) -> Ended:
    day, off, known = start, [], True
    while amount > 0:
        day += _DAY
        known = known and holidays.is_known(day)
        if not holidays.is_off(day):
            amount -= 1
        elif title := holidays.title(day):
            off.append((day, title))
    return Ended(day, day, tuple(off), None, not known)
