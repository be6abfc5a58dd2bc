"""Articles: one Markdown file each, front matter with citations, then the answer.

A file is `knowledge_base/articles/<topic>/<id>.md`. Its front matter has the keys of `_KEYS`; a
citation is `{law: patent-law-2020, article: "42", paragraph: 1, quote: "…"}`. Then follows the short
answer, one paragraph, a blank line, and the details in plain Markdown.

Where a rule changes on a day, the answer from that day on is a *version*: a file `<base>_<year>.md`
beside the base with ``version_of: <base>`` and no questions. Base and versions are one answer to
citizens, search and training; the day decides which of them speaks.

Reading is strict about types and keys; whether an article is *right* is the business of
:mod:`bot.knowledge.check`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.knowledge.datafile import DataError, Fields, parse_mapping

TOPICS = (
    "law", "procedure", "legal_status", "evidence", "dispute_route", "complaint", "assistance",
    "rapid_center", "overseas", "other_ip",
)  # fmt: skip
RIGHTS = (
    "patent", "trademark", "copyright", "gi", "layout_design", "trade_secret", "unfair_competition",
    "plant_variety", "general", "none",
)  # fmt: skip
TOOLS = frozenset({
    "form:complaint", "form:assistance", "human", "tool:deadline", "tool:law", "tool:number", "tool:route",
    "tool:evidence", "tool:fees", "tool:flow",
})  # fmt: skip
"""What ``next`` may name beside articles."""

_FILE = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_KEYS = (
    "id", "title", "topic", "rights", "questions", "citations", "valid_from", "valid_to", "reviewed", "next",
    "version_of",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Citation:
    """A provision that an answer rests on.

    Attributes:
        law_id: Id in the register.
        article: ``42``, ``219-1``, or ``""`` for a text without numbered articles.
        paragraph: Number of the paragraph (款), from 1; None for the article as a whole.
        quote: Verbatim words of it.
    """

    law_id: str
    article: str
    paragraph: int | None
    quote: str


@dataclass(frozen=True, slots=True)
class Article:
    """One answer.

    Attributes:
        id: Unique, in snake_case, the name of the file.
        title: The question as a citizen would ask it; shown as a button.
        topic: One of ``TOPICS``.
        rights: Some of ``RIGHTS``, the main one first.
        questions: How people ask; the engine is trained on them.
        citations: What the answer rests on.
        valid_from: First day on which the answer is right.
        valid_to: Last such day, if known.
        reviewed: Day on which a person last checked it.
        next: What to offer afterwards: article ids and ``TOOLS``.
        short: The answer in one paragraph.
        details: The rest, in Markdown.
        path: The file.
        version_of: Id of the article whose words these are on other days; None for a base.
    """

    id: str
    title: str
    topic: str
    rights: tuple[str, ...]
    questions: tuple[str, ...]
    citations: tuple[Citation, ...]
    valid_from: date
    valid_to: date | None
    reviewed: date
    next: tuple[str, ...]
    short: str
    details: str
    path: Path
    version_of: str | None = None

    def valid_on(self, day: date) -> bool:
        """Tell whether the answer is meant for a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def article_paths(root: Path) -> list[Path]:
    """Return the files of all articles, in order of path.

    Args:
        root: The folder `knowledge_base`.
    """
    return sorted(path for path in (root / "articles").rglob("*.md") if path.name != "README.md")


def read_article(path: Path) -> Article:
    """Return the article in a file.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, "", f"cannot be read: {error}") from error
    return parse_article(content, path)


def parse_article(content: str, path: Path) -> Article:
    """Return the article that a text holds; ``path`` is for messages.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    match = _FILE.match(content)
    if match is None:
        raise DataError(path, "", "expected front matter between two lines of three dashes, then the answer")
    fields = Fields(parse_mapping(match[1], path), path)
    fields.only(*_KEYS)
    short, _, details = match[2].strip().partition("\n\n")
    version_of = fields.text("version_of", default="") or None
    return Article(
        id=fields.text("id"),
        title=fields.text("title"),
        topic=_one_of(fields, "topic", fields.text("topic"), TOPICS),
        rights=_rights(fields),
        questions=tuple(fields.texts("questions", default=[] if version_of else None)),
        citations=tuple(_citation(entry) for entry in fields.children("citations")),
        valid_from=fields.date("valid_from"),
        valid_to=fields.optional_date("valid_to"),
        reviewed=fields.date("reviewed"),
        next=tuple(fields.texts("next")),
        short=" ".join(short.split()),
        details=details.strip(),
        path=path,
        version_of=version_of,
    )


def _rights(fields: Fields) -> tuple[str, ...]:
    rights = tuple(_one_of(fields, "rights", right, RIGHTS) for right in fields.texts("rights"))
    if not rights:
        raise fields.fail("rights", "at least one is needed")
    return rights


def _citation(fields: Fields) -> Citation:
    fields.only("law", "article", "paragraph", "quote")
    paragraph = None if fields.data.get("paragraph") is None else fields.integer("paragraph")
    return Citation(fields.text("law"), fields.text("article", default=""), paragraph, fields.text("quote"))


def _one_of(fields: Fields, key: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise fields.fail(key, f"unknown value {value!r}; known: {', '.join(known)}")
    return value
