"""What the mistakes cost: the table in `measures.yml`, applied to every labelled result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.ops.eval.asking import Row
from bot.ops.eval.scoring import (
    FIELDS,
    HANDOFF,
    OUT_OF_SCOPE,
    got_person,
    has_label,
    is_labelled,
    is_refused,
    is_right,
)

RIGHT, ASKED_BACK = "right", "asked_back"
_ASKING = frozenset({"clarify", "fallback", HANDOFF})


@dataclass(frozen=True)
class Kind:
    """One line of the cost table."""

    name: str
    cost: float
    title: str
    meaning: str


@dataclass(frozen=True)
class Part:
    """What one kind contributed."""

    kind: Kind
    count: int

    @property
    def cost(self) -> float:
        """Return what all of them cost."""
        return self.kind.cost * self.count


@dataclass(frozen=True)
class Bill:
    """What all labelled results cost, and what made it up."""

    parts: tuple[Part, ...]

    @property
    def count(self) -> int:
        """Return how many results were judged."""
        return sum(part.count for part in self.parts)

    @property
    def total(self) -> float:
        """Return what all of them cost."""
        return sum(part.cost for part in self.parts)

    @property
    def mean(self) -> float | None:
        """Return the cost of a result, None without any."""
        return self.total / self.count if self.count else None


@cache
def measures() -> dict[str, Any]:
    """Return the file."""
    return yaml.safe_load((Path(__file__).parent / "measures.yml").read_text("utf-8"))


@cache
def kinds() -> dict[str, Kind]:
    """Return the cost table, the cheapest first."""
    return {name: Kind(name, **line) for name, line in measures()["costs"].items()}


def kind_of(row: Row) -> Kind | None:
    """Return what a result was, None if it has no label to judge it by."""
    return kinds()[_kind(row)] if is_labelled(row) else None


def _kind(row: Row) -> str:
    expected = row.get("expected_topic")
    if expected == HANDOFF and got_person(row):
        return RIGHT
    if is_refused(row) and expected is not None:
        return RIGHT if OUT_OF_SCOPE in {expected, *(row.get("alt_topics") or ())} else "refused"
    if row.get("outcome") in _ASKING:
        return ASKED_BACK
    if all(is_right(row, field) for field in FIELDS if has_label(row, field)):
        return RIGHT
    if expected == OUT_OF_SCOPE:
        return "foreign_answered"
    sure = (row.get("confidence") or 0.0) >= measures()["confident_from"]
    return "confident_wrong" if sure else "unsure_wrong"


def bill(rows: Sequence[Row]) -> Bill:
    """Add up what the labelled results cost; every kind has its part, if only of none."""
    counts = Counter(kind.name for row in rows if (kind := kind_of(row)))
    return Bill(tuple(Part(kind, counts[name]) for name, kind in kinds().items()))


def worst(rows: Sequence[Row]) -> list[Row]:
    """Return the results that cost anything: the dearest first, among them the surest."""
    judged = [(kind, row) for row in rows if (kind := kind_of(row)) and kind.cost]
    judged.sort(key=lambda item: (-item[0].cost, -(item[1].get("confidence") or 0.0)))
    return [row for _, row in judged]
