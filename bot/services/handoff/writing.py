"""What an agent writes in a conversation: replies to the citizen, notes to colleagues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, MessageTooLong
from bot.services import mentions, sla
from bot.services.access import access_conversation
from bot.services.conversations import add_outgoing, announce_message, locked, next_visible
from bot.services.handoff.episodes import check_own, current_handoff
from bot.services.office import Office
from bot.services.outbox import deliver_pending
from bot.services.views import MessageView, message_view
from bot.store.tables import Agent, Message

REPLY_MAX_CHARS = 4000


async def reply(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    conversation_id: str,
    *,
    text: str,
    client_id: str,
    now: datetime,
    about: Mapping[str, str] | None = None,
) -> MessageView:
    """Send an agent's message; the first one stops the first-response clock.

    Args:
        client_id: Made by the console; the same id again returns the message stored before, whoever has the
            conversation by now: an answer that was lost on the way must not look like words that were not sent.
        about: The article that it was made from: `article_id`, `question`, `topic`, `right`. The bot goes on
            from there after a hand-back.

    Raises:
        NotYourConversation: See `own`.
        BadRequest, MessageTooLong: Nothing, or too much, was written; or other words went out under this id.
    """
    words = _checked(text)
    conversation = await locked(session, conversation_id)
    if stored := await _sent_before(session, conversation_id, client_id):
        if (stored.agent_id, stored.text) != (agent.id, words):
            raise BadRequest(field="client_id")
        return message_view(stored, agent.name)
    await check_own(session, agent, conversation)
    message = add_outgoing(
        session, conversation, "agent", words, now=now, epoch=None,
        agent_id=agent.id, client_id=client_id,
        body={"article_id": about["article_id"], "about": dict(about)} if about else None,
    )  # fmt: skip
    await session.flush()
    handoff = await current_handoff(session, conversation_id)
    is_owed = conversation.unanswered_since is not None
    conversation.unanswered_since, conversation.last_agent_at = None, now
    if handoff:
        handoff.first_reply_at, handoff.nudged_at = handoff.first_reply_at or now, None
    if handoff and is_owed:
        # Later replies too: after a requeue another first response is owed.
        await sla.on_handoff(session, office.sla, handoff, "human_reply", now=now)
    await deliver_pending(session, conversation_id, now=now)
    return message_view(message, agent.name)


async def _sent_before(
    session: AsyncSession, conversation_id: str, client_id: str
) -> Message | None:
    return await session.scalar(
        select(Message).where(
            Message.conversation_id == conversation_id, Message.client_id == client_id
        )
    )


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise BadRequest(field="text")
    if len(text) > REPLY_MAX_CHARS:
        raise MessageTooLong(limit=REPLY_MAX_CHARS)
    return text


@dataclass(frozen=True)
class WrittenNote:
    """A note that was just added.

    Attributes:
        not_told: Who is named in it and was not told: see `mentions.record`.
    """

    message: MessageView
    not_told: list[str]


async def add_note(
    session: AsyncSession, agent: Agent, conversation_id: str, *, text: str, now: datetime
) -> WrittenNote:
    """Add an internal note: the citizen never sees it, it stops no clock, it changes no owner.

    Raises:
        ConversationNotFound: There is no such conversation.
        BadRequest, MessageTooLong: Nothing, or too much, was written.
    """
    conversation = await locked(session, conversation_id)
    message = next_visible(conversation, "note", _checked(text), now=now, agent_id=agent.id)
    session.add(message)
    await session.flush()
    not_told = await mentions.record(
        session, agent, message.text, message_id=message.id, now=now,
        door=lambda colleague: access_conversation(session, colleague, conversation_id),
    )  # fmt: skip
    announce_message(session, conversation)
    return WrittenNote(message_view(message, agent.name), not_told)
