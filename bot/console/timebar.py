"""The bar over an SLA explanation: which stretch of time counted, as shares of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.console.moments import ZONE, day, day_time
from bot.helpdesk.sla import Step

#: Kinds that are drawn, what lies on top last. The others are instants or notes.
_DRAWN = ("start_day", "weekend", "holiday", "counted", "makeup", "pause")
_TICKS = 9
_SHORT = timedelta(days=3)
_EDGE = 6.0


@dataclass(frozen=True)
class Part:
    """One stretch; `x` and `width` are per cent of the bar."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class Tick:
    """A label under the bar; minor ones are left out where there is little room."""

    x: float
    label: str
    anchor: str
    is_minor: bool


@dataclass(frozen=True)
class TimeBar:
    """What the template draws."""

    to_at: datetime
    parts: list[Part]
    ticks: list[Tick]
    kinds: list[str]
    due_x: float | None
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


def time_bar(steps: Sequence[Step], *, started_at: datetime, due_at: datetime, now: datetime, running: bool) -> TimeBar:
    """Return the bar of one clock, from its start to its due date, or to now if it is late.

    Args:
        running: The clock still counts, so `now` is marked.
    """
    to_at = max(due_at, now) if running else due_at
    # A little room on the right, so that the due mark does not end the picture.
    scale = _Scale(started_at, to_at + (to_at - started_at) * 0.02)
    drawn = sorted((s for s in steps if s.kind in _DRAWN), key=lambda step: _DRAWN.index(step.kind))
    now_x = scale(now) if running else None
    return TimeBar(
        to_at=to_at,
        parts=[_part(step, scale, now) for step in drawn],
        ticks=_ticks(scale),
        kinds=[kind for kind in _DRAWN if any(step.kind == kind for step in drawn)],
        due_x=scale(due_at),
        now_x=now_x,
        now_anchor=_anchor(now_x or 0.0),
    )


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
