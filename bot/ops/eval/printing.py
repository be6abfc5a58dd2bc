"""The table that is printed after a run."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ops.eval.asking import CONCURRENCY, Row
from bot.ops.eval.calibration import calibration
from bot.ops.eval.costs import bill
from bot.ops.eval.scoring import (
    FIELDS,
    Share,
    by_label,
    confusion,
    headline,
    is_labelled,
    latency,
    outcomes,
)

_MOST_PAIRS = 12


def summary(results: Sequence[Row]) -> str:
    """Return the table."""
    labelled = [row for row in results if is_labelled(row)]
    parts = [f"questions {len(results)}, labelled {len(labelled)}"]
    if labelled:
        parts += [_headline(labelled)]
        parts += [_by(field, labelled) for field in FIELDS]
        parts += [_confusion(field, labelled) for field in FIELDS]
        parts += [_costs(labelled)]
    counts = ", ".join(f"{name} {count}" for name, count in outcomes(results))
    return "\n\n".join([*parts, f"outcomes  {counts}", _latency(results)])


def _share(found: Share) -> str:
    return "-" if found.value is None else f"{100 * found.value:.1f} % of {found.total}"


def _headline(rows: Sequence[Row]) -> str:
    found, fit, cost = headline(rows), calibration(rows), bill(rows)
    error = "-" if fit.error is None else f"{fit.error:.3f} over {fit.judged} that commit themselves"
    return "\n".join(
        [
            f"right correct            {_share(found.right)}",
            f"topic correct            {_share(found.topic)}",
            f"out of scope recognised  {_share(found.outside)}",
            f"in scope refused         {_share(found.refused)}",
            f"handoff recognised       {_share(found.person)}",
            f"fitting article first    {_share(found.article)}",
            f"calibration error        {error}",
            f"mean cost                {cost.mean:.2f}",
        ]
    )


def _by(field: str, rows: Sequence[Row]) -> str:
    lines = [f"{field:<20}{'correct':>9}{'all':>6}{'share':>9}"]
    for name, found in by_label(rows, field):
        lines.append(f"{name:<20}{found.hits:>9}{found.total:>6}{100 * (found.value or 0):>8.1f}%")
    return "\n".join(lines)


def _confusion(field: str, rows: Sequence[Row]) -> str:
    pairs = confusion(rows, field).mistakes()[:_MOST_PAIRS]
    return "\n".join(
        [f"{field} confused (expected → got)", *(f"{count:>5}  {a} → {b}" for a, b, count in pairs)]
    )


def _costs(rows: Sequence[Row]) -> str:
    lines = [f"{'cost of errors':<20}{'each':>9}{'count':>6}{'cost':>9}"]
    for part in bill(rows).parts:
        lines.append(f"{part.kind.name:<20}{part.kind.cost:>9g}{part.count:>6}{part.cost:>9g}")
    return "\n".join(lines)


def _latency(rows: Sequence[Row]) -> str:
    found = latency(rows)
    if found is None:
        return "latency   -"
    return f"latency   median {found.median:.0f} ms, p95 {found.p95:.0f} ms ({CONCURRENCY} at a time)"
