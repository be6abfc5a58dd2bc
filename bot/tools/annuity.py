"""The annuities of one patent: year by year when they fall due, until the term ends.

The years of a patent are counted from its filing day, so the annuity of year *n* is due on the
*n*-1st anniversary of that day (patent rules, article 115: before the year before has run out); a day
off moves it (article 5). The six months for paying late run from that anniversary, whether or not it
was moved, so that the day named here is never too late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.helpdesk.deadlines import Ended, Holidays, Length, Roll, Shape, Unit, end_of

TERM_YEARS = {"invention": 20, "utility_model": 10, "design": 15}
GRACE = Length(6, Unit.MONTHS)
NEW_DESIGN_TERM = date(2021, 6, 1)
"""Designs filed earlier have the term of the law then in force."""


@dataclass(frozen=True, slots=True)
class Annuity:
    """The annuity of one year of a patent.

    Attributes:
        year: From 1, the year that begins with the filing day.
        due: Last day for paying it in time.
        grace: Last day for paying it with the surcharge.
    """

    year: int
    due: Ended
    grace: Ended


@dataclass(frozen=True, slots=True)
class Schedule:
    """All annuities of a patent.

    Attributes:
        end: Last day of the term; None if it cannot be worked out from the law in force.
    """

    filed: date
    annuities: tuple[Annuity, ...]
    end: date | None

    def late_on(self, day: date) -> Annuity | None:
        """Return the annuity whose day has passed but can still be paid with the surcharge."""
        late = [annuity for annuity in self.annuities if annuity.due.due < day <= annuity.grace.due]
        return late[-1] if late else None

    def next_on(self, day: date) -> Annuity | None:
        """Return the next annuity that can be paid in time."""
        return next((annuity for annuity in self.annuities if annuity.due.due >= day), None)


def schedule_of(kind: str, filed: date, holidays: Holidays) -> Schedule:
    """Return the annuities of years 2 to the last, and the end of the term.

    Args:
        kind: A key of ``TERM_YEARS``.
        filed: The filing day (not the day of priority).
    """
    years = TERM_YEARS[kind]
    is_known = kind != "design" or filed >= NEW_DESIGN_TERM
    end = end_of(filed, Length(years, Unit.YEARS), holidays, shape=Shape.TERM).due if is_known else None
    return Schedule(
        filed, tuple(_annuity(year, filed, holidays) for year in range(2, years + 1)) if end else (), end
    )


def _annuity(year: int, filed: date, holidays: Holidays) -> Annuity:
    due = end_of(filed, Length(year - 1, Unit.YEARS), holidays, roll=Roll.WORKING_DAY)
    return Annuity(year, due, end_of(due.last, GRACE, holidays, roll=Roll.WORKING_DAY))
