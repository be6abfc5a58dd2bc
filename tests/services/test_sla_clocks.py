"""The clocks for transfer, feedback and updates, and special hours: what tickets do to them in the store."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.sla import Target
from bot.helpdesk.ticket import TicketStatus
from bot.ops import showing, tools
from bot.services import desk_work, sla, tickets
from bot.store.tables import SlaClock, Ticket
from tests.conftest import make_settings
from tests.services.rules import (
    DAYS,
    HALF_DAY,
    MINUTES,
    events_of,
    recounts,
    saves_calendar,
    saves_policy,
    stored_clocks,
)
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock

ALL = {
    "first_response": Target(240, MINUTES), "acceptance": Target(7, DAYS), "resolution": Target(45, DAYS),
    "transfer": Target(5, DAYS), "feedback": Target(30, DAYS), "next_update": Target(10, DAYS),
}  # fmt: skip


@pytest.fixture
async def ticket(desk: Desk) -> str:
    """A ticket under a policy that promises every clock."""
    await saves_policy(desk, await make_agent(desk), clocks=ALL)
    return (await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)).ticket.id


async def moves(desk: Desk, ticket_id: str, *statuses: str) -> None:
    for status in statuses:
        async with desk.begin() as session:
            row = await session.get_one(Ticket, ticket_id)
            await tickets.move(session, desk.office, row, TicketStatus(status), actor="system", reason="理由", now=desk.clock())
        desk.clock.move(timedelta(hours=1))


async def happens(desk: Desk, ticket_id: str, event: str) -> None:
    async with desk.begin() as session:
        row = await session.get_one(Ticket, ticket_id)
        await sla.on_ticket_event(session, desk.office.sla, row, event, now=desk.clock())


async def states(desk: Desk, ticket_id: str) -> dict[str, list[str]]:
    """Return the states of all rounds of each clock."""
    found: dict[str, list[str]] = {}
    async with desk.read() as session:
        rows = await session.scalars(
            select(SlaClock).where(SlaClock.subject_id == ticket_id).order_by(SlaClock.round)
        )
        for clock in rows:
            found.setdefault(clock.clock, []).append(clock.state)
    return found


async def test_a_transfer_waits_for_the_authority_and_the_resolution_stands_still(desk: Desk, ticket: str) -> None:
    await moves(desk, ticket, "accepted")
    assert (await states(desk, ticket))["transfer"] == ["running"]
    await moves(desk, ticket, "transferred")
    found = await states(desk, ticket)
    assert (found["transfer"], found["feedback"], found["resolution"]) == (["met"], ["running"], ["paused"])
    await happens(desk, ticket, "feedback_received")
    found = await states(desk, ticket)
    assert (found["feedback"], found["resolution"]) == (["met"], ["running"])


async def test_the_time_with_the_authority_moves_the_resolution(desk: Desk, ticket: str) -> None:
    await moves(desk, ticket, "accepted")
    async with desk.read() as session:
        before = await session.scalar(select(SlaClock.due_at).where(SlaClock.clock == "resolution"))
    desk.clock.move(timedelta(days=3))  # from Monday to Monday: ten closings
    await moves(desk, ticket, "transferred")
    desk.clock.move(timedelta(days=14))
    await happens(desk, ticket, "feedback_received")
    async with desk.read() as session:
        after = await session.scalar(select(SlaClock.due_at).where(SlaClock.clock == "resolution"))
    assert after - before == timedelta(days=14)


async def test_what_we_work_on_ourselves_owes_no_transfer(desk: Desk, ticket: str) -> None:
    await moves(desk, ticket, "accepted", "in_progress")
    assert (await states(desk, ticket))["transfer"] == ["cancelled"]
    desk.clock.move(timedelta(days=30))
    async with desk.begin() as session:
        await sla.sweep(session, desk.office.sla, now=desk.clock())
    await moves(desk, ticket, "transferred")
    found = await states(desk, ticket)
    assert (found["transfer"], found["feedback"]) == (["cancelled"], ["running"])


async def test_a_matter_that_is_taken_back_owes_no_feedback(desk: Desk, ticket: str) -> None:
    await moves(desk, ticket, "accepted", "transferred", "in_progress")
    found = await states(desk, ticket)
    assert (found["feedback"], found["resolution"]) == (["cancelled"], ["running"])


async def test_each_public_reply_begins_the_next_round_of_updates(desk: Desk, ticket: str) -> None:
    agent = await make_agent(desk)
    await moves(desk, ticket, "accepted")
    for text in ("正在核实", "仍在核实"):
        desk.clock.move(timedelta(days=3))
        async with desk.begin() as session:
            await desk_work.send_public_reply(session, desk.office, agent, ticket, text=text, now=desk.clock())
    assert (await states(desk, ticket))["next_update"] == ["met", "met", "running"]
    await moves(desk, ticket, "resolved")
    assert (await states(desk, ticket))["next_update"] == ["met", "met", "cancelled"]


async def test_a_reply_before_acceptance_or_after_the_end_begins_no_round(desk: Desk, ticket: str) -> None:
    agent = await make_agent(desk)

    async def replies() -> None:
        async with desk.begin() as session:
            await desk_work.send_public_reply(session, desk.office, agent, ticket, text="您好", now=desk.clock())

    await replies()
    assert "next_update" not in await states(desk, ticket)
    await moves(desk, ticket, "accepted", "resolved")
    await replies()
    assert (await states(desk, ticket))["next_update"] == ["cancelled"]


async def test_an_update_that_comes_late_is_a_breach_and_the_next_round_begins(desk: Desk, ticket: str) -> None:
    agent = await make_agent(desk)
    await moves(desk, ticket, "accepted")
    desk.clock.move(timedelta(days=30))
    async with desk.begin() as session:
        await desk_work.send_public_reply(session, desk.office, agent, ticket, text="抱歉", now=desk.clock())
    assert (await states(desk, ticket))["next_update"] == ["breached", "running"]


async def test_what_is_merged_is_owed_nothing(desk: Desk, ticket: str) -> None:
    await moves(desk, ticket, "accepted", "transferred")
    await happens(desk, ticket, "merged")
    found = await states(desk, ticket)
    assert {state for rounds in found.values() for state in rounds} <= {"cancelled", "met"}
    assert found["resolution"] == found["feedback"] == ["cancelled"]


async def test_a_policy_that_names_none_of_them_starts_none_of_them(desk: Desk) -> None:
    promised = ("first_response", "acceptance", "resolution")
    await saves_policy(desk, await make_agent(desk), clocks={name: ALL[name] for name in promised})
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    await moves(desk, opened.ticket.id, "accepted", "transferred")
    assert set(await states(desk, opened.ticket.id)) == set(promised)


@pytest.mark.parametrize("kind", ["complaint", "assistance", "consultation"])
async def test_what_is_shipped_leaves_no_transferred_ticket_without_a_running_clock(desk: Desk, kind: str) -> None:
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id, kind=kind)
    await moves(desk, opened.ticket.id, "accepted", "transferred")
    found = await states(desk, opened.ticket.id)
    assert (found["resolution"], found["feedback"]) == (["paused"], ["running"])


async def test_each_centre_has_its_own_calendar_and_keeps_it_when_promises_change(desk: Desk) -> None:
    agent = await make_agent(desk)
    mornings = {weekday: ((time(10), time(12)),) for weekday in range(5)}
    await saves_calendar(desk, agent, id="east", base_version=0, frames=mornings)
    conversation = (await Citizen.arrives(desk)).conversation_id
    ours = (await make_ticket(desk, conversation)).ticket.id
    theirs = (await make_ticket(desk, conversation, centre="east", facts={"right": "patent"})).ticket.id

    async def acceptance(ticket_id: str) -> tuple[str, int, str]:
        clock = (await stored_clocks(desk, subject_id=ticket_id))["acceptance"]
        return clock.calendar_id, clock.policy_version, f"{clock.due_at.astimezone(desk.office.calendar.zone):%m-%d %H:%M}"

    assert await acceptance(ours) == ("main", 1, "12-01 17:30")
    assert await acceptance(theirs) == ("east", 1, "12-01 12:00")
    await saves_policy(desk, agent)
    await recounts(desk)
    assert await acceptance(ours) == ("main", 2, "11-25 17:30")
    assert await acceptance(theirs) == ("east", 2, "11-25 12:00")
    half = {**mornings, 2: ((time(10), time(11)),)}
    await saves_calendar(desk, agent, id="east", base_version=1, frames=half)
    await recounts(desk)
    assert await acceptance(ours) == ("main", 2, "11-25 17:30")
    assert await acceptance(theirs) == ("east", 2, "11-25 11:00")
    await moves(desk, theirs, "accepted", "transferred")
    assert (await stored_clocks(desk, subject_id=theirs))["feedback"].calendar_id == "east"


async def test_the_command_line_names_the_versions_and_special_hours(
    desk: Desk, tmp_path, database_url: str, clock: FakeClock
) -> None:
    days = {**desk.office.calendar.days, date(2026, 11, 23): HALF_DAY}
    await saves_calendar(desk, await make_agent(desk), days=days, loaded_years=frozenset({2026}))
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    explained = await tools.explain_ticket(make_settings(tmp_path, database_url), opened.ticket.number)
    assert explained is not None
    text = showing.explanation_text(explained, desk.office.calendar.zone)
    assert "complaint v1" in text and "main v2" in text
    assert any(step.kind == "special_hours" for one in explained for step in one.steps)
    assert '"calendar_version": 2' in showing.explanation_json(explained)


# --- a system clock that is set back ---------------------------------------------------------


async def test_a_clock_set_back_keeps_no_ticket_waiting(desk: Desk, ticket: str) -> None:
    await moves(desk, ticket, "needs_correction")
    due_at = (await stored_clocks(desk, subject_id=ticket))["acceptance"].due_at
    desk.clock.move(timedelta(hours=-3))
    await moves(desk, ticket, "submitted")
    acceptance = (await stored_clocks(desk, subject_id=ticket))["acceptance"]
    assert (acceptance.state, acceptance.due_at) == ("running", due_at)
    # Nor does playing the history, as for a clock that is promised for the first time.
    agent = await make_agent(desk)
    await saves_policy(desk, agent, clocks={"first_response": ALL["first_response"]})
    await saves_policy(desk, agent, clocks=ALL)
    desk.clock.move(timedelta(seconds=16))
    await recounts(desk)


async def test_a_pause_that_a_recount_ends_after_the_clock_was_set_back_is_no_obstacle(desk: Desk, ticket: str) -> None:
    desk.clock.move(timedelta(days=5))
    await moves(desk, ticket, "needs_correction")
    desk.clock.move(timedelta(hours=-3))
    await saves_policy(desk, await make_agent(desk), clocks={"acceptance": Target(1, DAYS)})
    await recounts(desk)
    async with desk.read() as session:
        explained = {one.view.clock: one for one in await sla.explain(session, desk.office.sla, ticket, now=desk.clock())}
    acceptance = (await stored_clocks(desk, subject_id=ticket))["acceptance"]
    assert explained["acceptance"].steps[-1].from_at >= acceptance.due_at
    await moves(desk, ticket, "submitted")


async def test_what_was_recorded_as_late_is_not_met_after_the_clock_was_set_back(desk: Desk, ticket: str) -> None:
    desk.clock.move(timedelta(days=30))
    await recounts(desk)
    desk.clock.move(timedelta(days=-29))
    await moves(desk, ticket, "accepted")
    async with desk.read() as session:
        [shown] = [view for view in await sla.clocks_of(session, ticket, now=desk.clock()) if view.clock == "acceptance"]
    assert (shown.state, (await states(desk, ticket))["acceptance"]) == ("breached", ["breached"])
    assert "met" not in {event.kind for event in await events_of(desk, "met") if event.clock_id == shown.id}
