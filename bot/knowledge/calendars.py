"""The office calendar, read from `knowledge_base/calendar/`."""

from __future__ import annotations

import re
from datetime import date, time, timedelta, timezone
from pathlib import Path

from bot.helpdesk.calendar import BusinessCalendar, CalendarVersion, Day, Frame
from bot.helpdesk.sla import MAIN_CALENDAR
from bot.knowledge.datafile import Fields, read_mapping

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")
_FRAME = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAY = timedelta(days=1)


def load_calendar(root: Path) -> BusinessCalendar:
    """Return the calendar of `root/calendar`: `frames.yml` and one file for every known year.

    Args:
        root: The folder `knowledge_base`.
    Raises:
        DataError: Naming file and key of the first mistake.
    """
    folder = root / "calendar"
    frames_path = folder / "frames.yml"
    fields = Fields(read_mapping(frames_path), frames_path)
    fields.only("version", "zone", "frames")
    zone, frames = _zone(fields.child("zone")), _frames(fields.child("frames"))
    days: dict[date, Day] = {}
    years = set()
    for path in sorted(folder.glob("[12][0-9][0-9][0-9].yml")):
        year = Fields(read_mapping(path), path)
        years.add(_read_year(year, days))
    return fields.build("frames", lambda: BusinessCalendar(zone, frames, days, frozenset(years)))


def load_calendars(root: Path) -> tuple[CalendarVersion, ...]:
    """Return the shipped version of the office's calendar, as :func:`load_calendar` reads it.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    path = root / "calendar" / "frames.yml"
    fields = Fields(read_mapping(path), path)
    version = fields.integer("version")
    if version < 1:
        raise fields.fail("version", "must be at least 1")
    return (CalendarVersion(MAIN_CALENDAR, version, load_calendar(root)),)


def parse_frames(text: str) -> tuple[Frame, ...]:
    """Return frames written as `09:00-12:00,13:30-17:30`; the first nought of an hour may be left out.

    Raises:
        ValueError: Not in that form, or not a time of day.
    """
    return tuple(_parse_frame(part.strip()) for part in text.split(","))


def _parse_frame(text: str) -> Frame:
    match = _FRAME.fullmatch(text)
    if match is None:
        raise ValueError(f"expected hours such as 09:00-12:00, got {text!r}")
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    return time(start_hour, start_minute), time(end_hour, end_minute)


def _zone(fields: Fields) -> timezone:
    fields.only("name", "utc_offset")
    text = fields.text("utc_offset")
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise fields.fail("utc_offset", f"expected an offset such as +08:00, got {text!r}")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(offset if match[1] == "+" else -offset, fields.text("name"))


def _frames(fields: Fields) -> dict[int, tuple[Frame, ...]]:
    fields.only(*_WEEKDAYS)
    return {_WEEKDAYS.index(name): _frames_of(fields, name) for name in fields.data}


def _frames_of(fields: Fields, name: str) -> tuple[Frame, ...]:
    return fields.build(name, lambda: tuple(map(_parse_frame, fields.texts(name))))


def _read_year(fields: Fields, days: dict[date, Day]) -> int:
    """Add the days of one year's file to ``days`` and return the year."""
    fields.only("year", "source", "holidays", "makeup_days")
    year, source = fields.integer("year"), fields.child("source")
    if fields.path.stem != str(year):
        raise fields.fail("year", f"the file is named {fields.path.name}, the year is {year}")
    notice = f"{source.text('title')}（{source.date('date'):%Y-%m-%d}）"
    for entry in fields.children("holidays"):
        entry.only("title", "from", "to")
        first, last = entry.date("from"), entry.date("to")
        if last < first:
            raise entry.fail("to", "is before from")
        value = Day("holiday", entry.text("title"), notice)
        for offset in range((last - first).days + 1):
            _add(days, entry, "from", first + offset * _DAY, year, value)
    for entry in fields.children("makeup_days"):
        entry.only("title", "date")
        _add(days, entry, "date", entry.date("date"), year, Day("makeup", entry.text("title"), notice))
    return year


def _add(days: dict[date, Day], entry: Fields, key: str, day: date, year: int, value: Day) -> None:
    if day.year != year:
        raise entry.fail(key, f"{day} does not lie in {year}")
    if day in days:
        raise entry.fail(key, f"{day} is given twice")
    days[day] = value
