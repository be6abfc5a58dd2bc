"""Bringing recorded deliveries out: taken with a lease, tried, tried again, given up visibly.

A delivery is taken by moving its next attempt behind the lease, in a short transaction of its own;
nothing is locked while a receiver is waited for. A process that dies leaves the lease to run out, and
another takes the delivery up: at least once, under the same delivery id.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.permissions import Permission
from bot.helpdesk.retrying import RetryPolicy
from bot.services.escalation.roster import Roster
from bot.services.office import Office
from bot.services.outgoing.addresses import shown_url
from bot.services.outgoing.mails import mail_of
from bot.services.outgoing.ports import (
    DETAIL_MAX_CHARS,
    DOWN,
    FINAL,
    MailSender,
    Outcome,
    Result,
    WebhookCall,
    WebhookSender,
)
from bot.store.database import Database, announce
from bot.store.inserting import insert_missing
from bot.store.tables import Delivery, DeliveryAttempt, Notice, Webhook

log = structlog.get_logger()

LEASE = timedelta(seconds=90)
#: How many deliveries of one receiver are tried at once, how many one round takes of it at most, and
#: how many receivers are served at once.
AT_ONCE, PER_ROUND, LANES = 4, 200, 6


@dataclass(frozen=True, slots=True)
class Lane:
    """Deliveries that share a receiver: one webhook, or the mail server for all mails."""

    kind: str
    target: str | None


@dataclass(frozen=True, slots=True)
class _Job:
    """A delivery that was taken, with what is needed to try it outside of any transaction."""

    id: str
    kind: str
    target: str
    event: str
    payload: dict[str, object]
    url: str | None
    secret_version: int


class Deliverer:
    """Delivers what is due.

    Args:
        clock: Returns the present instant.
        mail: None where no mail server is set up; mails are then given up at once, visibly.
        public_url: For links in mails.
    """

    def __init__(
        self,
        database: Database,
        office: Office,
        *,
        clock: Callable[[], datetime],
        mail: MailSender | None,
        webhook: WebhookSender,
        public_url: str | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._database, self._office, self._clock = database, office, clock
        self._mail, self._webhook, self._public_url = mail, webhook, public_url
        self._policy = policy or RetryPolicy()
        self._lanes = asyncio.Semaphore(LANES)

    async def deliver_due(self) -> int:
        """Try what is due, receiver by receiver; return how many attempts were made.

        Receivers do not wait for each other, and one that does not answer is left alone until the
        next round after its first few failures.
        """
        async with self._database.read() as session:
            lanes = await self._due_lanes(session)
        made = await asyncio.gather(*(self._serve(lane) for lane in lanes))
        return sum(made)

    async def deliver_now(self, delivery_id: str) -> None:
        """Try one delivery at once, unless somebody has it in hand or it is settled."""
        async with self._database.begin() as session:
            jobs = await self._take(session, Delivery.id == delivery_id, 1)
        for job in jobs:
            await self._try(job)

    async def _due_lanes(self, session: AsyncSession) -> list[Lane]:
        rows = await session.execute(
            select(Delivery.kind, Delivery.target).where(self._is_due()).distinct()
        )
        lanes = {Lane(kind, None if kind == "email" else target) for kind, target in rows}
        return sorted(lanes, key=lambda lane: (lane.kind, lane.target or ""))

    def _is_due(self) -> object:
        """Return the condition. What waits for longer than we ever wait was recorded by a clock that
        has been set back since."""
        now = self._clock()
        longest = self._policy.longest + max(self._policy.waits, default=LEASE) + LEASE
        at = Delivery.next_attempt_at
        return and_(Delivery.status == "pending", or_(at <= now, at > now + longest))

    async def _serve(self, lane: Lane) -> int:
        made = 0
        async with self._lanes:
            while made < PER_ROUND:
                async with self._database.begin() as session:
                    jobs = await self._take(session, self._of(lane), AT_ONCE)
                results = await asyncio.gather(*(self._try(job) for job in jobs))
                made += len(results)
                if not results or DOWN & set(results):
                    break
        return made

    def _of(self, lane: Lane) -> object:
        is_kind = Delivery.kind == lane.kind
        return is_kind if lane.target is None else and_(is_kind, Delivery.target == lane.target)

    async def _take(self, session: AsyncSession, which: object, limit: int) -> list[_Job]:
        """Take deliveries; those of a paused webhook stay where they are."""
        rows = await session.execute(
            select(Delivery, Webhook)
            .outerjoin(Webhook, and_(Delivery.kind == "webhook", Webhook.id == Delivery.target))
            .where(
                which,
                self._is_due(),
                or_(Webhook.id.is_(None), Webhook.is_active, Webhook.deleted_at.is_not(None)),
            )
            .order_by(Delivery.next_attempt_at, Delivery.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Delivery)
        )
        jobs = []
        for delivery, webhook in rows.all():
            delivery.next_attempt_at = self._clock() + LEASE
            jobs.append(_job(delivery, webhook))
        return jobs

    async def _try(self, job: _Job) -> Result:
        began = time.monotonic()
        try:
            outcome = await self._send(job)
        except Exception as error:
            # A delivery that cannot even be made ready must neither stop others nor be forgotten.
            log.exception("delivery.failed", delivery_id=job.id)
            outcome = Outcome(Result.REFUSED, detail=type(error).__name__)
        duration = int((time.monotonic() - began) * 1000)
        async with self._database.begin() as session:
            await self._settle(session, job, outcome, duration)
        log.info(
            "delivery.tried", delivery_id=job.id, kind=job.kind, result=outcome.result.value,
            status_code=outcome.status_code, duration_ms=duration,
        )  # fmt: skip
        return outcome.result

    async def _send(self, job: _Job) -> Outcome:
        if job.kind == "email":
            if self._mail is None:
                return Outcome(Result.NOT_SET_UP)
            mail = mail_of(
                self._office, job.id, job.target, job.payload, public_url=self._public_url
            )
            return await self._mail.send(mail)
        if job.url is None:
            return Outcome(Result.GONE)
        body = json.dumps(job.payload, ensure_ascii=False, sort_keys=True).encode()
        secret = self._office.signer.webhook_secret(job.target, job.secret_version)
        call = WebhookCall(job.url, secret, job.event, job.id, body, self._clock())
        return await self._webhook.send(call)

    async def _settle(
        self, session: AsyncSession, job: _Job, outcome: Outcome, duration_ms: int
    ) -> None:
        now = self._clock()
        detail = outcome.detail[:DETAIL_MAX_CHARS]
        session.add(
            DeliveryAttempt(
                delivery_id=job.id, at=now, outcome=outcome.result.value,
                status_code=outcome.status_code, detail=detail, duration_ms=duration_ms,
            )
        )  # fmt: skip
        row = await session.get_one(Delivery, job.id, with_for_update=True, populate_existing=True)
        row.attempts += 1
        if outcome.result is Result.DELIVERED:
            row.status, row.settled_at, row.last_error = "sent", now, None
        elif row.status == "pending":
            row.last_error = _error_of(outcome)
            at = self._policy.next_attempt(row.attempts, now, outcome.retry_after)
            if at is None or outcome.result in FINAL:
                row.status, row.settled_at = "dead", now
                await self._report_dead(session, job, now)
            else:
                row.next_attempt_at = at

    async def _report_dead(self, session: AsyncSession, job: _Job, now: datetime) -> None:
        """Tell the supervisors who may open the delivery log in the console, once for each receiver and day.

        In the console only: a mail about a mail that cannot be sent would be the next such mail.
        """
        day = now.astimezone(self._office.calendar.zone).date()
        lane = "email" if job.kind == "email" else job.target
        roster = await Roster.load(session, present_for=self._office.handoff.present_for, now=now)
        people = roster.in_charge_of(Permission.READ_DELIVERIES)
        receiver = job.target if job.kind == "email" else shown_url(job.url or job.target)
        rows = [
            {
                "agent_id": person.id,
                "kind": "delivery.dead",
                "subject_kind": "delivery",
                "subject_id": job.id,
                "details": {"receiver": receiver},
                "key": f"delivery.dead:{lane}:{day.isoformat()}",
                "created_at": now,
            }
            for person in people
        ]
        await insert_missing(session, Notice, rows)
        announce(session, "staff", {"type": "notices", "agents": [person.id for person in people]})


def _job(delivery: Delivery, webhook: Webhook | None) -> _Job:
    is_there = webhook is not None and webhook.deleted_at is None
    return _Job(
        id=delivery.id,
        kind=delivery.kind,
        target=delivery.target,
        event=delivery.event,
        payload=delivery.payload,
        url=webhook.url if webhook and is_there else None,
        secret_version=webhook.secret_version if webhook else 0,
    )


def _error_of(outcome: Outcome) -> str:
    """Return one line: the result first, then status and detail where there are any."""
    parts = (outcome.result.value, str(outcome.status_code or ""), outcome.detail)
    return " ".join(part for part in parts if part)[:DETAIL_MAX_CHARS]
