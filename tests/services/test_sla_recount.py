"""Counting open clocks again after a save: what the preview said, from history, in any interruption."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot import worker
from bot.bootstrap import Desk
from bot.helpdesk.calendar import CalendarVersion
from bot.helpdesk.sla import ClockState, Pause, Target, compute
from bot.helpdesk.ticket import TicketStatus
from bot.services import desk_work, sla
from bot.services.opening import TicketDraft, open_ticket
from bot.services.sla import previewing
from bot.store.tables import SlaClock, SlaEvent, SlaPause, SlaRecount, Ticket
from tests.services.rules import (
    DAYS,
    HALF_DAY,
    HOLIDAYS_2027,
    MINUTES,
    calendar_draft,
    events_of,
    policy_draft,
    recounts,
    saves_calendar,
    saves_policy,
    stored_clocks,
)
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.steps import asks_for_correction

FAST = {"first_response": Target(240, MINUTES), "acceptance": Target(3, DAYS)}


async def opens(desk: Desk, **changes: object) -> str:
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id, **changes)
    return opened.ticket.id


async def moves(desk: Desk, ticket_id: str, to: str, reason: str = "请补充") -> None:
    agent = await make_agent(desk)
    async with desk.begin() as session:
        ticket = await session.get_one(Ticket, ticket_id)
        await desk_work.change_status(
            session, desk.office, agent, ticket_id, to=to, reason=reason,
            version=ticket.version, now=desk.clock(),
        )  # fmt: skip


async def looks_ahead(desk: Desk, version, scope: str = sla.RUNNING) -> sla.Preview:
    async with desk.read() as session:
        return await sla.preview(session, desk.office.sla, version, scope=scope, now=desk.clock())


async def acceptance_of(desk: Desk, ticket_id: str) -> SlaClock:
    return (await stored_clocks(desk, subject_id=ticket_id))["acceptance"]


# --- preview and save agree -----------------------------------------------------------------


async def many_histories(desk: Desk, seed: int) -> None:
    """Give tickets opened over two months pauses of every kind: over nights, make-up days, still open."""
    chance, clock = random.Random(seed), desk.clock
    end = clock()
    for n in range(24):
        clock.at = end - timedelta(minutes=chance.randrange(60 * 24 * 60))
        ticket_id = await opens(desk, kind=chance.choice(["complaint", "complaint", "assistance"]), facts={"n": n})
        started = clock.at
        acceptance = await acceptance_of(desk, ticket_id)
        if chance.random() < 0.6:
            from_at = started + timedelta(minutes=chance.randrange(2 * 24 * 60))
            to_at = from_at + timedelta(minutes=chance.randrange(20 * 24 * 60))
            is_open = to_at >= end or chance.random() < 0.3
            async with desk.begin() as session:
                row = await session.get_one(SlaClock, acceptance.id)
                if from_at < min(end, row.due_at):
                    session.add(SlaPause(clock_id=row.id, from_at=from_at, to_at=None if is_open else to_at, reason="needs_correction"))
                    if is_open:
                        row.state, row.next_check_at = ClockState.PAUSED, None
                    else:
                        policy = desk.office.sla.version(row.policy_id, 1)
                        due = compute(row.started_at, policy.clocks["acceptance"], desk.office.calendar, [Pause(from_at, to_at)])
                        row.due_at, row.warn_at, row.next_check_at = due.due_at, due.warn_at, due.warn_at
    clock.at = end
    async with desk.begin() as session:
        await sla.sweep(session, desk.office.sla, now=end)


async def from_scratch(desk: Desk, clock: SlaClock) -> datetime:
    book = desk.office.sla
    policy = book.version(clock.policy_id, clock.policy_version)
    async with desk.read() as session:
        rows = await session.scalars(select(SlaPause).where(SlaPause.clock_id == clock.id))
        pauses = [Pause(row.from_at, row.to_at) for row in rows]
    calendar = book.calendar_version(clock.calendar_id, clock.calendar_version).calendar
    return compute(clock.started_at, policy.clocks[clock.clock], calendar, pauses).due_at


async def every_clock(desk: Desk) -> dict[str, SlaClock]:
    async with desk.read() as session:
        return {clock.id: clock for clock in await session.scalars(select(SlaClock))}


async def breached_clocks(desk: Desk) -> set[str]:
    async with desk.read() as session:
        return set(await session.scalars(select(SlaEvent.clock_id).where(SlaEvent.kind == "breached")))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_the_preview_shows_is_what_saving_then_does(desk: Desk, seed: int) -> None:
    chance = random.Random(seed + 100)
    await many_histories(desk, seed)
    agent = await make_agent(desk)
    if seed == 3:
        changes = {"days": {**desk.office.calendar.days, date(2026, 11, 23): HALF_DAY, date(2026, 11, 24): calendar_day()}}
        version = sla.propose_calendar(desk.office.sla, calendar_draft(desk, loaded_years=frozenset({2026}), **changes))
        shown = await looks_ahead(desk, version)
        before = await every_clock(desk)
        await saves_calendar(desk, agent, loaded_years=frozenset({2026}), **changes)
    else:
        clocks = {"first_response": Target(chance.randrange(30, 600), MINUTES), "acceptance": Target(chance.randrange(1, 14), DAYS)}
        shown = await looks_ahead(desk, sla.propose_policy(desk.office.sla, policy_draft(desk, clocks=clocks), now=desk.clock()))
        before = await every_clock(desk)
        await saves_policy(desk, agent, clocks=clocks)
    counted = await recounts(desk, limit=7)
    after = await every_clock(desk)
    assert shown.looked_at == counted > 0
    assert shown.moved > 0
    moved = {row.clock_id: row for row in shown.rows}
    assert {i for i in before if before[i].due_at != after[i].due_at} <= set(moved)
    for clock_id, row in moved.items():
        assert (row.old_due_at, row.new_due_at) == (before[clock_id].due_at, after[clock_id].due_at)
        assert row.is_provisional == after[clock_id].provisional
    assert sum(row.is_used_up for row in shown.rows) == shown.used_up
    earlier = await breached_clocks(desk)
    async with desk.begin() as session:
        await sla.sweep(session, desk.office.sla, now=desk.clock() + timedelta(seconds=1))
    used_up = {row.clock_id for row in shown.rows if row.is_used_up}
    assert await breached_clocks(desk) - earlier == used_up
    for clock in after.values():
        assert clock.due_at == await from_scratch(desk, clock)


def calendar_day():
    return type(HALF_DAY)("holiday", "临时放假", "通知")


async def test_a_preview_changes_nothing(desk: Desk) -> None:
    ticket_id = await opens(desk)
    before = await acceptance_of(desk, ticket_id)
    shown = await looks_ahead(desk, sla.propose_policy(desk.office.sla, policy_draft(desk), now=desk.clock()))
    after = await acceptance_of(desk, ticket_id)
    assert (shown.earlier, shown.rows[0].number is not None, shown.rows[0].link_id) == (1, True, ticket_id)
    assert (after.due_at, after.policy_version) == (before.due_at, 1)
    assert desk.office.sla.size == (4, 1)


async def test_a_preview_shows_a_sample_and_the_totals_of_all(desk: Desk, monkeypatch) -> None:
    monkeypatch.setattr(previewing, "SAMPLE", 2)
    for n in range(12):
        await opens(desk, facts={"n": n})
        desk.clock.move(timedelta(minutes=1))
    shown = await looks_ahead(desk, sla.propose_policy(desk.office.sla, policy_draft(desk), now=desk.clock()))
    assert (shown.looked_at, shown.earlier, len(shown.rows)) == (24, 12, 2)


async def test_for_new_clocks_only_nothing_moves(desk: Desk) -> None:
    await opens(desk)
    version = sla.propose_policy(desk.office.sla, policy_draft(desk), now=desk.clock())
    assert (await looks_ahead(desk, version, sla.NONE)).looked_at == 0


# --- from history ---------------------------------------------------------------------------


async def test_a_pause_over_a_night_and_a_make_up_day_is_counted_as_it_was(desk: Desk, clock: FakeClock) -> None:
    clock.at = datetime(2026, 2, 12, 2, 0, tzinfo=UTC)  # Thursday before the Spring Festival
    ticket_id = await opens(desk)
    clock.at = datetime(2026, 2, 13, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    await asks_for_correction(desk, await make_agent(desk), ticket_id)
    clock.at = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)  # after the close of the make-up Saturday
    async with desk.begin() as session:
        ticket = await session.get_one(Ticket, ticket_id)
        await desk_work.move(session, desk.office, ticket, TicketStatus.SUBMITTED, actor="citizen", reason="", now=clock())
    await saves_policy(desk, await make_agent(desk))
    await recounts(desk)
    acceptance = await acceptance_of(desk, ticket_id)
    # Friday 13 counts, the make-up Saturday stood still, then Tuesday 24 and Wednesday 25.
    assert acceptance.due_at.astimezone(desk.office.calendar.zone) == datetime(2026, 2, 25, 17, 30, tzinfo=desk.office.calendar.zone)
    assert (acceptance.policy_version, acceptance.state) == (2, "running")


async def test_a_loaded_year_settles_provisional_dates_though_it_is_for_new_clocks_only(
    desk: Desk, clock: FakeClock
) -> None:
    clock.at = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
    provisional = await opens(desk)
    settled = (await acceptance_of(desk, provisional)).due_at
    first_response = (await stored_clocks(desk, subject_id=provisional))["first_response"]
    await saves_calendar(desk, await make_agent(desk), to_running=False)
    assert await recounts(desk) == 1
    after = await acceptance_of(desk, provisional)
    assert not after.provisional and after.due_at != settled
    assert after.calendar_version == 2
    assert (await stored_clocks(desk, subject_id=provisional))["first_response"].calendar_version == first_response.calendar_version == 1


@pytest.mark.parametrize("is_waiting", [False, True])
async def test_a_year_that_comes_with_the_next_shipped_version_settles_provisional_dates(
    desk: Desk, clock: FakeClock, is_waiting: bool
) -> None:
    clock.at = datetime(2026, 12, 28, 2, tzinfo=UTC)
    ticket_id = await opens(desk)
    if is_waiting:
        await asks_for_correction(desk, await make_agent(desk), ticket_id)
    before = await acceptance_of(desk, ticket_id)
    with_year = replace(desk.office.calendar, days={**desk.office.calendar.days, **HOLIDAYS_2027}, loaded_years=frozenset({2026, 2027}))
    async with desk.begin() as session:
        await sla.take_over_shipped(session, sla.SlaBook([CalendarVersion("main", 2, with_year)], ()), now=clock())
    await recounts(desk)
    after = await acceptance_of(desk, ticket_id)
    assert (before.provisional, after.provisional, after.calendar_version) == (True, False, 2)
    async with desk.read() as session:
        active = await session.scalars(select(SlaClock.due_at).where(SlaClock.stopped_at.is_(None)))
        assert (await session.get_one(Ticket, ticket_id)).next_due_at == min(active)


async def test_the_ticket_list_sorts_by_the_new_due_date(desk: Desk) -> None:
    ticket_id = await opens(desk)
    await saves_policy(desk, await make_agent(desk), clocks={"acceptance": Target(3, DAYS), "first_response": Target(60, MINUTES)})
    await recounts(desk)
    async with desk.read() as session:
        ticket = await session.get_one(Ticket, ticket_id)
    clocks = await stored_clocks(desk, subject_id=ticket_id)
    assert ticket.next_due_at == min(clock.due_at for clock in clocks.values())


async def test_a_clock_that_is_no_longer_promised_stays_under_the_version_that_promised_it(desk: Desk) -> None:
    ticket_id = await opens(desk)
    only = {"acceptance": Target(3, DAYS)}
    shown = await looks_ahead(desk, sla.propose_policy(desk.office.sla, policy_draft(desk, clocks=only), now=desk.clock()))
    await saves_policy(desk, await make_agent(desk), clocks=only)
    await recounts(desk)
    clocks = await stored_clocks(desk, subject_id=ticket_id)
    assert shown.kept == 1
    assert (clocks["first_response"].policy_version, clocks["acceptance"].policy_version) == (1, 2)


# --- what happened stays --------------------------------------------------------------------


async def test_a_breach_is_never_undone_even_one_that_no_sweep_had_seen(desk: Desk, clock: FakeClock) -> None:
    ticket_id = await opens(desk)
    due_at = (await acceptance_of(desk, ticket_id)).due_at
    clock.at = due_at + timedelta(minutes=1)
    await saves_policy(desk, await make_agent(desk), clocks=FAST | {"acceptance": Target(30, DAYS)})
    async with desk.begin() as session:
        await sla.recount(session, desk.office.sla, now=clock())
    await recounts(desk)
    acceptance = await acceptance_of(desk, ticket_id)
    assert (acceptance.state, acceptance.due_at, acceptance.policy_version) == ("breached", due_at, 1)
    assert (await events_of(desk, "breached"))[0].policy_version == 1


async def test_time_that_is_over_under_the_new_rule_is_a_breach_at_its_due_instant(desk: Desk, clock: FakeClock) -> None:
    ticket_id = await opens(desk)
    clock.move(timedelta(days=6))
    await saves_policy(desk, await make_agent(desk), clocks=FAST | {"acceptance": Target(1, DAYS)})
    await recounts(desk)
    await recounts(desk)
    acceptance = await acceptance_of(desk, ticket_id)
    [breach] = [e for e in await events_of(desk, "breached") if e.clock_id == acceptance.id]
    assert (breach.at, breach.policy_version) == (acceptance.due_at, 2)
    assert breach.at < clock() == breach.noticed_at


async def test_a_pause_that_began_after_the_time_was_used_up_ends(desk: Desk, clock: FakeClock) -> None:
    ticket_id = await opens(desk)
    clock.move(timedelta(days=5))
    await asks_for_correction(desk, await make_agent(desk), ticket_id)
    clock.move(timedelta(days=1))
    await saves_policy(desk, await make_agent(desk), clocks=FAST | {"acceptance": Target(1, DAYS)})
    await recounts(desk)
    async with desk.begin() as session:
        await sla.sweep(session, desk.office.sla, now=clock())
    assert (await acceptance_of(desk, ticket_id)).state == "breached"
    async with desk.read() as session:
        [pause] = list(await session.scalars(select(SlaPause)))
    assert pause.to_at == clock()


async def test_old_warnings_stay_and_a_new_promise_warns_anew(desk: Desk, clock: FakeClock) -> None:
    ticket_id = await opens(desk)
    clock.at = (await acceptance_of(desk, ticket_id)).warn_at + timedelta(minutes=1)
    await saves_policy(desk, await make_agent(desk), clocks=FAST | {"acceptance": Target(30, DAYS)})
    await recounts(desk)
    clock.at = (await acceptance_of(desk, ticket_id)).warn_at + timedelta(minutes=1)
    await recounts(desk)
    acceptance = await acceptance_of(desk, ticket_id)
    warnings = [e.policy_version for e in await events_of(desk, "warned") if e.clock_id == acceptance.id]
    assert warnings == [1, 2]


async def test_a_change_of_the_calendar_alone_does_not_warn_twice(desk: Desk, clock: FakeClock) -> None:
    ticket_id = await opens(desk)
    clock.at = (await acceptance_of(desk, ticket_id)).warn_at + timedelta(minutes=1)
    days = dict(desk.office.calendar.days)
    days |= {desk.office.calendar.local_date(clock()) + timedelta(days=1): calendar_day()}
    await saves_calendar(desk, await make_agent(desk), days=days, loaded_years=frozenset({2026}))
    await recounts(desk)
    await recounts(desk)
    acceptance = await acceptance_of(desk, ticket_id)
    kinds = Counter(e.kind for e in await events_of(desk, "warned") + await events_of(desk, "recomputed") if e.clock_id == acceptance.id)
    assert kinds == {"warned": 1, "recomputed": 1}


# --- interruptions --------------------------------------------------------------------------


async def test_a_process_that_dies_between_batches_leaves_the_rest_to_the_next(desk: Desk, clock: FakeClock) -> None:
    for n in range(5):
        await opens(desk, facts={"n": n})
    await saves_policy(desk, await make_agent(desk), clocks=FAST)
    async with desk.begin() as session:
        await sla.recount(session, desk.office.sla, now=clock(), limit=4)
    with pytest.raises(RuntimeError):
        async with desk.begin() as session:
            await sla.recount(session, desk.office.sla, now=clock(), limit=4)
            raise RuntimeError("killed")
    assert await recounts(desk, limit=4) == 6
    clocks = await every_clock(desk)
    assert {clock.policy_version for clock in clocks.values()} == {2}
    events = await events_of(desk, "recomputed")
    assert len(events) == len({event.clock_id for event in events}) == 10


async def test_two_workers_count_each_clock_once(desk: Desk) -> None:
    for n in range(6):
        await opens(desk, facts={"n": n})
    await saves_policy(desk, await make_agent(desk), clocks=FAST)
    counted = await asyncio.gather(recounts(desk, limit=3), recounts(desk, limit=3))
    counted.append(await recounts(desk))
    assert sum(counted) == 12
    assert len(await events_of(desk, "recomputed")) == 12


async def test_a_ticket_that_is_worked_on_meanwhile_loses_nothing(desk: Desk) -> None:
    ids = [await opens(desk, facts={"n": n}) for n in range(4)]
    await saves_policy(desk, await make_agent(desk), clocks=FAST)
    await asyncio.gather(recounts(desk, limit=2), *(moves(desk, i, "accepted", "") for i in ids))
    await recounts(desk)
    for ticket_id in ids:
        clocks = await stored_clocks(desk, subject_id=ticket_id)
        assert clocks["acceptance"].state == "met"
        assert clocks["first_response"].policy_version == 2


async def test_a_clock_started_late_under_the_old_version_is_counted_too(desk: Desk, clock: FakeClock) -> None:
    await saves_policy(desk, await make_agent(desk), clocks=FAST)
    assert await recounts(desk) == 0
    # A process that has not heard yet:
    old = sla.SlaBook(desk.office.sla.calendars, [p for p in desk.office.sla.policies if p.version == 1])
    stale = type(desk.office)(desk.office.texts, old, desk.office.signer)
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        draft = TicketDraft(
            kind="complaint", subject="x", facts={}, queue="patent", channel="web", conversation_id=citizen.conversation_id
        )
        await open_ticket(session, stale, draft, now=clock())
    assert await recounts(desk) == 2
    clock.move(timedelta(seconds=16))
    assert await recounts(desk) == 0
    async with desk.read() as session:
        assert not await sla.is_recount_open(session, now=clock())


async def test_a_version_that_takes_effect_later_moves_clocks_then(desk: Desk, clock: FakeClock) -> None:
    await opens(desk)
    await saves_policy(desk, await make_agent(desk), effective_from=date(2026, 11, 24), clocks=FAST)
    assert await recounts(desk) == 0
    clock.move(timedelta(days=4))
    assert await recounts(desk) == 1  # the first response was breached by then


async def test_the_worker_counts_again_and_closes_the_order(desk: Desk, clock: FakeClock) -> None:
    await opens(desk)
    await saves_policy(desk, await make_agent(desk), clocks=FAST)
    await worker.recount_clocks(desk, clock())
    clock.move(timedelta(seconds=16))
    await worker.recount_clocks(desk, clock())
    async with desk.read() as session:
        [job] = list(await session.scalars(select(SlaRecount)))
    assert (job.counted, job.moved, job.finished_at) == (2, 1, clock())


async def test_the_watching_worker_learns_what_another_process_saved(desk: Desk) -> None:
    await opens(desk)
    await saves_policy(desk, await make_agent(desk), clocks=FAST)
    desk.office.sla.__init__(desk.office.sla.calendars, [p for p in desk.office.sla.policies if p.version == 1])
    stop = asyncio.Event()
    watching = asyncio.create_task(worker.watch_rules(desk, stop))
    async with asyncio.timeout(20):
        while {clock.policy_version for clock in (await every_clock(desk)).values()} != {2}:
            await asyncio.sleep(0.02)
    stop.set()
    await watching
    assert desk.office.sla.size == (5, 1)


async def test_events_are_unique_for_each_pair_of_versions(desk: Desk) -> None:
    ticket_id = await opens(desk)
    agent = await make_agent(desk)
    await saves_policy(desk, agent, clocks=FAST)
    await recounts(desk)
    days = {**desk.office.calendar.days, date(2026, 11, 24): calendar_day()}
    await saves_calendar(desk, agent, days=days, loaded_years=frozenset({2026}))
    await recounts(desk)
    acceptance = await acceptance_of(desk, ticket_id)
    keys = [(e.policy_version, e.level) for e in await events_of(desk, "recomputed") if e.clock_id == acceptance.id]
    assert keys == [(2, 1), (2, 2)]


# --- versions that follow each other ---------------------------------------------------------


async def test_a_promise_put_right_before_it_takes_effect_does_no_harm(desk: Desk, clock: FakeClock) -> None:
    """The mistaken version would have made the clock late at midnight, and a breach is never undone."""
    agent, ticket_id = await make_agent(desk), await opens(desk)
    due_at = (await acceptance_of(desk, ticket_id)).due_at
    day = desk.office.calendar.local_date(clock() + timedelta(days=3))
    slip, meant = {"acceptance": Target(1, MINUTES)}, {"acceptance": Target(9, DAYS)}
    await saves_policy(desk, agent, clocks=slip, effective_from=day)
    await saves_policy(desk, agent, clocks=meant, effective_from=day)
    clock.move(timedelta(days=4))
    await recounts(desk)
    acceptance = await acceptance_of(desk, ticket_id)
    assert (acceptance.policy_version, acceptance.state) == (3, "running") and acceptance.due_at > due_at
    assert [(event.policy_version, event.clock_id) for event in await events_of(desk, "recomputed")] == [(3, acceptance.id)]
    clock.move(timedelta(seconds=16))
    await recounts(desk)
    async with desk.read() as session:
        assert not await sla.is_recount_open(session, now=clock())


async def test_a_later_version_for_provisional_dates_does_not_keep_one_for_all_from_its_clocks(desk: Desk) -> None:
    agent, ticket_id = await make_agent(desk), await opens(desk)
    holiday = {**desk.office.calendar.days, date(2026, 11, 23): calendar_day()}
    await saves_calendar(desk, agent, days=holiday, loaded_years=frozenset({2026}))
    await saves_calendar(desk, agent, days={**holiday, date(2026, 11, 24): calendar_day()}, loaded_years=frozenset({2026}), to_running=False)
    await recounts(desk)
    assert (await acceptance_of(desk, ticket_id)).calendar_version == 2


async def test_a_clock_on_its_centres_calendar_stays_there_when_the_policy_named_it_for_a_while(desk: Desk) -> None:
    agent = await make_agent(desk)
    await saves_calendar(desk, agent, id="east", base_version=0)
    theirs, ours = await opens(desk, centre="east"), await opens(desk, facts={"n": 2})
    for calendar_id, wanted in (("east", ("east", "east")), ("main", ("east", "main"))):
        await saves_policy(desk, agent, calendar_id=calendar_id)
        await recounts(desk)
        found = [(await acceptance_of(desk, ticket_id)).calendar_id for ticket_id in (theirs, ours)]
        assert tuple(found) == wanted
