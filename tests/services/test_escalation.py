"""Levels of clocks: recorded once, at their own instant, and told to whom the chain names."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import worker
from bot.bootstrap import Desk, close_desk, create_desk
from bot.helpdesk.escalation import By, Step, Tell, When
from bot.helpdesk.presence import Skills
from bot.helpdesk.targets import Target, Unit
from bot.knowledge import load_chains
from bot.services import desk_work, escalation, handoff, sla
from bot.services.escalation import telling
from bot.services.sla import reaching
from bot.store.tables import Agent, Delivery, Notice, SlaClock, SlaEvent, Ticket
from tests.conftest import make_settings
from tests.services.rules import saves_calendar, saves_policy
from tests.support.builders import make_person, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine
from tests.support.library import real_library

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    return await Citizen.arrives(desk)


async def sweeps(desk: Desk, limit: int = 500) -> sla.SweepResult:
    async with desk.begin() as session:
        return await sla.sweep(session, desk.office.sla, now=desk.clock(), limit=limit)


async def first_response(desk: Desk, opened) -> SlaClock:
    async with desk.read() as session:
        return await session.scalar(
            select(SlaClock).where(SlaClock.subject_id == opened.ticket.id, SlaClock.clock == "first_response")
        )


async def events(desk: Desk, clock_id: str | None = None) -> list[SlaEvent]:
    query = select(SlaEvent).order_by(SlaEvent.id)
    if clock_id:
        query = query.where(SlaEvent.clock_id == clock_id)
    async with desk.read() as session:
        return list(await session.scalars(query))


async def notices(desk: Desk, agent=None) -> list[Notice]:
    query = select(Notice).order_by(Notice.id)
    if agent:
        query = query.where(Notice.agent_id == agent.id)
    async with desk.read() as session:
        return list(await session.scalars(query))


async def mails(desk: Desk) -> list[Delivery]:
    async with desk.read() as session:
        return list(await session.scalars(select(Delivery).order_by(Delivery.id)))


async def assign(desk: Desk, agent, opened) -> None:
    async with desk.begin() as session:
        ticket = await session.get_one(Ticket, opened.ticket.id)
        await desk_work.assign(
            session, agent, ticket.id, to_agent_id=agent.id, version=ticket.version, now=desk.clock()
        )


async def test_a_warning_is_told_to_the_one_who_has_the_ticket(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    li, wang = await make_person(desk, "李明"), await make_person(desk, "王敏")
    opened = await make_ticket(desk, citizen.conversation_id)
    await assign(desk, li, opened)
    clock.at = (await first_response(desk, opened)).warn_at + MINUTE
    assert (await sweeps(desk)).warned == 1
    (told,) = await notices(desk)
    assert (told.agent_id, told.kind, told.subject_id) == (li.id, "sla.warned", opened.ticket.id)
    assert told.details["clock"] == "first_response"
    assert await notices(desk, wang) == []


async def test_a_ticket_that_nobody_has_is_told_to_all_agents(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    people = [await make_person(desk), await make_person(desk), await make_person(desk, role="supervisor")]
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).warn_at + MINUTE
    await sweeps(desk)
    assert {notice.agent_id for notice in await notices(desk)} == {person.id for person in people[:2]}


async def person(desk: Desk, *, online: bool = False, role: str = "agent", rights=(), regions=()) -> Agent:
    """Somebody with skills and regions; `online` is as of the moment of the sweep."""
    made = await make_person(desk, role=role)
    async with desk.begin() as session:
        stored = await session.get_one(Agent, made.id)
        stored.skills, stored.regions = Skills((), tuple(rights)).to_json(), list(regions)
        if online:
            stored.presence, stored.presence_at = "online", desk.clock()
    return stored


async def told(desk: Desk) -> set[str]:
    await sweeps(desk)
    return {notice.agent_id for notice in await notices(desk)}


async def test_a_ticket_that_nobody_has_is_told_to_those_who_may_see_it_and_if_there_to_those_suited(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    opened = await make_ticket(desk, citizen.conversation_id, region="330106")
    clock.at = (await first_response(desk, opened)).warn_at + MINUTE
    suited = await person(desk, online=True, rights=["trademark"], regions=["3301"])
    await person(desk, online=True, rights=["patent"])
    await person(desk, rights=["trademark"])
    await person(desk, online=True, rights=["trademark"], regions=["3302"])
    assert await told(desk) == {suited.id}


async def test_one_that_was_moved_to_another_queue_is_told_to_those_who_serve_that_queue(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    opened = await make_ticket(desk, citizen.conversation_id, queue="patent")
    clock.at = (await first_response(desk, opened)).warn_at + MINUTE
    suited = await person(desk, online=True, rights=["patent"])
    await person(desk, online=True, rights=["trademark"])
    assert await told(desk) == {suited.id}


async def test_whoever_counts_as_present_for_a_conversation_does_so_for_a_notice(
    tmp_path: Path, database_url: str, clock: FakeClock
) -> None:
    settings = make_settings(tmp_path, database_url, presence_timeout_seconds=300.0)
    desk = await create_desk(settings, clock=clock, engine=ScriptedEngine(), library=real_library())
    citizen = await Citizen.arrives(desk)
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).warn_at + MINUTE
    quiet, gone = await person(desk, online=True), await person(desk)
    clock.move(4 * MINUTE)
    assert await told(desk) == {quiet.id}, gone.id
    await close_desk(desk)


async def test_with_nobody_suited_there_all_who_may_see_it_are_told(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    opened = await make_ticket(desk, citizen.conversation_id, region="330106")
    clock.at = (await first_response(desk, opened)).warn_at + MINUTE
    unfit = await person(desk, online=True, rights=["patent"])
    away = await person(desk, rights=["trademark"])
    await person(desk, online=True, regions=["3302"])
    assert await told(desk) == {unfit.id, away.id}


async def test_with_nobody_who_may_see_it_the_supervisors_are_told(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    opened = await make_ticket(desk, citizen.conversation_id, region="330106")
    clock.at = (await first_response(desk, opened)).warn_at + MINUTE
    await person(desk, online=True, regions=["3302"])
    supervisor = await person(desk, role="supervisor")
    assert await told(desk) == {supervisor.id}


async def test_supervisors_and_heads_hear_of_what_lies_in_their_part_of_the_country(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    """A mail names the ticket and its subject, which others may not open."""
    opened = await make_ticket(desk, citizen.conversation_id, region="330106")
    here, everywhere = await person(desk, role="supervisor", regions=["33"]), await person(desk, role="supervisor")
    elsewhere, head = await person(desk, role="supervisor", regions=["44"]), await person(desk, role="head", regions=["44"])
    administrator = await person(desk, role="administrator")
    async with desk.begin() as session:
        (await session.get_one(Agent, elsewhere.id)).email = "yue@example.org"
    clock.at = (await first_response(desk, opened)).due_at + 5 * DAY
    assert await told(desk) == {here.id, everywhere.id, administrator.id}
    async with desk.read() as session:
        assert await session.scalar(select(Delivery.id).where(Delivery.kind == "email")) is None
    assert head.id not in {notice.agent_id for notice in await notices(desk)}


async def test_a_waiting_conversation_is_told_where_its_tickets_lie_and_to_those_suited(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    await make_ticket(desk, citizen.conversation_id, region="330106")
    async with desk.begin() as session:
        await handoff.request_human(
            session, desk.office, citizen.conversation_id, reason="asked", now=clock()
        )
    async with desk.read() as session:
        episode = await handoff.current_handoff(session, citizen.conversation_id)
        [clock_row] = await session.scalars(select(SlaClock).where(SlaClock.subject_id == episode.id))
    clock.at = clock_row.warn_at + MINUTE
    suited = await person(desk, online=True, rights=["trademark"])
    await person(desk, online=True, rights=["patent"])
    await person(desk, online=True, rights=["trademark"], regions=["3302"])
    assert await told(desk) == {suited.id}


async def test_a_breach_goes_to_the_supervisor_and_what_stays_undone_to_the_head(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    """Due on Friday at 15:30; 240 working minutes after that is Monday at 12:30 or later."""
    await make_person(desk)
    supervisor = await make_person(desk, role="supervisor", email="banzhang@example.org")
    head = await make_person(desk, role="administrator", email="zhuren@example.org")
    opened = await make_ticket(desk, citizen.conversation_id)
    due_at = (await first_response(desk, opened)).due_at
    clock.at = due_at + MINUTE
    await sweeps(desk)
    assert [n.kind for n in await notices(desk, supervisor)] == ["sla.breached"]
    assert await notices(desk, head) == []
    async with desk.read() as session:
        third = (await session.get_one(SlaClock, (await first_response(desk, opened)).id)).next_check_at
    assert third - due_at > 2 * DAY, "the weekend does not count"
    clock.at = third - MINUTE
    assert (await sweeps(desk)).looked_at == 0
    clock.at = third + MINUTE
    assert (await sweeps(desk)).escalated == 1
    assert [n.kind for n in await notices(desk, head)] == ["sla.escalated"]
    assert sorted((m.target, m.event) for m in await mails(desk)) == [
        ("banzhang@example.org", "sla.breached"),
        ("banzhang@example.org", "sla.escalated"),
        ("zhuren@example.org", "sla.escalated"),
    ]


async def test_an_outage_of_two_days_loses_nothing_and_every_level_keeps_its_instant(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    supervisor = await make_person(desk, role="supervisor", email="banzhang@example.org")
    opened = await make_ticket(desk, citizen.conversation_id)
    before = await first_response(desk, opened)
    clock.at = before.due_at + 5 * DAY
    for _ in range(2):
        await worker.run_once(desk, clock())
    found = await events(desk, before.id)
    assert [(e.kind, e.level) for e in found] == [("warned", 1), ("breached", 2), ("escalated", 3)]
    assert [e.at for e in found[:2]] == [before.warn_at, before.due_at]
    assert before.due_at < found[2].at < clock() and {e.noticed_at for e in found} == {clock()}
    told = Counter(n.kind for n in await notices(desk, supervisor) if n.subject_id == opened.ticket.id)
    assert told["sla.breached"] == told["sla.escalated"] == 1
    assert len({(m.event_key, m.target) for m in await mails(desk)}) == len(await mails(desk))


async def test_midnight_brings_nothing_a_second_time(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    await make_person(desk, role="supervisor", email="banzhang@example.org")
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).due_at + MINUTE
    await sweeps(desk)
    before = (len(await events(desk)), len(await notices(desk)), len(await mails(desk)))
    assert all(before)
    midnight = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    for clock.at in (midnight - MINUTE, midnight, midnight + MINUTE, midnight + DAY):
        await sweeps(desk)
    assert (len(await events(desk)), len(await notices(desk)), len(await mails(desk))) == before


async def test_two_workers_tell_everything_once(desk: Desk, citizen: Citizen, clock: FakeClock) -> None:
    await make_person(desk)
    await make_person(desk, role="supervisor", email="banzhang@example.org")
    for n in range(12):
        await make_ticket(desk, citizen.conversation_id, facts={"n": n})
    clock.move(60 * DAY)

    async def works() -> int:
        total = 0
        while (result := await sweeps(desk, limit=5)).looked_at:
            total += result.breached
        return total

    assert sum(await asyncio.gather(works(), works())) == 24
    assert Counter(e.kind for e in await events(desk)) == {"warned": 24, "breached": 24, "escalated": 24}
    keys = [(n.agent_id, n.key) for n in await notices(desk)]
    assert len(keys) == len(set(keys)) == 24 * (1 + 2 + 1)


async def test_a_clock_set_back_repeats_nothing_and_loses_nothing(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    await make_person(desk, role="supervisor")
    first = await make_ticket(desk, citizen.conversation_id)
    due_at = (await first_response(desk, first)).due_at
    clock.at = due_at + MINUTE
    await sweeps(desk)
    clock.at = due_at - 30 * MINUTE
    second = await make_ticket(desk, citizen.conversation_id, facts={"n": 2})
    await sweeps(desk)
    clock.at = due_at + MINUTE
    assert (await sweeps(desk)).breached == 0
    clock.at = (await first_response(desk, second)).due_at + 10 * DAY
    await sweeps(desk)
    kinds = Counter((e.clock_id, e.kind) for e in await events(desk))
    assert set(kinds.values()) == {1}
    for opened in (first, second):
        assert kinds[(await first_response(desk, opened)).id, "breached"] == 1


async def test_who_answers_late_is_not_spared_the_levels_passed_unseen(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    agent, supervisor = await make_person(desk), await make_person(desk, role="supervisor")
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).due_at + 5 * DAY
    async with desk.begin() as session:
        await desk_work.send_public_reply(
            session, desk.office, agent, opened.ticket.id, text="抱歉来迟", now=clock()
        )
    stopped = await first_response(desk, opened)
    assert [e.kind for e in await events(desk, stopped.id)] == ["warned", "breached", "escalated"]
    assert (stopped.state, stopped.level, stopped.next_check_at) == ("breached", 3, None)
    about_it = [n for n in await notices(desk, supervisor) if n.details["clock"] == "first_response"]
    assert [n.kind for n in about_it] == ["sla.breached", "sla.escalated"]


async def test_nothing_further_is_told_once_the_clock_is_stopped(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    agent = await make_person(desk)
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).due_at + MINUTE
    await sweeps(desk)
    async with desk.begin() as session:
        await desk_work.send_public_reply(session, desk.office, agent, opened.ticket.id, text="已收到", now=clock())
    clock.move(60 * DAY)
    await sweeps(desk)
    stopped = await first_response(desk, opened)
    assert [e.kind for e in await events(desk, stopped.id)] == ["warned", "breached"]


async def test_a_level_is_recorded_with_its_notices_or_not_at_all(
    desk: Desk, citizen: Citizen, clock: FakeClock, monkeypatch
) -> None:
    await make_person(desk)
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).due_at + MINUTE

    async def breaks(*_args: object, **_more: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(reaching, "tell", breaks)
        with pytest.raises(RuntimeError):
            await sweeps(desk)
    assert (await events(desk), await notices(desk)) == ([], [])
    assert (await sweeps(desk)).breached == 1
    assert await notices(desk)


async def test_a_burst_becomes_one_summary_for_each_person_and_level(
    desk: Desk, citizen: Citizen, clock: FakeClock, monkeypatch
) -> None:
    monkeypatch.setattr(telling, "BURST", 3)
    supervisor = await make_person(desk, role="supervisor", email="banzhang@example.org")
    for n in range(5):
        await make_ticket(desk, citizen.conversation_id, facts={"n": n})
    clock.move(timedelta(hours=6))
    assert (await sweeps(desk)).breached == 5
    summaries = {n.kind: n.details["count"] for n in await notices(desk, supervisor)}
    assert summaries == {"sla.warned": 5, "sla.breached": 5}
    (mail,) = await mails(desk)
    assert (mail.payload["data"]["count"], len(mail.payload["data"]["items"])) == (5, 3)


async def test_what_is_unlike_is_counted_together_and_told_apart(
    desk: Desk, citizen: Citizen, clock: FakeClock, monkeypatch
) -> None:
    supervisor = await make_person(desk, role="supervisor", email="banzhang@example.org")
    kinds = [{"queue": "patent"}, {"queue": "trademark"}, {"queue": "trademark"}, {"kind": "assistance"}]
    opened = [await make_ticket(desk, citizen.conversation_id, facts={"n": n}, **kind) for n, kind in enumerate(kinds)]
    clock.move(timedelta(hours=6))
    await sweeps(desk)
    single = [n for n in await notices(desk, supervisor) if n.kind == "sla.breached"]
    assert {n.subject_id for n in single} == {each.ticket.id for each in opened}
    assert len({n.key for n in single}) == len(opened)
    (mail,) = await mails(desk)
    assert {item["number"] for item in mail.payload["data"]["items"]} == {each.ticket.number for each in opened}
    monkeypatch.setattr(telling, "BURST", 3)
    clock.move(timedelta(days=4))
    await sweeps(desk)
    (summary,) = [n for n in await notices(desk, supervisor) if n.kind == "sla.escalated"]
    assert summary.details["count"] == len(opened)


async def test_a_waiting_citizen_is_told_by_the_chain_of_handoffs(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    supervisor = await make_person(desk, role="supervisor")
    await citizen.sends("转人工")
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=clock())
    clock.move(timedelta(minutes=11))
    await sweeps(desk)
    assert {n.subject_kind for n in await notices(desk, supervisor)} == {"handoff"}
    clock.move(timedelta(minutes=30))
    assert (await sweeps(desk)).escalated == 1


async def test_further_levels_follow_by_the_working_time_of_the_clocks_own_calendar(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    supervisor = await make_person(desk, role="supervisor")
    night = {weekday: ((time(20), time(23)),) for weekday in range(7)}
    await saves_calendar(desk, supervisor, id="night", base_version=0, frames=night, days={}, loaded_years=frozenset())
    await saves_policy(desk, supervisor, calendar_id="night", clocks={"first_response": Target(60, Unit.WORKING_MINUTES)})
    await save(desk, supervisor, "ticket", steps(60), based_on=1)
    opened = await make_ticket(desk, citizen.conversation_id)
    due = (await first_response(desk, opened)).due_at
    assert due == datetime(2026, 11, 20, 13, tzinfo=UTC)
    clock.at = due + DAY
    await sweeps(desk)
    assert [e.at for e in await events(desk) if e.kind == "escalated"] == [due + 60 * MINUTE]


async def test_a_mailbox_that_two_people_share_reads_of_each_clock_once(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    for name in ("王主管", "周主管"):
        await make_person(desk, name, role="supervisor", email="lead@example.org")
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).due_at + MINUTE
    await sweeps(desk)
    (mail,) = [m for m in await mails(desk) if m.event == "sla.breached"]
    assert mail.payload["data"]["count"] == len(mail.payload["data"]["items"]) == 1


# --- versions of chains ---------------------------------------------------------------------


def steps(*further_minutes: int) -> tuple[Step, ...]:
    base = (
        Step(1, When.WARN, (Tell.ASSIGNEE,), (By.CONSOLE,)),
        Step(2, When.BREACH, (Tell.SUPERVISORS,), (By.CONSOLE,)),
    )
    more = tuple(
        Step(level, When.AFTER_BREACH, (Tell.HEAD,), (By.CONSOLE,), Target(minutes, Unit.WORKING_MINUTES))
        for level, minutes in enumerate(further_minutes, start=3)
    )
    return base + more


async def save(desk: Desk, agent, applies_to: str, chosen: tuple[Step, ...], based_on: int, **more):
    async with desk.begin() as session:
        return await escalation.save_chain(
            session, agent, applies_to, chosen, heads=more.get("heads", ()), note="", based_on=based_on,
            now=desk.clock(),
        )  # fmt: skip


async def test_a_new_version_holds_from_now_on_and_old_ones_stay(desk: Desk, clock: FakeClock) -> None:
    supervisor = await make_person(desk, role="supervisor")
    await save(desk, supervisor, "ticket", steps(60, 120), based_on=1)
    async with desk.read() as session:
        versions = await escalation.chain_versions(session, "ticket")
        book = await escalation.chain_book(session)
    assert [v.chain.version for v in versions] == [2, 1]
    assert [v.created_by for v in versions] == [supervisor.id, None]
    assert len(book.of("ticket", "complaint").steps) == 4


async def test_of_two_who_save_at_once_the_second_is_told(desk: Desk) -> None:
    supervisor = await make_person(desk, role="supervisor")
    results = await asyncio.gather(
        *(save(desk, supervisor, "ticket", steps(60), based_on=1) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(r).__name__ for r in results) == ["Chain", "ChainChangedMeanwhile"]


async def test_a_breached_clock_at_rest_climbs_on_when_the_chain_grows(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    supervisor = await make_person(desk, role="supervisor")
    await save(desk, supervisor, "ticket", steps(), based_on=1)
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).due_at + 10 * DAY
    await sweeps(desk)
    assert (await first_response(desk, opened)).next_check_at is None
    await save(desk, supervisor, "ticket", steps(60), based_on=2)
    await worker.wake_breached(desk)
    assert (await sweeps(desk)).escalated >= 1
    assert (await first_response(desk, opened)).level == 3
    await worker.wake_breached(desk)
    assert (await sweeps(desk)).escalated == 0


async def test_a_level_that_a_new_chain_brings_forward_is_not_waited_for(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    supervisor = await make_person(desk, role="supervisor")
    await save(desk, supervisor, "ticket", steps(100_000), based_on=1)
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).due_at + 10 * DAY
    await sweeps(desk)
    late = (await first_response(desk, opened)).next_check_at
    assert late > clock.at
    await worker.wake_breached(desk)
    assert (await sweeps(desk)).escalated == 0
    assert (await first_response(desk, opened)).next_check_at == late
    await save(desk, supervisor, "ticket", steps(60), based_on=2)
    await worker.wake_breached(desk)
    assert (await sweeps(desk)).escalated >= 1
    assert (await first_response(desk, opened)).level == 3


async def climbs(desk: Desk, applies_to: str, *further: int) -> sla.Climb:
    """Preview a chain on top of the latest version."""
    async with desk.read() as session:
        versions = await escalation.chain_versions(session, applies_to)
        chain = await escalation.propose_chain(
            session, applies_to, steps(*further), heads=(), note="", based_on=versions[0].chain.version if versions else 0
        )
        return await sla.preview_chain(session, desk.office.sla, chain, now=desk.clock())


async def test_a_preview_says_which_late_clocks_would_climb_and_changes_nothing(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    supervisor = await make_person(desk, role="supervisor")
    await save(desk, supervisor, "ticket", steps(1000), based_on=1)
    opened = await make_ticket(desk, citizen.conversation_id)
    await make_ticket(desk, citizen.conversation_id, kind="assistance", facts={"right": "patent"})
    due = (await first_response(desk, opened)).due_at
    assert (await climbs(desk, "ticket", 60)).looked_at == 0, "nothing is late yet"
    clock.at = due + 90 * MINUTE
    await sweeps(desk)
    before = await first_response(desk, opened)

    def totals(climb: sla.Climb) -> tuple[int, ...]:
        return climb.looked_at, climb.at_once, climb.sooner, climb.later, climb.resting

    assert totals(await climbs(desk, "ticket", 1000)) == (2, 0, 0, 0, 0)
    assert totals(await climbs(desk, "ticket", 60)) == (2, 2, 0, 0, 0)
    assert totals(await climbs(desk, "ticket", 500)) == (2, 0, 2, 0, 0)
    assert totals(await climbs(desk, "ticket", 2000)) == (2, 0, 0, 2, 0)
    assert totals(await climbs(desk, "ticket")) == (2, 0, 0, 0, 2)
    only_complaints = await climbs(desk, "complaint", 60)
    assert totals(only_complaints) == (1, 1, 0, 0, 0)
    (row,) = only_complaints.rows
    assert (row.number, row.at_once, row.new) == (opened.ticket.number, (3,), None)
    assert (row.old.level, row.old.at) == (3, before.next_check_at)
    assert (await first_response(desk, opened)).next_check_at == before.next_check_at


async def test_a_chain_of_one_kind_wins_and_named_heads_are_told(
    desk: Desk, citizen: Citizen, clock: FakeClock
) -> None:
    supervisor, head = await make_person(desk, role="supervisor"), await make_person(desk, "周主任")
    administrator = await make_person(desk, role="administrator")
    await save(desk, supervisor, "complaint", steps(30), based_on=0, heads=(head.id,))
    opened = await make_ticket(desk, citizen.conversation_id)
    clock.at = (await first_response(desk, opened)).due_at + 10 * DAY
    await sweeps(desk)
    assert "sla.escalated" in {n.kind for n in await notices(desk, head)}
    assert await notices(desk, administrator) == []


async def test_shipped_chains_are_stored_once_and_never_replace_what_was_changed_here(desk: Desk) -> None:
    shipped = load_chains(desk.settings.knowledge_dir)
    supervisor = await make_person(desk, role="supervisor")
    await save(desk, supervisor, "ticket", steps(), based_on=1)
    newer = [type(chain)(chain.id, 5, chain.applies_to, chain.steps) for chain in shipped]
    for given in (shipped, newer, newer):
        async with desk.begin() as session:
            await escalation.ship_chains(session, given, now=desk.clock())
    async with desk.read() as session:
        versions = {
            name: [v.chain.version for v in await escalation.chain_versions(session, name)]
            for name in ("ticket", "handoff")
        }
    assert versions == {"ticket": [2, 1], "handoff": [5, 1]}
