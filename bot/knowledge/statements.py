"""Statements: one sentence of law in a data file, with the provisions it rests on.

The data files of tools (routes, evidence, fees, flows) are made of them::

    - say: 侵权行为地或者被请求人住所地的管理专利工作的部门都可以受理。
      cite: patent-adjudication-mediation-2025 6 由侵权行为地或者被请求人住所地的管理专利工作的部门管辖

``cite`` is one citation or a list: law id, article (``-`` for a text without articles; ``65.2`` names the
second paragraph), then verbatim words. The same rule in two versions of a law is cited in both; where
the rule itself changes there are two statements, one with ``to``, one with ``from``. ``only`` narrows a
statement to what was asked: ``only: {right: [patent]}``. A ``note`` instead of ``say``, or a bare text,
states no law and cites nothing; :mod:`bot.knowledge.check_statements` refuses figures and provisions in it.

Each file has ``valid_from``, from which all it says holds, and ``reviewed``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.knowledge.articles import Citation
from bot.knowledge.citations import citations_on
from bot.knowledge.datafile import Fields
from bot.knowledge.laws import LawRegistry

KEYS = ("say", "note", "cite", "from", "to", "only")
_CITATION = re.compile(
    r"(?P<law>[a-z0-9-]+)\s+(?P<article>-|\d+(?:-\d+)?)(?:\.(?P<paragraph>\d+))?\s+(?P<quote>.+)"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence and its ground.

    Attributes:
        text: As the citizen reads it.
        citations: Empty for a note.
        valid_from: First day on which it is right.
        valid_to: Last such day, if known.
        only: Field of the questions to the answers for which it is meant; empty means all.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    valid_from: date = date.min
    valid_to: date | None = None
    only: Mapping[str, tuple[str, ...]] | None = None

    def meant_for(self, given: Mapping[str, str]) -> bool:
        """Tell whether it is meant for what was answered."""
        return fits(self.only or {}, given)

    def citations_on(self, laws: LawRegistry, day: date) -> list[Citation] | None:
        """Return the citations in force on a day; None if it must not be said on that day."""
        if day < self.valid_from or (self.valid_to and day > self.valid_to):
            return None
        return citations_on(self.citations, laws, day)


@dataclass(frozen=True, slots=True)
class Said:
    """A statement as it is made on a day."""

    text: str
    citations: tuple[Citation, ...]


def fits(condition: Mapping[str, Sequence[str]], given: Mapping[str, str]) -> bool:
    """Tell whether answers meet a condition; what was not asked is no hindrance."""
    return all(given[name] in values for name, values in condition.items() if name in given)


def said_on(
    statements: Iterable[Statement], laws: LawRegistry, day: date, given: Mapping[str, str] | None = None
) -> list[Said]:
    """Return what may be said on a day; a statement whose ground is gone is left out."""
    said = []
    for statement in statements:
        citations = statement.citations_on(laws, day) if statement.meant_for(given or {}) else None
        if citations is not None:
            said.append(Said(statement.text, tuple(citations)))
    return said


def turning_days(statements: Iterable[Statement], laws: LawRegistry) -> list[date]:
    """Return the days from which something else may be said, in order."""
    one_day = date.resolution
    days: set[date] = set()
    for statement in statements:
        days.add(statement.valid_from)
        if statement.valid_to:
            days.add(statement.valid_to + one_day)
        for citation in statement.citations:
            if law := laws.get(citation.law_id):
                days.add(law.effective)
                if law.effective_until:
                    days.add(law.effective_until + one_day)
    return sorted(days)


def read_statements(
    fields: Fields, key: str, *, since: date, required: bool = False
) -> tuple[Statement, ...]:
    """Return the statements under a key: a text (a note), one statement, or a list of both.

    Args:
        since: ``valid_from`` of the file, for statements without ``from``.
    Raises:
        DataError: Naming file and key of the first mistake.
    """
    value = fields.data.get(key)
    if value is None:
        if required:
            raise fields.fail(key, "is missing")
        return ()
    entries = value if isinstance(value, list) else [value]
    at = f"{fields.prefix}.{key}" if fields.prefix else key
    return tuple(
        read_statement(entry, fields, f"{at}[{index}]", since=since) for index, entry in enumerate(entries)
    )


def read_statement(entry: object, fields: Fields, at: str, *, since: date) -> Statement:
    """Return one statement; `at` is its dotted key, for messages.

    Raises:
        DataError: Naming file and key of the first mistake.
    """
    if isinstance(entry, str):
        return Statement(entry.strip(), valid_from=since)
    own = Fields(entry, fields.path, at)
    own.only(*KEYS)
    if ("say" in own.data) == ("note" in own.data):
        raise own.fail("say", "expected either say or note")
    is_note = "note" in own.data
    if is_note and "cite" in own.data:
        raise own.fail("cite", "a note cites nothing; use say")
    return Statement(
        text=own.text("note" if is_note else "say"),
        citations=() if is_note else _citations(own),
        valid_from=own.optional_date("from") or since,
        valid_to=own.optional_date("to"),
        only=read_condition(own, "only"),
    )


def _citations(fields: Fields) -> tuple[Citation, ...]:
    value = fields.data.get("cite")
    lines = [value] if isinstance(value, str) else fields.texts("cite")
    return tuple(_citation(line, fields) for line in lines)


def _citation(line: str, fields: Fields) -> Citation:
    match = _CITATION.fullmatch(line.strip())
    if match is None:
        raise fields.fail("cite", f"expected law id, article and verbatim words, got {line!r}")
    article = "" if match["article"] == "-" else match["article"]
    paragraph = int(match["paragraph"]) if match["paragraph"] else None
    return Citation(match["law"], article, paragraph, match["quote"].strip())


def read_condition(fields: Fields, key: str) -> Mapping[str, tuple[str, ...]]:
    """Return a condition: field to the answers that meet it.

    Raises:
        DataError: Not a mapping of texts or lists of texts.
    """
    if fields.data.get(key) is None:
        return {}
    own = fields.child(key)
    return {
        name: (value,) if isinstance(value, str) else tuple(own.texts(name))
        for name, value in own.data.items()
    }
