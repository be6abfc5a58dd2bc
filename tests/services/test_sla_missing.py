"""Clocks that a new version is the first to promise, started on tickets past the step that starts them."""

import asyncio
import random
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.sla import Target
from bot.helpdesk.ticket import TRANSITIONS, TicketStatus
from bot.services import desk_work, sla, tickets
from bot.services.life_cycle.merging import merge_tickets, unmerge_ticket
from bot.services.sla import previewing
from bot.store.tables import Agent, SlaClock, SlaPause, SlaRecount, Ticket
from tests.services.rules import (
    DAYS,
    MINUTES,
    events_of,
    policy_draft,
    recounts,
    saves_calendar,
    saves_policy,
    stored_clocks,
)
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen

FEW = {"acceptance": Target(7, DAYS)}
ALL = {
    "first_response": Target(240, MINUTES), "acceptance": Target(7, DAYS), "resolution": Target(45, DAYS),
    "transfer": Target(5, DAYS), "feedback": Target(30, DAYS), "next_update": Target(10, DAYS),
}  # fmt: skip


@pytest.fixture
async def agent(desk: Desk) -> Agent:
    """An agent of a desk that has promised acceptance only."""
    agent = await make_agent(desk)
    await saves_policy(desk, agent, clocks=FEW)
    return agent


async def opens(desk: Desk, **changes: object) -> str:
    return (await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id, **changes)).ticket.id


async def moves(desk: Desk, ticket_id: str, *statuses: str) -> None:
    for status in statuses:
        async with desk.begin() as session:
            row = await session.get_one(Ticket, ticket_id)
            await tickets.move(session, desk.office, row, TicketStatus(status), actor="system", reason="理由", now=desk.clock())


async def previewed(desk: Desk, **changes: object) -> sla.Preview:
    version = sla.propose_policy(desk.office.sla, policy_draft(desk, **changes), now=desk.clock())
    async with desk.read() as session:
        return await sla.preview(session, desk.office.sla, version, scope=sla.RUNNING, now=desk.clock())


async def settles(desk: Desk, *, limit: int = 200) -> None:
    """Let the recount run until every process knows the version, and then to its end."""
    await recounts(desk, limit=limit)
    desk.clock.move(timedelta(seconds=16))
    await recounts(desk, limit=limit)


async def job_of(desk: Desk) -> SlaRecount:
    async with desk.read() as session:
        return (await session.scalars(select(SlaRecount).order_by(SlaRecount.id.desc()))).first()


async def counting(desk: Desk, ticket_id: str) -> Mapping[str, tuple[object, ...]]:
    """Return what counts on a ticket: since when, until when, and the pauses that matter."""
    found = {}
    async with desk.read() as session:
        rows = await session.scalars(
            select(SlaClock).where(SlaClock.subject_id == ticket_id, SlaClock.stopped_at.is_(None))
        )
        for clock in rows:
            pauses = await session.execute(
                select(SlaPause.from_at, SlaPause.to_at, SlaPause.reason)
                .where(SlaPause.clock_id == clock.id).order_by(SlaPause.from_at)
            )  # fmt: skip
            found[clock.clock] = (clock.started_at, clock.due_at, clock.warn_at, clock.state, [tuple(row) for row in pauses])
    return found


async def test_a_transferred_ticket_gets_its_feedback_clock_from_the_transfer_on(desk: Desk, agent: Agent) -> None:
    ticket_id = await opens(desk)
    await moves(desk, ticket_id, "accepted", "transferred")
    sent_at = desk.clock()
    desk.clock.move(timedelta(days=4))
    shown = await previewed(desk, clocks=FEW | {"feedback": Target(30, DAYS)})
    await saves_policy(desk, agent, clocks=FEW | {"feedback": Target(30, DAYS)})
    await settles(desk)
    feedback = (await stored_clocks(desk, subject_id=ticket_id))["feedback"]
    assert (feedback.started_at, feedback.state, feedback.policy_version, feedback.round) == (sent_at, "running", 3, 1)
    assert (shown.added, shown.used_up, shown.looked_at) == (1, 0, 0)
    [row] = shown.rows
    assert (row.is_new, row.link_id, row.new_due_at) == (True, ticket_id, feedback.due_at)
    async with desk.read() as session:
        assert (await session.get_one(Ticket, ticket_id)).next_due_at == feedback.due_at
    job = await job_of(desk)
    assert (job.added, job.counted, job.finished_at) == (1, 0, desk.clock())
    [noted] = [event for event in await events_of(desk, "recomputed") if event.clock_id == feedback.id]
    assert noted.policy_version == 3


async def test_what_ended_before_the_promise_is_left_in_peace(desk: Desk, agent: Agent) -> None:
    back, over, merged = [await opens(desk, facts={"n": n}) for n in range(3)]
    await moves(desk, back, "accepted", "transferred", "in_progress")
    await moves(desk, over, "accepted", "transferred", "resolved")
    await moves(desk, merged, "accepted", "transferred")
    async with desk.begin() as session:
        version = (await session.get_one(Ticket, merged)).version
        await merge_tickets(session, desk.office, agent, merged, into_id=back, reason="同一事项", version=version, now=desk.clock())
    clocks = FEW | {"feedback": Target(30, DAYS)}
    assert (await previewed(desk, clocks=clocks)).added == 0
    await saves_policy(desk, agent, clocks=clocks)
    await settles(desk)
    for ticket_id in (back, over, merged):
        assert "feedback" not in await stored_clocks(desk, subject_id=ticket_id)


async def test_time_that_is_over_is_a_breach_at_its_due_instant_and_was_shown(desk: Desk, agent: Agent) -> None:
    ticket_id = await opens(desk)
    await moves(desk, ticket_id, "accepted", "transferred")
    desk.clock.move(timedelta(days=20))
    shown = await previewed(desk, clocks=FEW | {"feedback": Target(3, DAYS)})
    assert (shown.added, shown.used_up, shown.rows[0].is_used_up) == (1, 1, True)
    await saves_policy(desk, agent, clocks=FEW | {"feedback": Target(3, DAYS)})
    await settles(desk)
    await settles(desk)
    feedback = (await stored_clocks(desk, subject_id=ticket_id))["feedback"]
    [breach] = [event for event in await events_of(desk, "breached") if event.clock_id == feedback.id]
    assert (feedback.state, breach.at, breach.policy_version) == ("breached", shown.rows[0].new_due_at, 3)


async def test_a_promise_that_was_dropped_and_comes_back_starts_no_round_twice(desk: Desk, agent: Agent) -> None:
    kept, later, ended = [await opens(desk, facts={"n": n}) for n in range(3)]
    await saves_policy(desk, agent, clocks=ALL)
    await moves(desk, kept, "accepted", "transferred")
    await moves(desk, ended, "accepted", "transferred", "in_progress")
    await saves_policy(desk, agent, clocks=FEW)
    desk.clock.move(timedelta(days=1))
    await moves(desk, later, "accepted", "transferred")
    await moves(desk, ended, "transferred")
    await saves_policy(desk, agent, clocks=FEW | {"feedback": Target(20, DAYS)})
    await settles(desk)
    async with desk.read() as session:
        rows = (await session.execute(
            select(SlaClock.subject_id, SlaClock.round, SlaClock.policy_version, SlaClock.state)
            .where(SlaClock.clock == "feedback").order_by(SlaClock.subject_id, SlaClock.round)
        )).all()  # fmt: skip
    assert {tuple(row) for row in rows} == {
        (kept, 1, 5, "running"), (later, 1, 5, "running"), (ended, 1, 3, "cancelled"), (ended, 2, 5, "running"),
    }  # fmt: skip


async def test_a_version_for_new_clocks_only_starts_nothing_until_one_for_all_comes(desk: Desk, agent: Agent) -> None:
    ticket_id = await opens(desk)
    await moves(desk, ticket_id, "accepted", "transferred")
    clocks = FEW | {"feedback": Target(30, DAYS)}
    await saves_policy(desk, agent, clocks=clocks, to_running=False)
    await settles(desk)
    assert "feedback" not in await stored_clocks(desk, subject_id=ticket_id)
    await saves_policy(desk, agent, clocks=clocks | {"feedback": Target(40, DAYS)})
    await settles(desk)
    assert (await stored_clocks(desk, subject_id=ticket_id))["feedback"].policy_version == 4


async def test_nothing_is_started_while_a_process_may_not_have_heard_of_the_version(desk: Desk, agent: Agent) -> None:
    ticket_id = await opens(desk)
    await moves(desk, ticket_id, "accepted", "transferred")
    await saves_policy(desk, agent, clocks=FEW | {"feedback": Target(30, DAYS)})
    assert await recounts(desk) == 0
    assert "feedback" not in await stored_clocks(desk, subject_id=ticket_id)
    assert (await job_of(desk)).finished_at is None


async def test_each_centre_has_its_own_calendar_here_too(desk: Desk, agent: Agent) -> None:
    await saves_calendar(desk, agent, id="east", base_version=0)
    ticket_id = await opens(desk, centre="east")
    await moves(desk, ticket_id, "accepted", "transferred")
    await saves_policy(desk, agent, clocks=FEW | {"feedback": Target(30, DAYS)})
    await settles(desk)
    assert (await stored_clocks(desk, subject_id=ticket_id))["feedback"].calendar_id == "east"


# --- as if it had been promised from the start ----------------------------------------------


async def lives(desk: Desk, agent: Agent, pair: tuple[str, str], chance: random.Random) -> None:
    """Let two tickets live through the same weeks."""
    async def both(step: str, to: str = "") -> None:
        for ticket_id in pair:
            async with desk.begin() as session:
                row, now = await session.get_one(Ticket, ticket_id), desk.clock()
                if step == "move":
                    await tickets.move(session, desk.office, row, TicketStatus(to), actor="system", reason="理由", now=now)
                elif step == "reply":
                    await desk_work.send_public_reply(session, desk.office, agent, ticket_id, text="您好", now=now)
                else:
                    await _merges_and_back(session, desk, agent, row)

    status = TicketStatus.SUBMITTED
    for _ in range(chance.randrange(1, 9)):
        desk.clock.move(timedelta(minutes=chance.randrange(1, 9 * 24 * 60)))
        step = chance.choice(["move", "move", "move", "reply", "merge"])
        to = chance.choice(sorted(TRANSITIONS[status])) if TRANSITIONS[status] else status
        if step == "merge" and tickets.FINISHED & {status}:
            continue
        if step == "move":
            if to is status or to is TicketStatus.WITHDRAWN:
                continue
            status = to
        await both(step, to.value)


async def _merges_and_back(session, desk: Desk, agent: Agent, row: Ticket) -> None:
    target = await session.scalar(select(Ticket.id).where(Ticket.kind == row.kind, Ticket.subject == "主件"))
    common = {"reason": "同一事项", "now": desk.clock()}
    merged = await merge_tickets(session, desk.office, agent, row.id, into_id=target, version=row.version, **common)
    await unmerge_ticket(session, desk.office, agent, row.id, version=merged.version, **common)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_is_started_late_is_as_if_it_had_been_promised_from_the_start(desk: Desk, agent: Agent, seed: int) -> None:
    chance, start = random.Random(seed), desk.clock()
    await saves_policy(desk, agent, policy_id="assistance", clocks=ALL)
    for kind in ("complaint", "assistance"):
        await opens(desk, kind=kind, subject="主件", facts={"main": kind})
    pairs, end = [], start
    for n in range(20):
        desk.clock.at = start + timedelta(hours=chance.randrange(24 * 20))
        pair = (await opens(desk, kind="complaint", facts={"n": n}), await opens(desk, kind="assistance", facts={"n": n}))
        await lives(desk, agent, pair, chance)
        pairs.append(pair)
        end = max(end, desk.clock())
    desk.clock.at = end
    await recounts(desk)
    shown = await previewed(desk, clocks=ALL)
    await saves_policy(desk, agent, clocks=ALL)
    await settles(desk, limit=7)
    await recounts(desk)
    job = await job_of(desk)
    assert (shown.added, job.added) == (job.added, shown.added) and shown.added > 10
    for late, early in pairs:
        found, wanted = await counting(desk, late), await counting(desk, early)
        assert found == wanted
    shown_new = {(row.subject_id, row.clock): row for row in shown.rows if row.is_new}
    clocks = {(late, name): values for late, _ in pairs for name, values in (await counting(desk, late)).items()}
    for key, row in shown_new.items():
        assert key not in clocks or row.new_due_at == clocks[key][1]
        assert key not in clocks or row.is_used_up == (clocks[key][3] == "breached" and clocks[key][1] < end)


# --- interruptions --------------------------------------------------------------------------


async def many(desk: Desk, number: int) -> list[str]:
    ids = [await opens(desk, facts={"n": n}) for n in range(number)]
    for ticket_id in ids:
        await moves(desk, ticket_id, "accepted", "transferred")
    return ids


async def feedback_clocks(desk: Desk) -> list[str]:
    async with desk.read() as session:
        return list(await session.scalars(select(SlaClock.subject_id).where(SlaClock.clock == "feedback")))


async def test_two_workers_start_each_clock_once_and_one_that_dies_loses_nothing(desk: Desk, agent: Agent) -> None:
    ids = await many(desk, 7)
    await saves_policy(desk, agent, clocks=FEW | {"feedback": Target(30, DAYS)})
    desk.clock.move(timedelta(seconds=16))
    async with desk.begin() as session:
        assert (await sla.recount(session, desk.office.sla, now=desk.clock(), limit=2)).added == 2
    with pytest.raises(RuntimeError):
        async with desk.begin() as session:
            await sla.recount(session, desk.office.sla, now=desk.clock(), limit=2)
            raise RuntimeError("killed")
    await asyncio.gather(recounts(desk, limit=2), recounts(desk, limit=2))
    await recounts(desk)
    assert sorted(await feedback_clocks(desk)) == sorted(ids)
    job = await job_of(desk)
    assert (job.added, job.finished_at) == (7, desk.clock())


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_a_ticket_that_somebody_holds_comes_with_a_later_batch(desk: Desk, agent: Agent) -> None:
    """On SQLite nobody holds one row alone."""
    ids = await many(desk, 4)
    await saves_policy(desk, agent, clocks=FEW | {"feedback": Target(30, DAYS)})
    desk.clock.move(timedelta(seconds=16))
    async with desk.begin() as session:
        await session.get_one(Ticket, sorted(ids)[1], with_for_update=True)
        await asyncio.wait_for(_one_batch(desk), 10)
        assert (await job_of(desk)).finished_at is None
    await recounts(desk)
    assert sorted(await feedback_clocks(desk)) == sorted(ids)
    assert (await job_of(desk)).finished_at == desk.clock()


async def _one_batch(desk: Desk) -> None:
    async with desk.begin() as session:
        batch = await sla.recount(session, desk.office.sla, now=desk.clock())
    assert batch.added == 3


async def test_a_ticket_that_moves_on_meanwhile_has_one_clock(desk: Desk, agent: Agent) -> None:
    ids = await many(desk, 4)
    await saves_policy(desk, agent, clocks=FEW | {"feedback": Target(30, DAYS)})
    desk.clock.move(timedelta(seconds=16))
    await asyncio.gather(recounts(desk, limit=2), *(moves(desk, ticket_id, "resolved") for ticket_id in ids))
    await recounts(desk)
    async with desk.read() as session:
        states = list(await session.scalars(select(SlaClock.state).where(SlaClock.clock == "feedback")))
    assert set(states) <= {"cancelled"}


async def test_the_sample_shows_new_clocks_among_the_others(desk: Desk, agent: Agent, monkeypatch) -> None:
    await many(desk, 9)
    monkeypatch.setattr(previewing, "SAMPLE", 2)
    shown = await previewed(desk, clocks=FEW | {"feedback": Target(30, DAYS)})
    assert (shown.added, len(shown.rows)) == (9, 2)
