"""The agents' lists of conversations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING
from bot.store.tables import Agent, Conversation, Handoff, SlaClock, Ticket


@dataclass(frozen=True)
class ConversationCard:
    """One line of the agents' list."""

    id: str
    owner: str
    agent_id: str | None
    agent_name: str | None
    queue: str
    last_text: str
    last_at: datetime | None
    waiting_since: datetime | None
    reason: str | None
    ticket_number: str | None
    due_at: datetime | None
    warn_at: datetime | None
    clock_state: str | None


async def list_conversations(
    session: AsyncSession, *, owner: str, agent_id: str | None = None, limit: int = 100
) -> list[ConversationCard]:
    """Return conversations by owner: `queued` (both kinds of waiting), `human` or `bot`.

    Waiting ones come longest first, others latest first.
    """
    owners = [o.value for o in WAITING] if owner == "queued" else [owner]
    query = (
        select(Conversation, Handoff, SlaClock, Agent.name, Ticket.number)
        .outerjoin(
            Handoff,
            (Handoff.conversation_id == Conversation.id) & Handoff.ended_at.is_(None),
        )
        .outerjoin(SlaClock, SlaClock.subject_id == Handoff.id)
        .outerjoin(Agent, Agent.id == Conversation.agent_id)
        .outerjoin(Ticket, Ticket.id == Handoff.ticket_id)
        .where(Conversation.owner.in_(owners))
        .limit(limit)
    )
    if agent_id:
        query = query.where(Conversation.agent_id == agent_id)
    by_wait = Conversation.waiting_since if owner == "queued" else Conversation.last_at.desc()
    rows = await session.execute(query.order_by(by_wait))
    return [_card(*row) for row in rows]


def _card(
    conversation: Conversation,
    handoff: Handoff | None,
    clock: SlaClock | None,
    agent_name: str | None,
    ticket_number: str | None,
) -> ConversationCard:
    return ConversationCard(
        id=conversation.id,
        owner=conversation.owner,
        agent_id=conversation.agent_id,
        agent_name=agent_name,
        queue=conversation.queue,
        last_text=conversation.last_text,
        last_at=conversation.last_at,
        waiting_since=conversation.waiting_since,
        reason=handoff.reason if handoff else None,
        ticket_number=ticket_number,
        due_at=clock.due_at if clock else None,
        warn_at=clock.warn_at if clock else None,
        clock_state=clock.state if clock else None,
    )
