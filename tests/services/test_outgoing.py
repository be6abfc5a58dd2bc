"""Deliveries: recorded with what happened, signed, tried again, given up visibly, sent again."""

import asyncio
import json
import socket
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest
from bot.senders import webhook as webhook_module
from bot.senders.webhook import HttpWebhookSender, signature
from bot.services import desk_work, handoff
from bot.services.opening import TicketDraft, open_ticket
from bot.services.outgoing import deliveries, webhooks
from bot.services.outgoing.delivering import LEASE, Deliverer
from bot.services.outgoing.ports import Outcome, Result
from bot.store.tables import Agent, Delivery, Notice
from tests.services.outgoing import detail, is_over, pings, renew, rows, subscribe
from tests.support.builders import make_person, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.receivers import HookSink, hook_sink


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    return await Citizen.arrives(desk)


# --- what is recorded -----------------------------------------------------------------------


async def test_what_happens_is_recorded_in_the_same_commit(desk: Desk, citizen: Citizen, hook: HookSink) -> None:
    await subscribe(desk, hook.url)
    agent = await make_person(desk)
    opened = await make_ticket(desk, citizen.conversation_id)
    for version, (to, reason) in enumerate((("accepted", ""), ("resolved", "已调解")), start=1):
        async with desk.begin() as session:
            await desk_work.change_status(
                session, desk.office, agent, opened.ticket.id, to=to, reason=reason, version=version, now=desk.clock()
            )
    await citizen.sends("转人工")
    for step in (
        lambda s: handoff.request_human(s, desk.office, citizen.conversation_id, reason="asked", now=desk.clock()),
        lambda s: handoff.claim(s, desk.office, agent, citizen.conversation_id, now=desk.clock()),
        lambda s: handoff.close(s, desk.office, agent, citizen.conversation_id, now=desk.clock()),
    ):
        async with desk.begin() as session:
            await step(session)
    assert sorted(row.event for row in await rows(desk)) == [
        "handoff.claimed", "handoff.ended", "handoff.requested",
        "ticket.changed", "ticket.changed", "ticket.opened", "ticket.resolved",
    ]  # fmt: skip
    changes = [row.payload["data"] for row in await rows(desk) if row.event == "ticket.changed"]
    assert [(change["version"], change["status"]) for change in changes] == [(2, "accepted"), (3, "resolved")]


async def test_nothing_of_the_citizen_leaves_the_desk_but_the_number(
    desk: Desk, citizen: Citizen, hook: HookSink
) -> None:
    await subscribe(desk, hook.url)
    opened = await make_ticket(desk, citizen.conversation_id, facts={"phone": "13800005678", "name": "张三"})
    (row,) = await rows(desk)
    text = json.dumps(row.payload, ensure_ascii=False)
    assert opened.ticket.number in text
    for secret in ("13800005678", "张三", opened.code, citizen.conversation_id):
        assert secret not in text


async def test_what_is_rolled_back_did_not_happen(desk: Desk, citizen: Citizen, hook: HookSink) -> None:
    await subscribe(desk, hook.url)
    with pytest.raises(RuntimeError):
        async with desk.begin() as session:
            draft = TicketDraft("complaint", "举报投诉：商标", {}, "trademark", "web", citizen.conversation_id)
            await open_ticket(session, desk.office, draft, now=desk.clock())
            raise RuntimeError
    assert await rows(desk) == []


async def test_a_webhook_hears_only_of_what_it_asked_for_and_nothing_while_paused(
    desk: Desk, citizen: Citizen, hook: HookSink
) -> None:
    made = await subscribe(desk, hook.url, "ticket.resolved")
    await make_ticket(desk, citizen.conversation_id)
    assert await rows(desk) == []
    await subscribe(desk, hook.url, "ticket.opened")
    async with desk.begin() as session:
        await webhooks.set_active(session, made.id, False, by="b", now=desk.clock())
    await renew(desk)
    await make_ticket(desk, citizen.conversation_id, facts={"n": 2})
    assert [row.event for row in await rows(desk)] == ["ticket.opened"]


async def test_a_breach_reaches_webhooks_once_with_its_own_instant(
    desk: Desk, citizen: Citizen, hook: HookSink, deliverer: Deliverer
) -> None:
    await subscribe(desk, hook.url, "sla.breached")
    await is_over(desk, await make_ticket(desk, citizen.conversation_id))
    await deliverer.deliver_due()
    (call,) = hook.got
    body = json.loads(call.body)
    assert (body["event"], body["data"]["clock"], body["data"]["level"]) == ("sla.breached", "first_response", 2)
    assert body["occurred_at"] == body["data"]["due_at"] < body["noticed_at"]


# --- calls ----------------------------------------------------------------------------------


async def test_a_call_is_signed_and_names_its_delivery(
    desk: Desk, hook: HookSink, deliverer: Deliverer
) -> None:
    made = await subscribe(desk, hook.url)
    delivery_id = await pings(desk, made.id)
    assert await deliverer.deliver_due() == 1
    (call,) = hook.got
    stamp = call.headers["X-RightsDesk-Timestamp"]
    assert int(stamp) == int(desk.clock().timestamp())
    assert call.headers["X-RightsDesk-Signature"] == f"v1={signature(made.secret, stamp, call.body)}"
    assert (call.headers["X-RightsDesk-Delivery"], call.headers["X-RightsDesk-Event"]) == (delivery_id, "ping")
    found = await detail(desk, delivery_id)
    assert (found.delivery.status, found.attempts[0].outcome, found.attempts[0].status_code) == ("sent", "delivered", 200)
    assert "hidden" not in found.delivery.receiver
    assert await deliverer.deliver_due() == 0


async def test_a_new_secret_signs_from_then_on(desk: Desk, hook: HookSink, deliverer: Deliverer) -> None:
    made = await subscribe(desk, hook.url)
    async with desk.begin() as session:
        changed = await webhooks.new_secret(session, desk.office.signer, made.id, by="b", now=desk.clock())
    assert changed.secret != made.secret
    await pings(desk, made.id)
    await deliverer.deliver_due()
    stamp = hook.got[0].headers["X-RightsDesk-Timestamp"]
    assert hook.got[0].headers["X-RightsDesk-Signature"] == f"v1={signature(changed.secret, stamp, hook.got[0].body)}"


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 429, 500, 503])
async def test_whatever_is_no_success_is_tried_again(
    desk: Desk, hook: HookSink, deliverer: Deliverer, clock: FakeClock, status: int
) -> None:
    delivery_id = await pings(desk, (await subscribe(desk, hook.url)).id)
    hook.answers = [(status, {"Location": hook.url})]
    await deliverer.deliver_due()
    assert len(hook.got) == 1, "a redirect is not followed"
    waiting = (await detail(desk, delivery_id)).delivery
    assert (waiting.status, waiting.attempts) == ("pending", 1) and waiting.next_attempt_at > clock()
    assert await deliverer.deliver_due() == 0
    clock.at = waiting.next_attempt_at
    await deliverer.deliver_due()
    done = await detail(desk, delivery_id)
    assert [a.outcome for a in done.attempts] == ["delivered", "refused"]
    assert done.delivery.status == "sent"
    assert len({call.headers["X-RightsDesk-Delivery"] for call in hook.got}) == 1


async def test_a_receiver_that_asks_for_time_gets_it(
    desk: Desk, hook: HookSink, deliverer: Deliverer, clock: FakeClock
) -> None:
    delivery_id = await pings(desk, (await subscribe(desk, hook.url)).id)
    hook.answers = [(429, {"Retry-After": "1800"})]
    await deliverer.deliver_due()
    assert (await detail(desk, delivery_id)).delivery.next_attempt_at == clock() + timedelta(minutes=30)


async def test_no_connection_an_unknown_name_and_silence_are_failures_like_any_other(
    desk: Desk, hook: HookSink, deliverer: Deliverer, monkeypatch
) -> None:
    monkeypatch.setattr(webhook_module, "TIMEOUT_SECONDS", 0.3)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        hook.is_silent = True
        urls = {
            "unreachable": f"http://127.0.0.1:{nobody.getsockname()[1]}/",
            "name": "http://no-such-host.invalid/",
            "timeout": hook.url,
        }
        ids = {name: await pings(desk, (await subscribe(desk, url)).id) for name, url in urls.items()}
        await deliverer.deliver_due()
    outcomes = {name: (await detail(desk, delivery_id)).attempts[0].outcome for name, delivery_id in ids.items()}
    assert outcomes == {"unreachable": "unreachable", "name": "unreachable", "timeout": "timeout"}


async def test_a_receiver_that_is_down_does_not_hold_up_another(
    desk: Desk, hook: HookSink, deliverer: Deliverer, monkeypatch
) -> None:
    monkeypatch.setattr(webhook_module, "TIMEOUT_SECONDS", 0.3)
    async with hook_sink() as silent:
        silent.is_silent = True
        slow, quick = await subscribe(desk, silent.url), await subscribe(desk, hook.url)
        for _ in range(12):
            await pings(desk, slow.id)
            await pings(desk, quick.id)
        await deliverer.deliver_due()
        assert len(hook.got) == 12
        assert len(silent.got) == 4, "after the first few failures it is left alone"


async def test_what_is_never_taken_is_given_up_and_reported_in_the_console_once(
    desk: Desk, hook: HookSink, deliverer: Deliverer, clock: FakeClock
) -> None:
    """The loop guard: nothing that reports a failure is itself delivered."""
    made = await subscribe(desk, hook.url)
    ids = [await pings(desk, made.id) for _ in range(3)]
    hook.answers = [(500, {})] * 100
    for _ in range(9):
        await deliverer.deliver_due()
        clock.move(timedelta(hours=13))
    for delivery_id in ids:
        dead = (await detail(desk, delivery_id)).delivery
        assert (dead.status, dead.attempts) == ("dead", 9) and "500" in dead.last_error
    async with desk.read() as session:
        reported = list(await session.scalars(select(Notice)))
        assert await session.scalar(select(func.count()).select_from(Delivery)) == 3
    assert [n.kind for n in reported] == ["delivery.dead"]
    calls = len(hook.got)
    clock.move(timedelta(days=30))
    assert await deliverer.deliver_due() == 0 and len(hook.got) == calls


@pytest.mark.parametrize("is_limited", [False, True])
async def test_of_a_dead_delivery_those_hear_who_may_open_the_log(
    desk: Desk, hook: HookSink, deliverer: Deliverer, clock: FakeClock, is_limited: bool
) -> None:
    made = await subscribe(desk, hook.url)
    city, head = await make_person(desk, "杭州班长", "supervisor"), await make_person(desk, "负责人", "head")
    async with desk.begin() as session:
        (await session.get_one(Agent, city.id)).regions = ["3301"]
        whole = await session.scalar(select(Agent).where(Agent.role == "supervisor", Agent.id != city.id))
        whole.regions = ["3302"] if is_limited else []
    await pings(desk, made.id)
    hook.answers = [(500, {})] * 100
    for _ in range(9):
        await deliverer.deliver_due()
        clock.move(timedelta(hours=13))
    async with desk.read() as session:
        reported = list(await session.scalars(select(Notice)))
    assert [notice.agent_id for notice in reported] == [head.id if is_limited else whole.id]


async def test_sending_again_is_one_more_attempt_of_the_same_delivery(
    desk: Desk, hook: HookSink, deliverer: Deliverer, clock: FakeClock
) -> None:
    delivery_id = await pings(desk, (await subscribe(desk, hook.url)).id)
    await deliverer.deliver_due()
    async with desk.begin() as session:
        await deliveries.replay(session, delivery_id, now=clock())
    with pytest.raises(BadRequest):
        async with desk.begin() as session:
            await deliveries.replay(session, delivery_id, now=clock())
    await deliverer.deliver_now(delivery_id)
    assert [call.headers["X-RightsDesk-Delivery"] for call in hook.got] == [delivery_id] * 2
    assert len({call.body for call in hook.got}) == 1
    assert len((await detail(desk, delivery_id)).attempts) == 2


async def test_what_a_paused_webhook_has_waiting_goes_out_when_it_goes_on(
    desk: Desk, hook: HookSink, deliverer: Deliverer
) -> None:
    made = await subscribe(desk, hook.url)
    await pings(desk, made.id)
    async with desk.begin() as session:
        await webhooks.set_active(session, made.id, False, by="b", now=desk.clock())
    assert await deliverer.deliver_due() == 0
    async with desk.begin() as session:
        await webhooks.set_active(session, made.id, True, by="b", now=desk.clock())
    assert await deliverer.deliver_due() == 1


async def test_what_waits_for_a_deleted_webhook_is_given_up(
    desk: Desk, hook: HookSink, deliverer: Deliverer, clock: FakeClock
) -> None:
    made = await subscribe(desk, hook.url)
    delivery_id = await pings(desk, made.id)
    async with desk.begin() as session:
        await webhooks.delete_webhook(session, made.id, by="b", now=clock())
    assert await deliverer.deliver_due() == 0
    assert (await detail(desk, delivery_id)).delivery.status == "dead"
    assert hook.got == []


async def test_two_workers_deliver_each_once(desk: Desk, hook: HookSink, deliverer: Deliverer) -> None:
    made = await subscribe(desk, hook.url)
    ids = {await pings(desk, made.id) for _ in range(20)}
    await asyncio.gather(deliverer.deliver_due(), deliverer.deliver_due())
    assert sorted(call.headers["X-RightsDesk-Delivery"] for call in hook.got) == sorted(ids)


class Dies:
    """A sender whose process dies while it waits for the answer."""

    async def send(self, _: object) -> Outcome:
        raise asyncio.CancelledError


async def test_what_a_dead_process_had_in_hand_is_taken_up_after_its_lease(
    desk: Desk, hook: HookSink, deliverer: Deliverer, clock: FakeClock
) -> None:
    await pings(desk, (await subscribe(desk, hook.url)).id)
    dying = Deliverer(desk.database, desk.office, clock=clock, mail=None, webhook=Dies())
    with pytest.raises(asyncio.CancelledError):
        await dying.deliver_due()
    assert await deliverer.deliver_due() == 0
    clock.move(LEASE)
    assert await deliverer.deliver_due() == 1
    assert len(hook.got) == 1


async def test_a_clock_set_back_by_a_year_holds_no_delivery_back(
    desk: Desk, hook: HookSink, deliverer: Deliverer, clock: FakeClock
) -> None:
    made = await subscribe(desk, hook.url)
    clock.move(timedelta(days=365))
    await pings(desk, made.id)
    clock.move(timedelta(days=-365))
    assert await deliverer.deliver_due() == 1


async def test_a_name_that_leads_inside_is_refused_when_it_is_used(
    desk: Desk, hook: HookSink, clock: FakeClock, monkeypatch
) -> None:
    """The name was fine when the webhook was added, or seemed so; each call looks it up and checks."""
    port = int(hook.url.split(":")[2].split("/")[0])
    loop = asyncio.get_running_loop()

    async def lookup(host: str, port: int, **_: object) -> list[tuple]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(loop, "getaddrinfo", lookup)
    guarded = HttpWebhookSender(allow_private=False)
    deliverer = Deliverer(desk.database, desk.office, clock=clock, mail=None, webhook=guarded)
    for url in (f"http://innocent.example.org:{port}/in", f"http://127.0.0.1:{port}/in", f"http://[::1]:{port}/in"):
        delivery_id = await pings(desk, (await subscribe(desk, url)).id)
        await deliverer.deliver_due()
        assert (await detail(desk, delivery_id)).attempts[0].outcome == Result.NOT_ALLOWED
    assert hook.got == []
    await guarded.close()
