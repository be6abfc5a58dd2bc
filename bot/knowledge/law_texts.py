"""The words of laws, read from a folder of official texts in Markdown.

The texts are not part of the knowledge base: they are needed to check that a quotation is
verbatim, and to show an article in full where the operator has them. A file is named after its
law (`patent-law-2020.md`); front matter is skipped; a paragraph that begins with 第…条 begins an
article. A paragraph (款) holds the items (（一）, 1.) that follow it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bot.knowledge.numerals import NUMERAL, article_number

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_ARTICLE = re.compile(rf"\s*\**(第{NUMERAL}条(?:之{NUMERAL})?)\**[\s　]*(.*)", re.DOTALL)
_ITEM = re.compile(rf"\s*(?:[（(]{NUMERAL}[）)]|[（(]?\d+[）).．、](?!\d)|[①-⑳]|{NUMERAL}、)")
_HEADING = re.compile(rf"\s*(?:#|第{NUMERAL}[编章节](?:\s|　|$))")

WHOLE_TEXT = ""
"""Article number under which a text without numbered articles is kept."""


@dataclass(frozen=True, slots=True)
class Provision:
    """One article.

    Attributes:
        number: Such as ``42`` or ``219-1``.
        paragraphs: Its paragraphs (款) in order, items joined to theirs with a line break.
    """

    number: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole article."""
        return "\n".join(self.paragraphs)


class LawTexts:
    """Official texts in a folder, each read when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._laws: dict[str, dict[str, Provision] | None] = {}

    def provisions(self, law_id: str) -> dict[str, Provision] | None:
        """Return article number to article, or None if the folder has no such law."""
        if law_id not in self._laws:
            path = self._folder / f"{law_id}.md"
            self._laws[law_id] = parse_law(path.read_text(encoding="utf-8")) if path.is_file() else None
        return self._laws[law_id]

    def provision(self, law_id: str, number: str) -> Provision | None:
        """Return one article, or None."""
        return (self.provisions(law_id) or {}).get(number)


def parse_law(markdown: str) -> dict[str, Provision]:
    """Return article number to article; a text without articles is one provision, ``WHOLE_TEXT``."""
    blocks = [line.strip() for line in _FRONT_MATTER.sub("", markdown).splitlines() if line.strip()]
    articles: dict[str, list[str]] = {}
    paragraphs: list[str] | None = None
    for block in blocks:
        if _HEADING.match(block):
            continue
        start = _ARTICLE.match(block)
        if start and not _continues_sentence(start[2]):
            paragraphs = articles.setdefault(article_number(start[1]) or "", [])
            block = start[2]
        if paragraphs is not None and block:
            _add(paragraphs, block)
    if not articles:
        articles[WHOLE_TEXT] = [block for block in blocks if not block.startswith("#")]
    return {number: Provision(number, tuple(texts)) for number, texts in articles.items()}


def _continues_sentence(rest: str) -> bool:
    """Tell whether a line that begins with an article number only mentions it (第五条第二款的规定…)."""
    return bool(re.match(rf"(?:第{NUMERAL}[款项]|、|至第|和第|或者第|规定的)", rest))


def _add(paragraphs: list[str], block: str) -> None:
    if paragraphs and _ITEM.match(block):
        paragraphs[-1] += "\n" + block
    else:
        paragraphs.append(block)
