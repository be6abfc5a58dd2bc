"""How many conversations an agent has, and how many more they may take."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import Owner
from bot.helpdesk.errors import AtCapacity
from bot.store.tables import Agent, Conversation


async def take_a_place(session: AsyncSession, agent_id: str) -> Agent:
    """Return the agent, locked, if they may take one more conversation.

    The lock is what keeps two claims made at the same time from passing the limit together. It comes after
    all others of a transaction: conversation, ticket, clocks, agent.

    Raises:
        AtCapacity: They have as many as they may.
    """
    agent = await locked_agent(session, agent_id)
    if await load_of(session, agent_id) >= agent.capacity:
        raise AtCapacity(agent_name=agent.name, capacity=agent.capacity)
    return agent


async def locked_agent(session: AsyncSession, agent_id: str) -> Agent:
    """Return an agent whose row nobody else changes until the transaction ends."""
    # `key_share`: messages of the agent that others store meanwhile need not wait.
    return await session.get_one(
        Agent, agent_id, with_for_update={"key_share": True}, populate_existing=True
    )


async def load_of(session: AsyncSession, agent_id: str) -> int:
    """Return how many conversations the agent has."""
    return (await loads(session, [agent_id])).get(agent_id, 0)


async def loads(session: AsyncSession, agent_ids: list[str] | None = None) -> dict[str, int]:
    """Return how many conversations each agent has; those with none are left out."""
    # On the table, not the class: a colleague has as many, wherever the viewer's regions end.
    held = Conversation.__table__.c
    query = (
        select(held.agent_id, func.count())
        .where(held.owner == Owner.HUMAN.value, held.agent_id.is_not(None))
        .group_by(held.agent_id)
    )
    if agent_ids is not None:
        query = query.where(held.agent_id.in_(agent_ids))
    return {str(agent_id): count for agent_id, count in await session.execute(query)}
