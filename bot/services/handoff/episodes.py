"""One episode with a person: which it is, who has it, how it ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, Owner
from bot.helpdesk.errors import AlreadyClaimed, NotWaiting, NotYourConversation
from bot.services import sla
from bot.services.conversations import change_owner, locked
from bot.services.handoff.capacity import take_a_place
from bot.services.handoff.recording import record
from bot.services.handoff.saying import say
from bot.services.handoff.settling import keep_what_was_settled
from bot.services.life_cycle import ratings
from bot.services.office import Office
from bot.services.outgoing.happenings import handoff_happened
from bot.services.reading import status
from bot.services.views import ConversationStatus
from bot.store.tables import Agent, Conversation, Handoff


async def claim(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, now: datetime
) -> ConversationStatus:
    """Take a waiting conversation.

    Raises:
        AlreadyClaimed: Another agent was faster; `agent_name` in the details.
        NotWaiting: Nobody asked for a person, or the citizen went back to the bot.
        AtCapacity: The agent has as many conversations as they may.
    """
    conversation = await locked(session, conversation_id)
    if conversation.owner == Owner.HUMAN:
        if conversation.agent_id == agent.id:
            return await status(session, office, conversation_id, now=now)
        other = await session.get(Agent, conversation.agent_id)
        raise AlreadyClaimed(agent_name=other.name if other else "")
    if conversation.owner not in WAITING:
        raise NotWaiting
    claimer = await take_a_place(session, agent.id)
    # Whoever claims is at their desk.
    claimer.presence_at = now
    await give(session, conversation, claimer, "claimed", actor=agent.id, now=now)
    await say(session, office, conversation, "handoff.claimed", now=now, agent=agent.name)
    return await status(session, office, conversation_id, now=now)


async def give(
    session: AsyncSession,
    conversation: Conversation,
    agent: Agent,
    kind: str,
    *,
    actor: str,
    now: datetime,
    **detail: object,
) -> Handoff | None:
    """Make an agent the owner, however it came about; from now on they owe the citizen a word.

    Args:
        conversation: Locked.
        kind: What to note in the record: claimed, assigned, transferred, taken_over.
    """
    change_owner(session, conversation, Owner.HUMAN, agent_id=agent.id)
    conversation.unanswered_since = now
    conversation.last_agent_id, conversation.last_agent_at = agent.id, now
    handoff = await current_handoff(session, conversation.id)
    if handoff:
        handoff.agent_id, handoff.nudged_at = agent.id, None
        handoff.claimed_at = handoff.claimed_at or now
        handoff_happened(session, "handoff.claimed", handoff, now=now)
    record(session, conversation, handoff, kind, actor=actor, now=now, **detail)
    return handoff


async def hand_back(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    conversation_id: str,
    *,
    now: datetime,
    settled: str = "",
) -> None:
    """Give the conversation back to the bot, which goes on from what was settled.

    Args:
        settled: What the agent settled, in words that the citizen reads too; may be empty.

    Raises:
        NotYourConversation: See `own`.
    """
    conversation = await own(session, agent, conversation_id)
    await _finish(session, office, conversation, Owner.BOT, "handed_back", agent.id, now, settled)
    key = "handoff.handed_back_settled" if settled.strip() else "handoff.handed_back"
    await say(
        session, office, conversation, key, now=now, agent=agent.name, settled=settled.strip()
    )


async def close(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, now: datetime
) -> None:
    """End the episode; what the citizen writes next goes to the bot.

    Raises:
        NotYourConversation: See `own`.
    """
    conversation = await own(session, agent, conversation_id)
    ended = await _finish(session, office, conversation, Owner.WRAP_UP, "closed", agent.id, now)
    await say(session, office, conversation, "handoff.closed", now=now)
    await ratings.offer_for_handoff(session, office, conversation, ended, now=now)


async def return_to_bot(
    session: AsyncSession,
    office: Office,
    conversation_id: str,
    *,
    now: datetime,
    reply_to: str | None = None,
) -> ConversationStatus:
    """Let the citizen go on with the bot; a consultation ticket made outside office hours stays."""
    conversation = await locked(session, conversation_id)
    if conversation.owner in (*WAITING, Owner.HUMAN):
        await _finish(
            session, office, conversation, Owner.BOT, "returned_to_bot", "citizen", now
        )
        await say(session, office, conversation, "handoff.returned", now=now, reply_to=reply_to)
    return await status(session, office, conversation_id, now=now)


async def current_handoff(session: AsyncSession, conversation_id: str) -> Handoff | None:
    """Return the episode that has not ended, None if there is none."""
    return await session.scalar(
        select(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.ended_at.is_(None))
        .order_by(Handoff.requested_at.desc())
        .limit(1)
    )


async def own(session: AsyncSession, agent: Agent, conversation_id: str) -> Conversation:
    """Return the locked conversation if this agent has it.

    Raises:
        NotYourConversation: Claim it first; `agent_name` says who has it, if anybody.
    """
    conversation = await locked(session, conversation_id)
    await check_own(session, agent, conversation)
    return conversation


async def check_own(session: AsyncSession, agent: Agent, conversation: Conversation) -> None:
    """Refuse an agent who does not have the conversation.

    Raises:
        NotYourConversation: See `own`.
    """
    if conversation.owner != Owner.HUMAN or conversation.agent_id != agent.id:
        other = (
            await session.get(Agent, conversation.agent_id) if conversation.agent_id else None
        )
        raise NotYourConversation(agent_name=other.name if other else "")


async def end(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    outcome: str,
    *,
    actor: str,
    now: datetime,
) -> Handoff | None:
    """Close the episode and what was promised for it; the conversation has its new owner already."""
    handoff = await current_handoff(session, conversation.id)
    if handoff:
        handoff.ended_at, handoff.outcome, handoff.nudged_at = now, outcome, None
        await sla.on_handoff(session, office.sla, handoff, outcome, now=now)
        handoff_happened(session, "handoff.ended", handoff, now=now)
    record(session, conversation, handoff, outcome, actor=actor, now=now)
    return handoff


async def _finish(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    to: Owner,
    outcome: str,
    actor: str,
    now: datetime,
    settled: str = "",
) -> Handoff | None:
    if conversation.owner == Owner.HUMAN:
        handoff = await current_handoff(session, conversation.id)
        await keep_what_was_settled(session, conversation, handoff, note=settled.strip(), now=now)
        conversation.last_agent_at = now
    change_owner(session, conversation, to, agent_id=None)
    conversation.failed_tries = 0
    return await end(session, office, conversation, outcome, actor=actor, now=now)
