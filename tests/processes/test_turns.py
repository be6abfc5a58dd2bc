"""A conversation whose messages arrive at two processes is still one conversation."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select

from bot import worker
from bot.bootstrap import Desk
from bot.store.tables import AuditRoot, SlaEvent
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine


async def test_messages_at_both_processes_are_answered_in_order_exactly_once(
    desks: tuple[Desk, Desk], engine: ScriptedEngine
) -> None:
    citizen = await Citizen.arrives(desks[0])
    at = [Citizen(desk, citizen.conversation_id) for desk in desks]
    told = await asyncio.gather(*(at[i % 2].says(f"第{i}句", external_id=f"id{i}") for i in range(20)))
    assert all(result.settled for result in told)
    seen = await citizen.sees()
    asked = [m.text for m in seen if m.author == "citizen"]
    assert [m.text.removeprefix("收到：") for m in seen if m.author == "bot"] == asked
    assert [turn.text for turn in engine.turns] == asked
    assert len(asked) == 20


async def test_who_waits_is_told_at_once_although_the_other_process_took_the_turn(
    desks: tuple[Desk, Desk], engine: ScriptedEngine
) -> None:
    engine.gate = asyncio.Event()
    here = await Citizen.arrives(desks[0])
    there = Citizen(desks[1], here.conversation_id)
    for text in ("一", "二"):
        await here.sends(text, external_id=text)
    desks[0].turns.submit(here.conversation_id)
    while not engine.turns:
        await asyncio.sleep(0.01)
    # The first process is at the conversation and will take both; the second is asked again, and waits.
    waiting = [asyncio.create_task(there.says(text, external_id=text)) for text in ("二", "一")]
    await asyncio.sleep(0.3)
    engine.gate.set()
    async with asyncio.timeout(5):
        assert [(await told).messages[0].text for told in waiting] == ["收到：二", "收到：一"]
    assert [turn.text for turn in engine.turns] == ["一", "二"]


async def test_workers_of_both_processes_do_nothing_twice(desks: tuple[Desk, Desk], clock: FakeClock) -> None:
    citizen = await Citizen.arrives(desks[0])
    for number in range(20):
        await make_ticket(desks[0], citizen.conversation_id, facts={"n": number})
    clock.move(timedelta(days=60))
    await asyncio.gather(*(worker.run_once(desk, clock()) for desk in desks))
    async with desks[0].read() as session:
        breaches = await session.scalar(
            select(func.count()).select_from(SlaEvent).where(SlaEvent.kind == "breached")
        )
        roots = await session.scalar(select(func.count()).select_from(AuditRoot))
    assert (breaches, roots) == (40, 1)
