"""A place in a queue: which it is, and how long it may take."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.calendar import BusinessCalendar
from bot.helpdesk.conversation import WAITING
from bot.helpdesk.waiting import PastWait, expected_minutes
from bot.store.tables import Conversation, Handoff

#: What is older says nothing about today's staffing.
_LOOK_BACK = timedelta(days=7)
_EPISODES = 20
#: The order in which those who wait are served; the id decides between two of one instant.
SERVED_FIRST = (Conversation.queue_rank.desc(), Conversation.waiting_since, Conversation.id)


async def place_in_queue(session: AsyncSession, conversation: Conversation) -> int:
    """Return how many are served before this one, plus one."""
    ahead = await session.scalar(
        select(func.count())
        .select_from(Conversation)
        .where(
            Conversation.owner.in_([o.value for o in WAITING]),
            Conversation.queue == conversation.queue,
            or_(
                Conversation.queue_rank > conversation.queue_rank,
                and_(
                    Conversation.queue_rank == conversation.queue_rank,
                    or_(
                        Conversation.waiting_since < conversation.waiting_since,
                        and_(Conversation.waiting_since == conversation.waiting_since, Conversation.id < conversation.id),
                    ),
                ),
            ),
        )
    )
    return (ahead or 0) + 1


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
