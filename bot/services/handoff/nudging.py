"""Looking after citizens whose agent is silent: a reminder, then the head of the queue.

Only office time counts, and only while the agent owes a word. An agent who is not there is not reminded:
a notice on a closed laptop helps nobody, so the citizen goes back to the queue at once. Outside office hours
nobody loses a conversation; a citizen whose agent has gone home is told when they will be back.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Exists, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import Owner, QueueRank
from bot.helpdesk.presence import Presence
from bot.services import sla
from bot.services.conversations import change_owner, locked
from bot.services.handoff.episodes import current_handoff
from bot.services.handoff.presence import on_floor
from bot.services.handoff.recording import notify, record
from bot.services.handoff.saying import say, wait_values
from bot.services.office import Office
from bot.services.waiting import place_in_queue
from bot.store.tables import Agent, Conversation, Handoff, HandoffEvent

_TOLD_CLOSED = "told_closed"


async def silent_conversations(
    session: AsyncSession, office: Office, *, now: datetime, limit: int = 500
) -> list[str]:
    """Return conversations whose agent may have been silent for too long, longest first."""
    query = (
        select(Conversation.id)
        .where(
            Conversation.owner == Owner.HUMAN.value,
            # Office time is never longer than time.
            Conversation.unanswered_since <= now - office.handoff.nudge_after,
        )
        .order_by(Conversation.unanswered_since)
        .limit(limit)
    )
    if not office.calendar.is_open(now):
        query = query.where(~_told_closed())
    return list(await session.scalars(query))


def _told_closed() -> Exists:
    """Return the condition that the citizen heard of the closed office since they wrote."""
    return exists().where(
        HandoffEvent.conversation_id == Conversation.id,
        HandoffEvent.kind == _TOLD_CLOSED,
        HandoffEvent.at >= Conversation.unanswered_since,
    )


async def look_after(
    session: AsyncSession, office: Office, conversation_id: str, *, now: datetime
) -> str | None:
    """Remind the agent, or give the citizen back to the queue, if it is time.

    Returns:
        nudged | requeued | told_closed, or None if nothing was due.
    """
    conversation = await locked(session, conversation_id)
    since, rules = conversation.unanswered_since, office.handoff
    if conversation.owner != Owner.HUMAN or since is None:
        return None
    if not office.calendar.is_open(now):
        is_due = now - since >= rules.nudge_after
        return await _tell_closed(session, office, conversation, now=now) if is_due else None
    if office.calendar.open_time(since, now) < rules.nudge_after:
        return None
    handoff = await current_handoff(session, conversation_id)
    agent = await session.get(Agent, conversation.agent_id)
    is_there = agent is not None and on_floor(agent, 0, rules, now).presence is Presence.ONLINE
    if is_there and handoff and handoff.nudged_at is None:
        handoff.nudged_at = now
        record(session, conversation, handoff, "nudged", actor="system", now=now)
        notify(session, agent.id, "nudged", conversation)
        return "nudged"
    nudged_at = handoff.nudged_at if handoff else None
    if is_there and nudged_at and office.calendar.open_time(nudged_at, now) < rules.requeue_after:
        return None
    await _requeue(session, office, conversation, now=now)
    return "requeued"


async def _tell_closed(
    session: AsyncSession, office: Office, conversation: Conversation, *, now: datetime
) -> str | None:
    """Tell a citizen whose agent has gone home when they will be back, once for what they wrote."""
    agent = await session.get(Agent, conversation.agent_id)
    if agent is None or on_floor(agent, 0, office.handoff, now).presence is Presence.ONLINE:
        return None
    untold = select(Conversation.id).where(Conversation.id == conversation.id, ~_told_closed())
    if await session.scalar(untold) is None:
        return None
    handoff = await current_handoff(session, conversation.id)
    record(session, conversation, handoff, _TOLD_CLOSED, actor="system", now=now)
    when = office.moment(office.calendar.next_opening(now))
    await say(session, office, conversation, "handoff.closed_meanwhile", now=now, agent=agent.name, when=when)
    return _TOLD_CLOSED


async def _requeue(
    session: AsyncSession, office: Office, conversation: Conversation, *, now: datetime
) -> None:
    """Give the citizen the first place of the queue, with an apology and the other ways out."""
    silent = conversation.agent_id
    await back_to_queue(session, office, conversation, "requeued", actor="system", now=now)
    # They were not there: the next time somebody else should be.
    conversation.last_agent_id = conversation.last_agent_at = None
    if silent:
        notify(session, silent, "requeued", conversation)
    place = await place_in_queue(session, office.handoff, conversation, now=now)
    await say(
        session, office, conversation, "handoff.requeued", now=now,
        **await wait_values(session, office, conversation, place, now),
    )  # fmt: skip


async def back_to_queue(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    kind: str,
    *,
    actor: str,
    now: datetime,
    **detail: object,
) -> Handoff | None:
    """Put a conversation that had a person before all those that have had none.

    Args:
        conversation: Locked, and with an agent.
        kind: What to note in the record: requeued or moved.
    """
    agent_id = conversation.agent_id
    change_owner(session, conversation, Owner.QUEUED, agent_id=None)
    conversation.waiting_since, conversation.queue_rank = now, QueueRank.REQUEUED
    handoff = await current_handoff(session, conversation.id)
    if handoff:
        handoff.previous_agent_id, handoff.agent_id, handoff.nudged_at = agent_id, None, None
        handoff.queue = conversation.queue
        handoff.requeued_count += 1
        await sla.on_handoff(session, office.sla, handoff, "requeued", now=now)
    record(session, conversation, handoff, kind, actor=actor, now=now, previous=agent_id, **detail)
    await session.flush()
    return handoff
