"""Looking without a transaction, and that the connection is fit for one afterwards."""

import pytest
from sqlalchemy import func, select

from bot.bootstrap import Desk
from bot.store.tables import Agent
from tests.support.builders import make_agent

AGENTS = select(func.count()).select_from(Agent)


async def test_a_glance_sees_what_is_committed(desk: Desk) -> None:
    async with desk.glance() as session:
        before = await session.scalar(AGENTS)
    await make_agent(desk)
    async with desk.glance() as session:
        assert await session.scalar(AGENTS) == before + 1


async def test_after_a_glance_what_fails_is_undone_as_a_whole(desk: Desk) -> None:
    agent = await make_agent(desk)
    # More often than there are connections.
    for _ in range(12):
        async with desk.glance() as session:
            await session.scalar(AGENTS)
        with pytest.raises(ZeroDivisionError):
            async with desk.begin() as session:
                (await session.get_one(Agent, agent.id)).name = "改过"
                await session.flush()
                raise ZeroDivisionError
    async with desk.read() as session:
        assert (await session.get_one(Agent, agent.id)).name == agent.name
