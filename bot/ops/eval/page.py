"""One self-contained page about a run: no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jinja2

from bot.ops.eval.asking import CONCURRENCY, Row
from bot.ops.eval.calibration import Calibration, calibration
from bot.ops.eval.costs import bill, kind_of, measures, worst
from bot.ops.eval.scoring import (
    FIELDS,
    Confusion,
    Share,
    by_label,
    confusion,
    headline,
    is_labelled,
    is_right,
    latency,
    outcomes,
)
from bot.texts import Texts

_TEMPLATES = Path(__file__).parent / "templates"
MOST_WORST = 60
_REPLY_BEGINNING, _TEXT_BEGINNING = 160, 400


@dataclass(frozen=True)
class Run:
    """What was run.

    Attributes:
        on: The day for which the answers were asked, if not today.
        model: Name of the model, if known.
    """

    file: str
    when: datetime
    on: date | None = None
    model: str | None = None


@dataclass(frozen=True)
class Cell:
    """One cell of the confusion picture; `share` is of its row."""

    expected: str
    got: str
    count: int
    share: float


def page_beside(out: Path) -> Path | None:
    """Return where the page of these results goes; None if they go to a device, not a file."""
    if out.exists() and not out.is_file():
        return None
    return out.with_name(f"{out.stem}.html" if out.suffix != ".html" else f"{out.name}.html")


def write_page(path: Path, run: Run, results: Sequence[Row]) -> None:
    """Write the page, in the words that citizens and staff read as well."""
    path.write_text(render(run, results, Texts.load()), "utf-8")


def render(run: Run, results: Sequence[Row], texts: Texts) -> str:
    """Return the page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters |= {"percent": _percent, "number": _number, "beginning": _beginning}
    environment.globals["label"] = lambda field, name: _label(texts, field, name)
    return environment.get_template("report.html").render(_context(run, results))


def _context(run: Run, results: Sequence[Row]) -> dict[str, Any]:
    labelled = [row for row in results if is_labelled(row)]
    wrong = worst(labelled)
    return {
        "run": run,
        "asked": len(results),
        "labelled": len(labelled),
        "shares": headline(labelled),
        "goals": measures()["goals"],
        "reaches": _reaches,
        "by_label": {field: by_label(labelled, field) for field in FIELDS},
        "confusion": {field: confusion(labelled, field) for field in FIELDS},
        "grid": _grid,
        "calibration": calibration(labelled),
        "most_in_bin": _most_in_bin,
        "bill": bill(labelled),
        "confident_from": measures()["confident_from"],
        "worst": wrong[:MOST_WORST],
        "worst_left_out": max(0, len(wrong) - MOST_WORST),
        "kind_of": kind_of,
        "is_right": is_right,
        "outcomes": outcomes(results),
        "outcome_titles": measures()["outcomes"],
        "latency": latency(results),
        "at_a_time": CONCURRENCY,
        "reply_beginning": _REPLY_BEGINNING,
        "text_beginning": _TEXT_BEGINNING,
    }


def _reaches(share: Share, goal: dict[str, float]) -> bool | None:
    """Tell whether a goal is reached, None if there was nothing to measure."""
    if share.value is None:
        return None
    return share.value >= goal["least"] if "least" in goal else share.value <= goal["most"]


def _grid(found: Confusion) -> list[tuple[str, int, list[Cell]]]:
    """Return the rows of the confusion picture: expected label, how many, a cell for each label."""
    rows = []
    for expected in found.labels:
        counts = [found.counts.get((expected, got), 0) for got in found.labels]
        total = sum(counts)
        if total:
            cells = [
                Cell(expected, got, count, count / total)
                for got, count in zip(found.labels, counts, strict=True)
            ]
            rows.append((expected, total, cells))
    return rows


def _most_in_bin(found: Calibration) -> int:
    return max((part.count for part in found.bins), default=1)


def _percent(value: float | None, digits: int = 1) -> str:
    return "—" if value is None else f"{100 * value:.{digits}f}%"


def _number(value: float | None, digits: int = 2) -> str:
    return "—" if value is None else f"{value:.{digits}f}"


def _beginning(text: str, length: int) -> str:
    """Return a text in one line, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[:length]}……"


def _label(texts: Texts, field: str, name: object) -> str:
    """Return a label's Chinese name, or the label itself if it is none of ours."""
    key = f"{field}s.{name}"
    return texts(key) if key in texts else str(name or "—")
