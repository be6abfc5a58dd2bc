"""The delivery log: looking, and sending again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, HelpdeskError
from bot.helpdesk.permissions import Permission
from bot.services.access import may
from bot.services.outgoing.addresses import shown_url
from bot.store.database import announce_here
from bot.store.tables import Agent, Delivery, DeliveryAttempt, Ticket, Webhook

STATUSES = ("pending", "sent", "dead")
KINDS = ("email", "webhook")


class DeliveryNotFound(HelpdeskError):
    """There is no such delivery."""

    code = "not_found"


@dataclass(frozen=True)
class DeliveryView:
    """A delivery as the log shows it.

    Attributes:
        receiver: A mail address or an address without query.
        numbers: Of the tickets that it tells of, as far as it names them.
        count: How many it tells of, conversations included.
    """

    id: str
    kind: str
    receiver: str
    event: str
    status: str
    attempts: int
    next_attempt_at: datetime
    last_error: str | None
    created_at: datetime
    settled_at: datetime | None
    is_paused: bool
    numbers: list[str]
    count: int


@dataclass(frozen=True)
class AttemptView:
    """One attempt."""

    at: datetime
    outcome: str
    status_code: int | None
    detail: str
    duration_ms: int


@dataclass(frozen=True)
class DeliveryDetail:
    """A delivery with what is sent and every attempt, newest first."""

    delivery: DeliveryView
    payload: Mapping[str, Any]
    attempts: list[AttemptView]


@dataclass(frozen=True)
class DeliveryPage:
    """Part of the log; `next` fetches what follows, None at the end."""

    items: list[DeliveryView]
    next: str | None


async def list_deliveries(
    session: AsyncSession,
    *,
    status: str | None = None,
    kind: str | None = None,
    target: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> DeliveryPage:
    """Return deliveries, newest first; ids grow with time, so the id is the cursor."""
    query = select(Delivery).order_by(Delivery.id.desc()).limit(limit + 1)
    wanted = ((Delivery.status, status), (Delivery.kind, kind), (Delivery.target, target))
    for column, value in wanted:
        if value:
            query = query.where(column == value)
    if after:
        query = query.where(Delivery.id < after)
    rows = list(await session.scalars(query))
    webhooks = await _webhooks(session, rows[:limit])
    last = rows[limit - 1].id if len(rows) > limit else None
    return DeliveryPage([_view(row, webhooks) for row in rows[:limit]], last)


async def numbers_open_to(session: AsyncSession, agent: Agent, page: DeliveryPage) -> frozenset[str]:
    """Return the numbers on a page of the log whose tickets this agent may open.

    Whoever works for some regions only sees no log, so the role decides.
    """
    numbers = {number for item in page.items for number in item.numbers}
    if not numbers or not may(agent, Permission.READ_TICKETS):
        return frozenset()
    return frozenset(await session.scalars(select(Ticket.number).where(Ticket.number.in_(numbers))))


async def delivery_detail(session: AsyncSession, delivery_id: str) -> DeliveryDetail:
    """Return one delivery.

    Raises:
        DeliveryNotFound: There is none.
    """
    row = await session.get(Delivery, delivery_id)
    if row is None:
        raise DeliveryNotFound
    attempts = await session.scalars(
        select(DeliveryAttempt)
        .where(DeliveryAttempt.delivery_id == delivery_id)
        .order_by(DeliveryAttempt.id.desc())
        .limit(100)
    )
    return DeliveryDetail(
        _view(row, await _webhooks(session, [row])),
        row.payload,
        [AttemptView(a.at, a.outcome, a.status_code, a.detail, a.duration_ms) for a in attempts],
    )


async def replay(session: AsyncSession, delivery_id: str, *, now: datetime) -> None:
    """Let a settled delivery be tried once more, now, under its old id.

    Raises:
        DeliveryNotFound: There is none.
        BadRequest: It still waits for its turn.
    """
    row = await session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise DeliveryNotFound
    if row.status == "pending":
        raise BadRequest(field="status")
    row.status, row.next_attempt_at, row.settled_at = "pending", now, None
    announce_here(session, "deliveries", {})


async def _webhooks(session: AsyncSession, rows: list[Delivery]) -> dict[str, Webhook]:
    ids = {row.target for row in rows if row.kind == "webhook"}
    found = await session.scalars(select(Webhook).where(Webhook.id.in_(ids)))
    return {webhook.id: webhook for webhook in found}


def _told_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers in what is sent: a mail has a list of clocks, a call is about one thing."""
    data = payload.get("data") or {}
    items = data.get("items") or [data]
    numbers = dict.fromkeys(item["number"] for item in items if item.get("number"))
    return {"numbers": list(numbers), "count": data.get("count", len(items))}


def _view(row: Delivery, webhooks: Mapping[str, Webhook]) -> DeliveryView:
    webhook = webhooks.get(row.target)
    return DeliveryView(
        id=row.id,
        kind=row.kind,
        receiver=shown_url(webhook.url) if webhook else row.target,
        event=row.event,
        status=row.status,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        last_error=row.last_error,
        created_at=row.created_at,
        settled_at=row.settled_at,
        is_paused=webhook is not None and not webhook.is_active and webhook.deleted_at is None,
        **_told_of(row.payload),
    )
