"""The agents' lists of conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.helpdesk.conversation import Owner, handled_by
from bot.services.waiting import NOT_THE_BOTS, SERVED_FIRST
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
    unanswered_since: datetime | None
    nudged_at: datetime | None
    requeued_count: int
    #: Why it is served before others: see `Handoff.hurry`.
    hurry: Sequence[Mapping[str, Any]] = ()


async def list_conversations(
    session: AsyncSession, *, owner: str, agent_id: str | None = None, limit: int = 100
) -> list[ConversationCard]:
    """Return conversations by who handles them: `queued` (both kinds of waiting), `human` or `bot` (closed ones too).

    Waiting ones come as they are served, others latest first.
    """
    owners = [each.value for each in Owner if handled_by(each) == owner]
    query = _cards().where(Conversation.owner.in_(owners)).limit(limit)
    if Owner.BOT not in owners:
        query = query.where(NOT_THE_BOTS)
    if agent_id:
        query = query.where(Conversation.agent_id == agent_id)
    if owner == "queued":
        query = query.order_by(*SERVED_FIRST)
    else:
        query = query.order_by(Conversation.last_at.desc())
    return [_card(*row) for row in await session.execute(query)]


async def conversation_card(
    session: AsyncSession, conversation_id: str
) -> ConversationCard | None:
    """Return the line of one conversation, None if there is none."""
    row = (await session.execute(_cards().where(Conversation.id == conversation_id))).first()
    return _card(*row) if row else None


def _cards() -> Select[Any]:
    """Return the query of lines: each with its running episode and that one's latest clock."""
    latest = aliased(SlaClock)
    rounds = (
        select(func.max(latest.round))
        .where(latest.subject_id == Handoff.id)
        .correlate(Handoff)
        .scalar_subquery()
    )
    return (
        select(Conversation, Handoff, SlaClock, Agent.name, Ticket.number)
        .outerjoin(
            Handoff,
            (Handoff.conversation_id == Conversation.id) & Handoff.ended_at.is_(None),
        )
        # A clock that ran again after a requeue has several rounds.
        .outerjoin(SlaClock, (SlaClock.subject_id == Handoff.id) & (SlaClock.round == rounds))
        .outerjoin(Agent, Agent.id == Conversation.agent_id)
        .outerjoin(Ticket, Ticket.id == Handoff.ticket_id)
    )


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
        unanswered_since=conversation.unanswered_since,
        nudged_at=handoff.nudged_at if handoff else None,
        requeued_count=handoff.requeued_count if handoff else 0,
        hurry=handoff.hurry if handoff else (),
    )
