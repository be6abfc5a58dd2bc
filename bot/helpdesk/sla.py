"""Service-level clocks: how long is promised, when it is due, and what state a clock is in.

How time is counted (DESIGN, section 5):

* minutes count office time only; due is the first instant at which the amount is used up, so a
  period that ends with the day is due at closing time, not at the next opening;
* in days and months the starting day is not counted, and due is the close of the last frame of
  the due day; months end on the corresponding day, or on the last day of a shorter month, and
  nothing rolls over a holiday except working days themselves;
* while a clock is paused no minute counts, and no day whose close lies in the pause. A pause
  begins at its first instant and ends before its last;
* a due date that needed a year whose holidays are not known is provisional.

Which event starts, pauses or stops which clock is in :mod:`bot.helpdesk.clock_table`; the
arithmetic itself is in :mod:`bot.helpdesk.counting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.helpdesk.calendar import BusinessCalendar, check_aware
from bot.helpdesk.counting import Count, count, merge_pauses
from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.explaining import Step, explain_count
from bot.helpdesk.targets import Pause, Target, Unit

__all__ = [
    "CLOCKS", "MAIN_CALENDAR", "ClockReading", "ClockState", "Due", "DueCounter", "DueDate", "Level", "Pause",
    "Policy", "PolicyMissing", "Step", "Target", "Unit", "compute", "policy_for", "read_clock",
]  # fmt: skip

CLOCKS = ("first_response", "acceptance", "resolution", "transfer", "feedback", "next_update")
"""Names of clocks; words for them are in `bot/texts`."""

WARN_RATIO = 0.8

MAIN_CALENDAR = "main"
"""Calendar of the office itself: opening hours for citizens, and of policies that name no other."""


class PolicyMissing(HelpdeskError):
    """No policy in force on `details["on"]` promises anything for `details["applies_to"]`, or the
    version that is asked for is not there."""

    code = "policy_missing"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is promised to whom, in one version.

    Attributes:
        id: Stays the same from version to version.
        version: Grows by one with every change; a clock keeps the version it was last counted under.
        applies_to: Ticket kind, or ``handoff``.
        clocks: Clock name to its target.
        effective_from: First local day on which clocks start under this version.
        warn_ratio: Share of the counted time after which staff are warned; more than 0, below 1.
        basis: Where the promise comes from, e.g. ``service_commitment`` (never a statute).
        source: Title of the document, for staff.
        calendar_id: Calendar whose office hours count, such as that of one centre.
    """

    id: str
    version: int
    applies_to: str
    clocks: Mapping[str, Target]
    effective_from: date
    warn_ratio: float = WARN_RATIO
    basis: str = "service_commitment"
    source: str = ""
    calendar_id: str = MAIN_CALENDAR

    def __post_init__(self) -> None:
        unknown = sorted(set(self.clocks) - set(CLOCKS))
        if unknown:
            raise ValueError(f"policy {self.id}: unknown clocks {unknown}")
        if not 0 < self.warn_ratio < 1:
            raise ValueError(f"policy {self.id}: warn_ratio must lie between 0 and 1")
        if self.version < 1:
            raise ValueError(f"policy {self.id}: version must be at least 1")


def policy_for(policies: Iterable[Policy], applies_to: str, on: date) -> Policy:
    """Return the policy under which a clock started on this local day runs.

    Raises:
        PolicyMissing: None is in force yet; add one in the console, or to `knowledge_base/sla/policies.yml`.
    """
    in_force = [p for p in policies if p.applies_to == applies_to and p.effective_from <= on]
    if not in_force:
        raise PolicyMissing(applies_to=applies_to, on=on.isoformat())
    return max(in_force, key=lambda policy: (policy.effective_from, policy.version))


# --- when it is due -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """When a target must be met, and how that was found.

    Attributes:
        due_at: UTC. With an open pause, the earliest instant possible: as if it ended at once.
        warn_at: UTC instant at which the warning share of the counted time is used up.
        provisional: A year that is not loaded was needed; compute again when it is.
        suspended: A pause without end begins before ``due_at``, which will therefore move.
        steps: Every stretch counted, pause, holiday and make-up day, in order of time.
    """

    due_at: datetime
    warn_at: datetime
    provisional: bool
    suspended: bool
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class DueDate:
    """When a target must be met, without the explanation: as in :class:`Due`."""

    due_at: datetime
    warn_at: datetime
    provisional: bool


class DueCounter:
    """Due dates of one target on one calendar, for many clocks.

    A clock in days that never stood still is due by its starting day alone, so those are remembered:
    a hundred thousand open clocks were started on a few hundred days.
    """

    def __init__(self, target: Target, calendar: BusinessCalendar, warn_ratio: float = WARN_RATIO) -> None:
        self.target, self.calendar, self.warn_ratio = target, calendar, warn_ratio
        self._by_day: dict[date, DueDate] = {}

    def __call__(self, start_at: datetime, pauses: Sequence[Pause] = ()) -> DueDate:
        """Return what :func:`compute` returns, without its steps.

        Raises:
            CalendarExhausted, ValueError: See :func:`compute`.
        """
        pauses = [pause for pause in pauses if pause.to_at is not None]
        if pauses or self.target.unit is Unit.WORKING_MINUTES:
            return self._count(start_at, merge_pauses(pauses))
        day = self.calendar.local_date(start_at)
        if day not in self._by_day:
            self._by_day[day] = self._count(start_at, [])
        return self._by_day[day]

    def _count(self, start_at: datetime, pauses: Sequence[Pause]) -> DueDate:
        counted = count(check_aware(start_at, "start_at"), self.target, self.calendar, pauses)
        return DueDate(counted.due_at, _share_used(counted, self.warn_ratio), bool(counted.assumed_years))


def compute(
    start_at: datetime,
    target: Target,
    calendar: BusinessCalendar,
    pauses: Sequence[Pause] = (),
    *,
    warn_ratio: float = WARN_RATIO,
) -> Due:
    """Return the instant by which a target must be met.

    Args:
        start_at: Aware instant at which the clock starts.
        target: Amount and unit.
        calendar: Office hours, holidays and make-up days.
        pauses: In any order, overlapping or not; one without end is counted as if it ended at
            once, and shows in ``suspended``.
        warn_ratio: Share of the counted time after which to warn.
    Raises:
        CalendarExhausted: The calendar has no office hours for a year.
        ValueError: A naive instant, or a pause that ends before it begins.
    """
    start_at = check_aware(start_at, "start_at")
    merged = merge_pauses(pauses)
    counted = count(start_at, target, calendar, merged)
    return Due(
        due_at=counted.due_at,
        warn_at=_share_used(counted, warn_ratio),
        provisional=bool(counted.assumed_years),
        suspended=any(pause.to_at is None and pause.from_at < counted.due_at for pause in merged),
        steps=explain_count(start_at, target, calendar, merged, counted),
    )


def _share_used(counted: Count, ratio: float) -> datetime:
    spans = counted.spans
    left = sum((end - start).total_seconds() for start, end in spans) * ratio
    for start, end in spans:
        seconds = (end - start).total_seconds()
        if seconds >= left:
            return start + (end - start) * (left / seconds)
        left -= seconds
    return counted.due_at


# --- what state it is in --------------------------------------------------------------------


class ClockState(StrEnum):
    """Where a clock stands: 计时中, 暂停, 达标, 超时, 取消."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


class Level(StrEnum):
    """How urgent a clock is; consoles choose a colour by it."""

    OK = "ok"
    WARN = "warn"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """State and urgency of one clock at one instant."""

    state: ClockState
    level: Level


def read_clock(
    *,
    due_at: datetime,
    warn_at: datetime,
    now: datetime,
    pauses: Sequence[Pause] = (),
    stopped_at: datetime | None = None,
    cancelled_at: datetime | None = None,
) -> ClockReading:
    """Return what a clock shows at an instant.

    A breach happens at ``due_at``: a clock stopped or cancelled after it stays breached, however
    late anybody looks. Stopping at ``due_at`` itself is in time.

    Args:
        due_at: As computed with the same pauses.
        warn_at: Likewise.
        now: The instant of reading.
        pauses: All pauses of the clock; one that is open at ``now`` makes it paused.
        stopped_at: When what was promised was done.
        cancelled_at: When it was no longer owed (withdrawn, merged).
    """
    if stopped_at is not None and stopped_at <= due_at:
        return ClockReading(ClockState.MET, Level.OK)
    if cancelled_at is not None and stopped_at is None and cancelled_at <= due_at:
        return ClockReading(ClockState.CANCELLED, Level.OK)
    if stopped_at is not None or cancelled_at is not None:
        return ClockReading(ClockState.BREACHED, Level.BREACHED)
    pause = next((p for p in pauses if p.covers(now) and p.from_at < due_at), None)
    if pause is not None:
        return ClockReading(ClockState.PAUSED, Level.WARN if pause.from_at >= warn_at else Level.OK)
    if now >= due_at:
        return ClockReading(ClockState.BREACHED, Level.BREACHED)
    return ClockReading(ClockState.RUNNING, Level.WARN if now >= warn_at else Level.OK)
