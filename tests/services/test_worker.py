"""The worker's rounds: what time makes due, and what a crash left behind."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot import worker
from bot.bootstrap import Desk
from bot.services import handoff, outbox
from bot.services.conversations import add_outgoing, locked
from bot.services.outgoing import webhooks
from bot.store.tables import AuditRoot, SlaEvent
from tests.support.builders import make_person, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine
from tests.support.handoffs import asks_for_human, claims, present_agent, steps, works
from tests.support.receivers import hook_sink


async def test_a_round_after_an_outage_catches_up_in_one_go(
    desk: Desk, clock: FakeClock, monkeypatch
) -> None:
    monkeypatch.setattr(worker, "_SWEEP_BATCH", 3)
    citizen = await Citizen.arrives(desk)
    for i in range(5):
        await make_ticket(desk, citizen.conversation_id, facts={"n": i})
    clock.move(timedelta(days=60))
    for _ in range(2):
        await worker.run_once(desk, clock())
    async with desk.read() as session:
        breaches = await session.scalar(
            select(func.count()).select_from(SlaEvent).where(SlaEvent.kind == "breached")
        )
        roots = await session.scalar(select(func.count()).select_from(AuditRoot))
    assert breaches == 10
    assert roots == 1


async def test_a_recorded_message_that_was_never_sent_is_sent(desk: Desk, clock: FakeClock) -> None:
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        conversation = await locked(session, citizen.conversation_id)
        add_outgoing(session, conversation, "system", "提醒", now=clock(), epoch=None)
    assert await citizen.sees() == []
    await worker.run_once(desk, clock())
    assert [m.text for m in await citizen.sees()] == ["提醒"]


async def test_a_stranded_message_is_answered_and_a_fresh_one_left_to_its_process(
    desk: Desk, clock: FakeClock, engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desk)
    received = await citizen.sends("在吗")
    await worker.run_once(desk, clock())
    assert engine.turns == []
    clock.move(timedelta(minutes=1))
    await worker.run_once(desk, clock())
    result = await desk.turns.wait(received.inbound_id, timeout=10)
    assert [m.text for m in result.messages] == ["收到：在吗"]


async def test_one_part_that_fails_does_not_keep_the_others_from_their_turn(
    desk: Desk, clock: FakeClock, monkeypatch
) -> None:
    async def breaks(desk: Desk, now: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(worker, "sweep_clocks", breaks)
    await worker.run_once(desk, clock())
    async with desk.read() as session:
        assert await session.scalar(select(func.count()).select_from(AuditRoot)) == 1


async def test_one_conversation_that_fails_does_not_keep_those_after_it_from_their_turn(
    desk: Desk, clock: FakeClock, monkeypatch
) -> None:
    agent = await present_agent(desk)
    broken, other = await Citizen.arrives(desk), await Citizen.arrives(desk)
    for citizen in (broken, other):
        await asks_for_human(desk, citizen)
        await claims(desk, agent, citizen)
        async with desk.begin() as session:
            conversation = await locked(session, citizen.conversation_id)
            add_outgoing(session, conversation, "system", "提醒", now=clock(), epoch=None)
        clock.move(timedelta(seconds=1))
    clock.move(timedelta(minutes=4))

    def breaks_for_one(work):
        async def step(session, *arguments, **values):
            if broken.conversation_id in arguments:
                raise RuntimeError("broken")
            return await work(session, *arguments, **values)

        return step

    monkeypatch.setattr(outbox, "deliver_pending", breaks_for_one(outbox.deliver_pending))
    monkeypatch.setattr(handoff, "look_after", breaks_for_one(handoff.look_after))
    await works(desk, agent)
    assert "提醒" in [message.text for message in await other.sees()]
    assert (await steps(desk, other))[-1] == "nudged"


@pytest.mark.parametrize(
    ("batch", "seconds", "then"), [(500, 0.05, 1000), (500, 0.2, 250), (100, 0.05, 200), (40, 9.0, 20), (20, 0.0, 1000)]
)
def test_batches_of_the_sweep_shrink_while_one_takes_long(batch: int, seconds: float, then: int) -> None:
    assert worker._next_batch(batch, seconds) == then


async def test_a_delivery_recorded_here_goes_out_without_waiting_for_the_next_round(
    desk: Desk, clock: FakeClock
) -> None:
    desk.settings.delivery_interval_seconds = 3600.0
    supervisor = await make_person(desk, role="supervisor")
    desk.webhook_sender._is_allowed = lambda _: True
    rules = webhooks.WebhookRules(allow_private=True, own_url=None)
    stop = asyncio.Event()
    async with hook_sink() as hook:
        running = asyncio.create_task(worker.run_deliveries(desk, stop))
        async with desk.begin() as session:
            await webhooks.add_webhook(
                session, desk.office.signer, supervisor, url=hook.url, events=["ticket.opened"], rules=rules, now=clock()
            )
        async with desk.read() as session:
            await desk.subscriptions.renew(session)
        citizen = await Citizen.arrives(desk)
        await make_ticket(desk, citizen.conversation_id)
        async with asyncio.timeout(10):
            while not hook.got:
                await asyncio.sleep(0.01)
            stop.set()
            desk.hub.publish([("deliveries", {})])
            await running
    assert hook.got[0].headers["X-RightsDesk-Event"] == "ticket.opened"
