"""What lies open now. Reads open tickets and claimed conversations only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, case, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.figures.table import Bar, count_by
from bot.store.tables import Agent, Conversation, Ticket

#: Where one age ends and the next begins.
AGE_DAYS = (1, 3, 7, 30)


@dataclass(frozen=True)
class PresentFigures:
    """What lies open.

    Attributes:
        by_age: Key: the least age in days, as text.
        by_agent: Key: name; tickets that they have, and as `parts` the conversations they are in.
    """

    by_queue: list[Bar]
    by_age: list[Bar]
    by_agent: list[Bar]


async def present_figures(session: AsyncSession, *, now: datetime) -> PresentFigures:
    """Count what lies open."""
    return PresentFigures(
        by_queue=await count_by(session, Ticket.queue, _open()),
        by_age=await _by_age(session, now),
        by_agent=await _by_agent(session),
    )


def _open() -> Select[tuple[str]]:
    return select(Ticket.id).where(~Ticket.is_finished)


async def _by_age(session: AsyncSession, now: datetime) -> list[Bar]:
    youngest_first = zip((0, *AGE_DAYS), AGE_DAYS, strict=False)
    ages = [(Ticket.opened_at > now - timedelta(days=days), str(least)) for least, days in youngest_first]
    age = case(*ages, else_=str(AGE_DAYS[-1]))
    counted = {bar.key: bar.count for bar in await count_by(session, age, _open())}
    return [Bar(str(least), counted.get(str(least), 0)) for least in (0, *AGE_DAYS)]


async def _by_agent(session: AsyncSession) -> list[Bar]:
    tickets = await count_by(session, Agent.id, _open().outerjoin(Agent, Agent.id == Ticket.assignee_id))
    talks = await count_by(
        session, Conversation.agent_id, select(Conversation.id).where(Conversation.owner == "human")
    )
    names = dict((await session.execute(select(Agent.id, Agent.name))).all())
    has, talks_with = {bar.key: bar.count for bar in tickets}, {bar.key: bar.count for bar in talks}
    rows = [
        Bar(names.get(agent_id) if agent_id else None, has.get(agent_id, 0), (talks_with.get(agent_id, 0),))
        for agent_id in dict.fromkeys([*has, *talks_with])
    ]
    return sorted(rows, key=lambda row: (row.key is None, -row.count, row.key or ""))
