"""How the knowledge fares: what the assistant did not answer, and which suggested answers agents took.

Read off the latest messages, so that it costs the same however many there are. Who keeps the knowledge does not
read conversations: a question comes without its conversation, shortened, its numbers and addresses hidden, and
what was answered to a form's question not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.privacy import masked_text
from bot.knowledge import KnowledgeBase
from bot.services.figures.table import Bar
from bot.services.handoff.suggesting import suggestion_of
from bot.store.tables import Conversation, Inbound, Message
from bot.texts import Texts

#: So many of the latest messages are looked at.
INBOUND_LOOKED_AT = 2000
MESSAGES_LOOKED_AT = 5000
QUESTIONS_MAX = 50
QUESTION_CHARS = 200
#: Outcomes that leave a question without an answer of the assistant.
_OPEN = frozenset({"fallback", "clarify", "handoff"})
#: A wish for a person asks nothing; neither does a turn that failed.
_NO_QUESTION = "handoff"


@dataclass(frozen=True)
class Question:
    """A question that was not answered.

    Attributes:
        text: Shortened, numbers and addresses of persons hidden.
        nearest: Title of the article that came next to it; None if none did.
        confidence: Of that article.
    """

    text: str
    asked_at: datetime
    outcome: str
    topic: str | None
    nearest: str | None
    confidence: float | None


@dataclass(frozen=True)
class Understood:
    """What became of the latest messages.

    Attributes:
        outcomes: Key: how the assistant answered, most first.
        questions: The latest that it did not answer.
    """

    outcomes: list[Bar]
    questions: list[Question]


async def understood(session: AsyncSession, knowledge: KnowledgeBase) -> Understood:
    """Return how the latest messages were answered, and the questions among them that were not."""
    rows = await _latest_inbound(session)
    counted = Counter(row.outcome for row in rows if row.outcome)
    found = [row for row in _questions(rows) if row.outcome in _OPEN and row.topic != _NO_QUESTION]
    return Understood(
        outcomes=[Bar(outcome, count) for outcome, count in counted.most_common()],
        questions=[_question(row, knowledge) for row in found[: -QUESTIONS_MAX - 1 : -1]],
    )


async def _latest_inbound(session: AsyncSession) -> Sequence[Row[Any]]:
    """Return the latest messages that came in, the earliest first."""
    analysis = Inbound.analysis
    latest = (
        # Through the conversation, which is what a viewer's regions restrict.
        select(
            Inbound.conversation_id, Inbound.order, Inbound.text, Inbound.received_at, Conversation.created_at,
            analysis["outcome"].as_string().label("outcome"),
            analysis["topic"].as_string().label("topic"),
            analysis["requested_slot"].as_string().label("requested_slot"),
            analysis[("candidates", 0, "id")].as_string().label("article_id"),
            analysis[("candidates", 0, "confidence")].as_float().label("confidence"),
        )
        .join(Conversation, Conversation.id == Inbound.conversation_id)
        .order_by(Inbound.id.desc())
        .limit(INBOUND_LOOKED_AT)
    )  # fmt: skip
    rows = (await session.execute(latest)).all()
    # Ids of one millisecond have no order.
    return sorted(rows, key=lambda row: (row.received_at, row.conversation_id, row.order))


def _questions(rows: Sequence[Row[Any]]) -> Iterator[Row[Any]]:
    """Yield the messages that answer no question of a form.

    Whether a form had asked is known from the message before. Of a conversation that began before the earliest
    message here, the first one might answer anything.
    """
    asking: dict[str, bool] = {}
    for row in rows:
        was_asking = asking.get(row.conversation_id, row.created_at < rows[0].received_at)
        if row.outcome:
            asking[row.conversation_id] = row.requested_slot is not None
        if not was_asking:
            yield row


def _question(row: Row[Any], knowledge: KnowledgeBase) -> Question:
    text = " ".join(masked_text(row.text).split())
    nearest = knowledge.article(row.article_id or "")
    return Question(
        text=text if len(text) <= QUESTION_CHARS else f"{text[:QUESTION_CHARS]}…",
        asked_at=row.received_at,
        outcome=row.outcome,
        topic=row.topic,
        nearest=nearest.title if nearest else None,
        confidence=row.confidence if nearest else None,
    )


@dataclass(frozen=True)
class Taken:
    """A suggested answer that agents took.

    Attributes:
        as_it_stands: How often it was sent in the words that it has today.
    """

    article_id: str
    title: str
    count: int
    as_it_stands: int


async def suggestions_taken(
    session: AsyncSession, knowledge: KnowledgeBase, texts: Texts, *, today: date
) -> list[Taken]:
    """Return which articles agents answered with in the latest messages, most first."""
    latest = (
        select(Message.author, Message.text, Message.body["article_id"].as_string().label("article_id"))
        .join(Conversation, Conversation.id == Message.conversation_id)
        .order_by(Message.id.desc())
        .limit(MESSAGES_LOOKED_AT)
        .subquery()
    )
    query = select(latest.c.article_id, latest.c.text).where(latest.c.author == "agent", latest.c.article_id.is_not(None))
    sent = [(article_id, text) for article_id, text in await session.execute(query)]
    counted = Counter(article_id for article_id, _ in sent)
    words = {article_id: _words_of(knowledge, texts, article_id, today) for article_id in counted}
    unchanged = Counter(article_id for article_id, text in sent if text.strip() == words[article_id])
    return [
        Taken(article_id, article.title if (article := knowledge.article(article_id)) else article_id, count, unchanged[article_id])
        for article_id, count in counted.most_common()
    ]  # fmt: skip


def _words_of(knowledge: KnowledgeBase, texts: Texts, article_id: str, today: date) -> str | None:
    answer = knowledge.answer(article_id, today)
    return suggestion_of(texts, answer).text.strip() if answer else None
