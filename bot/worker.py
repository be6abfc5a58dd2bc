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
from bot.services import audit, outbox, sla
from bot.services.life_cycle import corrections

log = structlog.get_logger()

_SWEEP_BATCH = 500
#: Another process's new version of a rule is known here after so long; see `sla.saving`.
_RULES_INTERVAL_SECONDS = 3.0
#: A message older than this that still waits for the bot was left behind by a process that died.
_STRANDED_AFTER = timedelta(seconds=30)


async def run(desk: Desk, stop: asyncio.Event) -> None:
    """Do a round every `sweep_interval_seconds` until told to stop; a round is never cut short."""
    await settle_provisional(desk, desk.clock())
    watching = asyncio.create_task(watch_rules(desk, stop))
    while not stop.is_set():
        await run_once(desk, desk.clock())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), desk.settings.sweep_interval_seconds)
    await watching


async def watch_rules(desk: Desk, stop: asyncio.Event) -> None:
    """Every few seconds learn what other processes saved, and count again what a save has moved."""
    while not stop.is_set():
        try:
            async with desk.read() as session:
                await sla.renew_book(session, desk.office.sla)
            await recount_clocks(desk, desk.clock(), stop)
        except Exception:
            log.exception("worker.failed", part="watch_rules")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _RULES_INTERVAL_SECONDS)


async def recount_clocks(desk: Desk, now: datetime, stop: asyncio.Event | None = None) -> None:
    """Count again, in short transactions, the clocks that are on a version older than the one saved."""
    async with desk.read() as session:
        if not await sla.is_recount_open(session, now=now):
            return
    while not (stop and stop.is_set()):
        async with desk.begin() as session:
            batch = await sla.recount(session, desk.office.sla, now=now)
        if not batch.counted:
            return
        log.info("sla.recounted", counted=batch.counted, moved=batch.moved)


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
        expire_corrections,
        anchor_audit,
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


async def expire_corrections(desk: Desk, now: datetime) -> None:
    """Show staff the corrections whose date has passed; nothing is rejected by itself."""
    today = desk.office.calendar.local_date(now)
    async with desk.read() as session:
        overdue = await corrections.overdue_corrections(session, today=today)
    for ticket_id, notice_id in overdue:
        async with desk.begin() as session:
            await corrections.expire_correction(session, ticket_id, notice_id, now=now)


async def anchor_audit(desk: Desk, now: datetime) -> None:
    """Anchor yesterday's and all earlier audit entries, once a day."""
    day = now.astimezone(desk.office.calendar.zone).date()
    async with desk.begin() as session:
        await audit.make_root(session, day=day, now=now)
