"""One point or stretch of time as people say it: 2026-11-20, 去年3月, 上周三, 半年前, 双十一.

Every reader takes the text (numerals already in digits, no spaces) and returns a `Moment` or None.
A day and month without a year mean the last time they happened, because an incident lies behind us.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.services.fields.vocabulary import DateWords


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a month, a year or a stretch of days.

    Attributes:
        first: First day.
        last: Last day, inclusive.
        value: ISO 8601: `2026-11-20`, `2026-11`, `2026`, or `first/last` for other stretches.
    """

    first: date
    last: date
    value: str


class ImpossibleDate(ValueError):
    """The calendar has no such day; tell the citizen so instead of guessing."""


def of_day(year: int, month: int, day: int) -> Moment:
    """Return one day.

    Raises:
        ImpossibleDate: There is no such day.
    """
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise ImpossibleDate from error
    return Moment(found, found, found.isoformat())


def of_month(year: int, month: int) -> Moment:
    """Return a whole month.

    Raises:
        ImpossibleDate: There is no such month.
    """
    if not (1 <= month <= 12 and 1 <= year <= 9998):
        raise ImpossibleDate
    last = calendar.monthrange(year, month)[1]
    return Moment(date(year, month, 1), date(year, month, last), f"{year:04}-{month:02}")


def of_year(year: int) -> Moment:
    """Return a whole year."""
    return Moment(date(year, 1, 1), date(year, 12, 31), f"{year:04}")


def of_days(first: date, last: date) -> Moment:
    """Return a stretch of days."""
    return Moment(first, last, f"{first.isoformat()}/{last.isoformat()}")


type Reader = Callable[[str, date, DateWords], Moment | None]


def read(text: str, today: date, words: DateWords) -> Moment | None:
    """Return the moment that the text names, None if it names none.

    Raises:
        ImpossibleDate: It names a day that does not exist.
    """
    return next((moment for reader in _READERS if (moment := reader(text, today, words))), None)


def read_iso(value: str) -> Moment | None:
    """Return the moment of a stored value, None if it is not one."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", value)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    if month is None:
        return of_year(year) if year else None
    return of_month(year, month) if day is None else of_day(year, month, day)


def _any(words: Sequence[str] | Mapping[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _full_date(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(r"(?<!\d)(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)", text)
    match = match or re.search(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)", text)
    return of_day(int(match[1]), int(match[2]), int(match[3])) if match else None


def _year_and_month(text: str, today: date, words: DateWords) -> Moment | None:
    pattern = rf"(?:(?<!\d)(\d{{4}}|\d{{2}})年|({_any(words.years)}))的?(\d{{1,2}})月份?(?:(\d{{1,2}})[日号])?"
    match = re.search(pattern, text)
    if match is None:
        return None
    year, month = _year(match[1], match[2], today, words), int(match[3])
    return of_day(year, month, int(match[4])) if match[4] else of_month(year, month)


def _numeric_month(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(r"(?<!\d)((?:19|20)\d{2})[-/.](\d{1,2})(?![\d.])", text)
    return of_month(int(match[1]), int(match[2])) if match else None


def _year_and_named(text: str, today: date, words: DateWords) -> Moment | None:
    pattern = rf"(?:(?<!\d)(\d{{4}}|\d{{2}})年|({_any(words.years)}))?的?(?<!\d)({_any(words.named)})(?!\d)"
    match = re.search(pattern, text)
    if match is None:
        return None
    month, day = (int(part) for part in words.named[match[3]].split("-"))
    if match[1] or match[2]:
        return of_day(_year(match[1], match[2], today, words), month, day)
    return _last_time(month, day, today)


def _month_word(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(rf"({_any(words.months)})份?(?:(\d{{1,2}})[日号])?", text)
    if match is None:
        return None
    year, month = _shifted(today, words.months[match[1]])
    return of_day(year, month, int(match[2])) if match[2] else of_month(year, month)


def _week_word(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(rf"({_any(words.weeks)})([{''.join(words.weekdays)}])?", text)
    if match is None:
        return None
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=words.weeks[match[1]])
    if match[2]:
        day = monday + timedelta(days=words.weekdays[match[2]])
        return of_day(day.year, day.month, day.day)
    last = monday + timedelta(days=6)
    return of_days(monday, min(last, today) if monday <= today else last)


def _ago(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(r"(\d{1,3}|半)个?多?(天|日|周|星期|礼拜|月|年)多?以?之?前", text)
    if match is None:
        return None
    unit = match[2]
    if match[1] == "半":
        year, month = _shifted(today, -6)
        day = today - timedelta(days=15)
        return of_month(year, month) if unit == "年" else of_day(day.year, day.month, day.day)
    count = int(match[1])
    if unit == "月":
        return of_month(*_shifted(today, -count))
    if unit == "年":
        return of_year(today.year - count)
    day = today - timedelta(days=count * (1 if unit in "天日" else 7))
    return of_day(day.year, day.month, day.day)


def _month_and_day(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(r"(?<!\d)(\d{1,2})月份?(?:(\d{1,2})[日号]?(?!\d))?", text)
    match = match or re.search(r"(?<![\d.])(\d{1,2})[./](\d{1,2})(?![\d.])", text)
    if match is None:
        return None
    if match[2]:
        return _last_time(int(match[1]), int(match[2]), today)
    month = of_month(today.year, int(match[1]))
    return month if month.first <= today else of_month(today.year - 1, int(match[1]))


def _day_word(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(_any(words.days), text)
    if match is None:
        return None
    day = today + timedelta(days=words.days[match[0]])
    return of_day(day.year, day.month, day.day)


def _weekday(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(rf"(?:周|星期|礼拜)([{''.join(words.weekdays)}])", text)
    if match is None:
        return None
    day = today - timedelta(days=(today.weekday() - words.weekdays[match[1]]) % 7)
    return of_day(day.year, day.month, day.day)


def _day_of_month(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(r"(?<!\d)(\d{1,2})[日号](?!楼|店|门|院|线)", text)
    if match is None:
        return None
    day = int(match[1])
    if not 1 <= day <= 31:
        raise ImpossibleDate
    year, month = (today.year, today.month) if day <= today.day else _shifted(today, -1)
    return of_day(year, month, day)


def _year_alone(text: str, today: date, words: DateWords) -> Moment | None:
    match = re.search(rf"(?<!\d)((?:19|20)\d{{2}})(?!\d)|(?<!\d)(\d{{2}})年|({_any(words.years)})", text)
    return of_year(_year(match[1] or match[2], match[3], today, words)) if match else None


_READERS: tuple[Reader, ...] = (
    _full_date, _year_and_month, _year_and_named, _numeric_month, _month_word, _week_word, _ago,
    _month_and_day, _day_word, _weekday, _day_of_month, _year_alone,
)  # fmt: skip


def _year(digits: str | None, word: str | None, today: date, words: DateWords) -> int:
    if word:
        return today.year + words.years[word]
    year = int(digits or today.year)
    return year + 2000 if year < 100 else year


def _last_time(month: int, day: int, today: date) -> Moment:
    """Return the latest such day that is not after today (29 February may be years ago)."""
    for year in range(today.year, today.year - 8, -1):
        try:
            moment = of_day(year, month, day)
        except ImpossibleDate:
            continue
        if moment.first <= today:
            return moment
    raise ImpossibleDate


def _shifted(today: date, months: int) -> tuple[int, int]:
    """Return year and month, so many months from today's."""
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return year, month + 1
