"""The last things that a citizen said, with how the bot understood and answered them.

Found by the conversation's messages, which are indexed by `seq`; inbound rows are read by their key.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Inbound, Message


@dataclass(frozen=True)
class Exchange:
    """One message of the citizen.

    Attributes:
        inbound: How it came in and was understood; None if no bot turn answered it.
        replies: What the bot said to it, drafts that were never sent included.
    """

    message: Message
    inbound: Inbound | None
    replies: list[Message] = field(default_factory=list)


async def last_exchanges(
    session: AsyncSession, conversation_id: str, *, limit: int
) -> list[Exchange]:
    """Return the last messages of the citizen, oldest first."""
    said = list(
        await session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation_id, Message.author == "citizen")
            .order_by(Message.seq.desc())
            .limit(limit)
        )
    )[::-1]
    if not said:
        return []
    replies = await session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation_id,
            or_(
                Message.seq > said[0].seq,
                and_(Message.seq.is_(None), Message.created_at >= said[0].created_at),
            ),
            Message.author.in_(("bot", "system")),
            Message.reply_to.is_not(None),
        )
        .order_by(Message.id)
    )
    by_inbound: dict[str, list[Message]] = defaultdict(list)
    for reply in replies:
        by_inbound[str(reply.reply_to)].append(reply)
    rows = await session.scalars(select(Inbound).where(Inbound.id.in_(by_inbound)))
    inbound = {row.order: row for row in rows}
    return [_exchange(message, inbound.get(message.seq or 0), by_inbound) for message in said]


def _exchange(message: Message, row: Inbound | None, replies: dict[str, list[Message]]) -> Exchange:
    said = [reply for reply in replies.get(row.id, ()) if reply.author == "bot"] if row else []
    return Exchange(message, row, said)
