"""One episode with a person: which it is, who has it, how it ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, Owner
from bot.helpdesk.errors import AlreadyClaimed, NotWaiting, NotYourConversation
from bot.services import sla
from bot.services.conversations import change_owner, locked, status
from bot.services.handoff.saying import say
from bot.services.life_cycle import ratings
from bot.services.office import Office
from bot.services.outgoing.happenings import handoff_happened
from bot.services.views import ConversationStatus
from bot.store.tables import Agent, Conversation, Handoff


async def claim(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, now: datetime
) -> ConversationStatus:
    """Take a waiting conversation.

    Raises:
        AlreadyClaimed: Another agent was faster; `agent_name` in the details.
        NotWaiting: Nobody asked for a person, or the citizen went back to the bot.
    """
    conversation = await locked(session, conversation_id)
    if conversation.owner == Owner.HUMAN:
        if conversation.agent_id == agent.id:
            return await status(session, conversation_id, calendar=office.calendar, now=now)
        other = await session.get(Agent, conversation.agent_id)
        raise AlreadyClaimed(agent_name=other.name if other else "")
    if conversation.owner not in WAITING:
        raise NotWaiting
    change_owner(session, conversation, Owner.HUMAN, agent_id=agent.id)
    handoff = await current_handoff(session, conversation_id)
    if handoff:
        handoff.agent_id, handoff.claimed_at = agent.id, now
        handoff_happened(session, "handoff.claimed", handoff, now=now)
    await say(session, office, conversation, "handoff.claimed", now=now, agent=agent.name)
    return await status(session, conversation_id, calendar=office.calendar, now=now)


async def hand_back(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, now: datetime
) -> None:
    """Give the conversation back to the bot.

    Raises:
        NotYourConversation: See `own`.
    """
    conversation = await own(session, agent, conversation_id)
    change_owner(session, conversation, Owner.BOT, agent_id=None)
    conversation.failed_tries = 0
    await end(session, office, conversation_id, "handed_back", now)
    await say(session, office, conversation, "handoff.handed_back", now=now, agent=agent.name)


async def close(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, now: datetime
) -> None:
    """End the episode; what the citizen writes next goes to the bot.

    Raises:
        NotYourConversation: See `own`.
    """
    conversation = await own(session, agent, conversation_id)
    change_owner(session, conversation, Owner.WRAP_UP, agent_id=None)
    conversation.failed_tries = 0
    ended = await end(session, office, conversation_id, "closed", now)
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
        change_owner(session, conversation, Owner.BOT, agent_id=None)
        conversation.failed_tries = 0
        await end(session, office, conversation_id, "returned_to_bot", now)
        await say(session, office, conversation, "handoff.returned", now=now, reply_to=reply_to)
    return await status(session, conversation_id, calendar=office.calendar, now=now)


async def current_handoff(session: AsyncSession, conversation_id: str) -> Handoff | None:
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
    if conversation.owner != Owner.HUMAN or conversation.agent_id != agent.id:
        other = (
            await session.get(Agent, conversation.agent_id) if conversation.agent_id else None
        )
        raise NotYourConversation(agent_name=other.name if other else "")
    return conversation


async def end(
    session: AsyncSession, office: Office, conversation_id: str, outcome: str, now: datetime
) -> Handoff | None:
    handoff = await current_handoff(session, conversation_id)
    if handoff:
        handoff.ended_at, handoff.outcome = now, outcome
        await sla.on_handoff(session, office.sla, handoff, outcome, now=now)
        handoff_happened(session, "handoff.ended", handoff, now=now)
    return handoff
