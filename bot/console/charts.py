"""Charts as plain geometry, drawn by `_charts.html` as inline SVG.

*Not chosen*: a drawing library, whose pictures would weigh more than the page, know nothing of dark and light, and
put their style where the page's policy allows none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import ClassVar

from bot.console.sheets import Cell

WIDTH, HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 10, 24
_TICKS = 4
_LABELS_MAX = 8


@dataclass(frozen=True)
class Tick:
    """A line across the chart, or a label below it."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """One series: its points as SVG wants them, and where each of them is for the dots."""

    name: str
    points: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class LineChart:
    """Series over days."""

    lines: list[Line]
    across: list[Tick]
    below: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    floor: int = HEIGHT - _BOTTOM


@dataclass(frozen=True)
class Figure:
    """A table with a bar to each row.

    Attributes:
        bars: Length of each row's bar in percent.
        shown: So many rows stand on the page at once; the rest is shown when somebody asks for it.
    """

    shown: ClassVar[int] = 15

    key: str
    title: str
    head: list[str]
    rows: list[list[Cell]]
    bars: list[float]


@dataclass(frozen=True)
class Tile:
    """One number at the top of the page."""

    title: str
    value: str
    note: str


def line_chart(
    labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], *, top: int | None = None
) -> LineChart:
    """Return the chart of some series over the same labels.

    Args:
        labels: What stands below each point; of many only some are written.
        series: Names with one value for each label; where it is None, the line goes on to the next point.
        top: The greatest value that there can be, with a line across at each whole number; None: a round one that
            is not below any value.
    """
    ticks = top or _TICKS
    top = top or nice_ceiling(max((ceil(value) for _, values in series for value in values if value), default=0))
    span = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels) - 1)

    def x(at: int) -> float:
        return round(_LEFT + at * span, 1)

    def y(value: float) -> float:
        return round(HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM), 1)

    lines = []
    for name, values in series:
        dots = [(x(at), y(value)) for at, value in enumerate(values) if value is not None]
        lines.append(Line(name, " ".join(f"{a},{b}" for a, b in dots), dots))
    every = max(1, ceil(len(labels) / _LABELS_MAX))
    return LineChart(
        lines=lines,
        across=[Tick(y(top * part / ticks), f"{top * part / ticks:g}") for part in range(ticks + 1)],
        below=[Tick(x(at), label) for at, label in enumerate(labels) if at % every == 0],
    )


def nice_ceiling(most: int) -> int:
    """Return a round number not below the greatest value, that four lines divide evenly."""
    if most <= _TICKS:
        return _TICKS
    unit = 10 ** int(log10(most))
    return next(
        int(unit * factor) for factor in (1, 2, 4, 6, 8, 10, 20) if unit * factor >= most and unit * factor % _TICKS == 0
    )


def shares(counts: Sequence[float]) -> list[float]:
    """Return the length of each bar in percent of the longest."""
    most = max(counts, default=0)
    return [round(100 * count / most, 1) if most else 0.0 for count in counts]


def share(part: int, whole: int) -> float | None:
    """Return a share in percent, None of nothing."""
    return round(100 * part / whole, 1) if whole else None
