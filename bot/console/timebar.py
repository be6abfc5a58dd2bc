"""The bar over an SLA explanation: which stretch of time counted, as shares of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.console.moments import ZONE, day, day_time
from bot.helpdesk.sla import Step

#: Kinds that are drawn, what lies on top last. The others are instants or notes. `late` is no step: it
#: is the time from the due date until what was promised was done, or until now.
_DRAWN = ("start_day", "weekend", "holiday", "counted", "makeup", "special_hours", "assumed_year", "pause", "late")
_TICKS = 9
_SHORT = timedelta(days=3)
_EDGE = 6.0


@dataclass(frozen=True)
class Part:
    """One stretch; `x` and `width` are per cent of the bar, `y` and `height` pixels of the drawing.

    Pauses and years whose holidays are not known are strips, so that what lies beneath stays visible.
    """

    kind: str
    x: float
    width: float

    @property
    def y(self) -> int:
        """Return where its upper edge is."""
        return 28 if self.kind == "pause" else 14

    @property
    def height(self) -> int:
        """Return how high it is."""
        return {"pause": 8, "assumed_year": 4}.get(self.kind, 22)


@dataclass(frozen=True)
class Tick:
    """A label under the bar; minor ones are left out where there is little room."""

    x: float
    label: str
    anchor: str
    is_minor: bool


@dataclass(frozen=True)
class TimeBar:
    """What the template draws; `kinds` says of how many stretches of each kind, for the legend and for
    those who hear the picture instead of seeing it."""

    to_at: datetime
    parts: list[Part]
    ticks: list[Tick]
    kinds: dict[str, int]
    due_x: float | None
    warn_x: float | None
    now_x: float | None
    now_anchor: str


class _Scale:
    """Turns instants into per cent of the bar."""

    def __init__(self, from_at: datetime, to_at: datetime) -> None:
        self.from_at, self.to_at = from_at, to_at
        self._seconds = max((to_at - from_at).total_seconds(), 1.0)

    def __call__(self, at: datetime) -> float:
        inside = min(max(at, self.from_at), self.to_at)
        return round((inside - self.from_at).total_seconds() / self._seconds * 100, 3)


def time_bar(
    steps: Sequence[Step],
    *,
    started_at: datetime,
    due_at: datetime,
    now: datetime,
    running: bool,
    warn_at: datetime | None = None,
    stopped_at: datetime | None = None,
) -> TimeBar:
    """Return the bar of one clock, from its start to its due date, or to its late end.

    Args:
        running: The clock still counts, so `now` is marked.
        warn_at: When staff are warned; left out, it is not marked.
        stopped_at: When it was stopped; None while it counts.
    """
    until = now if running else stopped_at or due_at
    to_at = max(due_at, until)
    # A little room on the right, so that the due mark does not end the picture.
    scale = _Scale(started_at, to_at + (to_at - started_at) * 0.02)
    late = [Step("late", due_at, until)] if until > due_at and not _stands_still(steps, due_at) else []
    drawn = sorted((s for s in [*steps, *late] if s.kind in _DRAWN), key=lambda step: _DRAWN.index(step.kind))
    kinds = [step.kind for step in drawn]
    now_x = scale(now) if running else None
    return TimeBar(
        to_at=to_at,
        parts=[_part(step, scale, now) for step in drawn],
        ticks=_ticks(scale),
        kinds={kind: kinds.count(kind) for kind in _DRAWN if kind in kinds},
        due_x=scale(due_at),
        warn_x=scale(warn_at) if warn_at else None,
        now_x=now_x,
        now_anchor=_anchor(now_x or 0.0),
    )


def _stands_still(steps: Sequence[Step], due_at: datetime) -> bool:
    """Tell whether a pause lasts that began before the due date, which will therefore move."""
    return any(s.kind == "pause" and s.to_at is None and s.from_at < due_at for s in steps)


def _part(step: Step, scale: _Scale, now: datetime) -> Part:
    x, end = scale(step.from_at), scale(step.to_at or now)
    return Part(step.kind, x, max(round(end - x, 3), 0.15))


def _ticks(scale: _Scale) -> list[Tick]:
    """Label days at even distances; hours when the whole is short."""
    length = scale.to_at - scale.from_at
    if length < _SHORT:
        instants = [scale.from_at + length * share / 4 for share in range(5)]
        return [_tick(scale, at, day_time(at), index) for index, at in enumerate(instants)]
    every = max(1, -(-length.days // _TICKS))
    first = scale.from_at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [first + timedelta(days=1 + every * index) for index in range(length.days // every + 1)]
    return [_tick(scale, at, day(at), index) for index, at in enumerate(days) if at <= scale.to_at]


def _tick(scale: _Scale, at: datetime, label: str, index: int) -> Tick:
    x = scale(at)
    return Tick(x, label, _anchor(x), index % 2 == 1)


def _anchor(x: float) -> str:
    if x < _EDGE:
        return "start"
    return "end" if x > 100 - _EDGE else "middle"
