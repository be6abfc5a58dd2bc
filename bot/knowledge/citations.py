"""Which of an article's citations hold on a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from bot.knowledge.articles import Article, Citation
from bot.knowledge.laws import LawRegistry


def citations_on(citations: Sequence[Citation], laws: LawRegistry, day: date) -> list[Citation] | None:
    """Return the citations in force on a day, or None if the answer has lost part of its ground.

    An article may cite the same rule in two versions of a law (商标法 2019 and 2026): then the
    version in force speaks, the other is left out. A law of which no cited version is in force
    makes the whole answer void for that day.
    """
    holding = [citation for citation in citations if laws.in_force(citation.law_id, day)]
    covered = {laws.family_of(citation.law_id) for citation in holding}
    if any(laws.family_of(citation.law_id) not in covered for citation in citations):
        return None
    return holding


def turning_days(article: Article, laws: LawRegistry) -> list[date]:
    """Return the days within an article's validity from which other citations may speak.

    They are the first day of validity and the days on which a cited law begins or has ended. For
    an article without a last day, ends that still lie ahead are found by the caller's own rule.
    """
    days = {article.valid_from, *_changes(article.citations, laws)}
    return sorted(day for day in days if article.valid_on(day))


def _changes(citations: Iterable[Citation], laws: LawRegistry) -> Iterator[date]:
    for citation in citations:
        law = laws.get(citation.law_id)
        if law is None:
            continue
        yield law.effective
        if law.effective_until is not None:
            yield law.effective_until + timedelta(days=1)
