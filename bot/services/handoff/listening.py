"""Colleagues who read along: the citizen is not told, but it is on record who did, and how long."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import Owner
from bot.services.conversations import locked
from bot.services.handoff.episodes import current_handoff
from bot.services.handoff.recording import record
from bot.store.tables import Agent, Conversation, Handoff, HandoffEvent

#: Whoever reads again within this time has not stopped reading.
STRETCH = timedelta(minutes=5)
#: Noted of a stretch that is known only by what was read; one that was watched live has a beginning and an end.
_READ = "read"


async def is_with_colleague(session: AsyncSession, agent: Agent, conversation_id: str) -> bool:
    """Tell whether somebody else has the conversation, so that reading it is reading along."""
    conversation = await session.get(Conversation, conversation_id)
    return conversation is not None and _is_colleagues(conversation, agent)


async def start_listening(
    session: AsyncSession, agent: Agent, conversation_id: str, *, now: datetime
) -> int | None:
    """Note that an agent reads along in a colleague's conversation.

    Whoever read it just before, as a page does when it is opened, goes on with that stretch.

    Returns:
        What `stop_listening` needs; None if there is nothing to note: nobody else has the conversation.
    """
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None or not _is_colleagues(conversation, agent):
        return None
    handoff = await current_handoff(session, conversation_id)
    last = await _last_stretch(session, agent, conversation_id, handoff)
    if last and last.ended_at and last.detail.get("how") == _READ and now - last.ended_at <= STRETCH:
        last.ended_at, last.detail = None, {}
        return last.id
    event = record(session, conversation, handoff, "listened", actor=agent.id, now=now)
    await session.flush()
    return event.id


async def stop_listening(session: AsyncSession, event_id: int, *, now: datetime) -> None:
    """Note when it ended."""
    event = await session.get(HandoffEvent, event_id)
    if event and event.ended_at is None:
        event.ended_at = now


async def note_reading(session: AsyncSession, agent: Agent, conversation_id: str, *, now: datetime) -> None:
    """Note that an agent has read a colleague's conversation, once for each stretch of reading.

    Nothing is noted while they watch it live: that is on record until it ends.
    """
    conversation = await locked(session, conversation_id)
    if not _is_colleagues(conversation, agent):
        return
    handoff = await current_handoff(session, conversation_id)
    last = await _last_stretch(session, agent, conversation_id, handoff)
    if last and last.ended_at is None:
        return
    if last and last.ended_at and now - last.ended_at <= STRETCH:
        last.ended_at = now
        return
    record(session, conversation, handoff, "listened", actor=agent.id, now=now, how=_READ).ended_at = now


def _is_colleagues(conversation: Conversation, agent: Agent) -> bool:
    return conversation.owner == Owner.HUMAN and conversation.agent_id != agent.id


async def _last_stretch(
    session: AsyncSession, agent: Agent, conversation_id: str, handoff: Handoff | None
) -> HandoffEvent | None:
    """Return what was noted last of this agent in this episode."""
    return await session.scalar(
        select(HandoffEvent)
        .where(
            HandoffEvent.conversation_id == conversation_id,
            HandoffEvent.kind == "listened",
            HandoffEvent.actor == agent.id,
            HandoffEvent.handoff_id == (handoff.id if handoff else None),
        )
        .order_by(HandoffEvent.id.desc())
        .limit(1)
    )
