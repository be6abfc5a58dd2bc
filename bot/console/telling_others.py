"""Telling the other desk processes who looks at what here, and hearing it of them.

Told at every change, and again every few seconds: what a process that died has told is forgotten after a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from aiohttp import web

from bot.bootstrap import Desk
from bot.console.keys import DESK, ONLOOKERS
from bot.console.looking import Onlookers
from bot.services.live import Announcement
from bot.store.database import announce

log = structlog.get_logger()

#: Where processes tell each other.
TOPIC = "onlookers"
TELL_SECONDS = 20


async def telling_others(app: web.Application) -> AsyncIterator[None]:
    """Tell other desk processes who looks at what here, and hear it of them, as long as the application runs."""
    desk, onlookers = app[DESK], app[ONLOOKERS]
    if desk.database.process is None:
        yield
        return
    async with desk.hub.listen(TOPIC) as news:
        works = (_tell(desk, onlookers), _hear(desk, onlookers, news), _remind(desk, onlookers))
        tasks = [asyncio.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _tell(desk: Desk, onlookers: Onlookers) -> None:
    process, is_new = str(desk.database.process), True
    while True:
        try:
            async with desk.begin() as session:
                if is_new:
                    announce(session, TOPIC, {"type": "ask", "process": process})
                for topic, who in onlookers.untold():
                    announce(session, TOPIC, {"type": "looking", "process": process, "at": topic, "who": who})
            is_new = False
        except Exception:
            # All of it is told again soon.
            log.exception("console.onlookers_untold")
        await onlookers.has_news.wait()


async def _remind(desk: Desk, onlookers: Onlookers) -> None:
    while True:
        await asyncio.sleep(TELL_SECONDS)
        onlookers.forget_old(desk.clock())
        onlookers.tell_all()


async def _hear(desk: Desk, onlookers: Onlookers, news: asyncio.Queue[Announcement]) -> None:
    while True:
        event = await news.get()
        if event.get("process") == desk.database.process:
            continue
        if event["type"] == "looking":
            onlookers.hear(event, desk.clock())
        else:
            # Somebody has come, or something was lost on the way.
            onlookers.tell_all()
