"""What is read of a conversation: what was said, and who answers now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, Owner, QueueRank, handled_by
from bot.helpdesk.errors import ConversationNotFound
from bot.services.views import ConversationStatus, MessageView, message_view
from bot.services.waiting import expected_wait, place_in_queue
from bot.store.tables import Agent, Conversation, Message, Ticket

if TYPE_CHECKING:
    # The office's clocks ask where conversations lie.
    from bot.services.office import Office


async def messages_after(
    session: AsyncSession,
    conversation_id: str,
    after_seq: int,
    *,
    staff: bool = False,
    limit: int = 200,
) -> list[MessageView]:
    """Return what was said after `after_seq`, oldest first.

    Staff also see notes, and the drafts that the bot wrote but was not allowed to send.
    """
    query = (
        select(Message, Agent.name)
        .outerjoin(Agent, Agent.id == Message.agent_id)
        .where(Message.conversation_id == conversation_id)
        .limit(limit)
    )
    if staff:
        # Suppressed drafts have no seq: they are placed by when they were stored. No clock is asked, which could be set back.
        query = query.where((Message.seq > after_seq) | (Message.state == "suppressed")).order_by(Message.id)
    else:
        query = query.where(
            Message.seq > after_seq, Message.state == "visible", Message.author != "note"
        ).order_by(Message.seq)
    return [message_view(message, name) for message, name in await session.execute(query)]


async def regions_of(session: AsyncSession, conversation_id: str) -> list[str | None]:
    """Return where a conversation lies: the regions of its tickets."""
    return (await regions_of_many(session, [conversation_id])).get(conversation_id, [])


async def regions_of_many(
    session: AsyncSession, conversation_ids: Collection[str]
) -> dict[str, list[str | None]]:
    """Return where conversations lie; those without tickets are left out."""
    # On the table, not the class: a restricted session would leave out the tickets that lie elsewhere.
    table = Ticket.__table__
    query = select(table.c.conversation_id, table.c.region).where(table.c.conversation_id.in_(conversation_ids))
    found: dict[str, list[str | None]] = {}
    for conversation_id, region in await session.execute(query):
        found.setdefault(conversation_id, []).append(region)
    return found


async def replies_to(session: AsyncSession, inbound_id: str) -> list[MessageView]:
    """Return the visible replies to one inbound message, in order."""
    rows = await session.scalars(
        select(Message)
        .where(Message.reply_to == inbound_id, Message.state == "visible")
        .order_by(Message.seq)
    )
    return [message_view(message) for message in rows]


async def status(
    session: AsyncSession, office: Office, conversation_id: str, *, now: datetime
) -> ConversationStatus:
    """Say who answers now, the place in the queue, the wait to expect, and the next opening if closed.

    Raises:
        ConversationNotFound: There is no such conversation.
    """
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    owner, calendar = Owner(conversation.owner), office.calendar
    is_open = calendar.is_open(now)
    agent = await session.get(Agent, conversation.agent_id) if conversation.agent_id else None
    place = expected = None
    if owner is Owner.QUEUED or (owner is Owner.OFFLINE_TICKET and is_open):
        place = await place_in_queue(session, office.handoff, conversation, now=now)
        if is_open:
            expected = await expected_wait(
                session, conversation.queue, place, calendar=calendar, now=now
            )
    return ConversationStatus(
        handled_by=handled_by(owner),
        owner=owner.value,
        owner_epoch=conversation.owner_epoch,
        agent_name=agent.name if agent else None,
        place=place,
        opens_at=None if is_open or owner not in WAITING else calendar.next_opening(now),
        expected_minutes=expected,
        transferring=owner is Owner.QUEUED and conversation.queue_rank == QueueRank.REQUEUED,
    )
