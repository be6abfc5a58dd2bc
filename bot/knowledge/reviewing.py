"""Which articles somebody should look at: what cannot be answered, what ends soon, what was not reviewed for long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.knowledge.articles import Article
from bot.knowledge.base import KnowledgeBase

#: An article that ends within so many days needs its next version now.
SOON = timedelta(days=90)
#: So long a review holds.
REVIEW_HOLDS = timedelta(days=180)
_DAY = timedelta(days=1)


class Why(StrEnum):
    """Why an article is to be looked at, the most pressing first."""

    UNAVAILABLE = "unavailable"
    ENDING = "ending"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Due:
    """An article to look at.

    Attributes:
        on: Its last day, or the day of its last review; None for what cannot be answered today.
    """

    article_id: str
    title: str
    why: Why
    on: date | None = None


def to_review(knowledge: KnowledgeBase, today: date) -> list[Due]:
    """Return what is to be looked at, the most pressing and the earliest first; an article for one reason only."""
    rank = {why: at for at, why in enumerate(Why)}
    return sorted(_due(knowledge, today), key=lambda due: (rank[due.why], due.on or today, due.article_id))


def _due(knowledge: KnowledgeBase, today: date) -> Iterator[Due]:
    given = knowledge.given_on(today)
    for article in knowledge.articles.values():
        family = knowledge.family(article.id)
        speaking = _on(family, today)
        if speaking is None or article.id not in given:
            yield Due(article.id, article.title, Why.UNAVAILABLE)
        elif (last := last_day(family, today)) and last <= today + SOON:
            yield Due(article.id, speaking.title, Why.ENDING, last)
        elif speaking.reviewed < today - REVIEW_HOLDS:
            yield Due(article.id, speaking.title, Why.OLD, speaking.reviewed)


def last_day(family: Iterable[Article], today: date) -> date | None:
    """Return the last day, from today on, on which some version speaks without a gap before it; None if there is no end.

    Args:
        family: Base and versions, one of which speaks today.
    """
    family, day = list(family), today
    while speaking := _on(family, day):
        if speaking.valid_to is None:
            return None
        day = speaking.valid_to + _DAY
    return day - _DAY


def _on(family: Iterable[Article], day: date) -> Article | None:
    return next((article for article in family if article.valid_on(day)), None)
