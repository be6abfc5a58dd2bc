"""From what a supervisor enters to the next version of a policy or calendar, or to a clear refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.helpdesk.calendar import BusinessCalendar, CalendarVersion, Day, Frame
from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.sla import CLOCKS, MAIN_CALENDAR, Policy, PolicyMissing, Target
from bot.services.sla.book import SlaBook

SOURCE_MAX_CHARS = 200
NOTE_MAX_CHARS = 500
_WARN_RATIOS = (0.1, 0.99)
_CALENDAR_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_YEARS = range(2000, 2101)


class RuleInvalid(HelpdeskError):
    """The version cannot be saved: `details["problem"]` names the words, `details["field"]` the field."""

    code = "sla_rule_invalid"

    def __init__(self, problem: str, field: str, **values: object) -> None:
        super().__init__(problem=problem, field=field, **values)


@dataclass(frozen=True)
class PolicyDraft:
    """What a new version of a policy shall be.

    Attributes:
        id: Of a policy that there is.
        base_version: The version that was shown when the change was made.
        note: Why it is changed; kept with the version.
    """

    id: str
    base_version: int
    clocks: Mapping[str, Target]
    warn_ratio: float
    effective_from: date
    source: str
    calendar_id: str
    note: str


@dataclass(frozen=True)
class CalendarDraft:
    """What a new version of a calendar shall be.

    Attributes:
        id: Of a calendar that there is, or with `base_version` 0 of a new one.
        base_version: The version that was shown when the change was made.
        frames, days, loaded_years: See `BusinessCalendar`.
        note: Why it is changed; kept with the version.
    """

    id: str
    base_version: int
    frames: Mapping[int, tuple[Frame, ...]]
    days: Mapping[date, Day]
    loaded_years: frozenset[int]
    note: str


def propose_policy(book: SlaBook, draft: PolicyDraft, *, now: datetime) -> Policy:
    """Return the version that the draft would become.

    A promise cannot be changed backwards: it takes effect today at the earliest, and not before the
    version that it follows.

    Raises:
        RuleInvalid: Naming field and problem.
    """
    try:
        base = book.version(draft.id, draft.base_version)
    except PolicyMissing:
        raise RuleInvalid("unknown_policy", "id") from None
    _check_note(draft.note)
    if not draft.clocks:
        raise RuleInvalid("no_clock", "clocks")
    if unknown := sorted(set(draft.clocks) - set(CLOCKS)):
        raise RuleInvalid("unknown_clock", "clocks", clock=unknown[0])
    if not _WARN_RATIOS[0] <= draft.warn_ratio <= _WARN_RATIOS[1]:
        raise RuleInvalid("warn_ratio", "warn_percent")
    if not draft.source or len(draft.source) > SOURCE_MAX_CHARS:
        raise RuleInvalid("source", "source", limit=SOURCE_MAX_CHARS)
    if draft.calendar_id not in book.calendar_ids():
        raise RuleInvalid("unknown_calendar", "calendar_id")
    earliest = max(book.calendar.local_date(now), base.effective_from)
    if draft.effective_from < earliest:
        raise RuleInvalid("too_early", "effective_from", earliest=earliest.isoformat())
    policy = replace(
        base,
        version=base.version + 1,
        clocks=dict(draft.clocks),
        warn_ratio=draft.warn_ratio,
        effective_from=draft.effective_from,
        source=draft.source,
        calendar_id=draft.calendar_id,
    )
    if replace(policy, version=base.version, effective_from=base.effective_from) == base:
        raise RuleInvalid("nothing_changed", "clocks")
    return policy


def propose_calendar(book: SlaBook, draft: CalendarDraft) -> CalendarVersion:
    """Return the version that the draft would become; the zone is that of the version before.

    Raises:
        RuleInvalid: Naming field and problem.
    """
    base = _base_of(book, draft)
    _check_note(draft.note)
    if not any(draft.frames.values()):
        raise RuleInvalid("no_office_hours", "frames")
    for day, special in draft.days.items():
        _check_day(draft, day, special)
    for year in draft.loaded_years:
        if year not in _YEARS:
            raise RuleInvalid("year_range", "year", year=year)
        if not any(day.year == year and special.kind == "holiday" for day, special in draft.days.items()):
            raise RuleInvalid("year_empty", "year", year=year)
    frames = {weekday: own for weekday, own in sorted(draft.frames.items()) if own}
    try:
        calendar = BusinessCalendar(base.zone, frames, dict(draft.days), draft.loaded_years)
    except ValueError as error:
        raise RuleInvalid("frames", "frames", detail=str(error)) from error
    if draft.base_version and calendar == base:
        raise RuleInvalid("nothing_changed", "frames")
    return CalendarVersion(draft.id, draft.base_version + 1, calendar)


def _base_of(book: SlaBook, draft: CalendarDraft) -> BusinessCalendar:
    if draft.base_version == 0:
        if not _CALENDAR_ID.fullmatch(draft.id):
            raise RuleInvalid("calendar_id", "id")
        if draft.id in book.calendar_ids():
            raise RuleInvalid("calendar_taken", "id", id=draft.id)
        return book.latest_calendar(MAIN_CALENDAR).calendar
    try:
        return book.calendar_version(draft.id, draft.base_version).calendar
    except PolicyMissing:
        raise RuleInvalid("unknown_calendar", "id") from None


def _check_day(draft: CalendarDraft, day: date, special: Day) -> None:
    """A make-up day that would be worked anyway, or a day of a year not loaded, is a slip of the pen."""
    if special.kind != "special_hours" and day.year not in draft.loaded_years:
        raise RuleInvalid("day_outside_year", special.kind, day=day.isoformat())
    if special.kind == "makeup" and draft.frames.get(day.weekday()):
        raise RuleInvalid("makeup_is_workday", special.kind, day=day.isoformat())


def _check_note(note: str) -> None:
    if not note.strip() or len(note) > NOTE_MAX_CHARS:
        raise RuleInvalid("note", "note", limit=NOTE_MAX_CHARS)
