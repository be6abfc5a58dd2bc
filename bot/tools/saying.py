"""From statements to what a citizen reads: sentences with their provisions, citations, notices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from bot.knowledge import Cited
from bot.knowledge.articles import Citation
from bot.knowledge.laws import Law
from bot.knowledge.numerals import article_label
from bot.knowledge.statements import Said, Statement, said_on
from bot.tools.sources import Sources

_NOTICE_AHEAD = timedelta(days=365)


class Speaker:
    """Says statements on one day and remembers the provisions they rest on.

    Args:
        sources: For the names of laws.
        day: Local day on which what is said must be right.
    """

    def __init__(self, sources: Sources, day: date) -> None:
        self._sources, self._day = sources, day
        self._quotes: dict[tuple[str, str], list[str]] = {}

    def say(self, statements: Iterable[Statement], given: Mapping[str, str] | None = None) -> list[str]:
        """Return the sentences that hold on the day, each with its provisions in brackets."""
        return [self._sentence(said) for said in self._said(statements, given)]

    def plain(self, statements: Iterable[Statement], given: Mapping[str, str] | None = None) -> list[str]:
        """Return the sentences without provisions; they count for the citations all the same."""
        return [said.text for said in self._said(statements, given)]

    def cited(self, statements: Iterable[Statement]) -> list[Citation]:
        """Return the provisions of what holds on the day."""
        return [citation for said in self._said(statements, None) for citation in said.citations]

    def parts(
        self, statements: Iterable[Statement], given: Mapping[str, str] | None = None
    ) -> list[dict[str, object]]:
        """Return the sentences for programs: ``{text, citations: [{law_id, law, article}]}``."""
        return [
            {"text": said.text, "citations": [self._named(citation) for citation in said.citations]}
            for said in self._said(statements, given)
        ]

    @property
    def citations(self) -> tuple[Cited, ...]:
        """The provisions of everything said so far, in order."""
        return tuple(
            self._sources.cite(law, number, *quotes) for (law, number), quotes in self._quotes.items()
        )

    @property
    def notice(self) -> str | None:
        """What becomes of laws cited so far within a year, or None."""
        laws = self._sources.knowledge.laws
        cited = [law for law_id in dict.fromkeys(law for law, _ in self._quotes) if (law := laws.get(law_id))]
        return "".join(map(self._ending, cited)) or None

    def _ending(self, law: Law) -> str:
        if law.effective_until is None or law.effective_until - self._day >= _NOTICE_AHEAD:
            return ""
        words, first = self._sources.texts, law.effective_until + timedelta(days=1)
        day = words("tools.day", year=first.year, month=first.month, day=first.day)
        successor = self._sources.knowledge.laws.get(law.superseded_by or "")
        if successor is None:
            return words("tools.ending", law=law.short_title, day=day)
        return words("tools.changing", law=law.short_title, day=day, successor=successor.short_title)

    def _said(self, statements: Iterable[Statement], given: Mapping[str, str] | None) -> list[Said]:
        said = said_on(statements, self._sources.knowledge.laws, self._day, given)
        for citation in (citation for one in said for citation in one.citations):
            quotes = self._quotes.setdefault((citation.law_id, citation.article), [])
            if citation.quote not in quotes:
                quotes.append(citation.quote)
        return said

    def _sentence(self, said: Said) -> str:
        labels = label_of(self._sources, said.citations)
        words = said.text.removesuffix("。")
        return f"{words}（{labels}）。" if labels else f"{words}。"

    def _named(self, citation: Citation) -> dict[str, str]:
        cited = self._sources.cite(citation.law_id, citation.article)
        return {"law_id": cited.law_id, "law": cited.law, "article": cited.article}


def label_of(sources: Sources, citations: Iterable[Citation]) -> str:
    """Return the provisions in short: 《专利法》第六十五条、第七十条；《…》第六条."""
    by_law: dict[str, list[str]] = {}
    for citation in citations:
        labels = by_law.setdefault(citation.law_id, [])
        label = article_label(citation.article) if citation.article else ""
        if label not in labels:
            labels.append(label)
    return "；".join(
        f"《{sources.cite(law_id, '').law.strip('《》')}》{'、'.join(labels)}"
        for law_id, labels in by_law.items()
    )
