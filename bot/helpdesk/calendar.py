"""Working time: weekly frames, public holidays, make-up working days, and which years are known.

A calendar knows the State Council's yearly arrangement only for the years in ``loaded_years``.
Outside them it still answers, by weekday alone, and callers mark what they computed as
provisional (暂定). All instants that go in or come out are aware; those that come out are UTC.
Days are local days of the calendar's zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Literal

from bot.helpdesk.errors import HelpdeskError

Frame = tuple[time, time]
"""Opening and closing local time of one stretch of office hours; open at the first, closed at the second."""

Span = tuple[datetime, datetime]
"""Two UTC instants, the second excluded."""

_SEARCH_DAYS = 366
_DAY = timedelta(days=1)


class CalendarExhausted(HelpdeskError):
    """No office hours within a year after `details["after"]`: the calendar's frames are wrong."""

    code = "calendar_exhausted"


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which the weekly rule does not hold.

    Attributes:
        kind: ``holiday`` has no office hours; ``makeup`` (调休上班) has those of a normal weekday;
            ``special_hours`` has its own, as on a half day.
        title: Its name in Chinese, as staff read it in an explanation.
        source: Title and date of the notice that says so.
        frames: Office hours of a day with special hours; none for the other kinds.
    Raises:
        ValueError: Special hours without a frame, frames on another kind, or impossible frames.
    """

    kind: Literal["holiday", "makeup", "special_hours"]
    title: str = ""
    source: str = ""
    frames: tuple[Frame, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.frames) != (self.kind == "special_hours"):
            raise ValueError(f"only special hours have frames, and they need one: {self.kind}")
        check_frames(self.frames)


def check_aware(at: datetime, name: str) -> datetime:
    """Return the instant in UTC.

    Raises:
        ValueError: It is naive, so nobody can say when it is.
    """
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(f"{name} must be an aware datetime, got {at.isoformat()}")
    return at.astimezone(UTC)


@dataclass(frozen=True)
class BusinessCalendar:
    """When the office works.

    Args:
        zone: Zone of the office, in which days and frames are meant.
        frames: Weekday (0 is Monday) to its frames; a weekday left out has none.
        days: Holidays, make-up working days and days with special hours.
        loaded_years: Years whose yearly notice is in ``days``.
    Raises:
        ValueError: A frame that ends before it starts, overlapping frames, or no frame at all.
    """

    zone: tzinfo
    frames: Mapping[int, tuple[Frame, ...]]
    days: Mapping[date, Day] = field(default_factory=dict)
    loaded_years: frozenset[int] = frozenset()
    _normal: tuple[Frame, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for weekday, frames in self.frames.items():
            if weekday not in range(7):
                raise ValueError(f"weekday out of range 0-6: {weekday}")
            check_frames(frames)
        with_frames = [self.frames[weekday] for weekday in sorted(self.frames) if self.frames[weekday]]
        if not with_frames:
            raise ValueError("a calendar needs office hours on at least one weekday")
        object.__setattr__(self, "_normal", with_frames[0])

    # --- days ---

    def local_date(self, at: datetime) -> date:
        """Return the local day in which an instant lies."""
        return check_aware(at, "at").astimezone(self.zone).date()

    def is_loaded(self, day: date) -> bool:
        """Tell whether the yearly notice for this day is known."""
        return day.year in self.loaded_years

    def is_working_day(self, day: date) -> bool:
        """Tell whether the office works on this day."""
        return bool(self._local_frames(day))

    def next_working_day(self, day: date) -> date:
        """Return the first working day after this one.

        Raises:
            CalendarExhausted: None within a year.
        """
        for offset in range(1, _SEARCH_DAYS + 1):
            following = day + offset * _DAY
            if self.is_working_day(following):
                return following
        raise CalendarExhausted(after=day.isoformat())

    def add_working_days(self, day: date, amount: int) -> date:
        """Return the working day reached after so many, the starting day not counted."""
        for _ in range(amount):
            day = self.next_working_day(day)
        return day

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a local day begins."""
        return self._instant(day, time())

    # --- hours ---

    def frames_on(self, day: date) -> list[Span]:
        """Return the office hours of a day, earliest first; empty when the office is closed."""
        frames = self._local_frames(day)
        return [(self._instant(day, start), self._instant(day, end)) for start, end in frames]

    def close_of(self, day: date) -> datetime:
        """Return the close of a day's last frame.

        A day without office hours has the closing time of a normal weekday: periods in calendar
        days and months end on such days too, because they do not roll.
        """
        frames = self._local_frames(day) or self._normal
        return self._instant(day, frames[-1][1])

    def is_open(self, at: datetime) -> bool:
        """Tell whether the instant lies in office hours (the closing instant does not)."""
        at = check_aware(at, "at")
        return any(start <= at < end for start, end in self.frames_on(self.local_date(at)))

    def next_opening(self, at: datetime) -> datetime:
        """Return the first instant, from this one on, at which the office is open.

        Raises:
            CalendarExhausted: None within a year.
        """
        return next(self.open_spans(at))[0]

    def open_spans(self, start_at: datetime) -> Iterator[Span]:
        """Yield the office hours from an instant on, the first one cut to begin there, without end.

        Raises:
            CalendarExhausted: A year without office hours.
        """
        start_at = check_aware(start_at, "start_at")
        day = self.local_date(start_at)
        while True:
            for opens, closes in self.frames_on(day):
                if closes > start_at:
                    yield max(opens, start_at), closes
            day = self.next_working_day(day)

    def open_time(self, from_at: datetime, to_at: datetime) -> timedelta:
        """Return how much office time lies between two instants; nothing if they are reversed."""
        to_at, total = check_aware(to_at, "to_at"), timedelta()
        for opens, closes in self.open_spans(from_at):
            if opens >= to_at:
                return total
            total += min(closes, to_at) - opens
        return total

    def _local_frames(self, day: date) -> tuple[Frame, ...]:
        special = self.days.get(day)
        if special is None:
            return self.frames.get(day.weekday(), ())
        return self._normal if special.kind == "makeup" else special.frames

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


@dataclass(frozen=True)
class CalendarVersion:
    """One version of one calendar.

    Attributes:
        id: Stays the same from version to version; policies name it.
        version: Grows by one with every change; a clock keeps the one it was last counted on.
        calendar: What it says.
    """

    id: str
    version: int
    calendar: BusinessCalendar


def check_frames(frames: Sequence[Frame]) -> None:
    """Refuse the frames of one day if they cannot be.

    Raises:
        ValueError: A frame that ends before it starts, or frames that overlap or are out of order.
    """
    for start, end in frames:
        if start >= end:
            raise ValueError(f"frame ends before it starts: {start:%H:%M}-{end:%H:%M}")
    for (_, end), (start, _) in pairwise(frames):
        if start < end:
            raise ValueError(f"frames overlap or are out of order at {start:%H:%M}")
