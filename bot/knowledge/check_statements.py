"""The part of the check that looks at the data files of tools, statement by statement.

Each statement is checked like a small article: its citations resolve, its quotations are verbatim, its
figures stand in what it cites, and it keeps its ground for as long as it is meant. All other words in
these files may neither name a figure nor a provision: what is law must be a statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bot.knowledge.articles import Article
from bot.knowledge.check_sources import SourceChecker
from bot.knowledge.datafile import DataError, Fields, read_mapping
from bot.knowledge.figures import figures_in
from bot.knowledge.laws import LawRegistry
from bot.knowledge.mentions import MentionFinder
from bot.knowledge.problems import WARNINGS, Problem, Report, Severity
from bot.knowledge.statements import Statement, read_statement
from bot.knowledge.words import Words

FOLDERS = ("routes", "evidence", "fees", "flows")
_REVIEW_EVERY = timedelta(days=366)
_NOT_SHOWN = ("aliases",)


def statement_files(root: Path) -> list[Path]:
    """Return the data files that are made of statements, in order of path.

    Args:
        root: The folder `knowledge_base`.
    """
    return sorted(path for folder in FOLDERS for path in (root / folder).glob("*.yml"))


@dataclass(frozen=True)
class StatementChecker:
    """Checks the data files of tools.

    Attributes:
        root: The folder `knowledge_base`.
        sources: Checks citations, quotations and figures.
        today: Local day, for reviews that are overdue.
    """

    root: Path
    laws: LawRegistry
    sources: SourceChecker
    words: Words
    today: date

    def check(self) -> list[Problem]:
        """Return what is wrong, in order of file."""
        mentions = MentionFinder(self.laws)
        return [problem for path in statement_files(self.root) for problem in self._of_file(path, mentions)]

    def _of_file(self, path: Path, mentions: MentionFinder) -> list[Problem]:
        problems: list[Problem] = []
        try:
            fields = Fields(read_mapping(path), path)
            since, reviewed = fields.date("valid_from"), fields.date("reviewed")
            entries = list(entries_of(fields, since))
        except DataError as error:
            self._report(problems, path, "")("unreadable", key=error.key, problem=error.problem)
            return problems
        if self.today - reviewed > _REVIEW_EVERY:
            self._report(problems, path, "reviewed")("review_overdue", day=reviewed)
        if reviewed > self.today:
            self._report(problems, path, "reviewed")("review_future", day=reviewed)
        for key, entry in entries:
            report = self._report(problems, path, key)
            if isinstance(entry, Statement) and entry.citations:
                self.sources.check(_as_article(entry, path, reviewed), report)
            else:
                _check_plain(entry.text if isinstance(entry, Statement) else entry, mentions, report)
        return problems

    def _report(self, problems: list[Problem], path: Path, key: str) -> Report:
        relative = path.relative_to(self.root)

        def report(code: str, **values: object) -> None:
            severity = Severity.WARNING if code in WARNINGS else Severity.ERROR
            message = self.words(f"problem.{code}", **values)
            problems.append(Problem(relative, code, f"{key}：{message}" if key else message, severity))

        return report


def entries_of(fields: Fields, since: date) -> Iterator[tuple[str, Statement | str]]:
    """Yield dotted key and content of every statement and every other text of a data file."""
    for name, value in fields.data.items():
        if name not in _NOT_SHOWN:
            yield from _walk(value, fields, name, since)


def _walk(value: object, fields: Fields, at: str, since: date) -> Iterator[tuple[str, Statement | str]]:
    if isinstance(value, dict) and ("say" in value or "note" in value):
        yield at, read_statement(value, fields, at, since=since)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in _NOT_SHOWN:
                yield from _walk(inner, fields, f"{at}.{name}", since)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, fields, f"{at}[{index}]", since)
    elif isinstance(value, str):
        yield at, value


def _check_plain(text: str, mentions: MentionFinder, report: Report) -> None:
    if figures := figures_in(text):
        report("plain_figure", figure=next(iter(figures.values())))
    if mention := next(iter(mentions.find(text, ())), None):
        report("plain_mention", law=mention.name, article=mention.label)


def _as_article(statement: Statement, path: Path, reviewed: date) -> Article:
    """Return a statement as the source checker takes it."""
    return Article(
        id=path.stem,
        title="",
        topic="",
        rights=(),
        questions=(),
        citations=statement.citations,
        valid_from=statement.valid_from,
        valid_to=statement.valid_to,
        reviewed=reviewed,
        next=(),
        short=statement.text,
        details="",
        path=path,
    )
