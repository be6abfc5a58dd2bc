"""Fixtures and helpers for tests of what leaves the desk: receivers on 127.0.0.1, and what delivers to them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.senders.mail import SmtpAccount, SmtpMailSender
from bot.senders.webhook import HttpWebhookSender
from bot.services import sla
from bot.services.outgoing import deliveries, webhooks
from bot.services.outgoing.delivering import Deliverer
from bot.services.outgoing.happenings import EVENTS
from bot.store.tables import Delivery, SlaClock
from tests.support.builders import make_person
from tests.support.receivers import MailSink, hook_sink, mail_sink

RULES = webhooks.WebhookRules(allow_private=True, own_url=None)


@pytest.fixture
async def hook():
    async with hook_sink() as sink:
        yield sink


@pytest.fixture
async def smtp():
    async with mail_sink() as sink:
        yield sink


@pytest.fixture
async def deliverer(desk: Desk, smtp: MailSink):
    """What delivers to the receivers of this test."""
    sender = HttpWebhookSender(allow_private=True)
    account = SmtpAccount("127.0.0.1", smtp.port, "none", "维权通 <desk@example.org>")
    yield Deliverer(
        desk.database, desk.office, clock=desk.clock, mail=SmtpMailSender(account), webhook=sender,
        public_url="https://desk.example.org/",
    )  # fmt: skip
    await sender.close()


async def subscribe(desk: Desk, url: str, *events: str) -> webhooks.WithSecret:
    """Add a webhook; without events it wants all."""
    supervisor = await make_person(desk, role="supervisor")
    async with desk.begin() as session:
        made = await webhooks.add_webhook(
            session, desk.office.signer, supervisor, url=url, events=events or EVENTS, rules=RULES, now=desk.clock()
        )
    await renew(desk)
    return made


async def renew(desk: Desk) -> None:
    async with desk.read() as session:
        await desk.subscriptions.renew(session)


async def rows(desk: Desk) -> list[Delivery]:
    async with desk.read() as session:
        return list(await session.scalars(select(Delivery).order_by(Delivery.created_at, Delivery.event_key)))


async def detail(desk: Desk, delivery_id: str) -> deliveries.DeliveryDetail:
    async with desk.read() as session:
        return await deliveries.delivery_detail(session, delivery_id)


async def pings(desk: Desk, webhook_id: str) -> str:
    async with desk.begin() as session:
        return await webhooks.ping(session, webhook_id, now=desk.clock())


async def is_over(desk: Desk, opened) -> None:
    """Move on until the first response is overdue, and sweep."""
    async with desk.read() as session:
        due_at = await session.scalar(
            select(SlaClock.due_at).where(SlaClock.subject_id == opened.ticket.id, SlaClock.clock == "first_response")
        )
    desk.clock.at = due_at + timedelta(minutes=1)
    async with desk.begin() as session:
        await sla.sweep(session, desk.office.sla, now=desk.clock())
