"""Clocks in the store: started, paused, stopped, swept once, explained."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.services import desk_work, sla, tickets
from bot.store.tables import SlaClock, SlaEvent, Ticket
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.steps import asks_for_correction


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    return await Citizen.arrives(desk)


async def clocks(desk: Desk, opened) -> dict[str, sla.ClockView]:
    async with desk.read() as session:
        views = await sla.clocks_of(session, opened.ticket.id, now=desk.clock())
    return {view.clock: view for view in views}


async def moves(desk: Desk, agent, opened, to: str, reason: str = "") -> None:
    async with desk.begin() as session:
        ticket = await session.get_one(Ticket, opened.ticket.id)
        await desk_work.change_status(
            session, desk.office, agent, ticket.id, to=to, reason=reason,
            version=ticket.version, now=desk.clock(),
        )  # fmt: skip


async def sweeps(desk: Desk) -> sla.SweepResult:
    async with desk.begin() as session:
        return await sla.sweep(session, desk.office.sla, now=desk.clock())


async def test_a_complaint_opened_before_the_spring_festival_is_due_on_the_make_up_saturday(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    clock.at = datetime(2026, 2, 12, 2, 0, tzinfo=UTC)
    acceptance = (await clocks(desk, await make_ticket(desk, citizen.conversation_id)))["acceptance"]
    assert acceptance.due_at.astimezone(desk.office.calendar.zone).date() == date(2026, 2, 28)
    assert not acceptance.provisional


async def test_a_date_in_a_year_that_is_not_loaded_is_provisional(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    await moves(desk, agent, opened, "accepted")
    resolution = (await clocks(desk, opened))["resolution"]
    assert resolution.due_at.year == 2027 and resolution.provisional


async def test_waiting_for_a_correction_stops_the_acceptance_clock(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    before = (await clocks(desk, opened))["acceptance"]
    clock.move(timedelta(days=3))  # Monday
    await asks_for_correction(desk, agent, opened.ticket.id)
    assert (await clocks(desk, opened))["acceptance"].state == "paused"
    clock.move(timedelta(days=30))
    assert (await sweeps(desk)).breached == 0
    async with desk.begin() as session:
        await tickets.supplement(
            session, desk.office, opened.ticket.number, opened.code, text="补上了", now=clock()
        )
    after = (await clocks(desk, opened))["acceptance"]
    assert after.state == "running"
    assert after.due_at - before.due_at == timedelta(days=30)


async def test_a_breach_happens_at_the_due_instant_and_is_recorded_once(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    opened = await make_ticket(desk, citizen.conversation_id)
    due_at = (await clocks(desk, opened))["first_response"].due_at
    clock.at = due_at + timedelta(days=1)
    first, second = await sweeps(desk), await sweeps(desk)
    assert (first.warned, first.breached) == (1, 1)
    assert second.looked_at == 0
    async with desk.read() as session:
        breach = await session.scalar(select(SlaEvent).where(SlaEvent.kind == "breached"))
    assert (breach.at, breach.noticed_at) == (due_at, clock.at)


async def test_an_answer_at_the_due_instant_itself_is_in_time(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    clock.at = (await clocks(desk, opened))["first_response"].due_at
    async with desk.begin() as session:
        await desk_work.send_public_reply(
            session, desk.office, agent, opened.ticket.id, text="已收到", now=clock()
        )
    assert (await clocks(desk, opened))["first_response"].state == "met"


async def test_two_workers_record_each_event_once(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    for i in range(20):
        await make_ticket(desk, citizen.conversation_id, facts={"n": i})
    clock.move(timedelta(days=60))
    results = await asyncio.gather(sweeps(desk), sweeps(desk))
    assert sum(r.breached for r in results) == 40
    async with desk.read() as session:
        events = list(await session.scalars(select(SlaEvent)))
    assert len({(e.clock_id, e.kind) for e in events}) == len(events) == 120


async def test_a_clock_set_back_records_nothing_again(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    await make_ticket(desk, citizen.conversation_id)
    clock.move(timedelta(days=60))
    await sweeps(desk)
    clock.move(timedelta(days=-59))
    await sweeps(desk)
    clock.move(timedelta(days=60))
    assert (await sweeps(desk)).looked_at == 0


async def test_a_withdrawn_ticket_is_owed_nothing(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    opened = await make_ticket(desk, citizen.conversation_id)
    async with desk.begin() as session:
        await tickets.withdraw(
            session, desk.office, opened.ticket.number, opened.code, reason="已解决", now=clock()
        )
    assert {view.state for view in (await clocks(desk, opened)).values()} == {"cancelled"}
    clock.move(timedelta(days=100))
    assert (await sweeps(desk)).looked_at == 0


async def test_a_note_stops_nothing_and_a_public_reply_stops_the_first_response(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    async with desk.begin() as session:
        await desk_work.add_note(session, agent, opened.ticket.id, text="查一下", now=clock())
    assert (await clocks(desk, opened))["first_response"].state == "running"
    async with desk.begin() as session:
        await desk_work.send_public_reply(
            session, desk.office, agent, opened.ticket.id, text="正在核实", now=clock()
        )
    assert (await clocks(desk, opened))["first_response"].state == "met"


async def test_a_reopened_ticket_gets_a_new_round(desk: Desk, citizen: Citizen) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    for to, reason in (("accepted", ""), ("resolved", "已办"), ("reopened", "有新证据")):
        await moves(desk, agent, opened, to, reason)
    async with desk.read() as session:
        rounds = await session.scalars(
            select(SlaClock.round).where(SlaClock.clock == "resolution").order_by(SlaClock.round)
        )
    assert list(rounds) == [1, 2]


async def test_explaining_names_holidays_and_make_up_days(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    clock.at = datetime(2026, 2, 12, 2, 0, tzinfo=UTC)
    opened = await make_ticket(desk, citizen.conversation_id)
    async with desk.read() as session:
        explained = await sla.explain(session, desk.office.sla, opened.ticket.id, now=clock())
    [acceptance] = [e for e in explained if e.view.clock == "acceptance"]
    kinds = {step.kind for step in acceptance.steps}
    assert {"holiday", "makeup"} <= {str(kind) for kind in kinds}


async def test_a_ticket_withdrawn_while_waiting_for_a_correction_was_not_late(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    await asks_for_correction(desk, agent, opened.ticket.id)
    clock.move(timedelta(days=40))
    async with desk.begin() as session:
        await tickets.withdraw(
            session, desk.office, opened.ticket.number, opened.code, reason="算了", now=clock()
        )
    assert (await clocks(desk, opened))["acceptance"].state == "cancelled"


async def test_replies_at_the_same_instant_all_stand_and_stop_the_clock_once(
    desk: Desk, citizen: Citizen
) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)

    async def answers(text: str) -> None:
        async with desk.begin() as session:
            await desk_work.send_public_reply(
                session, desk.office, agent, opened.ticket.id, text=text, now=desk.clock()
            )

    await asyncio.gather(*(answers(f"答复{i}") for i in range(4)))
    async with desk.read() as session:
        met = list(await session.scalars(select(SlaEvent).where(SlaEvent.kind == "met")))
        ticket = await session.get_one(Ticket, opened.ticket.id)
    assert (len(met), ticket.version) == (1, 5)


async def test_a_sweep_and_a_late_reply_at_once_record_one_breach(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    clock.at = (await clocks(desk, opened))["first_response"].due_at + timedelta(seconds=1)

    async def answers() -> None:
        async with desk.begin() as session:
            await desk_work.send_public_reply(
                session, desk.office, agent, opened.ticket.id, text="抱歉来晚了", now=clock()
            )

    await asyncio.gather(sweeps(desk), answers(), sweeps(desk))
    async with desk.read() as session:
        breaches = await session.scalars(select(SlaEvent).where(SlaEvent.kind == "breached"))
    assert len(list(breaches)) == 1
