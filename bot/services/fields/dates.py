"""When something happened: a moment, a stretch between two, or a beginning that lasts until now."""

from __future__ import annotations

import re
from datetime import date

from bot.services.fields.chinese import with_digits
from bot.services.fields.moments import ImpossibleDate, Moment, read, read_iso
from bot.services.fields.result import Accepted, Outcome, rejected
from bot.services.fields.vocabulary import DateWords, normalise

EARLIEST_YEAR = 1985  # the first Chinese patents; nothing older is reported to a helpdesk
UNTIL_NOW = ".."

_SHORT_RANGE = re.compile(r"(?<![\d./-])(\d{1,2})(?:-|~|到|至)(\d{1,2})([月日号])")
_RANGE = re.compile(r"(?:到|至|[~—–]+|(?<=[月日号年])-|-(?=\d{4}[年./]))(?!现在|目前|货|手|了)")
_SINCE = re.compile(r"[年月日号天周末]起")


def check_date(text: str, *, today: date, words: DateWords) -> Outcome:
    """Check when something happened.

    Args:
        today: Local day; nothing that begins, or is said to end, after it is accepted.
        words: Words for days, weeks, months and years.
    Returns:
        Accepted with an ISO 8601 value: a day, a month, a year, `first/last` or `first/..`.
    """
    said = re.sub(r"\s+", "", with_digits(normalise(text).lower()))
    try:
        first, last, lasts = _stored(said) or _said(said, today, words)
    except ImpossibleDate:
        return rejected("date_impossible")
    if first is None:
        vague = any(word in said for word in words.vague)
        return rejected("date_vague" if vague else "date_unknown")
    return _checked(first, last, lasts, today, words)


def show_date(value: str, words: DateWords) -> str:
    """Return a stored value for people to read; an unreadable one is returned as it is."""
    start, _, end = value.partition("/")
    if not end:
        return _shown_moment(value, words)
    if end == UNTIL_NOW:
        return words.shown["until_now"].format(start=_shown_moment(start, words))
    return words.shown["between"].format(start=_shown_moment(start, words), end=_shown_moment(end, words))


def _stored(said: str) -> tuple[Moment | None, Moment | None, bool] | None:
    """Read a value that was accepted before, so that checking it twice changes nothing."""
    start, slash, end = said.partition("/")
    first = read_iso(start)
    if first is None or (slash and end != UNTIL_NOW and read_iso(end) is None):
        return None
    lasts = end == UNTIL_NOW
    return first, (read_iso(end) if slash and not lasts else None), lasts


def _said(said: str, today: date, words: DateWords) -> tuple[Moment | None, Moment | None, bool]:
    """Return first moment, last moment (None for a single one), and whether it lasts until now."""
    said = _SHORT_RANGE.sub(r"\1\3至\2\3", said)
    if any(word in said for word in words.ongoing) or _SINCE.search(said):
        return read(said, today, words), None, True
    for split in _RANGE.finditer(said):
        first = read(said[: split.start()], today, words)
        last = read(_completed(said[split.end() :], first), today, words)
        if first and last:
            return first, last, False
    moment = read(said, today, words)
    return moment, None, False


def _completed(end: str, first: Moment | None) -> str:
    """Give the end of a stretch the year and month that were only said at its beginning."""
    if first is None:
        return end
    if re.match(r"\d{1,2}月", end):
        return f"{first.first.year}年{end}"
    if re.match(r"\d{1,2}[日号]", end):
        return f"{first.first.year}年{first.first.month}月{end}"
    return end


def _checked(first: Moment, last: Moment | None, lasts: bool, today: date, words: DateWords) -> Outcome:
    end = last or first
    latest = first if first.first > today else end
    if first.first > today or end.first > today:
        return rejected("date_future", shown=_shown_moment(latest.value, words))
    if first.first.year < EARLIEST_YEAR:
        return rejected("date_too_old")
    if end.last < first.first:
        return rejected("date_order")
    value = first.value
    if lasts:
        value = f"{first.value.partition('/')[0]}/{UNTIL_NOW}"
    elif last:
        value = f"{first.value.partition('/')[0]}/{last.value.rpartition('/')[2]}"
    return Accepted(value, show_date(value, words))


def _shown_moment(value: str, words: DateWords) -> str:
    parts = value.partition("/")[0].split("-")
    form = ("year", "month", "day")[len(parts) - 1] if len(parts) <= 3 else ""
    if not form or not all(part.isdigit() for part in parts):
        return value
    numbers = dict(zip(("year", "month", "day"), (int(part) for part in parts), strict=False))
    return words.shown[form].format(**numbers)
