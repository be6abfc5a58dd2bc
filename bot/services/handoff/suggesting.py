"""Suggested answers for an agent: articles that fit what the citizen asks now, with what they rest on.

Two sources are merged: the search with the citizen's last messages, and the candidates that the engine
named while the bot still answered. Neither score means anything beside the other, so ranks are added up
(reciprocal rank fusion); what the citizen said last counts most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.knowledge import Answer, KnowledgeBase
from bot.texts import Texts

SUGGESTIONS = 3
_SEARCHED = 6
_LAST_WEIGHT, _ALL_WEIGHT = 1.0, 0.6
#: The engine's classifier is better than the search, but it has not seen what was said to a person.
_ENGINE_WEIGHT, _ENGINE_WEIGHT_EARLIER = 1.8, 0.6
#: Damps the lead of first places; what the literature uses for short lists is of this order.
_DAMPING = 10
#: Shorter than this a message says nothing about a subject.
_TELLING_CHARS = 4


@dataclass(frozen=True)
class Suggestion:
    """An article that can be answered with today.

    Attributes:
        rests_on: The provisions in words.
        text: Ready to be edited and sent: the short answer and what it rests on.
    """

    article_id: str
    title: str
    topic: str
    rights: tuple[str, ...]
    short: str
    citations: list[dict[str, str]]
    notice: str | None
    rests_on: str
    text: str


def suggest(
    knowledge: KnowledgeBase,
    texts: Texts,
    said: Sequence[str],
    candidates: Sequence[str],
    *,
    is_last_known: bool = True,
    on: date,
) -> list[Suggestion]:
    """Return the articles that fit best, best first.

    Args:
        said: What the citizen said, oldest first.
        candidates: Articles that the engine named for the last question that it saw, best first.
        is_last_known: That was the last message.
        on: Local day; every suggestion rests on law in force on it.
    """
    telling = [text for text in said if len(text.strip()) >= _TELLING_CHARS]
    scores: dict[str, float] = defaultdict(float)
    if telling:
        _add(scores, _found(knowledge, telling[-1], on), _LAST_WEIGHT)
        _add(scores, _found(knowledge, "\n".join(telling), on), _ALL_WEIGHT)
    _add(scores, candidates, _ENGINE_WEIGHT if is_last_known else _ENGINE_WEIGHT_EARLIER)
    best = sorted(scores, key=lambda name: (-scores[name], name))
    answers = (knowledge.answer(name, on) for name in best)
    given = [answer for answer in answers if answer is not None]
    return [suggestion_of(texts, answer) for answer in given[:SUGGESTIONS]]


def about(knowledge: KnowledgeBase, article_id: str, on: date) -> dict[str, str] | None:
    """Return what an answer made from this article settles, None if it cannot be given on the day."""
    answer = knowledge.answer(article_id, on)
    if answer is None:
        return None
    return {
        "article_id": article_id,
        "question": answer.title,
        "topic": answer.topic,
        "right": answer.rights[0] if answer.rights else "none",
    }


def _found(knowledge: KnowledgeBase, text: str, on: date) -> list[str]:
    return [hit.article_id for hit in knowledge.search(text, _SEARCHED, on)]


def _add(scores: dict[str, float], names: Iterable[str], weight: float) -> None:
    for rank, name in enumerate(names):
        scores[name] += weight / (_DAMPING + rank)


def suggestion_of(texts: Texts, answer: Answer) -> Suggestion:
    """Return an answer ready to be edited and sent."""
    citations: list[dict[str, Any]] = [
        {
            "law_id": cited.law_id,
            "law": cited.law,
            "article": cited.article,
            "effective": cited.effective.isoformat(),
            "quote": cited.quote,
        }
        for cited in answer.citations
    ]
    rests_on = _rests_on(texts, answer)
    return Suggestion(
        article_id=answer.article_id,
        title=answer.title,
        topic=answer.topic,
        rights=answer.rights,
        short=answer.short,
        citations=citations,
        notice=answer.notice,
        rests_on=rests_on,
        text=f"{answer.short}\n{rests_on}" if rests_on else answer.short,
    )


def _rests_on(texts: Texts, answer: Answer) -> str:
    """Return the provisions as people name them: each law once, with its articles; empty without any."""
    laws: dict[str, dict[str, None]] = defaultdict(dict)
    for cited in answer.citations:
        laws[cited.law][cited.article] = None
    if not laws:
        return ""
    between = texts("handoff.suggestion.and")
    named = (
        texts("handoff.suggestion.citation", law=law, article=between.join(name for name in articles if name))
        for law, articles in laws.items()
    )
    return texts("handoff.suggestion.rests_on", citations=texts("handoff.suggestion.between_laws").join(named))
