"""Signs of life: whose console is open.

Every live connection counts for its agent; a task notes all of them by one statement now and then, however
many there are. A browser that is gone without a word is found by the socket's own heartbeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from aiohttp import web

from bot.console.keys import AGENT, DESK, PRESENT
from bot.services import handoff

log = structlog.get_logger()

BEAT_SECONDS = 20


async def beating(app: web.Application) -> AsyncIterator[None]:
    """Note signs of life as long as the application runs."""
    heart = asyncio.create_task(_beat(app))
    yield
    heart.cancel()
    with suppress(asyncio.CancelledError):
        await heart


async def _beat(app: web.Application) -> None:
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        try:
            await note_alive(app)
        except Exception:
            log.exception("console.heartbeat_failed")


async def note_alive(app: web.Application) -> None:
    """Note that all agents with an open console are there."""
    if alive := sorted(agent_id for agent_id, count in app[PRESENT].items() if count):
        desk = app[DESK]
        async with desk.begin() as session:
            await handoff.note_alive(session, alive, now=desk.clock())


@asynccontextmanager
async def present(request: web.Request) -> AsyncIterator[None]:
    """Count a live connection of the signed-in agent while the block runs; opening it is an arrival."""
    desk, agent_id = request.config_dict[DESK], request[AGENT].id
    counts = request.config_dict[PRESENT]
    async with desk.begin() as session:
        await handoff.arrive(session, agent_id, desk.office.handoff, now=desk.clock())
    counts[agent_id] += 1
    try:
        yield
    finally:
        counts[agent_id] -= 1
        if not counts[agent_id]:
            del counts[agent_id]
