"""What an answer says about changes that are known to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.knowledge.articles import Article, Citation
from bot.knowledge.laws import Law, LawRegistry
from bot.knowledge.words import Words

NOTICE_AHEAD = timedelta(days=365)
"""How long before a change an answer begins to say so."""


class Notices:
    """Notices in Chinese for the citizen."""

    def __init__(self, laws: LawRegistry, words: Words) -> None:
        self._laws, self._words = laws, words

    def of(
        self, article: Article, citations: Sequence[Citation], family: Sequence[Article], on: date
    ) -> str | None:
        """Return what will change within a year of a day, or None.

        Args:
            article: The version that speaks on the day.
            citations: Those of its citations that hold on the day.
            family: All versions of the article.
            on: The day.
        """
        if article.valid_to and _is_near(article.valid_to, on):
            first_day = article.valid_to + timedelta(days=1)
            later = next((other for other in family if other.valid_on(first_day)), None)
            if later is not None and later.short != article.short:
                return self._words("notice.changed", day=self._day(first_day), short=later.short)
        laws = {citation.law_id: self._laws.get(citation.law_id) for citation in citations}
        said = [
            self._of_law(law, article) for law in laws.values() if law and _is_near(law.effective_until, on)
        ]
        return "".join(said) or None

    def _of_law(self, law: Law, article: Article) -> str:
        assert law.effective_until is not None
        first_day = law.effective_until + timedelta(days=1)
        successor = self._laws.get(law.superseded_by) if law.superseded_by else None
        day, name = self._day(first_day), law.short_title
        if successor is None:
            return self._words("notice.ended", day=day, law=name)
        cited_too = any(citation.law_id == successor.id for citation in article.citations)
        key = "notice.compared" if cited_too and article.valid_on(first_day) else "notice.superseded"
        return self._words(key, day=day, law=name, successor=successor.short_title)

    def _day(self, day: date) -> str:
        return self._words("notice.date", year=day.year, month=day.month, day=day.day)


def _is_near(day: date | None, on: date) -> bool:
    return day is not None and day - on < NOTICE_AHEAD
