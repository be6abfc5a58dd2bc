"""Finding the person for a waiting conversation without anybody having to claim it.

Two cases: a citizen comes back within some days and whoever helped them is there and has a place free; or the
operator wants conversations given out. Who is suited is for `helpdesk.routing` to say. A conversation is never given
to somebody who is not present or works for another region, and
what they do not answer goes back to the head of the queue (see `nudging`): so no offer has to be accepted,
and there is exactly one owner at any time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING
from bot.helpdesk.errors import AtCapacity
from bot.helpdesk.permissions import Permission
from bot.helpdesk.routing import Candidate, Wanted, takers
from bot.services.conversations import locked
from bot.services.handoff.capacity import load_of, take_a_place
from bot.services.handoff.episodes import current_handoff, give
from bot.services.handoff.presence import AgentOnFloor, floor, on_floor
from bot.services.handoff.recording import notify
from bot.services.handoff.saying import say
from bot.services.handoff.sorting import wanted
from bot.services.office import Office
from bot.services.waiting import NOT_THE_BOTS, SERVED_FIRST
from bot.store.tables import Agent, Conversation, Handoff, HandoffEvent

_NEVER = datetime.min.replace(tzinfo=UTC)
_BUSY_WITHIN = timedelta(days=1)
#: Steps of the record by which an agent gets a conversation.
_GIVEN = ("claimed", "assigned", "transferred", "taken_over")


async def assign(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    *,
    now: datetime,
    reply_to: str | None = None,
) -> bool:
    """Give a waiting conversation to the agent it is for, if there is one; returns whether it was.

    Args:
        conversation: Locked, and waiting in office hours.
    """
    handoff = await current_handoff(session, conversation.id)
    avoid = handoff.previous_agent_id if handoff else None
    matter = await wanted(session, conversation, handoff)
    former = await _former_agent(session, office, conversation, matter, now)
    if (
        former
        and former != avoid
        and await _given(session, office, conversation, former, "returning", now, reply_to)
    ):
        return True
    rules = office.handoff
    if not rules.assignment.is_automatic:
        return False
    waited = office.calendar.open_time(conversation.waiting_since or now, now)
    chosen = takers(
        await _candidates(session, office, now), matter,
        waited=waited, anyone_after=rules.anyone_after, assignment=rules.assignment,
    )  # fmt: skip
    # Somebody else first than who just let them wait; after some time even they are better than nobody.
    others = [agent for agent in chosen if agent.id != avoid]
    for agent in chosen if waited >= rules.anyone_after and not others else others:
        if await _given(session, office, conversation, agent.id, "assigned", now, reply_to):
            return True
    return False


async def waiting_to_be_assigned(
    session: AsyncSession, office: Office, *, now: datetime, limit: int = 200
) -> list[str]:
    """Return what waits for an agent to become free, who is served first first.

    Whoever asked outside office hours has waited longest, and was told that somebody would answer after the opening.
    """
    if not office.handoff.assignment.is_automatic or not office.calendar.is_open(now):
        return []
    rows = await session.scalars(
        select(Conversation.id)
        .where(NOT_THE_BOTS, Conversation.owner.in_([owner.value for owner in WAITING]))
        .order_by(*SERVED_FIRST)
        .limit(limit)
    )
    return list(rows)


async def assign_waiting(
    session: AsyncSession, office: Office, conversation_id: str, *, now: datetime
) -> bool:
    """Give one waiting conversation out, if it still waits; returns whether it was."""
    conversation = await locked(session, conversation_id)
    if conversation.owner not in WAITING:
        return False
    return await assign(session, office, conversation, now=now)


async def _former_agent(
    session: AsyncSession, office: Office, conversation: Conversation, matter: Wanted, now: datetime
) -> str | None:
    """Return who helped this citizen last, if that is not long ago and the matter is for them as well."""
    last, at = conversation.last_agent_id, conversation.last_agent_at
    if last is None or at is None or now - at > office.handoff.return_within:
        return None
    agent = await session.get(Agent, last)
    if agent is None or not agent.is_active:
        return None
    found = on_floor(agent, await load_of(session, last), office.handoff, now)
    answers = found.may(Permission.HANDLE_CONVERSATIONS)
    is_for_them = answers and _candidate(found).may_take(matter) and not _candidate(found).lacks(matter)
    return last if is_for_them else None


async def _candidates(session: AsyncSession, office: Office, now: datetime) -> list[Candidate]:
    """Return the agents who are free, each with when they last had something to do and what they were given."""
    there = await floor(session, office.handoff, now=now)
    free = [a for a in there if a.is_free and a.may(Permission.HANDLE_CONVERSATIONS)]
    ids, since = [a.id for a in free], now - _BUSY_WITHIN
    rows = await session.execute(
        select(Handoff.agent_id, func.max(func.coalesce(Handoff.ended_at, Handoff.claimed_at)))
        .where(Handoff.agent_id.in_(ids), Handoff.claimed_at >= since)
        .group_by(Handoff.agent_id)
    )
    busy_until = {agent_id: _aware(at) for agent_id, at in rows}
    # From the record: an episode that an agent lost again names them no longer, and yet it was their turn.
    rows = await session.execute(
        select(HandoffEvent.agent_id, func.max(HandoffEvent.at), func.count())
        .where(HandoffEvent.agent_id.in_(ids), HandoffEvent.at >= since, HandoffEvent.kind.in_(_GIVEN))
        .group_by(HandoffEvent.agent_id)
    )
    given = {agent_id: (_aware(at), count) for agent_id, at, count in rows}
    return [
        _candidate(agent, busy_until.get(agent.id, _NEVER), *given.get(agent.id, (_NEVER, 0))) for agent in free
    ]


def _candidate(
    agent: AgentOnFloor, free_since: datetime = _NEVER, given_at: datetime = _NEVER, given: int = 0
) -> Candidate:
    return Candidate(
        id=agent.id,
        skills=agent.skills,
        scope=agent.scope,
        presence=agent.presence,
        load=agent.load,
        capacity=agent.capacity,
        free_since=free_since,
        given_at=given_at,
        given=given,
    )


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def _given(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    agent_id: str,
    key: str,
    now: datetime,
    reply_to: str | None,
) -> bool:
    """Give it to an agent, unless their last place was taken meanwhile."""
    try:
        agent = await take_a_place(session, agent_id)
    except AtCapacity:
        return False
    await give(session, conversation, agent, "assigned", actor="system", now=now, how=key)
    notify(session, agent_id, "assigned", conversation)
    await say(
        session, office, conversation, f"handoff.{key}", now=now, reply_to=reply_to, agent=agent.name
    )
    return True
