"""Webhooks as supervisors keep them; every change is in the audit chain of staff matters, without secrets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import HelpdeskError
from bot.services import staff_audit
from bot.services.ids import new_id
from bot.services.outgoing.addresses import WebhookRefused, check_url, origin_of
from bot.services.outgoing.happenings import EVENTS, PING, Happening
from bot.services.outgoing.subscriptions import delivery_row
from bot.services.signing import Signer
from bot.store.database import announce_here
from bot.store.inserting import insert_missing
from bot.store.tables import Agent, Delivery, Webhook

WEBHOOKS_MAX = 50


class WebhookNotFound(HelpdeskError):
    """There is no such webhook, or it was deleted."""

    code = "not_found"


@dataclass(frozen=True)
class WebhookRules:
    """What this installation allows.

    Attributes:
        allow_private: Webhooks may lead into the own network.
        own_url: Address of this desk.
    """

    allow_private: bool
    own_url: str | None


@dataclass(frozen=True)
class WebhookView:
    """A webhook as the console lists it."""

    id: str
    url: str
    events: tuple[str, ...]
    is_active: bool
    created_at: datetime
    pending: int
    dead: int


@dataclass(frozen=True)
class WithSecret:
    """A webhook's id and its secret, which is shown this once."""

    id: str
    secret: str


async def add_webhook(
    session: AsyncSession,
    signer: Signer,
    agent: Agent,
    *,
    url: str,
    events: Sequence[str],
    rules: WebhookRules,
    now: datetime,
) -> WithSecret:
    """Add a webhook; it hears of what happens from now on.

    Raises:
        WebhookRefused: Its details say why.
    """
    url = check_url(url, allow_private=rules.allow_private, own_url=rules.own_url)
    wanted = [event for event in EVENTS if event in events]
    if not wanted or set(events) - set(EVENTS):
        raise WebhookRefused(problem="events")
    count = await session.scalar(select(func.count()).where(Webhook.deleted_at.is_(None)))
    if (count or 0) >= WEBHOOKS_MAX:
        raise WebhookRefused(problem="too_many")
    webhook = Webhook(
        id=new_id(now), url=url, secret_version=1, events=wanted, is_active=True,
        created_by=agent.id, created_at=now,
    )  # fmt: skip
    session.add(webhook)
    await session.flush()
    await _record(session, webhook, "added", agent.id, now, new={"events": wanted})
    return WithSecret(webhook.id, signer.webhook_secret(webhook.id, 1))


async def list_webhooks(session: AsyncSession) -> list[WebhookView]:
    """Return the webhooks, oldest first, with how much waits and how much was given up."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    rows = await session.execute(
        select(Delivery.target, Delivery.status, func.count())
        .where(Delivery.kind == "webhook", Delivery.status.in_(("pending", "dead")))
        .group_by(Delivery.target, Delivery.status)
    )
    for target, status, count in rows:
        counts[target][status] = count
    webhooks = await session.scalars(
        select(Webhook).where(Webhook.deleted_at.is_(None)).order_by(Webhook.id)
    )
    return [
        WebhookView(
            w.id, w.url, tuple(w.events), w.is_active, w.created_at,
            counts[w.id]["pending"], counts[w.id]["dead"],
        )
        for w in webhooks
    ]  # fmt: skip


async def set_active(
    session: AsyncSession, webhook_id: str, is_active: bool, *, by: str, now: datetime
) -> None:
    """Pause a webhook or let it go on; what was recorded before waits meanwhile.

    Raises:
        WebhookNotFound: There is none.
    """
    webhook = await _locked(session, webhook_id)
    if webhook.is_active == is_active:
        return
    webhook.is_active = is_active
    announce_here(session, "deliveries", {})
    await _record(session, webhook, "resumed" if is_active else "paused", by, now)


async def new_secret(
    session: AsyncSession, signer: Signer, webhook_id: str, *, by: str, now: datetime
) -> WithSecret:
    """Give a webhook another secret; the old one signs nothing from now on.

    Raises:
        WebhookNotFound: There is none.
    """
    webhook = await _locked(session, webhook_id)
    webhook.secret_version += 1
    await _record(session, webhook, "secret_changed", by, now)
    return WithSecret(webhook.id, signer.webhook_secret(webhook.id, webhook.secret_version))


async def delete_webhook(session: AsyncSession, webhook_id: str, *, by: str, now: datetime) -> None:
    """Delete a webhook; what waits for it is given up, its log stays.

    Raises:
        WebhookNotFound: There is none.
    """
    webhook = await _locked(session, webhook_id)
    webhook.deleted_at, webhook.is_active = now, False
    await session.execute(
        update(Delivery)
        .where(
            Delivery.kind == "webhook", Delivery.target == webhook_id, Delivery.status == "pending"
        )
        .values(status="dead", settled_at=now, last_error="gone")
    )
    await _record(session, webhook, "deleted", by, now)


async def ping(session: AsyncSession, webhook_id: str, *, now: datetime) -> str:
    """Record a test call and return the id of its delivery.

    Raises:
        WebhookNotFound: There is none.
    """
    await _locked(session, webhook_id)
    key = f"{PING}:{new_id(now)}"
    row = delivery_row(Happening(PING, key, now, now, {}), "webhook", webhook_id)
    await insert_missing(session, Delivery, [row])
    return str(row["id"])


async def _record(
    session: AsyncSession,
    webhook: Webhook,
    step: str,
    by: str,
    now: datetime,
    *,
    new: Mapping[str, Any] | None = None,
) -> None:
    await staff_audit.record(
        session, actor=by, action=f"webhook.{step}", subject=webhook.id, now=now,
        new={"url": origin_of(webhook.url), **(new or {})},
    )  # fmt: skip


async def _locked(session: AsyncSession, webhook_id: str) -> Webhook:
    webhook = await session.get(Webhook, webhook_id, with_for_update=True, populate_existing=True)
    if webhook is None or webhook.deleted_at is not None:
        raise WebhookNotFound
    return webhook
