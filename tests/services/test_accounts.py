"""Accounts: who may be what, and that every change is recorded and ends the sessions."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.bootstrap import Desk
from bot.helpdesk.errors import AccountExists, BadRequest, LastAdministrator, OwnAccount
from bot.helpdesk.regions import RegionScope
from bot.services import accounts, audit, handoff, staff, staff_audit, staff_sessions
from bot.services.accounts import AccountChange, add_account, change_account
from bot.store.tables import Agent, StaffEvent
from tests.support.builders import make_agent

PASSWORD = "correct horse battery"


async def signs_in(desk: Desk, agent: Agent) -> str:
    opened = await staff.log_in(
        desk.database, staff.Passwords(), agent.login, PASSWORD,
        address="10.0.0.1", browser="Firefox\x00 on Linux", now=desk.clock(), lifetime=timedelta(hours=12),
    )  # fmt: skip
    assert opened is not None
    return opened.token


async def is_signed_in(desk: Desk, token: str, **options: object) -> bool:
    async with desk.read() as session:
        return await staff.agent_for(session, token, now=desk.clock(), **options) is not None


async def changes(desk: Desk, agent: Agent, by: str = staff_audit.OPERATOR, **values: object) -> None:
    async with desk.begin() as session:
        await change_account(session, agent.id, AccountChange(**values), by=by, now=desk.clock())


async def adds(desk: Desk, **values: object) -> Agent:
    given = {"login": "new", "name": "新人", "role": "agent", "password_hash": "x", **values}
    async with desk.begin() as session:
        return await add_account(session, now=desk.clock(), **given)


async def test_skills_are_on_record_and_end_no_session(desk: Desk) -> None:
    agent = await make_agent(desk)
    token = await signs_in(desk, agent)
    await changes(desk, agent, by=agent.id, rights=["gi", "patent", "gi"], languages=["ja"])
    await changes(desk, agent, rights=["patent", "gi"])  # the same again is no event
    await changes(desk, agent, languages=[])
    async with desk.read() as session:
        stored = await session.get_one(Agent, agent.id)
        view = await accounts.account(session, agent.id, now=desk.clock())
        latest, before = (await staff_audit.events(session, subject=agent.id, limit=10))[:2]
    assert stored.skills == {"queues": [], "rights": ["patent", "gi"], "languages": []}
    assert (view.rights, view.languages) == (("patent", "gi"), ())
    assert (latest.old, latest.new) == ({"languages": ["ja"]}, {"languages": []})
    assert (before.actor, before.new) == (agent.id, {"languages": ["ja"], "rights": ["patent", "gi"]})
    assert await is_signed_in(desk, token)


async def test_a_new_account_has_the_skills_given_and_a_queue_set_elsewhere_stays(desk: Desk) -> None:
    agent = await adds(desk, rights=["trademark"], languages=["en"])
    async with desk.begin() as session:
        await handoff.set_reach(
            session, desk.office, agent.id, capacity=3, queues=["trademark"], by="operator", within=RegionScope(),
            now=desk.clock(),
        )  # fmt: skip
    await changes(desk, agent, rights=[])
    async with desk.read() as session:
        stored = await session.get_one(Agent, agent.id)
    assert stored.skills == {"queues": ["trademark"], "rights": [], "languages": ["en"]}


async def test_a_login_belongs_to_one_account(desk: Desk) -> None:
    await adds(desk, login="li")
    with pytest.raises(AccountExists):
        await adds(desk, login=" li ")
    results = await asyncio.gather(adds(desk, login="wang"), adds(desk, login="wang"), return_exceptions=True)
    assert {type(result) for result in results} == {Agent, AccountExists}


@pytest.mark.parametrize(
    ("field", "value"),
    [("login", " "), ("login", "a b"), ("login", "x" * 41), ("name", ""), ("name", "a\nb"), ("role", "root"),
     ("regions", ["杭州"]), ("rights", ["none"]), ("languages", ["zh"])],
)  # fmt: skip
async def test_an_account_that_makes_no_sense_is_refused(desk: Desk, field: str, value: object) -> None:
    with pytest.raises(BadRequest) as refused:
        await adds(desk, **{field: value})
    assert refused.value.details["field"] == field


@pytest.mark.parametrize("change", [{"role": "supervisor"}, {"regions": ["330100"]}, {"is_active": False}])
async def test_what_changes_the_powers_of_an_account_ends_its_sessions(desk: Desk, change: dict) -> None:
    agent = await make_agent(desk)
    token = await signs_in(desk, agent)
    await changes(desk, agent, name="改名")
    assert await is_signed_in(desk, token)
    await changes(desk, agent, **change)
    assert not await is_signed_in(desk, token)


async def test_a_change_is_recorded_with_what_was_and_what_is(desk: Desk) -> None:
    boss, agent = await make_agent(desk, role="administrator"), await make_agent(desk)
    await changes(desk, agent, by=boss.id, role="supervisor", regions=["330100"])
    await changes(desk, agent, by=boss.id, role="supervisor", regions=["3301"])
    async with desk.read() as session:
        [latest, *_] = await staff_audit.events(session, subject=agent.id)
    assert (latest.actor, latest.action) == (boss.id, "account.changed")
    assert latest.old == {"regions": [], "role": "agent"}
    assert latest.new == {"regions": ["3301"], "role": "supervisor"}


async def test_nobody_changes_their_own_powers(desk: Desk) -> None:
    boss = await make_agent(desk, role="administrator")
    await make_agent(desk, role="administrator")
    for change in ({"role": "agent"}, {"is_active": False}, {"regions": ["33"]}):
        with pytest.raises(OwnAccount):
            await changes(desk, boss, by=boss.id, **change)
    await changes(desk, boss, by=boss.id, name="新名")


@pytest.mark.parametrize("change", [{"role": "agent"}, {"is_active": False}, {"regions": ["33"]}])
async def test_somebody_always_remains_who_can_manage_accounts(desk: Desk, change: dict) -> None:
    boss = await make_agent(desk, role="administrator")
    with pytest.raises(LastAdministrator):
        await changes(desk, boss, **change)
    await make_agent(desk, role="administrator")
    await changes(desk, boss, **change)


async def test_two_administrators_cannot_remove_each_other_at_once(desk: Desk) -> None:
    one, other = await make_agent(desk, role="administrator"), await make_agent(desk, role="administrator")
    results = await asyncio.gather(
        changes(desk, one, by=other.id, is_active=False),
        changes(desk, other, by=one.id, is_active=False),
        return_exceptions=True,
    )
    assert sorted(map(str, map(type, results))) == sorted(map(str, (type(None), LastAdministrator)))


async def test_a_reset_password_is_a_one_time_password_and_ends_the_sessions(desk: Desk) -> None:
    agent = await make_agent(desk)
    token = await signs_in(desk, agent)
    password_hash = await staff.Passwords().hash("another secret")
    async with desk.begin() as session:
        await accounts.reset_password(
            session, agent.id, password_hash=password_hash, by=staff_audit.OPERATOR, now=desk.clock()
        )
    assert not await is_signed_in(desk, token)
    async with desk.read() as session:
        view = await accounts.account(session, agent.id, now=desk.clock())
    assert view.must_change_password and view.sessions == 0


# --- sessions -------------------------------------------------------------------------------


async def test_a_session_tells_where_it_was_opened(desk: Desk) -> None:
    agent = await make_agent(desk)
    await signs_in(desk, agent)
    async with desk.read() as session:
        [shown] = await staff_sessions.sessions_of(session, agent.id, now=desk.clock())
        view = await accounts.account(session, agent.id, now=desk.clock())
    assert (shown.address, shown.browser) == ("10.0.0.1", "Firefox on Linux")
    assert (view.last_login_at, view.sessions) == (desk.clock(), 1)


async def test_a_session_that_is_not_used_ends(desk: Desk, clock) -> None:
    agent = await make_agent(desk)
    token, idle = await signs_in(desk, agent), timedelta(minutes=30)
    clock.move(timedelta(minutes=20))
    async with desk.begin() as session:
        found = await staff.agent_for(session, token, now=clock(), idle=idle)
        await staff_sessions.note_use(session, found.session.token_hash, now=clock())
    clock.move(timedelta(minutes=20))
    assert await is_signed_in(desk, token, idle=idle)
    clock.move(timedelta(minutes=11))
    assert not await is_signed_in(desk, token, idle=idle)


async def test_ending_sessions_of_one_agent_leaves_those_of_others(desk: Desk) -> None:
    li, wang = await make_agent(desk), await make_agent(desk)
    here, there, foreign = await signs_in(desk, li), await signs_in(desk, li), await signs_in(desk, wang)
    async with desk.begin() as session:
        keep = (await staff.agent_for(session, here, now=desk.clock())).session
        other = (await staff.agent_for(session, foreign, now=desk.clock())).session
        # Another agent's session is not ended by its id alone.
        await staff_sessions.end_one(session, other.id, agent_id=li.id, by=li.id, now=desk.clock())
        await staff_sessions.end_others(session, agent_id=li.id, keep=keep.token_hash, by=li.id, now=desk.clock())
    assert [await is_signed_in(desk, token) for token in (here, there, foreign)] == [True, False, True]


# --- the audit of staff matters -------------------------------------------------------------


async def test_log_ins_and_failures_are_recorded_without_what_was_typed(desk: Desk) -> None:
    agent = await make_agent(desk)
    await signs_in(desk, agent)
    for login in (agent.login, "my-secret-typed-too-early"):
        await staff.log_in(
            desk.database, staff.Passwords(), login, "wrong", address="10.0.0.9", now=desk.clock(),
            lifetime=timedelta(hours=1),
        )  # fmt: skip
    async with desk.read() as session:
        unknown, failed, succeeded, *_ = await staff_audit.events(session)
    assert (unknown.action, unknown.subject, unknown.new) == ("login.failed", "", {"address": "10.0.0.9"})
    assert (failed.action, failed.subject) == ("login.failed", agent.id)
    assert (succeeded.action, succeeded.actor) == ("login.succeeded", agent.id)


async def verified(desk: Desk) -> audit.AuditReport:
    async with desk.read() as session:
        return await audit.verify(session)


async def test_the_chain_of_staff_events_shows_what_was_altered_or_taken_out(desk: Desk) -> None:
    agent = await make_agent(desk)
    await changes(desk, agent, role="supervisor")
    report = await verified(desk)
    assert report.holds and report.staff_events == 2
    async with desk.begin() as session:
        await session.execute(update(StaffEvent).where(StaffEvent.seq == 2).values(new={"role": "agent"}))
    assert (await verified(desk)).broken == ["staff: entry 2 was altered or lost"]
    async with desk.begin() as session:
        await session.delete((await session.scalars(select(StaffEvent).where(StaffEvent.seq == 2))).one())
    assert (await verified(desk)).broken == ["staff: the last entry is missing"]


async def test_the_daily_root_anchors_the_chain_of_staff_events(desk: Desk, clock) -> None:
    await make_agent(desk)
    clock.move(timedelta(minutes=10))
    async with desk.begin() as session:
        root = await audit.make_root(session, day=clock().date(), now=clock())
    assert root.last_staff_event == 1
    assert (await verified(desk)).holds
    async with desk.begin() as session:
        await session.execute(update(StaffEvent).values(hash="0" * 64))
    assert any(line.startswith("root ") for line in (await verified(desk)).broken)


async def test_events_written_at_once_follow_each_other(desk: Desk) -> None:
    agents = [await make_agent(desk) for _ in range(4)]
    await asyncio.gather(*(changes(desk, agent, role="supervisor") for agent in agents))
    report = await verified(desk)
    assert report.holds and report.staff_events == 8
