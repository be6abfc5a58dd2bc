"""The record of an episode: who did what, and where in the conversation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import announce
from bot.store.tables import Conversation, Handoff, HandoffEvent


def record(
    session: AsyncSession,
    conversation: Conversation,
    handoff: Handoff | None,
    kind: str,
    *,
    actor: str,
    now: datetime,
    **detail: object,
) -> HandoffEvent:
    """Add a step to the record.

    Args:
        conversation: Locked, and as the step left it.
        actor: An agent's id, `citizen` or `system`.
    """
    event = HandoffEvent(
        conversation_id=conversation.id,
        handoff_id=handoff.id if handoff else None,
        kind=kind,
        at=now,
        actor=actor,
        agent_id=conversation.agent_id,
        epoch=conversation.owner_epoch,
        seq=conversation.last_seq,
        detail=detail,
    )
    session.add(event)
    return event


def notify(
    session: AsyncSession, agent_id: str, kind: str, conversation: Conversation, **values: object
) -> None:
    """Tell one agent's open consoles something that they should act on.

    Args:
        kind: nudged | requeued | transferred | assigned | taken_over | taken_back
    """
    announce(
        session,
        "staff",
        {"type": "notice", "to": agent_id, "kind": kind, "conversation": conversation.id, **values},
    )
