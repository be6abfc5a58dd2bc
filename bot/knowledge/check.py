"""Proves the knowledge base: every citation resolves, every quotation is verbatim, every figure stands.

Without a folder of official texts the checks that need the words of laws are left out, and the
report says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.knowledge.articles import TOOLS, Article, article_paths, read_article
from bot.knowledge.check_deadlines import DeadlineChecker
from bot.knowledge.check_sources import SourceChecker
from bot.knowledge.check_statements import StatementChecker
from bot.knowledge.check_versions import check_versions
from bot.knowledge.coverage import Coverage
from bot.knowledge.datafile import DataError
from bot.knowledge.law_texts import LawTexts
from bot.knowledge.laws import LawRegistry
from bot.knowledge.problems import WARNINGS, Problem, Report, Severity
from bot.knowledge.words import Words

TITLE_LIMIT, SHORT_LIMIT = 30, 120
QUESTIONS, FOLLOW_UPS = (8, 90), (2, 4)

_ID = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_MARKUP = {
    "heading": re.compile(r"^\s*#{1,6}\s.*$", re.MULTILINE),
    "table": re.compile(r"^\s*\|.*\|\s*$", re.MULTILINE),
    "link": re.compile(r"\[[^\]\n]+\]\([^)\n]+\)|https?://\S+"),
    "html": re.compile(r"</?[a-zA-Z][^>\n]*>|<!--"),
}


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Attributes:
        article_count: Articles read; the versions of an article count as one with it.
        problems: In order of file.
        coverage: Articles by topic and right.
        skipped: Checks left out, and why, in Chinese.
    """

    article_count: int
    problems: list[Problem]
    coverage: Coverage
    skipped: list[str]

    @property
    def is_publishable(self) -> bool:
        """Whether nothing worse than a warning was found."""
        return all(problem.severity is Severity.WARNING for problem in self.problems)


def check_knowledge(root: Path, texts_dir: Path | None, today: date) -> CheckReport:
    """Check all articles of a knowledge base, and the statements of its other data files.

    Args:
        root: The folder `knowledge_base`.
        texts_dir: Folder of official texts (`<law id>.md`), or None.
        today: Local day, for reviews that are overdue and laws that end.
    Raises:
        DataError: The register of laws cannot be used.
    """
    words = Words.load()
    checker = _Checker(root, words)
    articles = checker.read()
    laws = LawRegistry.load(root)
    checker.check_form(articles, today)
    check_versions(articles, checker.report_for, today)
    sources = SourceChecker(laws, LawTexts(texts_dir) if texts_dir else None, words, today)
    for article in articles:
        sources.check(article, checker.report_for(article.path))
    checker.problems += StatementChecker(root, laws, sources, words, today).check()
    checker.problems += DeadlineChecker(root, laws, sources, words, today).check()
    skipped = [] if texts_dir else [words("skipped.texts")]
    problems = sorted(checker.problems, key=lambda problem: (problem.path, problem.severity))
    bases = [article for article in articles if article.version_of is None]
    return CheckReport(len(bases), problems, Coverage.of(bases), skipped)


class _Checker:
    """Reads the articles and checks what does not need the laws."""

    def __init__(self, root: Path, words: Words) -> None:
        self.problems: list[Problem] = []
        self._root, self._words = root, words

    def report_for(self, path: Path) -> Report:
        """Return the function with which checks report on one file."""
        relative = path.relative_to(self._root)

        def report(code: str, **values: object) -> None:
            severity = Severity.WARNING if code in WARNINGS else Severity.ERROR
            self.problems.append(Problem(relative, code, self._words(f"problem.{code}", **values), severity))

        return report

    def read(self) -> list[Article]:
        """Return the articles that can be read, and report the others."""
        articles = []
        for path in article_paths(self._root):
            try:
                articles.append(read_article(path))
            except DataError as error:
                self.report_for(path)("unreadable", key=error.key, problem=error.problem)
        return articles

    def check_form(self, articles: Iterable[Article], today: date) -> None:
        """Check each article by itself, then what must be unique among them."""
        articles = list(articles)
        known = {article.id for article in articles if article.version_of is None}
        for article in articles:
            report = self.report_for(article.path)
            _check_name(article, report)
            _check_lengths(article, report)
            _check_markup(article, report, self._words)
            _check_follow_ups(article, known, report)
            _check_dates(article, today, report)
        self._check_unique(articles)

    def _check_unique(self, articles: Sequence[Article]) -> None:
        ids: dict[str, Path] = {}
        for article in articles:
            if article.id in ids:
                other = ids[article.id].relative_to(self._root)
                self.report_for(article.path)("id_twice", id=article.id, other=other)
            ids.setdefault(article.id, article.path)
        self._check_wordings([article for article in articles if article.version_of is None])

    def _check_wordings(self, articles: Sequence[Article]) -> None:
        """Titles and questions are what the engine learns from: none may lead to two articles."""
        titles: dict[str, str] = {}
        for article in articles:
            other = titles.setdefault(_bare(article.title), article.id)
            if other != article.id:
                self.report_for(article.path)("title_twice", title=article.title, other=other)
        questions: dict[str, str] = {}
        for article in articles:
            report = self.report_for(article.path)
            for question in article.questions:
                bare = _bare(question)
                if bare in questions:
                    report("question_twice", question=question, other=questions[bare])
                elif titles.get(bare, article.id) != article.id:
                    report("question_is_title", question=question, other=titles[bare])
                questions.setdefault(bare, article.id)


def _bare(text: str) -> str:
    """Return a text without what people type or leave out at will: case, width, punctuation, space."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def _check_name(article: Article, report: Report) -> None:
    if not _ID.fullmatch(article.id):
        report("id_form", id=article.id)
    if article.id != article.path.stem:
        report("id_not_file_name", id=article.id, name=article.path.name)
    if article.topic != article.path.parent.name:
        report("topic_not_folder", topic=article.topic, folder=article.path.parent.name)


def _check_lengths(article: Article, report: Report) -> None:
    if len(article.title) > TITLE_LIMIT:
        report("title_long", length=len(article.title), limit=TITLE_LIMIT)
    if not article.short:
        report("short_missing")
    if len(article.short) > SHORT_LIMIT:
        report("short_long", length=len(article.short), limit=SHORT_LIMIT)
    if not article.details:
        report("details_missing")
    least, most = QUESTIONS
    if article.version_of is None and not least <= len(article.questions) <= most:
        report("questions_count", count=len(article.questions), least=least, most=most)


def _check_markup(article: Article, report: Report, words: Words) -> None:
    for name, pattern in _MARKUP.items():
        match = pattern.search(f"{article.short}\n{article.details}")
        if match:
            report("markup", what=words(f"markup.{name}"), line=match[0].strip()[:40])


def _check_follow_ups(article: Article, known: set[str], report: Report) -> None:
    least, most = FOLLOW_UPS
    if not least <= len(article.next) <= most:
        report("next_count", count=len(article.next), least=least, most=most)
    for name in article.next:
        if name == article.id:
            report("next_self")
        elif name not in known and name not in TOOLS:
            report("next_unknown", name=name)


def _check_dates(article: Article, today: date, report: Report) -> None:
    if article.valid_to and article.valid_to < article.valid_from:
        report("validity_reversed", begin=article.valid_from, to=article.valid_to)
    if article.reviewed > today:
        report("review_future", day=article.reviewed)
    if article.reviewed < _a_year_before(today):
        report("review_overdue", day=article.reviewed)


def _a_year_before(day: date) -> date:
    return date(day.year - 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)
