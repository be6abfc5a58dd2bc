"""The knowledge base: articles, the register of laws, answers for a day, and search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.knowledge.articles import TOOLS, Article, Citation, article_paths, read_article
from bot.knowledge.citations import citations_on
from bot.knowledge.datafile import DataError
from bot.knowledge.laws import Law, LawRegistry
from bot.knowledge.notices import Notices
from bot.knowledge.numerals import article_label
from bot.knowledge.search import Hit, SearchIndex
from bot.knowledge.words import Words

_DAYS_REMEMBERED = 16


@dataclass(frozen=True, slots=True)
class Cited:
    """A provision as citizens see it.

    Attributes:
        law_id: Id in the register.
        law: Short title.
        article: As the law numbers it (第四十二条), or empty for a text without articles.
        effective: Day on which this version of the law took effect.
        quote: Verbatim words, one passage a line.
    """

    law_id: str
    law: str
    article: str
    effective: date
    quote: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An article as it is given on one day.

    Attributes:
        details: Markdown: paragraphs, lists, bold; no HTML.
        citations: One entry for every provision, all of them in force on the day.
        next: Article ids that can be answered on the day, ``form:…`` and ``human``.
        notice: Change of the answer or of a cited law coming within a year, in Chinese; or None.
    """

    article_id: str
    title: str
    topic: str
    rights: tuple[str, ...]
    short: str
    details: str
    citations: list[Cited]
    next: list[str]
    notice: str | None


class KnowledgeBase:
    """Everything the desk knows, read once.

    Attributes:
        articles: The bases, by id; their versions for other days speak through :meth:`answer` only.

    Args:
        articles: Bases and versions, with ids of their own.
        laws: The register.
        words: Words for notices.
        problems: Files that could not be read; the desk works without them and says so.
    """

    def __init__(
        self, articles: Iterable[Article], laws: LawRegistry, words: Words, problems: Iterable[DataError] = ()
    ) -> None:
        articles = list(articles)
        self.articles: Mapping[str, Article] = {a.id: a for a in articles if a.version_of is None}
        self.laws = laws
        self.problems = tuple(problems)
        self._versions = _by_base(articles)
        self._notices = Notices(laws, words)
        self._index = SearchIndex({id_: _searched_text(article) for id_, article in self.articles.items()})
        self._given_on_days: dict[date, frozenset[str]] = {}

    @classmethod
    def load(cls, root: Path) -> KnowledgeBase:
        """Return the knowledge base in a folder.

        A broken article is left out and listed in ``problems``: one bad file must not keep the
        helpdesk from answering everything else. A broken register stops the start.

        Args:
            root: The folder `knowledge_base`.
        Raises:
            DataError: The register of laws cannot be used.
        """
        articles: list[Article] = []
        problems: list[DataError] = []
        seen: set[str] = set()
        for path in article_paths(root):
            try:
                article = read_article(path)
            except DataError as error:
                problems.append(error)
                continue
            if article.id in seen:
                problems.append(DataError(path, "id", f"{article.id} is the id of another article too"))
                continue
            seen.add(article.id)
            articles.append(article)
        bases = {article.id for article in articles if article.version_of is None}
        problems += [
            DataError(article.path, "version_of", f"no article has the id {article.version_of}")
            for article in articles
            if article.version_of is not None and article.version_of not in bases
        ]
        return cls(articles, LawRegistry.load(root), Words.load(), problems)

    def article(self, article_id: str) -> Article | None:
        """Return a base article, whether or not it may be answered today."""
        return self.articles.get(article_id)

    def family(self, article_id: str) -> list[Article]:
        """Return an article and its versions for other days; empty if there is none."""
        base = self.articles.get(article_id)
        return [base, *self._versions.get(article_id, ())] if base else []

    def answer(self, article_id: str, on: date) -> Answer | None:
        """Return the answer that is right on a day, in the words of the version of that day.

        Args:
            article_id: Id of a base article; the answer keeps it whichever version speaks.
            on: Local day for which the citizen asks, usually today.
        Returns:
            None if there is no such article, no version of it is meant for that day, or a law it
            rests on is then unknown or not in force; say that the matter needs a person.
        """
        article = self._speaking(article_id, on)
        citations = citations_on(article.citations, self.laws, on) if article else None
        if article is None or citations is None:
            return None
        return Answer(
            article_id=article_id,
            title=article.title,
            topic=article.topic,
            rights=article.rights,
            short=article.short,
            details=article.details,
            citations=self._cited(citations),
            next=[step for step in article.next if step in TOOLS or step in self.given_on(on)],
            notice=self._notices.of(article, citations, self.family(article_id), on),
        )

    def search(self, text: str, limit: int, on: date) -> list[Hit]:
        """Return the articles that fit a text best and can be answered on a day, best first."""
        return self._index.search(text, limit=limit, allowed=self.given_on(on))

    def given_on(self, day: date) -> frozenset[str]:
        """Return the ids of the articles that may be answered on a day; remembers a few days."""
        if day not in self._given_on_days:
            if len(self._given_on_days) >= _DAYS_REMEMBERED:
                self._given_on_days.clear()
            self._given_on_days[day] = frozenset(id_ for id_ in self.articles if self._is_given(id_, day))
        return self._given_on_days[day]

    def _is_given(self, article_id: str, day: date) -> bool:
        article = self._speaking(article_id, day)
        return article is not None and citations_on(article.citations, self.laws, day) is not None

    def _speaking(self, article_id: str, day: date) -> Article | None:
        return next((article for article in self.family(article_id) if article.valid_on(day)), None)

    def _cited(self, citations: Iterable[Citation]) -> list[Cited]:
        quotes: dict[tuple[str, str], list[str]] = {}
        for citation in citations:
            quotes.setdefault((citation.law_id, citation.article), []).append(citation.quote)
        return [self._cite(law_id, number, passages) for (law_id, number), passages in quotes.items()]

    def _cite(self, law_id: str, number: str, passages: list[str]) -> Cited:
        law = self._law(law_id)
        label = article_label(number) if number else ""
        return Cited(law_id, law.short_title, label, law.effective, "\n".join(dict.fromkeys(passages)))

    def _law(self, law_id: str) -> Law:
        law = self.laws.get(law_id)
        assert law is not None  # citations_on leaves out what is not registered
        return law


def _by_base(articles: Iterable[Article]) -> dict[str, list[Article]]:
    versions: dict[str, list[Article]] = {}
    for article in articles:
        if article.version_of is not None:
            versions.setdefault(article.version_of, []).append(article)
    return versions


def _searched_text(article: Article) -> str:
    """Return what search looks at; the title counts twice."""
    return "\n".join((article.title, article.title, *article.questions, article.short, article.details))
