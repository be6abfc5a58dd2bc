"""Tickets: opened once, looked up by number and code, moved along the table, audited."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.bootstrap import Desk
from bot.helpdesk.errors import (
    IllegalTransition,
    ReasonRequired,
    TicketChangedMeanwhile,
    TicketNotFound,
)
from bot.services import audit, desk_work, tickets
from bot.services.listing import TicketFilter, list_tickets
from bot.store.tables import Ticket, TicketEvent
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.steps import asks_for_correction


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    return await Citizen.arrives(desk)


async def moves(desk: Desk, agent, opened, to: str, reason: str = "", version: int | None = None):
    async with desk.begin() as session:
        current = await session.get_one(Ticket, opened.ticket.id)
        return await desk_work.change_status(
            session, desk.office, agent, opened.ticket.id, to=to, reason=reason,
            version=version or current.version, now=desk.clock(),
        )  # fmt: skip


async def test_the_same_form_sent_twice_is_one_ticket(desk: Desk, citizen: Citizen) -> None:
    first = await make_ticket(desk, citizen.conversation_id)
    again = await make_ticket(desk, citizen.conversation_id)
    assert (first.created, again.created) == (True, False)
    assert (again.ticket.number, again.code) == (first.ticket.number, first.code)


async def test_the_same_form_sent_at_the_same_instant_is_one_ticket(
    desk: Desk, citizen: Citizen
) -> None:
    opened = await asyncio.gather(*(make_ticket(desk, citizen.conversation_id) for _ in range(8)))
    assert len({o.ticket.number for o in opened}) == 1
    assert sum(o.created for o in opened) == 1
    async with desk.read() as session:
        assert await session.scalar(select(func.count()).select_from(Ticket)) == 1


async def test_number_and_code_open_a_ticket_and_nothing_else_does(
    desk: Desk, citizen: Citizen
) -> None:
    opened = await make_ticket(desk, citizen.conversation_id)
    number = opened.ticket.number
    async with desk.read() as session:
        found = await tickets.look_up(session, desk.office, f" {number.lower()} ", opened.code.lower())
        assert found.number == number
        for wrong_number, wrong_code in ((number, "AAAAAAAA"), ("TS2611200000015", opened.code), ("", "")):
            with pytest.raises(TicketNotFound):
                await tickets.look_up(session, desk.office, wrong_number, wrong_code)


async def test_steps_follow_the_table(desk: Desk, citizen: Citizen) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    assert (await moves(desk, agent, opened, "accepted")).status == "accepted"
    with pytest.raises(IllegalTransition):
        await moves(desk, agent, opened, "submitted")
    with pytest.raises(ReasonRequired):
        await moves(desk, agent, opened, "resolved")
    resolved = await moves(desk, agent, opened, "resolved", "已责令下架")
    assert resolved.status == "resolved"
    told = [m.text for m in await citizen.sees()]
    assert any("已责令下架" in text for text in told)


async def test_an_agent_who_saves_an_old_version_is_told_so(desk: Desk, citizen: Citizen) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    await moves(desk, agent, opened, "accepted", version=1)
    with pytest.raises(TicketChangedMeanwhile):
        await moves(desk, agent, opened, "in_progress", version=1)


async def test_a_supplement_to_a_ticket_waiting_for_it_submits_it_again(
    desk: Desk, citizen: Citizen
) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    await asks_for_correction(desk, agent, opened.ticket.id)
    async with desk.begin() as session:
        after = await tickets.supplement(
            session, desk.office, opened.ticket.number, opened.code, text="注册证见附件", now=desk.clock()
        )
    assert after.status == "submitted"


async def test_a_withdrawn_form_may_be_sent_again(desk: Desk, citizen: Citizen) -> None:
    opened = await make_ticket(desk, citizen.conversation_id)
    async with desk.begin() as session:
        with pytest.raises(ReasonRequired):
            await tickets.withdraw(
                session, desk.office, opened.ticket.number, opened.code, reason=" ", now=desk.clock()
            )
    async with desk.begin() as session:
        await tickets.withdraw(
            session, desk.office, opened.ticket.number, opened.code, reason="已和解", now=desk.clock()
        )
    again = await make_ticket(desk, citizen.conversation_id)
    assert again.created and again.ticket.number != opened.ticket.number


async def test_a_decided_ticket_cannot_be_withdrawn(desk: Desk, citizen: Citizen) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    await moves(desk, agent, opened, "rejected", "不属本中心职责")
    async with desk.begin() as session:
        with pytest.raises(IllegalTransition):
            await tickets.withdraw(
                session, desk.office, opened.ticket.number, opened.code, reason="算了", now=desk.clock()
            )


async def test_lists_page_by_key_without_gaps_or_doubles(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    for i in range(7):
        await make_ticket(desk, citizen.conversation_id, facts={"n": i})
        clock.move(timedelta(seconds=i % 2))
    seen, after = [], None
    while True:
        async with desk.read() as session:
            page = await list_tickets(
                session, TicketFilter(queue="trademark"), after=after, limit=3, now=clock(), zone=desk.office.calendar.zone
            )
        seen += [card.id for card in page.items]
        if (after := page.next) is None:
            break
    assert len(seen) == len(set(seen)) == 7


async def test_the_audit_chain_holds_and_shows_tampering(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    await moves(desk, agent, opened, "accepted")
    clock.move(timedelta(hours=1))
    async with desk.begin() as session:
        await audit.make_root(session, day=clock().date(), now=clock())
    await moves(desk, agent, opened, "in_progress")
    async with desk.read() as session:
        report = await audit.verify(session)
    assert report.holds, report.broken
    assert (report.tickets, report.events, report.roots) == (1, 3, 1)
    async with desk.begin() as session:
        await session.execute(update(TicketEvent).where(TicketEvent.seq == 2).values(reason="改过"))
    async with desk.read() as session:
        report = await audit.verify(session)
    assert len(report.broken) == 1


async def test_cutting_the_end_off_a_chain_is_noticed(desk: Desk, citizen: Citizen) -> None:
    agent, opened = await make_agent(desk), await make_ticket(desk, citizen.conversation_id)
    await moves(desk, agent, opened, "accepted")
    async with desk.begin() as session:
        last = await session.scalar(select(TicketEvent).where(TicketEvent.seq == 2))
        await session.delete(last)
    async with desk.read() as session:
        assert not (await audit.verify(session)).holds
