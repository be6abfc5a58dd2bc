"""Colleagues who read along: the citizen is not told, but it is on record who did, and how long."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import Owner
from bot.services.handoff.episodes import current_handoff
from bot.services.handoff.recording import record
from bot.store.tables import Agent, Conversation, HandoffEvent


async def start_listening(
    session: AsyncSession, agent: Agent, conversation_id: str, *, now: datetime
) -> int | None:
    """Note that an agent reads along in a colleague's conversation.

    Returns:
        What `stop_listening` needs; None if there is nothing to note: nobody else has the conversation.
    """
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None or conversation.owner != Owner.HUMAN or conversation.agent_id == agent.id:
        return None
    handoff = await current_handoff(session, conversation_id)
    event = record(session, conversation, handoff, "listened", actor=agent.id, now=now)
    await session.flush()
    return event.id


async def stop_listening(session: AsyncSession, event_id: int, *, now: datetime) -> None:
    """Note when it ended."""
    event = await session.get(HandoffEvent, event_id)
    if event and event.ended_at is None:
        event.ended_at = now
