"""The forms of SLA rules: what is written in them as drafts, and versions written as forms.

A calendar is written one line a day or stretch of days, so that a year's notice can be pasted:

    2027-01-01~2027-01-03 <name> | <notice>          holidays
    2027-01-09 <name>                                make-up working days
    2027-02-05 09:00-12:00,13:30-15:00 <name>        special hours

What follows the bar is the source; left out, it is the one given for the whole year.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Literal

from bot.helpdesk.calendar import BusinessCalendar, Day, Frame
from bot.helpdesk.clock_table import ROWS
from bot.helpdesk.sla import CLOCKS, Policy, Target, Unit
from bot.knowledge.calendars import parse_frames
from bot.services.sla import CalendarDraft, PolicyDraft, RuleInvalid

WEEKDAYS = range(7)
UNITS = tuple(unit.value for unit in Unit)
#: Punctuation of Chinese keyboards.
_HALF_WIDTH = str.maketrans("：，～－—｜０１２３４５６７８９", ":,~--|0123456789")
#: A frame ends at a time of day, and this is none: it is the next day's first.
_MIDNIGHT = re.compile(r"-24:00(?!\d)")
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*~\s*(\d{4}-\d{2}-\d{2}))?\s*(.*)")
_YEAR_FIELD = re.compile(r"(?:holidays|makeup|source)_\d{4}")
_LONGEST_STRETCH = 60
_ONE_DAY = timedelta(days=1)
_NOT_CONTENT = frozenset({"csrf", "do", "seen"})

Form = Mapping[str, str]
Kind = Literal["holiday", "makeup", "special_hours"]


@dataclass(frozen=True)
class Year:
    """The fields of one loaded year."""

    year: int
    holidays: str
    makeup: str
    source: str


def fingerprint(form: Form) -> str:
    """Return what tells whether a form was changed after its preview was shown."""
    content = {name: value for name, value in sorted(form.items()) if name not in _NOT_CONTENT}
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def complete(form: Form) -> dict[str, str]:
    """Return the form with every field there is; one that was not sent is empty."""
    names = ["base_version", "note", "reach", "id", "warn_percent", "effective_from", "source", "calendar_id"]
    names += [f"{part}_{clock}" for clock in CLOCKS for part in ("amount", "unit")]
    names += [f"frames_{weekday}" for weekday in WEEKDAYS]
    names += ["special_hours", "new_year", "new_holidays", "new_makeup", "new_source"]
    years = {name.rpartition("_")[2] for name in form if _YEAR_FIELD.fullmatch(name)}
    names += [f"{part}_{year}" for year in years for part in ("holidays", "makeup", "source")]
    return dict.fromkeys(names, "") | dict(form)


# --- policies -------------------------------------------------------------------------------


def clocks_for(applies_to: str) -> list[str]:
    """Return the clocks that some event starts for tickets, or for handoffs."""
    subject = "handoff" if applies_to == "handoff" else "ticket"
    known = {clock for row_subject, _, clock, _ in ROWS if row_subject == subject}
    return [clock for clock in CLOCKS if clock in known]


def policy_form(policy: Policy, today: date) -> dict[str, str]:
    """Return the fields of a form that changes this version."""
    fields = {
        "base_version": str(policy.version),
        "warn_percent": f"{policy.warn_ratio * 100:g}",
        "effective_from": max(today, policy.effective_from).isoformat(),
        "source": policy.source,
        "calendar_id": policy.calendar_id,
        "note": "",
        "reach": "new",
    }
    for clock in clocks_for(policy.applies_to):
        target = policy.clocks.get(clock)
        fields[f"amount_{clock}"] = str(target.amount) if target else ""
        fields[f"unit_{clock}"] = target.unit.value if target else Unit.WORKING_DAYS.value
    return fields


def policy_draft(policy_id: str, form: Form) -> PolicyDraft:
    """Return what a form says; a clock without an amount is not promised.

    Raises:
        RuleInvalid: Something cannot be read.
    """
    amounts = {clock: form.get(f"amount_{clock}", "").strip() for clock in CLOCKS}
    return PolicyDraft(
        id=policy_id,
        base_version=_integer(form, "base_version"),
        clocks={
            clock: _target(clock, amount, form.get(f"unit_{clock}", ""))
            for clock, amount in amounts.items()
            if amount
        },
        warn_ratio=_integer(form, "warn_percent") / 100,
        effective_from=_date(form, "effective_from"),
        source=form.get("source", "").strip(),
        calendar_id=form.get("calendar_id", ""),
        note=form.get("note", "").strip(),
    )


def _target(clock: str, amount: str, unit: str) -> Target:
    try:
        return Target(int(amount), Unit(unit))
    except ValueError as error:
        raise RuleInvalid("amount", f"amount_{clock}", clock=clock) from error


def _integer(form: Form, field: str) -> int:
    try:
        return int(form.get(field, ""))
    except ValueError as error:
        raise RuleInvalid("number", field) from error


def _date(form: Form, field: str) -> date:
    try:
        return date.fromisoformat(form.get(field, ""))
    except ValueError as error:
        raise RuleInvalid("date", field) from error


# --- calendars ------------------------------------------------------------------------------


def calendar_form(calendar: BusinessCalendar, *, version: int) -> dict[str, str]:
    """Return the fields of a form that changes this version, or with version 0 makes a new one of it."""
    fields = {"base_version": str(version), "note": "", "reach": "new"}
    for weekday in WEEKDAYS:
        fields[f"frames_{weekday}"] = _written(calendar.frames.get(weekday, ()))
    for year in years_of(calendar):
        fields[f"holidays_{year.year}"] = year.holidays
        fields[f"makeup_{year.year}"] = year.makeup
        fields[f"source_{year.year}"] = year.source
    special = {day: value for day, value in calendar.days.items() if value.kind == "special_hours"}
    fields["special_hours"] = "\n".join(_lines(special, ""))
    return fields | dict.fromkeys(("new_year", "new_holidays", "new_makeup", "new_source"), "")


def years_of(calendar: BusinessCalendar) -> list[Year]:
    """Return the loaded years as they are written, the latest first."""
    return [_year(calendar, year) for year in sorted(calendar.loaded_years, reverse=True)]


def _year(calendar: BusinessCalendar, year: int) -> Year:
    own = {d: v for d, v in calendar.days.items() if d.year == year and v.kind != "special_hours"}
    sources = [value.source for value in own.values()]
    source = max(sources, key=sources.count, default="")
    return Year(
        year,
        holidays="\n".join(_lines({d: v for d, v in own.items() if v.kind == "holiday"}, source)),
        makeup="\n".join(_lines({d: v for d, v in own.items() if v.kind == "makeup"}, source)),
        source=source,
    )


def _lines(days: Mapping[date, Day], common_source: str) -> Iterator[str]:
    """Yield a line for each stretch of neighbouring days of the same name."""
    in_order = enumerate(sorted(days))
    for _, group in groupby(in_order, key=lambda pair: (pair[1] - pair[0] * _ONE_DAY, days[pair[1]])):
        stretch = [day for _, day in group]
        value = days[stretch[0]]
        ends = stretch if value.kind == "holiday" else None
        for day in stretch if ends is None else stretch[:1]:
            until = f"~{ends[-1]}" if ends and len(ends) > 1 else ""
            parts = [f"{day}{until}", _written(value.frames), value.title]
            source = f"| {value.source}" if value.source != common_source else ""
            yield " ".join(part for part in (*parts, source) if part)


def _written(frames: tuple[Frame, ...]) -> str:
    return ",".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in frames)


def calendar_draft(calendar_id: str, form: Form) -> CalendarDraft:
    """Return what a form says.

    Raises:
        RuleInvalid: Something cannot be read; a line is named by its number.
    """
    days: dict[date, Day] = {}
    years = {int(name.removeprefix("holidays_")) for name in form if re.fullmatch(r"holidays_\d{4}", name)}
    for year in sorted(years):
        _read_year(form, days, f"holidays_{year}", f"makeup_{year}", f"source_{year}")
    if form.get("new_year", "").strip():
        years.add(_integer(form, "new_year"))
        _read_year(form, days, "new_holidays", "new_makeup", "new_source")
    elif form.get("new_holidays", "").strip() or form.get("new_makeup", "").strip():
        raise RuleInvalid("number", "new_year")
    _read_days(form, days, "special_hours", "special_hours", "")
    return CalendarDraft(
        id=calendar_id,
        base_version=_integer(form, "base_version"),
        frames={weekday: _frames(form, f"frames_{weekday}") for weekday in WEEKDAYS},
        days=days,
        loaded_years=frozenset(years),
        note=form.get("note", "").strip(),
    )


def _frames(form: Form, field: str) -> tuple[Frame, ...]:
    text = form.get(field, "").translate(_HALF_WIDTH).replace(" ", "").strip(",")
    try:
        return parse_frames(text) if text else ()
    except ValueError as error:
        raise RuleInvalid("midnight" if _MIDNIGHT.search(text) else "hours", field, text=text) from error


def _read_year(form: Form, days: dict[date, Day], holidays: str, makeup: str, source: str) -> None:
    common = form.get(source, "").strip()
    _read_days(form, days, holidays, "holiday", common)
    _read_days(form, days, makeup, "makeup", common)


def _read_days(form: Form, days: dict[date, Day], field: str, kind: Kind, common_source: str) -> None:
    for number, line in enumerate(form.get(field, "").splitlines(), start=1):
        if line.strip():
            stretch, value = _read_line(line, field, number, kind, common_source)
            for day in stretch:
                if day in days:
                    raise RuleInvalid("day_twice", field, line=number, day=day.isoformat())
                days[day] = value


def _read_line(line: str, field: str, number: int, kind: Kind, common_source: str) -> tuple[list[date], Day]:
    text, _, source = line.strip().translate(_HALF_WIDTH).partition("|")
    match = _DAYS.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError(line)
        first = date.fromisoformat(match[1])
        last = date.fromisoformat(match[2]) if match[2] else first
        title, frames = match[3].strip(), ()
        if kind == "special_hours":
            hours, _, title = title.partition(" ")
            frames = parse_frames(hours)
        stretch = [first + n * _ONE_DAY for n in range((last - first).days + 1)]
        if not 1 <= len(stretch) <= _LONGEST_STRETCH or (kind == "makeup" and not title):
            raise ValueError(line)
        return stretch, Day(kind, title.strip(), source.strip() or common_source, frames)
    except ValueError as error:
        if kind == "special_hours" and _MIDNIGHT.search(text):
            raise RuleInvalid("midnight", field, text=line.strip()[:60]) from error
        raise RuleInvalid("line", field, line=number, text=line.strip()[:60]) from error
