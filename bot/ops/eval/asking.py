"""Reading the questions and asking them, each in a conversation of its own."""

from __future__ import annotations

import asyncio
import json
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


def write_results(path: Path, results: Sequence[Row]) -> None:
    """Write the result lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in results), "utf-8")
