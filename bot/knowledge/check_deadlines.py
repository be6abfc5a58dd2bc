"""The part of the check that looks at deadlines: provisions say what is quoted, lengths stand in them.

Citations are found by their shape, a mapping with `law` and `quote`, wherever they stand in a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.helpdesk.deadlines import Length, Shape, Unit
from bot.knowledge.articles import Citation
from bot.knowledge.check_sources import SourceChecker
from bot.knowledge.datafile import DataError, read_mapping
from bot.knowledge.deadlines import Rule, load_deadlines
from bot.knowledge.figures import Figure, figures_in
from bot.knowledge.laws import LawRegistry
from bot.knowledge.numerals import chinese
from bot.knowledge.problems import WARNINGS, Problem, Report, Severity
from bot.knowledge.words import Words

_UNITS = {Unit.DAYS: "日", Unit.WORKING_DAYS: "工作日", Unit.MONTHS: "月", Unit.YEARS: "年"}


@dataclass
class DeadlineChecker:
    """Checks `knowledge_base/deadlines`.

    Attributes:
        root: The folder `knowledge_base`.
        sources: Checks citations and quotations.
        today: Local day: a rule without a law in force on it is a mistake.
    """

    root: Path
    laws: LawRegistry
    sources: SourceChecker
    words: Words
    today: date
    problems: list[Problem] = field(default_factory=list)

    def check(self) -> list[Problem]:
        """Return what is wrong, in order of file."""
        folder = self.root / "deadlines"
        if not folder.is_dir():
            return []
        try:
            book = load_deadlines(self.root)
        except DataError as error:
            self._report_for(error.path)("unreadable", key=error.key, problem=error.problem)
            return self.problems
        for path in sorted(folder.glob("*.yml")):
            for citation in dict.fromkeys(citations_in(read_mapping(path))):
                self.sources.check_citation(citation, self._report_for(path))
        for rule in book.rules.values():
            self._check_rule(rule, self._report_for(rule.path))
        return self.problems

    def _check_rule(self, rule: Rule, report: Report) -> None:
        for version in rule.versions:
            length = version.length or rule.opens
            if length and not _stands_in(length, rule, version.source.quote):
                figure = f"{rule.id}: {length.amount} {length.unit}"
                report("figure_unsupported", figure=figure, day=self.today)
        last = self.laws.get(rule.versions[-1].source.law_id)
        if last is not None and last.effective_until and last.effective_until < self.today:
            report("law_not_in_force", law=last.short_title, day=self.today)

    def _report_for(self, path: Path) -> Report:
        relative = path.relative_to(self.root)

        def report(code: str, **values: object) -> None:
            severity = Severity.WARNING if code in WARNINGS else Severity.ERROR
            self.problems.append(Problem(relative, code, self.words(f"problem.{code}", **values), severity))

        return report


def citations_in(data: Any) -> Iterator[Citation]:
    """Yield the citations in a piece of data, at any depth."""
    if isinstance(data, Mapping):
        if "law" in data and "quote" in data:
            number = data.get("paragraph")
            paragraph = number if isinstance(number, int) else None
            yield Citation(str(data["law"]), str(data.get("article") or ""), paragraph, str(data["quote"]))
        for value in data.values():
            yield from citations_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from citations_in(value)


def _stands_in(length: Length, rule: Rule, quote: str) -> bool:
    if rule.shape is Shape.YEAR_END:
        return any(f"第{number}年" in quote for number in (length.amount, chinese(length.amount)))
    figures = figures_in(quote)
    if Figure(Decimal(length.amount), _UNITS[length.unit]) in figures:
        return True
    # Some laws say in another article that their short periods in days are working days.
    if length.unit is not Unit.WORKING_DAYS or not any("工作日" in citation.quote for citation in rule.also):
        return False
    return Figure(Decimal(length.amount), "日") in figures
