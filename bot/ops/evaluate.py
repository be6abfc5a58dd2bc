"""`rightsdesk eval`: real questions through the real engine and answer path, and a table.

Each question is asked in a conversation of its own. `topic` counts as right when it is the label
or one of the row's `alt_topics`.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bot.ops.client import CitizenClient, result_line

CONCURRENCY = 4

Row = dict[str, Any]


class BadQuestionFile(Exception):
    """A line is not a question; the message names file and line."""


def read_questions(path: Path) -> list[Row]:
    """Read the JSON lines; each needs `text`.

    Raises:
        BadQuestionFile: A line is no JSON object with a text.
    """
    rows = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadQuestionFile(f"{path}:{number}: {error}") from error
        if not isinstance(row, dict) or not str(row.get("text") or "").strip():
            raise BadQuestionFile(f"{path}:{number}: no text")
        rows.append(row)
    return rows


async def ask_all(
    client: CitizenClient, rows: Sequence[Row], *, on: date | None, progress: Callable[[int], None]
) -> list[Row]:
    """Ask every question, a few at a time; results keep the order and repeat the input."""
    places = asyncio.Semaphore(CONCURRENCY)
    done = 0

    async def ask(row: Row) -> Row:
        nonlocal done
        async with places:
            spoken = await client.say(row["text"], on=on)
        done += 1
        progress(done)
        line = result_line(row["text"], spoken)
        # The labels of the input stay under their names; what was understood follows them.
        given = {f"expected_{name}": row[name] for name in ("topic", "right") if name in row}
        rest = {name: value for name, value in row.items() if name not in line}
        return rest | given | line

    return list(await asyncio.gather(*(ask(row) for row in rows)))


def summary(results: Sequence[Row]) -> str:
    """Return the table that is printed after a run."""
    labelled = [r for r in results if "expected_topic" in r or "expected_right" in r]
    parts = [f"questions {len(results)}, labelled {len(labelled)}"]
    if labelled:
        parts += [_headline(labelled), _by("topic", labelled), _by("right", labelled)]
        parts += [_confusion("topic", labelled), _confusion("right", labelled)]
    parts += [_outcomes(results), _latency(results)]
    return "\n\n".join(parts)


def is_right(result: Row, field: str) -> bool:
    """Tell whether a label was met; alternatives of the row count for the topic."""
    wanted = {result.get(f"expected_{field}")}
    if field == "topic":
        wanted |= set(result.get("alt_topics") or ())
    return result.get(field) in wanted


def _share(results: Sequence[Row], hit: Callable[[Row], bool]) -> str:
    if not results:
        return "-"
    return f"{100 * sum(map(hit, results)) / len(results):.1f} % of {len(results)}"


def _headline(results: Sequence[Row]) -> str:
    outside = [r for r in results if r.get("expected_topic") == "out_of_scope"]
    inside = [r for r in results if r.get("expected_topic") != "out_of_scope"]
    refused = "out_of_scope"
    return "\n".join(
        [
            f"right correct            {_share(results, lambda r: is_right(r, 'right'))}",
            f"topic correct            {_share(results, lambda r: is_right(r, 'topic'))}",
            f"out of scope recognised  {_share(outside, lambda r: r['outcome'] == refused)}",
            f"in scope refused         {_share(inside, lambda r: r['outcome'] == refused)}",
        ]
    )


def _by(field: str, results: Sequence[Row]) -> str:
    groups: dict[str, list[Row]] = defaultdict(list)
    for result in results:
        groups[str(result.get(f"expected_{field}"))].append(result)
    lines = [f"{field:<20}{'correct':>9}{'all':>6}{'share':>9}"]
    for name, group in sorted(groups.items(), key=lambda item: -len(item[1])):
        hits = sum(is_right(r, field) for r in group)
        lines.append(f"{name:<20}{hits:>9}{len(group):>6}{100 * hits / len(group):>8.1f}%")
    return "\n".join(lines)


def _confusion(field: str, results: Sequence[Row]) -> str:
    pairs = Counter(
        (str(r.get(f"expected_{field}")), str(r.get(field))) for r in results if not is_right(r, field)
    )
    lines = [f"{field} confused (expected → got)"]
    lines += [f"{count:>5}  {a} → {b}" for (a, b), count in pairs.most_common(12)]
    return "\n".join(lines)


def _outcomes(results: Sequence[Row]) -> str:
    counts = Counter(str(r.get("outcome")) for r in results)
    return "outcomes  " + ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _latency(results: Sequence[Row]) -> str:
    values = sorted(r["latency_ms"] for r in results)
    if not values:
        return "latency   -"
    median, p95 = (values[int(share * (len(values) - 1))] for share in (0.5, 0.95))
    return f"latency   median {median:.0f} ms, p95 {p95:.0f} ms ({CONCURRENCY} at a time)"
