"""A place in the queue: which it is, and how long it may take.

Agents usually serve several queues, and whoever becomes free takes who is served first of all of them. So the place is
counted over every queue from which somebody may be taken before this citizen.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk import permissions
from bot.helpdesk.calendar import BusinessCalendar
from bot.helpdesk.conversation import WAITING
from bot.helpdesk.permissions import Permission
from bot.helpdesk.presence import HandoffRules, Presence, Skills
from bot.helpdesk.regions import RegionScope
from bot.helpdesk.routing import Colleague, Wanted, queues_of_takers
from bot.helpdesk.waiting import PastWait, expected_minutes
from bot.store.tables import Agent, Conversation, Handoff, Ticket

#: Tells SQLite that the partial index of those who wait or have a person will do: it does not conclude it from a list of owners.
NOT_THE_BOTS = text("conversation.owner <> 'bot'")
#: What is older says nothing about today's staffing.
_LOOK_BACK = timedelta(days=7)
_EPISODES = 20
#: The order in which those who wait are served; the id decides between two of one instant.
SERVED_FIRST = (Conversation.queue_rank.desc(), Conversation.waiting_since, Conversation.id)


async def place_in_queue(
    session: AsyncSession, rules: HandoffRules, conversation: Conversation, *, now: datetime
) -> int:
    """Return how many are served before this one, plus one.

    Counted in its own queue, and in those that the agents serve who are there and may take it.
    """
    queues = await _queues_in_common(session, rules, conversation, now)
    # On the table, not the class: it is the same place for everybody, wherever the viewer's regions end.
    line = Conversation.__table__.c
    query = select(func.count()).where(
        NOT_THE_BOTS,
        line.owner.in_([o.value for o in WAITING]),
        or_(
            line.queue_rank > conversation.queue_rank,
            and_(
                line.queue_rank == conversation.queue_rank,
                or_(
                    line.waiting_since < conversation.waiting_since,
                    and_(line.waiting_since == conversation.waiting_since, line.id < conversation.id),
                ),
            ),
        ),
    )
    if queues is not None:
        query = query.where(line.queue.in_(sorted({conversation.queue, *queues})))
    return (await session.scalar(query) or 0) + 1


async def _queues_in_common(
    session: AsyncSession, rules: HandoffRules, conversation: Conversation, now: datetime
) -> frozenset[str] | None:
    """Return what else the agents serve who are there and may take the conversation; None for every queue."""
    present = await session.execute(
        select(Agent.id, Agent.role, Agent.skills, Agent.regions).where(
            Agent.is_active,
            Agent.capacity > 0,
            Agent.presence == Presence.ONLINE.value,
            Agent.presence_at >= now - rules.present_for,
        )
    )
    there = [
        Colleague(agent_id, Skills.read(skills), RegionScope.of(regions), Presence.ONLINE)
        for agent_id, role, skills, regions in present
        if permissions.may(role, regions, Permission.HANDLE_CONVERSATIONS)
    ]
    if not there:
        return frozenset()
    skills = await session.scalar(
        select(Handoff.skills)
        .where(Handoff.conversation_id == conversation.id, Handoff.ended_at.is_(None))
        .order_by(Handoff.requested_at.desc())
        .limit(1)
    )
    regions: tuple[str | None, ...] = ()
    if any(colleague.scope.is_limited for colleague in there):
        table = Ticket.__table__.c
        regions = tuple(await session.scalars(select(table.region).where(table.conversation_id == conversation.id)))
    return queues_of_takers(there, Wanted(frozenset(skills or [f"queue:{conversation.queue}"]), regions))


async def expected_wait(
    session: AsyncSession, queue: str, place: int, *, calendar: BusinessCalendar, now: datetime
) -> int | None:
    """Return the minutes to expect, from the last episodes of the queue; None if they tell too little."""
    rows = await session.execute(
        select(Handoff.requested_at, Handoff.claimed_at, Handoff.place)
        .where(
            Handoff.queue == queue,
            Handoff.claimed_at >= now - _LOOK_BACK,
            Handoff.requeued_count == 0,
        )
        .order_by(Handoff.claimed_at.desc())
        .limit(_EPISODES)
    )
    past = [PastWait(calendar.open_time(asked, claimed), at) for asked, claimed, at in rows]
    return expected_minutes(past, place)
