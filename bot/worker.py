"""Background work of a desk process: what time makes due, what must go out, what a crash or
a silent agent left behind.

Each round is safe to run in several processes and after any pause: what it does is decided by what
stands in the store. Every desk process runs one: none has to be chosen, and none is missed when it dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.bootstrap import Desk
from bot.services import audit, form_drafts, handoff, outbox, retention, search, sla
from bot.services.life_cycle import corrections

log = structlog.get_logger()

_SWEEP_BATCH = 1000
#: Another process's new version of a rule is known here after so long; see `sla.saving`.
_RULES_INTERVAL_SECONDS = 3.0
_SMALLEST_BATCH = 20
#: No writer waits longer than 200 ms for a sweep, so one transaction of it aims at half of that.
_SWEEP_SECONDS = 0.1
#: A message older than this that still waits for the bot was left behind by a process that died.
_STRANDED_AFTER = timedelta(seconds=30)


async def run(desk: Desk, stop: asyncio.Event) -> None:
    """Do a round every `sweep_interval_seconds` until told to stop; a round is never cut short.

    Deliveries have rounds of their own: a receiver that does not answer must not hold up a sweep.
    """
    watching = asyncio.create_task(watch_rules(desk, stop))
    await wake_breached(desk)
    delivering = asyncio.create_task(run_deliveries(desk, stop))
    while not stop.is_set():
        await run_once(desk, desk.clock())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), desk.settings.sweep_interval_seconds)
    await asyncio.gather(watching, delivering)


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
        if batch.is_idle:
            return
        log.info("sla.recounted", counted=batch.counted, moved=batch.moved, added=batch.added)


async def run_deliveries(desk: Desk, stop: asyncio.Event) -> None:
    """Deliver what is due, at once when something is recorded here, until told to stop."""
    async with desk.hub.listen("deliveries") as news:
        while not stop.is_set():
            if not await deliver_once(desk):
                await _first_of(stop.wait(), news.get(), seconds=desk.settings.delivery_interval_seconds)
            while not news.empty():
                news.get_nowait()


async def _first_of(*waits: Coroutine[Any, Any, object], seconds: float) -> None:
    tasks = [asyncio.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def deliver_once(desk: Desk) -> int:
    """Do one round of deliveries and return how many attempts it made; it never fails."""
    try:
        async with desk.read() as session:
            await desk.subscriptions.renew(session)
        return await desk.deliverer.deliver_due()
    except Exception:
        log.exception("worker.failed", part="deliver_once")
        return 0


async def wake_breached(desk: Desk) -> None:
    """Let the sweep look again at breached clocks, which a new chain may have given further levels."""
    after: str | None = ""
    while after is not None:
        async with desk.begin() as session:
            after = await sla.wake_breached(session, after=after)


async def run_once(desk: Desk, now: datetime) -> None:
    """Do one round; one part that fails does not keep the others from their turn."""
    parts: tuple[Callable[[Desk, datetime], Awaitable[None]], ...] = (
        sweep_clocks,
        send_waiting,
        take_up_stranded,
        expire_corrections,
        look_after_silent,
        assign_waiting,
        anchor_audit,
        delete_expired_drafts,
        delete_old_notices,
        read_into_search,
    )
    for part in parts:
        try:
            await part(desk, now)
        except Exception:
            log.exception("worker.failed", part=part.__name__)


async def sweep_clocks(desk: Desk, now: datetime) -> None:
    """Record what clocks have reached, in transactions so short that writers get in between."""
    batch = _SWEEP_BATCH
    while True:
        began = time.monotonic()
        async with desk.begin() as session:
            result = await sla.sweep(session, desk.office.sla, now=now, limit=batch)
        if result.looked_at:
            log.info("sla.swept", **asdict(result))
        if result.looked_at < batch:
            return
        batch = _next_batch(batch, time.monotonic() - began)


def _next_batch(batch: int, seconds: float) -> int:
    """Return a batch that keeps the next writer waiting for about half of what we promise them."""
    wanted = int(batch * _SWEEP_SECONDS / max(seconds, 0.001))
    return max(_SMALLEST_BATCH, min(_SWEEP_BATCH, wanted))


async def _for_each[Item](part: str, items: Iterable[Item], do: Callable[[Item], Awaitable[None]]) -> None:
    """Do it for each; one that fails does not keep those after it from their turn, in this round and all later ones.

    Raises:
        OperationalError, InterfaceError: The store is away: so it is for all of them.
    """
    for item in items:
        try:
            await do(item)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("worker.failed", part=part, item=item)


async def send_waiting(desk: Desk, now: datetime) -> None:
    """Send what was recorded and not sent."""

    async def send(conversation_id: str) -> None:
        async with desk.begin() as session:
            await outbox.deliver_pending(session, conversation_id, now=now)

    async with desk.read() as session:
        waiting = await outbox.conversations_with_pending(session, now=now)
    await _for_each("send_waiting", waiting, send)


async def take_up_stranded(desk: Desk, now: datetime) -> None:
    """Go on with conversations whose messages no process is answering."""
    await desk.turns.recover(older_than=now - _STRANDED_AFTER)


async def expire_corrections(desk: Desk, now: datetime) -> None:
    """Show staff the corrections whose date has passed; nothing is rejected by itself."""

    async def expire(missed: tuple[str, str]) -> None:
        ticket_id, notice_id = missed
        async with desk.begin() as session:
            await corrections.expire_correction(session, ticket_id, notice_id, now=now)

    today = desk.office.calendar.local_date(now)
    async with desk.read() as session:
        overdue = await corrections.overdue_corrections(session, today=today)
    await _for_each("expire_corrections", overdue, expire)


async def look_after_silent(desk: Desk, now: datetime) -> None:
    """Remind agents who are silent, and give their citizens back to the queue after that."""

    async def look_after(conversation_id: str) -> None:
        async with desk.begin() as session:
            done = await handoff.look_after(session, desk.office, conversation_id, now=now)
        if done:
            log.info("handoff.looked_after", conversation_id=conversation_id, done=done)

    async with desk.read() as session:
        silent = await handoff.silent_conversations(session, desk.office, now=now)
    await _for_each("look_after_silent", silent, look_after)


async def assign_waiting(desk: Desk, now: datetime) -> None:
    """Give waiting conversations to agents who are free, if the operator wants them given out."""

    async def assign(conversation_id: str) -> None:
        async with desk.begin() as session:
            await handoff.assign_waiting(session, desk.office, conversation_id, now=now)

    async with desk.read() as session:
        waiting = await handoff.waiting_to_be_assigned(session, desk.office, now=now)
    await _for_each("assign_waiting", waiting, assign)


async def anchor_audit(desk: Desk, now: datetime) -> None:
    """Anchor yesterday's and all earlier audit entries, once a day."""
    day = now.astimezone(desk.office.calendar.zone).date()
    async with desk.read() as session:
        if await audit.has_root(session, day):
            return
    async with desk.database.alone("audit root"), desk.begin() as session:
        await audit.make_root(session, day=day, now=now)


async def delete_expired_drafts(desk: Desk, now: datetime) -> None:
    """Delete unfinished forms that nobody has touched for as long as they are kept."""
    deleted = _SWEEP_BATCH
    while deleted == _SWEEP_BATCH:
        async with desk.begin() as session:
            deleted = await form_drafts.delete_expired(session, now=now, limit=_SWEEP_BATCH)
        if deleted:
            log.info("drafts.deleted", count=deleted)


async def delete_old_notices(desk: Desk, now: datetime) -> None:
    """Delete notices that were read, and deliveries that arrived, longer ago than they are kept."""
    keep, deleted = timedelta(days=desk.settings.notice_days), _SWEEP_BATCH
    while deleted == _SWEEP_BATCH:
        async with desk.begin() as session:
            deleted = await retention.delete_old(session, now=now, keep=keep, limit=_SWEEP_BATCH)
        if deleted:
            log.info("notices.deleted", count=deleted)


async def read_into_search(desk: Desk, now: datetime) -> None:
    """Let the search know what changed, in short transactions."""
    after: int | None = None
    while True:
        async with desk.begin() as session:
            after = await search.catch_up(session, desk.forms, desk.signer, now=now, after=after)
        if after is None:
            return
