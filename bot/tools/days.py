"""Finding a day in what a citizen writes: 2026-11-20, 2026年11月20日, 十一月二十日, 昨天, 上周五, 3天前."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from bot.knowledge.numerals import NUMERAL, parse_number

_NUMBER = re.compile(rf"{NUMERAL}(?=个?(?:年|月|日|号|天))")
_FULL = re.compile(r"(?<!\d)(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)\s*[日号]?")
_COMPACT = re.compile(r"(?<!\d)((?:19|20|21)\d{2})(\d{2})(\d{2})(?!\d)")
_YEAR_WORD = re.compile(r"(前年|去年|今年|明年)\s*(\d{1,2})月(\d{1,2})[日号]?")
_MONTH_DAY = re.compile(r"(?<!\d)(\d{1,2})月(\d{1,2})[日号]?")
_MONTH_WORD = re.compile(r"(上个?月|这个?月|本月)(\d{1,2})[日号]")
_AGO = re.compile(r"(\d{1,3})天(?:以|之)?前")
_WEEK = re.compile(r"(上上|上|这|本)(?:周|星期|礼拜)([一二三四五六日天])")
_WORDS = {"大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "今天": 0, "今日": 0, "明天": 1, "大后天": 3, "后天": 2}
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1}
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0}
_WEEKDAYS = {name: place for place, name in enumerate("一二三四五六日")} | {"天": 6}


class NoSuchDay(ValueError):
    """The calendar has no such day; the argument is what was written."""


def find_day(text: str, *, today: date, ahead: bool = False) -> date | None:
    """Return the first day that a text names, None if it names none.

    Args:
        ahead: A day without a year is the next such day; otherwise the last one.
    Raises:
        NoSuchDay: It names a day that does not exist.
    """
    said = _with_digits(unicodedata.normalize("NFKC", text))
    if match := _FULL.search(said) or _COMPACT.search(said):
        return _day(match[0], int(match[1]), int(match[2]), int(match[3]))
    if match := _YEAR_WORD.search(said):
        return _day(match[0], today.year + _YEARS[match[1]], int(match[2]), int(match[3]))
    if match := _MONTH_WORD.search(said):
        shift = -1 if match[1].startswith("上") else 0
        year, month = divmod(today.year * 12 + today.month - 1 + shift, 12)
        return _day(match[0], year, month + 1, int(match[2]))
    if match := _MONTH_DAY.search(said):
        return _nearest(match[0], int(match[1]), int(match[2]), today, ahead=ahead)
    return _relative(said, today)


def _relative(said: str, today: date) -> date | None:
    if match := _AGO.search(said):
        return today - timedelta(days=int(match[1]))
    if match := _WEEK.search(said):
        monday = today - timedelta(days=today.weekday())
        return monday + timedelta(weeks=_WEEKS[match[1]], days=_WEEKDAYS[match[2]])
    found = next((word for word in _WORDS if word in said), None)
    return today + timedelta(days=_WORDS[found]) if found else None


def _with_digits(text: str) -> str:
    def digits(match: re.Match[str]) -> str:
        number = parse_number(match[0])
        return match[0] if number is None else str(number)

    return _NUMBER.sub(digits, text)


def _nearest(written: str, month: int, day: int, today: date, *, ahead: bool) -> date:
    years = range(today.year, today.year + 9) if ahead else range(today.year, today.year - 9, -1)
    for year in years:
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today if ahead else found <= today:
            return found
    raise NoSuchDay(written)


def _day(written: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise NoSuchDay(written) from error
