"""Accounts: no way in without the password, few tries, sessions that end."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest

from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, LoginFailed, LoginLimited
from bot.services import staff
from tests.support.builders import make_agent
from tests.support.clock import FakeClock
from tests.support.shortcuts import SLOW_HASHER

PASSWORD = "correct horse battery"
DAY = timedelta(hours=12)


async def logs_in(desk: Desk, login: str, password: str = PASSWORD, address: str = "10.0.0.1"):
    return await staff.log_in(
        desk.database, staff.Passwords(), login, password, address=address, now=desk.clock(), lifetime=DAY
    )


@pytest.fixture
def slow_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as an installation does."""
    monkeypatch.setattr(staff, "_hasher", SLOW_HASHER)


@pytest.mark.usefixtures("slow_hashes")
async def test_the_right_password_opens_a_session_that_ends(desk: Desk, clock: FakeClock) -> None:
    agent = await make_agent(desk)
    opened = await logs_in(desk, agent.login)
    async with desk.read() as session:
        found = await staff.agent_for(session, opened.token, now=clock())
        assert found is not None and found[0].id == agent.id and found[1] == opened.csrf
        assert await staff.agent_for(session, opened.token, now=clock() + DAY) is None
        assert await staff.agent_for(session, "forged", now=clock()) is None


@pytest.mark.usefixtures("slow_hashes")
async def test_wrong_password_and_unknown_login_get_the_same_answer(desk: Desk) -> None:
    agent = await make_agent(desk)
    assert await logs_in(desk, agent.login, "wrong") is None
    assert await logs_in(desk, "nobody", "wrong") is None


def test_the_hash_checked_for_unknown_logins_costs_as_much_as_a_real_one() -> None:
    """An invalid hash would be refused at once and so give unknown logins away."""
    from argon2 import extract_parameters

    real = extract_parameters(SLOW_HASHER.hash("x"))
    dummy = extract_parameters(staff._DUMMY_HASH)
    assert (dummy.time_cost, dummy.memory_cost, dummy.parallelism) == (
        real.time_cost, real.memory_cost, real.parallelism,
    )  # fmt: skip


async def test_too_many_failures_lock_the_login_for_a_while(desk: Desk, clock: FakeClock) -> None:
    agent = await make_agent(desk)
    for i in range(staff.ATTEMPTS_PER_LOGIN):
        assert await logs_in(desk, agent.login, "wrong", address=f"10.0.1.{i}") is None
    with pytest.raises(LoginLimited):
        await logs_in(desk, agent.login)
    clock.move(staff.ATTEMPT_WINDOW + timedelta(seconds=1))
    assert await logs_in(desk, agent.login)


async def test_too_many_failures_from_one_address_lock_the_address(desk: Desk) -> None:
    for i in range(staff.ATTEMPTS_PER_ADDRESS):
        await logs_in(desk, f"guess{i}", "wrong")
    with pytest.raises(LoginLimited):
        await logs_in(desk, "another")


async def test_tries_at_the_same_time_do_not_pass_the_limit_together(desk: Desk) -> None:
    agent = await make_agent(desk)
    tries = (logs_in(desk, agent.login, "wrong") for _ in range(staff.ATTEMPTS_PER_LOGIN + 5))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results.count(None) == staff.ATTEMPTS_PER_LOGIN
    assert sum(isinstance(result, LoginLimited) for result in results) == 5


async def test_success_forgives_the_failures_before(desk: Desk) -> None:
    agent = await make_agent(desk)
    for _ in range(2):
        for _ in range(staff.ATTEMPTS_PER_LOGIN - 1):
            assert await logs_in(desk, agent.login, "wrong") is None
        assert await logs_in(desk, agent.login)


async def test_others_can_write_while_a_password_is_verified(desk: Desk) -> None:
    agent = await make_agent(desk)

    class Slow(staff.Passwords):
        async def matches(self, stored: str, password: str) -> bool:
            async with asyncio.timeout(5), desk.begin() as session:
                (await session.get_one(type(agent), agent.id)).password_hash = "changed meanwhile"
            return True

    opened = await staff.log_in(
        desk.database, Slow(), agent.login, PASSWORD, address="10.0.0.1", now=desk.clock(), lifetime=DAY
    )
    assert opened is None


async def test_only_a_few_passwords_are_verified_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    def matches(stored: str, password: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return False

    lock = threading.Lock()
    monkeypatch.setattr(staff, "_matches", matches)
    passwords = staff.Passwords(at_once=2)
    await asyncio.gather(*(passwords.matches("", "") for _ in range(8)))
    assert most == 2


async def test_a_changed_password_ends_the_other_sessions(desk: Desk, clock: FakeClock) -> None:
    agent = await make_agent(desk)
    here, elsewhere = await logs_in(desk, agent.login), await logs_in(desk, agent.login)
    await staff.change_password(
        desk.database, staff.Passwords(), agent.id, old=PASSWORD, new="a new long one", keep_token=here.token, now=clock()
    )
    async with desk.read() as session:
        kept = await staff.agent_for(session, here.token, now=clock())
        assert kept is not None and not kept[0].must_change_password
        assert await staff.agent_for(session, elsewhere.token, now=clock()) is None


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [("wrong", "a new long one", LoginFailed), (PASSWORD, "short", BadRequest), (PASSWORD, PASSWORD, BadRequest)],
)
async def test_a_password_is_changed_only_to_a_good_one(desk: Desk, old: str, new: str, error: type) -> None:
    agent = await make_agent(desk)
    with pytest.raises(error):
        await staff.change_password(
            desk.database, staff.Passwords(), agent.id, old=old, new=new, keep_token="", now=desk.clock()
        )
