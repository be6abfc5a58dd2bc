"""Whom a chain may name as head."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Agent

_MANY = 200


@dataclass(frozen=True)
class Candidate:
    """An active account."""

    id: str
    name: str
    role: str


async def people_for_heads(session: AsyncSession) -> list[Candidate]:
    """Return the active staff, those with more responsibility first."""
    rows = await session.execute(
        select(Agent.id, Agent.name, Agent.role)
        .where(Agent.is_active)
        .order_by(Agent.role == "agent", Agent.name, Agent.id)
        .limit(_MANY)
    )
    return [Candidate(*row) for row in rows]
