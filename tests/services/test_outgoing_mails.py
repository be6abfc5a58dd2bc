"""Mails about clocks: what they say, and what becomes of one that is not taken."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.senders import mail
from bot.services.outgoing.delivering import LEASE, Deliverer
from bot.services.outgoing.ports import Mail, Result
from bot.store.tables import Notice, SlaClock
from tests.services.outgoing import detail, is_over, rows
from tests.support.builders import make_person, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.receivers import MailSink


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    return await Citizen.arrives(desk)


async def test_a_mail_says_which_ticket_and_when_and_nothing_of_the_citizen(
    desk: Desk, citizen: Citizen, deliverer: Deliverer, smtp: MailSink
) -> None:
    await make_person(desk, role="supervisor", email="banzhang@example.org")
    opened = await make_ticket(desk, citizen.conversation_id, facts={"phone": "13800005678", "name": "张三"})
    await is_over(desk, opened)
    await deliverer.deliver_due()
    (mail,) = smtp.mails
    text = mail.get_content()
    assert smtp.recipients == ["banzhang@example.org"]
    assert mail["Subject"] == f"【维权通】工单 {opened.ticket.number}的首次响应时限已超时"
    assert "举报投诉：商标" in text and f"/console/tickets/number/{opened.ticket.number}" in text
    assert "13800005678" not in text and "张三" not in text and opened.code not in text
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "维权通" in mail["From"]
    await deliverer.deliver_due()
    assert len(smtp.mails) == 1


async def test_a_mail_server_that_refuses_is_asked_again_later(
    desk: Desk, citizen: Citizen, deliverer: Deliverer, smtp: MailSink, clock: FakeClock
) -> None:
    await make_person(desk, role="supervisor", email="banzhang@example.org")
    await is_over(desk, await make_ticket(desk, citizen.conversation_id))
    smtp.answer = "451 later"
    await deliverer.deliver_due()
    (row,) = await rows(desk)
    attempt = (await detail(desk, row.id)).attempts[0]
    assert (row.status, attempt.outcome, attempt.status_code, attempt.detail) == ("pending", "refused", 451, "later")
    smtp.answer = "250 taken"
    clock.at = row.next_attempt_at
    await deliverer.deliver_due()
    assert len(smtp.mails) == 1


async def test_without_a_mail_server_a_mail_is_given_up_where_it_can_be_seen(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    supervisor = await make_person(desk, role="supervisor", email="banzhang@example.org")
    await is_over(desk, await make_ticket(desk, citizen.conversation_id))
    await desk.deliverer.deliver_due()
    (row,) = await rows(desk)
    assert (row.status, row.last_error) == ("dead", "not_set_up")
    async with desk.read() as session:
        kinds = set(await session.scalars(select(Notice.kind).where(Notice.agent_id == supervisor.id)))
    assert "delivery.dead" in kinds


async def test_mails_that_fail_never_make_more_mails(
    desk: Desk, citizen: Citizen, deliverer: Deliverer, smtp: MailSink, clock: FakeClock
) -> None:
    await make_person(desk, role="supervisor", email="banzhang@example.org")
    await is_over(desk, await make_ticket(desk, citizen.conversation_id))
    async with desk.begin() as session:
        for clock_row in await session.scalars(select(SlaClock)):
            clock_row.next_check_at = None
    smtp.answer = "550 no such mailbox"
    for _ in range(12):
        await deliverer.deliver_due()
        clock.move(timedelta(hours=13))
    (row,) = await rows(desk)
    assert (row.status, row.attempts) == ("dead", 9)


async def test_a_mail_server_that_takes_its_time_for_every_answer_is_left_before_the_lease_runs_out(monkeypatch) -> None:
    """Otherwise another process would send the same mail meanwhile."""
    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(b"220 hello\r\n")
            while await reader.readline():
                await asyncio.sleep(0.15)
                writer.write(b"250 go on\r\n")
        writer.close()

    assert LEASE.total_seconds() > mail._WHOLE_SECONDS + mail._TIMEOUT_SECONDS
    monkeypatch.setattr(mail, "_WHOLE_SECONDS", 0.2)
    async with await asyncio.start_server(drips, "127.0.0.1", 0) as server:
        account = mail.SmtpAccount("127.0.0.1", server.sockets[0].getsockname()[1], "none", "desk@example.org")
        outcome = await mail.SmtpMailSender(account).send(Mail("a@example.org", "题", "文", "1"))
    assert outcome.result is Result.TIMEOUT
