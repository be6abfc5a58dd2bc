"""Sending what was recorded: the second check of the owner epoch, and the order of messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from bot.helpdesk.conversation import may_send
from bot.services.conversations import announce_message, locked, remember_last
from bot.store.tables import Conversation, Outbox

#: Channels whose clients fetch messages by `seq`: sending is making visible, in one commit.
PULL_CHANNELS = frozenset({"web"})


async def deliver_pending(session: AsyncSession, conversation_id: str, *, now: datetime) -> int:
    """Lock a conversation on a pull channel and send what waits for it; see `deliver_from`."""
    return await deliver_from(session, await locked(session, conversation_id), now=now)


async def deliver_from(session: AsyncSession, conversation: Conversation, *, now: datetime) -> int:
    """Send what waits for one conversation on a pull channel, in the order it was recorded.

    A reply that the bot wrote in an earlier epoch is kept as a suppressed draft instead: since
    then somebody else has taken the conversation.

    Args:
        conversation: Locked by this transaction, so that nobody can take it between the check and
            the sending; what the transaction recorded has been flushed.
    Returns:
        How many messages became visible.
    """
    rows = await session.scalars(
        select(Outbox)
        .where(Outbox.conversation_id == conversation.id, Outbox.status == "pending")
        .options(joinedload(Outbox.message))
        .order_by(Outbox.id)
    )
    sent = 0
    for row in rows.all():
        row.settled_at = now
        if may_send(row.epoch, conversation.owner_epoch):
            await _make_visible(session, conversation, row, now)
            sent += 1
        else:
            row.status = row.message.state = "suppressed"
    return sent


async def _make_visible(
    session: AsyncSession, conversation: Conversation, row: Outbox, now: datetime
) -> None:
    row.status = "sent"
    row.attempts += 1
    conversation.last_seq += 1
    remember_last(conversation, row.message.author, row.message.text, now)
    row.message.seq = conversation.last_seq
    row.message.state = "visible"
    announce_message(session, conversation)


async def conversations_with_pending(
    session: AsyncSession, *, now: datetime, limit: int = 200
) -> list[str]:
    """Return conversations on pull channels with something to send, oldest first."""
    rows = await session.scalars(
        select(Outbox.conversation_id)
        .where(
            Outbox.status == "pending",
            Outbox.next_attempt_at <= now,
            Outbox.channel.in_(PULL_CHANNELS),
        )
        .order_by(Outbox.next_attempt_at, Outbox.id)
        .limit(limit)
    )
    return list(dict.fromkeys(rows))
