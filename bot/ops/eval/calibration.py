"""Whether the confidence can be believed: of answers given with 0.8, are eight in ten right?

Judged are the labelled results that commit themselves; a question back claims nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from bot.ops.eval.asking import Row
from bot.ops.eval.costs import ASKED_BACK, RIGHT, kind_of

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence.

    Attributes:
        confidence: Their mean confidence.
        correct: The share of them that is right.
    """

    low: float
    high: float
    count: int
    confidence: float
    correct: float


@dataclass(frozen=True)
class Calibration:
    """The bins that have answers, and how far confidence and truth lie apart."""

    bins: tuple[Bin, ...]

    @property
    def judged(self) -> int:
        """Return how many answers were judged."""
        return sum(part.count for part in self.bins)

    @property
    def error(self) -> float | None:
        """Return the expected calibration error: the bins' distances, weighted by their answers."""
        if not self.judged:
            return None
        return sum(part.count * abs(part.correct - part.confidence) for part in self.bins) / self.judged


def calibration(rows: Sequence[Row], *, bins: int = BINS) -> Calibration:
    """Sort the answers into bins of equal width."""
    filled: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for row in rows:
        kind, confidence = kind_of(row), row.get("confidence")
        if kind and kind.name != ASKED_BACK and confidence is not None:
            place = min(int(confidence * bins), bins - 1)
            filled[place].append((confidence, kind.name == RIGHT))
    return Calibration(tuple(_bin(i, bins, answers) for i, answers in enumerate(filled) if answers))


def _bin(place: int, bins: int, answers: Sequence[tuple[float, bool]]) -> Bin:
    return Bin(
        low=place / bins,
        high=(place + 1) / bins,
        count=len(answers),
        confidence=fmean(confidence for confidence, _ in answers),
        correct=fmean(right for _, right in answers),
    )
