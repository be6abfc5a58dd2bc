"""Background work of a desk process: what time makes due, and what a crash left behind.

Each round is safe to run in several processes and after any pause: what it does is decided by what
stands in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.bootstrap import Desk
from bot.services import audit, outbox, search, sla

log = structlog.get_logger()

_SWEEP_BATCH = 500
#: A message older than this that still waits for the bot was left behind by a process that died.
_STRANDED_AFTER = timedelta(seconds=30)


async def run(desk: Desk, stop: asyncio.Event) -> None:
    """Do a round every `sweep_interval_seconds` until told to stop; a round is never cut short."""
    await settle_provisional(desk, desk.clock())
    while not stop.is_set():
        await run_once(desk, desk.clock())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), desk.settings.sweep_interval_seconds)


async def settle_provisional(desk: Desk, now: datetime) -> None:
    """Count again, after a start, what may have become final with a newly loaded year."""
    after: str | None = ""
    while after is not None:
        async with desk.begin() as session:
            after = await sla.recompute_provisional(session, desk.office.sla, now=now, after=after)


async def run_once(desk: Desk, now: datetime) -> None:
    """Do one round; one part that fails does not keep the others from their turn."""
    parts: tuple[Callable[[Desk, datetime], Awaitable[None]], ...] = (
        sweep_clocks,
        send_waiting,
        take_up_stranded,
        anchor_audit,
        read_into_search,
    )
    for part in parts:
        try:
            await part(desk, now)
        except Exception:
            log.exception("worker.failed", part=part.__name__)


async def sweep_clocks(desk: Desk, now: datetime) -> None:
    """Record warnings and breaches, in short transactions so that writers get in between."""
    while True:
        async with desk.begin() as session:
            result = await sla.sweep(session, now=now, limit=_SWEEP_BATCH)
        if result.warned or result.breached:
            log.info("sla.swept", warned=result.warned, breached=result.breached)
        if result.looked_at < _SWEEP_BATCH:
            return


async def send_waiting(desk: Desk, now: datetime) -> None:
    """Send what was recorded and not sent."""
    async with desk.read() as session:
        waiting = await outbox.conversations_with_pending(session, now=now)
    for conversation_id in waiting:
        async with desk.begin() as session:
            await outbox.deliver_pending(session, conversation_id, now=now)


async def take_up_stranded(desk: Desk, now: datetime) -> None:
    """Go on with conversations whose messages no process is answering."""
    await desk.turns.recover(older_than=now - _STRANDED_AFTER)


async def anchor_audit(desk: Desk, now: datetime) -> None:
    """Anchor yesterday's and all earlier audit entries, once a day."""
    day = now.astimezone(desk.office.calendar.zone).date()
    async with desk.begin() as session:
        await audit.make_root(session, day=day, now=now)


async def read_into_search(desk: Desk, now: datetime) -> None:
    """Let the search know what changed, in short transactions."""
    after: int | None = None
    while True:
        async with desk.begin() as session:
            after = await search.catch_up(session, desk.forms, desk.signer, now=now, after=after)
        if after is None:
            return
