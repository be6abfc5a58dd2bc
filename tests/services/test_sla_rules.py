"""Policies and calendars as versions: shipped, saved, known to every process, never changed."""

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select

from bot.bootstrap import Desk
from bot.helpdesk.calendar import CalendarVersion, Day
from bot.helpdesk.sla import Target
from bot.knowledge import load_calendars, load_policies
from bot.services import sla
from bot.services.sla.records import calendar_of, calendar_values
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import upgrade
from bot.store.tables import SlaCalendar, SlaPolicy, SlaRecount
from tests.services.rules import (
    DAYS,
    HALF_DAY,
    HOLIDAYS_2027,
    calendar_draft,
    policy_draft,
    saves_calendar,
    saves_policy,
    stored_clocks,
)
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock

ROOT = Settings().knowledge_dir


@pytest.fixture
def shipped() -> sla.SlaBook:
    return sla.SlaBook(load_calendars(ROOT), load_policies(ROOT))


async def count(desk: Desk, table: type) -> int:
    async with desk.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


# --- what comes with the program ---


async def test_what_is_shipped_is_taken_over_once_though_two_processes_start_at_once(
    database_url: str, clock: FakeClock, shipped: sla.SlaBook
) -> None:
    processes = [Database(database_url), Database(database_url)]
    await upgrade(processes[0].engine)

    async def starts(database: Database) -> None:
        async with database.begin() as session:
            await sla.take_over_shipped(session, shipped, now=clock())

    await asyncio.gather(*map(starts, processes))
    async with processes[0].read() as session:
        book = await sla.load_book(session)
        assert not await sla.lacks_shipped(session, shipped)
    assert {p.id for p in book.policies} == {"complaint", "assistance", "consultation", "handoff"}
    assert sorted(book.policies, key=lambda p: p.id) == sorted(shipped.policies, key=lambda p: p.id)
    assert book.calendar == shipped.calendar
    for database in processes:
        await database.close()


async def test_what_was_saved_stands_against_a_shipped_version_of_the_same_number(
    desk: Desk, clock: FakeClock, shipped: sla.SlaBook
) -> None:
    saved = await saves_policy(desk, await make_agent(desk), to_running=False)
    newer = replace(shipped.version("complaint", 1), version=2, source="随程序更新")
    async with desk.begin() as session:
        await sla.take_over_shipped(session, shipped.with_versions(policies=[newer]), now=clock())
    async with desk.read() as session:
        assert (await sla.load_book(session)).version("complaint", 2) == saved


async def test_a_shipped_year_is_loaded_on_top_of_what_was_saved(
    desk: Desk, clock: FakeClock, shipped: sla.SlaBook
) -> None:
    days = {**desk.office.calendar.days, date(2026, 11, 23): HALF_DAY}
    years = desk.office.calendar.loaded_years
    await saves_calendar(desk, await make_agent(desk), days=days, loaded_years=years)
    with_year = replace(shipped.calendar, days={**shipped.calendar.days, **HOLIDAYS_2027}, loaded_years=frozenset({2026, 2027}))
    update = sla.SlaBook([CalendarVersion("main", 1, with_year)], shipped.policies)
    for _ in range(2):
        async with desk.begin() as session:
            await sla.take_over_shipped(session, update, now=clock())
    async with desk.read() as session:
        await sla.renew_book(session, desk.office.sla)
    latest = desk.office.sla.latest_calendar("main")
    assert latest.version == 3
    assert latest.calendar.loaded_years == {2026, 2027}
    assert latest.calendar.days[date(2026, 11, 23)] == HALF_DAY
    assert (await count(desk, SlaCalendar), await count(desk, SlaRecount)) == (3, 2)


def test_a_calendar_comes_back_from_its_row_as_it_went_in(shipped: sla.SlaBook, clock: FakeClock) -> None:
    calendar = replace(shipped.calendar, days={**shipped.calendar.days, date(2026, 11, 23): HALF_DAY})
    values = calendar_values(CalendarVersion("main", 7, calendar), by="shipped", now=clock())
    back = calendar_of(SlaCalendar(**values))
    assert (back.version, back.calendar) == (7, calendar)


# --- saving ---


async def test_a_new_version_holds_at_once_for_new_clocks_and_old_ones_keep_theirs(
    desk: Desk, clock: FakeClock
) -> None:
    citizen = await Citizen.arrives(desk)
    before = await make_ticket(desk, citizen.conversation_id)
    await saves_policy(desk, await make_agent(desk), to_running=False)
    after = await make_ticket(desk, citizen.conversation_id, facts={"n": 2})
    old, new = [(await stored_clocks(desk, subject_id=t.ticket.id))["acceptance"] for t in (before, after)]
    assert (old.policy_version, new.policy_version) == (1, 2)
    assert new.due_at < old.due_at


async def test_a_version_that_takes_effect_later_is_not_used_before(desk: Desk, clock: FakeClock) -> None:
    await saves_policy(desk, await make_agent(desk), effective_from=date(2026, 11, 23), to_running=False)
    book = desk.office.sla
    assert book.current("complaint", clock()).version == 1
    assert book.current("complaint", clock() + timedelta(days=3)).version == 2


async def test_a_save_that_is_rolled_back_is_not_known(desk: Desk) -> None:
    agent = await make_agent(desk)
    with pytest.raises(RuntimeError):
        async with desk.begin() as session:
            await sla.save_policy(
                session, desk.office.sla, policy_draft(desk), agent=agent, to_running=True, now=desk.clock()
            )
            raise RuntimeError("power cut")
    assert desk.office.sla.current("complaint", desk.clock()).version == 1
    assert await count(desk, SlaPolicy) == 4


async def test_another_process_learns_a_version_with_its_next_look(desk: Desk, clock: FakeClock) -> None:
    async with desk.read() as session:
        other = await sla.load_book(session)
        assert not await sla.renew_book(session, other)
    await saves_policy(desk, await make_agent(desk), to_running=False)
    assert other.current("complaint", clock()).version == 1
    async with desk.read() as session:
        assert await sla.renew_book(session, other)
    assert other.current("complaint", clock()).version == 2


async def test_a_clock_counted_by_another_process_under_a_version_not_known_here_is_explained(
    desk: Desk, clock: FakeClock
) -> None:
    async with desk.read() as session:
        other = await sla.load_book(session)
    await saves_policy(desk, await make_agent(desk), to_running=False)
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    async with desk.read() as session:
        explained = await sla.explain(session, other, opened.ticket.id, now=clock())
    assert {e.view.policy_version for e in explained} == {2}


async def test_of_two_who_save_at_once_the_second_learns_of_the_first(desk: Desk) -> None:
    first, second = await make_agent(desk, "王主管"), await make_agent(desk, "赵主管")
    results = await asyncio.gather(
        saves_policy(desk, first), saves_policy(desk, second), return_exceptions=True
    )
    [conflict] = [r for r in results if isinstance(r, sla.SlaRuleChanged)]
    winner = first if conflict is results[1] else second
    assert conflict.details["agent_name"] == winner.name
    assert conflict.details["version"] == 2
    assert await count(desk, SlaPolicy) == 5


async def test_of_two_calendars_saved_at_once_one_stands(desk: Desk) -> None:
    agent = await make_agent(desk)
    results = await asyncio.gather(
        saves_calendar(desk, agent), saves_calendar(desk, agent), return_exceptions=True
    )
    assert sum(isinstance(r, sla.SlaRuleChanged) for r in results) == 1
    assert await count(desk, SlaCalendar) == 2


async def test_a_draft_on_an_old_version_is_refused_before_it_is_previewed(desk: Desk) -> None:
    draft = policy_draft(desk)
    await saves_policy(desk, await make_agent(desk, "王主管"))
    proposed = sla.propose_policy(desk.office.sla, draft, now=desk.clock())
    async with desk.read() as session:
        with pytest.raises(sla.SlaRuleChanged) as refused:
            await sla.check_is_latest(session, proposed)
    assert refused.value.details["agent_name"] == "王主管"


async def test_the_history_names_who_saved_what_and_how_far_it_reached(desk: Desk) -> None:
    await saves_policy(desk, await make_agent(desk, "王主管"), note="按新承诺")
    async with desk.read() as session:
        policies, calendars = await sla.rule_histories(session, desk.office.sla)
    complaint = next(history for history in policies if history.id == "complaint")
    assert [v.rule.version for v in complaint.versions] == [2, 1]
    assert (complaint.latest.by_name, complaint.latest.note, complaint.latest.scope) == ("王主管", "按新承诺", "running")
    assert complaint.latest.is_recounting
    assert complaint.versions[1].by_name is None
    assert [history.id for history in calendars] == ["main"]


async def test_a_centre_has_a_calendar_of_its_own(desk: Desk, clock: FakeClock) -> None:
    agent = await make_agent(desk)
    weekend = {5: ((time(9), time(17)),), 6: ((time(9), time(17)),)}
    await saves_calendar(desk, agent, calendar_id="main", to_running=False)
    draft = sla.CalendarDraft("weekend_centre", 0, weekend, {}, frozenset(), "周末中心")
    async with desk.begin() as session:
        await sla.save_calendar(session, desk.office.sla, draft, agent=agent, to_running=False, now=clock())
    await saves_policy(desk, agent, calendar_id="weekend_centre", clocks={"acceptance": Target(1, DAYS)})
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    acceptance = (await stored_clocks(desk, subject_id=opened.ticket.id))["acceptance"]
    assert (acceptance.calendar_id, acceptance.calendar_version) == ("weekend_centre", 1)
    assert acceptance.due_at.astimezone(desk.office.calendar.zone).date() == date(2026, 11, 21)
    assert not desk.office.calendar.is_working_day(date(2026, 11, 21))


# --- refusals ---


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"clocks": {}}, "no_clock"),
        ({"clocks": {"lunch": Target(1, DAYS)}}, "unknown_clock"),
        ({"warn_ratio": 1.0}, "warn_ratio"),
        ({"source": ""}, "source"),
        ({"note": " "}, "note"),
        ({"calendar_id": "moon"}, "unknown_calendar"),
        ({"effective_from": date(2026, 11, 19)}, "too_early"),
        ({"id": "nothing"}, "unknown_policy"),
        ({"clocks": None}, "nothing_changed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_policy_that_cannot_be_is_refused_with_its_reason(
    shipped: sla.SlaBook, clock: FakeClock, changes: dict[str, object], problem: str
) -> None:
    base = shipped.version("complaint", 1)
    values: dict[str, object] = {
        "id": "complaint", "base_version": 1, "clocks": {"acceptance": Target(3, DAYS)}, "warn_ratio": 0.8,
        "effective_from": date(2026, 11, 20), "source": base.source, "calendar_id": "main", "note": "更快",
    } | changes  # fmt: skip
    if values["clocks"] is None:
        values["clocks"] = base.clocks
    with pytest.raises(sla.RuleInvalid) as refused:
        sla.propose_policy(shipped, sla.PolicyDraft(**values), now=clock())
    assert refused.value.details["problem"] == problem


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"frames": {}}, "no_office_hours"),
        ({"frames": {0: ((time(9), time(12)), (time(11), time(13)))}}, "frames"),
        ({"days": {date(2028, 1, 1): Day("holiday", "元旦")}}, "day_outside_year"),
        ({"days": {date(2027, 1, 1): Day("holiday"), date(2027, 1, 4): Day("makeup")}}, "makeup_is_workday"),
        ({"loaded_years": frozenset({2026, 2027, 2028})}, "year_empty"),
        ({"loaded_years": frozenset({2026, 2027, 1066})}, "year_range"),
        ({"note": "x" * 501}, "note"),
        ({"base_version": 9}, "unknown_calendar"),
        ({"id": "Main Street", "base_version": 0}, "calendar_id"),
        ({"base_version": 0}, "calendar_taken"),
        ({"days": None}, "nothing_changed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_calendar_that_cannot_be_is_refused_with_its_reason(
    shipped: sla.SlaBook, changes: dict[str, object], problem: str
) -> None:
    values: dict[str, object] = {
        "id": "main", "base_version": 1, "frames": shipped.calendar.frames,
        "days": {**shipped.calendar.days, **HOLIDAYS_2027}, "loaded_years": frozenset({2026, 2027}), "note": "新年度",
    } | changes  # fmt: skip
    if values["days"] is None:
        values |= {"days": shipped.calendar.days, "loaded_years": shipped.calendar.loaded_years}
    with pytest.raises(sla.RuleInvalid) as refused:
        sla.propose_calendar(shipped, sla.CalendarDraft(**values))
    assert refused.value.details["problem"] == problem


async def test_a_calendar_draft_is_proposed_as_the_next_version(desk: Desk) -> None:
    assert sla.propose_calendar(desk.office.sla, calendar_draft(desk)).version == 2
