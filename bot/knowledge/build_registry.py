"""Make `knowledge_base/laws/registry.yml` from a folder of official texts with an INDEX.yml.

    python -m bot.knowledge.build_registry LAWS_DIR knowledge_base/laws/registry.yml

INDEX.yml lists every law with its dates and scope, and under `superseded_or_changing` which
version follows which. Only facts are taken over; article numbers are read from the texts
themselves, so that an inserted article (219-1) and the articles of an excerpt are known. Run it
again when a law is added or changed, and read the difference before committing it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot.knowledge.datafile import read_mapping
from bot.knowledge.law_texts import WHOLE_TEXT, LawTexts
from bot.knowledge.laws import EXCERPT, FULL_TEXT

_HEAD = """\
# Register of laws: facts only, no texts. Made by `python -m bot.knowledge.build_registry`.
# effective_until: last day in force. articles: how many there are (0: no numbered articles).
# numbers: inserted articles; of an excerpt, all articles that have been checked and may be cited.
"""
_EXCERPT_NOTE = re.compile(r"（[^（）]*节选[^（）]*）$")


def build(laws_dir: Path) -> str:
    """Return the register as YAML text.

    Raises:
        DataError: INDEX.yml cannot be read.
        ValueError: A text is missing, or has other articles than INDEX.yml says.
    """
    index = read_mapping(laws_dir / "INDEX.yml")
    texts = LawTexts(laws_dir)
    changes = index["superseded_or_changing"]
    successors = {change["old_id"]: change["successor_id"] for change in changes if change["old_id"]}
    entries = [_entry(law, texts, successors.get(law["id"])) for law in index["laws"]]
    return f"{_HEAD}as_of: {index['as_of']}\nlaws:\n{''.join(entries)}"


def _entry(law: dict[str, Any], texts: LawTexts, successor: str | None) -> str:
    provisions = texts.provisions(law["id"])
    if provisions is None:
        raise ValueError(f"{law['id']}: no text")
    numbers = [number for number in provisions if number != WHOLE_TEXT]
    if len(numbers) != law["articles"]:
        raise ValueError(f"{law['id']}: {law['articles']} articles in INDEX.yml, {len(numbers)} in the text")
    scope = FULL_TEXT if law["text_scope"] == "全文" else EXCERPT
    plain = {str(number) for number in range(1, len(numbers) + 1)}
    special = numbers if scope == EXCERPT else [number for number in numbers if number not in plain]
    lines = [
        f"  - id: {law['id']}",
        f"    title: {law['title']}",
        f"    short_title: {_EXCERPT_NOTE.sub('', law['short_title'])}",
        f"    issuer: {law['issuer']}",
    ]
    lines += [f"    promulgated: {law['promulgated']}"] if law.get("promulgated") else []
    lines.append(f"    effective: {law['effective']}")
    if law.get("effective_until"):
        lines.append(f"    effective_until: {law['effective_until']}")
        lines += [f"    superseded_by: {successor}"] if successor else []
    lines += [f"    articles: {len(numbers)}", f"    text_scope: {scope}"]
    if special:
        lines.append(f"    numbers: [{', '.join(_ranges(special))}]")
    return "\n".join(lines) + "\n"


def _ranges(numbers: Iterable[str]) -> list[str]:
    """Return article numbers in quotes, runs of neighbours as ranges."""
    runs: list[list[str]] = []
    for number in numbers:
        last = runs[-1][-1] if runs else ""
        if number.isdecimal() and last.isdecimal() and int(number) == int(last) + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [f'"{run[0]}"' if len(run) == 1 else f'"{run[0]}..{run[-1]}"' for run in runs]


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(build(Path(sys.argv[1])), encoding="utf-8")
