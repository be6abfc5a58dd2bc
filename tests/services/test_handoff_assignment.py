"""Giving waiting conversations out: in turn, to who has the fewest, and never by a name that nobody knows."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot import cli
from bot.bootstrap import Desk
from bot.helpdesk.presence import Assignment
from bot.services.reading import status
from bot.settings import Settings
from tests.support.clock import FakeClock
from tests.support.handoffs import claims, hands_back, present_agent, stored, waiting_citizen, works


def by(desk: Desk, assignment: Assignment) -> None:
    object.__setattr__(desk.office, "handoff", dataclasses.replace(desk.office.handoff, assignment=assignment))


async def test_conversations_are_given_in_turn_however_many_each_has(desk: Desk, clock: FakeClock) -> None:
    by(desk, Assignment.ROUND_ROBIN)
    agents = [await present_agent(desk, name) for name in ("甲", "乙", "丙")]
    given = []
    for _ in range(6):
        citizen = await waiting_citizen(desk, clock)
        given.append((await stored(desk, citizen)).agent_id)
        if given[-1] == agents[0].id:
            # Free again at once, and yet it is the others' turn.
            await hands_back(desk, agents[0], citizen)
    assert len(set(given[:3])) == 3 and given[3:] == given[:3]


async def test_who_let_a_citizen_wait_has_had_their_turn(desk: Desk, clock: FakeClock) -> None:
    by(desk, Assignment.ROUND_ROBIN)
    silent, other = await present_agent(desk, "甲"), await present_agent(desk, "乙", capacity=0)
    lost = await waiting_citizen(desk, clock)
    assert (await stored(desk, lost)).agent_id == silent.id
    for _ in range(2):
        clock.move(timedelta(minutes=4))
        await works(desk, silent, other)
    assert (await stored(desk, lost)).owner == "queued"
    async with desk.begin() as session:
        (await session.get_one(type(other), other.id)).capacity = 5
    await works(desk, silent, other)
    assert (await stored(desk, lost)).agent_id == other.id
    clock.move(timedelta(seconds=1))
    assert (await stored(desk, await waiting_citizen(desk, clock))).agent_id == silent.id


async def test_whoever_let_a_citizen_wait_gets_them_again_when_nobody_else_can(desk: Desk, clock: FakeClock) -> None:
    by(desk, Assignment.LONGEST_FREE)
    only = await present_agent(desk)
    citizen = await waiting_citizen(desk, clock)
    for _ in range(2):
        clock.move(timedelta(minutes=4))
        await works(desk, only)
    assert (await stored(desk, citizen)).owner == "queued"
    clock.move(desk.office.handoff.anyone_after)
    await works(desk, only)
    assert (await stored(desk, citizen)).agent_id == only.id


async def test_who_asked_while_the_office_was_closed_is_given_out_after_the_opening(
    desk: Desk, clock: FakeClock
) -> None:
    by(desk, Assignment.LONGEST_FREE)
    clock.at = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)  # Friday evening
    citizen = await waiting_citizen(desk)
    agent = await present_agent(desk)
    await works(desk, agent)
    assert (await stored(desk, citizen)).owner == "offline_ticket"
    clock.at = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    async with desk.read() as session:
        told = await status(session, desk.office, citizen.conversation_id, now=clock())
    assert (told.place, told.opens_at) == (1, None)
    await works(desk, agent)
    assert (await stored(desk, citizen)).agent_id == agent.id


async def test_the_least_busy_have_the_fewest_in_hand_then_were_given_the_fewest(desk: Desk, clock: FakeClock) -> None:
    by(desk, Assignment.CLAIM)
    a, b = await present_agent(desk, "甲", capacity=50), await present_agent(desk, "乙", capacity=2)
    for agent, count in ((a, 2), (b, 1)):
        for _ in range(count):
            await claims(desk, agent, await waiting_citizen(desk, clock))
    by(desk, Assignment.LEAST_BUSY)
    assert (await stored(desk, await waiting_citizen(desk, clock))).agent_id == b.id, "one against two"
    done = await waiting_citizen(desk, clock)
    assert (await stored(desk, done)).agent_id == a.id, "no place left"
    await hands_back(desk, a, done)
    async with desk.begin() as session:
        (await session.get_one(type(b), b.id)).capacity = 9
    assert (await stored(desk, await waiting_citizen(desk, clock))).agent_id == b.id, "two against two, but given fewer"


@pytest.mark.parametrize("assignment", list(Assignment))
def test_every_assignment_can_be_set_by_its_name(assignment: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGHTSDESK_HANDOFF_ASSIGNMENT", assignment.value)
    assert Settings().handoff_assignment is assignment


def test_an_unknown_one_is_refused_at_the_start_and_the_known_ones_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RIGHTSDESK_HANDOFF_ASSIGNMENT", "by_magic")
    with pytest.raises(ValidationError):
        Settings()
    monkeypatch.setattr("sys.argv", ["rightsdesk", "status", "--data", str(tmp_path)])
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().err
    assert "RIGHTSDESK_HANDOFF_ASSIGNMENT" in said and "'round_robin'" in said and "Traceback" not in said
