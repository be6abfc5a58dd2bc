"""How many articles there are for each topic and right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.knowledge.articles import RIGHTS, TOPICS, Article


@dataclass(frozen=True, slots=True)
class Coverage:
    """A table of topic by right; an article counts once under each of its rights."""

    counts: Counter[tuple[str, str]]
    articles: Counter[str]

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Coverage:
        """Return the coverage of some articles."""
        articles = list(articles)
        return cls(
            Counter((article.topic, right) for article in articles for right in article.rights),
            Counter(article.topic for article in articles),
        )

    def rows(self) -> list[list[str]]:
        """Return the table as rows of text, the first one the heads; the last column counts articles once."""
        heads = ["topic", *RIGHTS, "articles"]
        return [heads] + [
            [topic, *(str(self.counts[topic, right]) for right in RIGHTS), str(self.articles[topic])]
            for topic in TOPICS
        ]
