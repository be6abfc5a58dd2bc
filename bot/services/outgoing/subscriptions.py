"""Who wants to hear of which events: a snapshot of the webhooks, so that a transaction need not ask.

The snapshot is renewed at the start, after every change made in this process, and every few seconds
by the worker, so that other processes' changes are known. A new webhook hears of what happens from
then on.
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.ids import new_id
from bot.services.outgoing.happenings import Happening, take_happenings
from bot.store.database import announce_here
from bot.store.inserting import insert_missing
from bot.store.tables import Delivery, Webhook


class Subscriptions:
    """Turns what happened in a transaction into deliveries, before its commit."""

    def __init__(self) -> None:
        self._wanting: dict[str, list[str]] = {}

    async def renew(self, session: AsyncSession) -> None:
        """Read the active webhooks."""
        wanting: dict[str, list[str]] = defaultdict(list)
        rows = await session.execute(
            select(Webhook.id, Webhook.events).where(Webhook.is_active, Webhook.deleted_at.is_(None))
        )
        for webhook_id, events in rows:
            for event in events:
                wanting[event].append(webhook_id)
        self._wanting = dict(wanting)

    async def record(self, session: AsyncSession) -> None:
        """Record the deliveries of what happened; does nothing when nobody wants to hear."""
        rows = [
            delivery_row(happening, "webhook", webhook_id)
            for happening in take_happenings(session, self._wanting)
            for webhook_id in self._wanting[happening.event]
        ]
        if rows:
            await insert_missing(session, Delivery, rows)
            announce_here(session, "deliveries", {})


def delivery_row(happening: Happening, kind: str, target: str) -> dict[str, object]:
    """Return the row of one event on its way to one receiver."""
    now = happening.noticed_at
    return {
        "id": new_id(now),
        "kind": kind,
        "target": target,
        "event": happening.event,
        "event_key": happening.key,
        "payload": happening.payload(),
        "status": "pending",
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }
