"""Answers for another day than today, and the day that a button carries on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.knowledge import Answer, KnowledgeBase
from bot.texts import Texts

#: So near to today, a rule that is the same needs no words about the day: 展会明天结束, 昨天收到通知.
_NEAR = timedelta(days=7)
_PAYLOAD_DAY = re.compile(r', "on": "(\d{4}-\d\d-\d\d)"(?=\}$)')


@dataclass(frozen=True)
class DatedAnswer:
    """An article's answer, and the words in which it is given.

    Attributes:
        text: The short answer; for another day than today it says which.
        needs_person: The rule of the day asked for is not known; the answer is today's.
    """

    answer: Answer
    text: str
    needs_person: bool


def answer_for(
    knowledge: KnowledgeBase, texts: Texts, article_id: str, *, today: date, asked_day: date | None
) -> DatedAnswer | None:
    """Return the answer for the day asked for, or today's, marked, if that day's is not known.

    Args:
        asked_day: Day for whose rules the citizen asks; None for today.
    Returns:
        None if there is no answer for either day.
    """
    todays = knowledge.answer(article_id, on=today)
    if asked_day is None or asked_day == today:
        return DatedAnswer(todays, todays.short, needs_person=False) if todays else None
    of_day = knowledge.answer(article_id, on=asked_day)
    answer = of_day or todays
    if answer is None:
        return None
    is_same = of_day and todays and (todays.short, todays.details) == (of_day.short, of_day.details)
    if is_same and abs(asked_day - today) <= _NEAR:
        return DatedAnswer(answer, answer.short, needs_person=False)
    if of_day is None:
        key = "other_day"
    elif is_same:
        key = "same_day"
    else:
        key = "past_day" if asked_day < today else "coming_day"
    day = texts("article.day", year=asked_day.year, month=asked_day.month, day=asked_day.day)
    return DatedAnswer(
        answer, texts(f"article.{key}", day=day, short=answer.short), needs_person=of_day is None
    )


def article_payload(article_id: str, day: date | None) -> str:
    """Return what a button sends that shows an article for a day, None for today."""
    on = f', "on": "{day.isoformat()}"' if day else ""
    return f'/show_article{{"article": "{article_id}"{on}}}'


def split_day(payload: str) -> tuple[str, date | None]:
    """Return a button's message as the engine knows it, and the day that `article_payload` added."""
    match = _PAYLOAD_DAY.search(payload)
    if match is None:
        return payload, None
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        return payload, None
    return payload[: match.start()] + payload[match.end() :], day
