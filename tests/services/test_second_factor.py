"""The second factor: each code opens once, few tries, no secret in the clear."""

import asyncio
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, CodeWrong, LoginFailed, LoginLimited, SecondFactorNeeded
from bot.helpdesk.permissions import SecondFactorRule
from bot.services import accounts, second_factor, staff, staff_audit
from bot.services.signing import Signer
from bot.store.tables import Agent, StaffEvent, StaffSession
from tests.support.builders import make_agent
from tests.support.clock import FakeClock

PASSWORD = "correct horse battery"
STEP = timedelta(seconds=second_factor.STEP_SECONDS)


class Holder:
    """A member of staff with a phone."""

    def __init__(self, desk: Desk, agent: Agent) -> None:
        self.desk, self.agent = desk, agent
        self.key = ""
        self.recovery: list[str] = []

    async def signs_in(self) -> str:
        """Give the password; return the hash of the session's token."""
        opened = await staff.log_in(
            self.desk.database, staff.Passwords(), self.agent.login, PASSWORD,
            address="10.0.0.1", now=self.desk.clock(), lifetime=timedelta(hours=12),
        )  # fmt: skip
        return staff._token_hash(opened.token)

    async def enrols(self) -> str:
        session_hash = await self.signs_in()
        async with self.desk.begin() as session:
            await second_factor.begin_enrolment(session, self.desk.signer, self.agent.id)
        async with self.desk.read() as session:
            agent = await session.get_one(Agent, self.agent.id)
            self.key = second_factor.enrolment_of(self.desk.signer, agent, issuer="维权通").key
        self.recovery = await second_factor.finish_enrolment(
            self.desk.database, self.desk.signer, self.agent.id, code=self.code(),
            keep_token_hash=session_hash, address="10.0.0.1", now=self.desk.clock(),
        )  # fmt: skip
        return session_hash

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.key).at(self.desk.clock() + steps * STEP)

    async def gives(self, code: str, session_hash: str) -> int:
        return await second_factor.give_code(
            self.desk.database, self.desk.signer, self.agent.id, code=code,
            token_hash=session_hash, address="10.0.0.1", now=self.desk.clock(),
        )  # fmt: skip

    async def is_through(self, session_hash: str) -> bool:
        async with self.desk.read() as session:
            return (await session.get_one(StaffSession, session_hash)).second_factor_at is not None


@pytest.fixture
async def holder(desk: Desk, clock: FakeClock) -> Holder:
    """Somebody whose second factor is set up; the code used for it is over."""
    holder = Holder(desk, await make_agent(desk))
    await holder.enrols()
    clock.move(3 * STEP)
    return holder


async def test_a_code_completes_the_log_in(holder: Holder) -> None:
    opened = await holder.signs_in()
    assert not await holder.is_through(opened)
    await holder.gives(holder.code(), opened)
    assert await holder.is_through(opened)


@pytest.mark.parametrize("steps", [-1, 1])
async def test_a_clock_that_is_half_a_minute_off_does_not_matter(holder: Holder, steps: int) -> None:
    opened = await holder.signs_in()
    await holder.gives(holder.code(steps), opened)


@pytest.mark.parametrize("steps", [-2, 2])
async def test_an_old_or_future_code_opens_nothing(holder: Holder, steps: int) -> None:
    opened = await holder.signs_in()
    with pytest.raises(CodeWrong):
        await holder.gives(holder.code(steps), opened)
    assert not await holder.is_through(opened)


async def test_a_code_opens_once(holder: Holder) -> None:
    code = holder.code()
    await holder.gives(code, await holder.signs_in())
    with pytest.raises(CodeWrong):
        await holder.gives(code, await holder.signs_in())


async def test_an_older_code_opens_nothing_after_a_newer_one(holder: Holder) -> None:
    await holder.gives(holder.code(), await holder.signs_in())
    with pytest.raises(CodeWrong):
        await holder.gives(holder.code(-1), await holder.signs_in())


async def test_of_two_log_ins_at_once_with_one_code_one_gets_in(holder: Holder) -> None:
    one, other = await holder.signs_in(), await holder.signs_in()
    code = holder.code()
    results = await asyncio.gather(holder.gives(code, one), holder.gives(code, other), return_exceptions=True)
    assert sum(isinstance(result, CodeWrong) for result in results) == 1
    assert sorted([await holder.is_through(one), await holder.is_through(other)]) == [False, True]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "abcdef", "\ud800", "0" * 400])
async def test_what_is_no_code_is_refused(holder: Holder, code: str) -> None:
    with pytest.raises(CodeWrong):
        await holder.gives(code, await holder.signs_in())


async def test_few_wrong_codes_and_then_a_pause_which_a_right_password_does_not_end(
    holder: Holder, clock: FakeClock
) -> None:
    opened = await holder.signs_in()
    for _ in range(second_factor.ATTEMPTS):
        with pytest.raises(CodeWrong):
            await holder.gives("000000", opened)
    again = await holder.signs_in()
    with pytest.raises(LoginLimited):
        await holder.gives(holder.code(), again)
    clock.move(staff.ATTEMPT_WINDOW + STEP)
    await holder.gives(holder.code(), again)


async def test_wrong_codes_at_once_do_not_pass_the_limit_together(holder: Holder) -> None:
    opened = await holder.signs_in()
    tries = (holder.gives("000000", opened) for _ in range(second_factor.ATTEMPTS + 4))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, CodeWrong) for result in results) == second_factor.ATTEMPTS
    assert sum(isinstance(result, LoginLimited) for result in results) == 4


async def test_a_recovery_code_opens_once_however_it_is_typed(holder: Holder) -> None:
    first, second = holder.recovery[:2]
    assert len(set(holder.recovery)) == second_factor.RECOVERY_CODES
    assert await holder.gives(first.lower().replace("-", " "), await holder.signs_in()) == 9
    with pytest.raises(CodeWrong):
        await holder.gives(first, await holder.signs_in())
    one, other = await holder.signs_in(), await holder.signs_in()
    results = await asyncio.gather(holder.gives(second, one), holder.gives(second, other), return_exceptions=True)
    assert sum(isinstance(result, CodeWrong) for result in results) == 1


async def test_new_recovery_codes_replace_the_old_ones(desk: Desk, holder: Holder) -> None:
    async with desk.begin() as session:
        new = await second_factor.renew_recovery_codes(session, desk.signer, holder.agent.id, now=desk.clock())
    with pytest.raises(CodeWrong):
        await holder.gives(holder.recovery[0], await holder.signs_in())
    await holder.gives(new[0], await holder.signs_in())


async def test_the_store_holds_neither_the_secret_nor_a_recovery_code(desk: Desk, holder: Holder) -> None:
    async with desk.read() as session:
        agent = await session.get_one(Agent, holder.agent.id)
        events = list(await session.scalars(select(StaffEvent)))
    stored = f"{agent.totp_secret} {agent.recovery_hashes} {[(event.old, event.new) for event in events]}"
    for secret in (holder.key, *holder.recovery, *(code.replace("-", "") for code in holder.recovery)):
        assert secret not in stored


async def test_with_another_installations_key_no_code_opens(desk: Desk, holder: Holder) -> None:
    opened = await holder.signs_in()
    with pytest.raises(CodeWrong):
        await second_factor.give_code(
            desk.database, Signer("another key"), holder.agent.id, code=holder.code(),
            token_hash=opened, address="10.0.0.1", now=desk.clock(),
        )  # fmt: skip


async def test_enrolling_needs_a_code_of_the_new_key_and_ends_other_sessions(desk: Desk) -> None:
    holder = Holder(desk, await make_agent(desk))
    elsewhere = await holder.signs_in()
    here = await holder.enrols()
    async with desk.read() as session:
        assert await session.get(StaffSession, elsewhere) is None
    assert await holder.is_through(here)
    async with desk.begin() as session:
        with pytest.raises(BadRequest):
            await second_factor.begin_enrolment(session, desk.signer, holder.agent.id)


async def test_a_key_without_its_first_code_protects_and_opens_nothing(desk: Desk) -> None:
    holder = Holder(desk, await make_agent(desk))
    opened = await holder.signs_in()
    async with desk.begin() as session:
        await second_factor.begin_enrolment(session, desk.signer, holder.agent.id)
    with pytest.raises(CodeWrong):
        await second_factor.finish_enrolment(
            desk.database, desk.signer, holder.agent.id, code="000000", keep_token_hash=opened,
            address="10.0.0.1", now=desk.clock(),
        )  # fmt: skip
    async with desk.read() as session:
        assert (await session.get_one(Agent, holder.agent.id)).totp_enabled_at is None


async def test_who_must_have_one_cannot_give_it_up(desk: Desk, holder: Holder) -> None:
    async with desk.begin() as session:
        with pytest.raises(SecondFactorNeeded):
            await second_factor.give_up(session, holder.agent.id, SecondFactorRule.REQUIRED, now=desk.clock())
    async with desk.begin() as session:
        await second_factor.give_up(session, holder.agent.id, SecondFactorRule.OPTIONAL, now=desk.clock())
        agent = await session.get_one(Agent, holder.agent.id)
        assert (agent.totp_secret, agent.totp_enabled_at, agent.recovery_hashes) == (None, None, [])


async def test_a_reset_leaves_nothing_and_ends_the_sessions(desk: Desk, holder: Holder) -> None:
    opened = await holder.signs_in()
    async with desk.begin() as session:
        await accounts.reset_second_factor(session, holder.agent.id, by=staff_audit.OPERATOR, now=desk.clock())
    async with desk.read() as session:
        assert await session.get(StaffSession, opened) is None
        assert (await session.get_one(Agent, holder.agent.id)).totp_secret is None


async def test_a_step_that_lasts_asks_for_the_password_and_counts_wrong_ones(desk: Desk) -> None:
    agent = await make_agent(desk)

    async def confirms(password: str) -> None:
        await staff.confirm_password(
            desk.database, staff.Passwords(), agent.id, password, address="10.0.0.1", now=desk.clock()
        )

    for _ in range(staff.ATTEMPTS_PER_LOGIN):
        await confirms(PASSWORD)
    for _ in range(staff.ATTEMPTS_PER_LOGIN):
        with pytest.raises(LoginFailed):
            await confirms("wrong")
    with pytest.raises(LoginLimited):
        await confirms(PASSWORD)
