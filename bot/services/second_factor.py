"""The second factor: a code of an authenticator app (TOTP, RFC 6238) or a recovery code.

The secret is stored sealed, recovery codes as keyed hashes. A code opens one session once: the step it belongs to is
remembered with the account's row locked, so that of two log-ins with one code only the first succeeds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, CodeWrong, SecondFactorNeeded
from bot.helpdesk.identifiers import normalise_code
from bot.helpdesk.permissions import SecondFactorRule
from bot.services import staff_audit, staff_sessions
from bot.services.accounts import forget_second_factor
from bot.services.sealing import SealBroken, seal, unseal
from bot.services.signing import Signer, code_from
from bot.services.staff import count_attempt, forgive
from bot.store.database import Database
from bot.store.tables import Agent, StaffSession

STEP_SECONDS = 30
#: Steps before and after the present one whose codes are good: clocks of phones go a little wrong.
TOLERANCE = 1
RECOVERY_CODES = 10
RECOVERY_CHARS = 10
#: Wrong codes in `staff.ATTEMPT_WINDOW`; a guess has a chance of three in a million.
ATTEMPTS = 5
_PURPOSE = "totp"
_DIGITS = re.compile(r"\d{6}", re.ASCII)


@dataclass(frozen=True)
class Enrolment:
    """What the authenticator app needs.

    Attributes:
        key: To be typed where the picture cannot be read.
        uri: What the picture holds (`otpauth://…`).
    """

    key: str
    uri: str


async def begin_enrolment(session: AsyncSession, signer: Signer, agent_id: str) -> None:
    """Make a new secret; it counts once a code made with it was given. The password was confirmed.

    Raises:
        BadRequest: There is a second factor already; it is given up first.
    """
    agent = await _locked(session, agent_id)
    if agent.totp_enabled_at is not None:
        raise BadRequest(field="second_factor")
    agent.totp_secret = seal(signer, _PURPOSE, pyotp.random_base32())


def enrolment_of(signer: Signer, agent: Agent, *, issuer: str) -> Enrolment | None:
    """Return the enrolment that waits for its first code, None if there is none."""
    if agent.totp_secret is None or agent.totp_enabled_at is not None:
        return None
    try:
        key = unseal(signer, _PURPOSE, agent.totp_secret)
    except SealBroken:
        return None
    return Enrolment(key, pyotp.TOTP(key).provisioning_uri(name=agent.login, issuer_name=issuer))


async def finish_enrolment(
    database: Database,
    signer: Signer,
    agent_id: str,
    *,
    code: str,
    keep_token_hash: str,
    address: str,
    now: datetime,
) -> list[str]:
    """Take the first code; return the recovery codes, which nobody can read again.

    Sessions in which no code was given end.

    Raises:
        CodeWrong: It is not the code of the app that was set up just now.
        LoginLimited: Too many wrong codes.
    """
    codes: list[str] = []
    async with database.begin() as session:
        agent = await _locked(session, agent_id)
        attempt = await count_attempt(session, _key(agent_id), address, now, limit=ATTEMPTS)
        step = _matching_step(signer, agent, code, now) if agent.totp_enabled_at is None else None
        if step is not None:
            await forgive(session, attempt)
            agent.totp_enabled_at, agent.totp_last_step = now, step
            codes = _new_recovery_codes(signer, agent)
            await _pass(session, keep_token_hash, now)
            await staff_sessions.end_all(session, agent_id, keep=keep_token_hash)
            await _record(session, agent, "second_factor.enabled", now)
    if not codes:
        raise CodeWrong
    return codes


async def give_code(
    database: Database,
    signer: Signer,
    agent_id: str,
    *,
    code: str,
    token_hash: str,
    address: str,
    now: datetime,
) -> int:
    """Open a session that waits for its code; return how many recovery codes are left.

    Raises:
        CodeWrong: The code is wrong, or was used before.
        LoginLimited: Too many wrong codes.
    """
    async with database.begin() as session:
        # The row is locked first: tries made at once are counted, and codes used, one after the other.
        agent = await _locked(session, agent_id)
        attempt = await count_attempt(session, _key(agent_id), address, now, limit=ATTEMPTS)
        way = _use_code(signer, agent, code, now)
        if way:
            await forgive(session, attempt)
            await _pass(session, token_hash, now)
        await _record(session, agent, f"second_factor.{way or 'failed'}", now, {"address": address})
        left = len(agent.recovery_hashes)
    if not way:
        raise CodeWrong
    return left


def _use_code(signer: Signer, agent: Agent, code: str, now: datetime) -> str:
    """Use the code up and return by which way it opens: `passed`, `recovered`, or nothing."""
    if agent.totp_enabled_at is None:
        return ""
    step = _matching_step(signer, agent, code, now)
    kept = [stored for stored in agent.recovery_hashes if not hmac.compare_digest(stored, _hash(signer, agent, code))]
    if step is not None:
        agent.totp_last_step = step
        return "passed"
    if len(kept) < len(agent.recovery_hashes):
        agent.recovery_hashes = kept
        return "recovered"
    return ""


def _matching_step(signer: Signer, agent: Agent, code: str, now: datetime) -> int | None:
    """Return the step whose code this is; every candidate is compared, whichever fits."""
    typed = re.sub(r"\s", "", code)
    if agent.totp_secret is None or not _DIGITS.fullmatch(typed):
        return None
    try:
        app = pyotp.TOTP(unseal(signer, _PURPOSE, agent.totp_secret), interval=STEP_SECONDS)
    except SealBroken:
        return None
    present, found = int(now.timestamp()) // STEP_SECONDS, None
    for step in range(present - TOLERANCE, present + TOLERANCE + 1):
        is_fresh = agent.totp_last_step is None or step > agent.totp_last_step
        if hmac.compare_digest(app.generate_otp(step), typed) and is_fresh:
            found = step
    return found


async def renew_recovery_codes(
    session: AsyncSession, signer: Signer, agent_id: str, *, now: datetime
) -> list[str]:
    """Return new recovery codes; the old ones open nothing any more. The password was confirmed.

    Raises:
        BadRequest: There is no second factor.
    """
    agent = await _locked(session, agent_id)
    if agent.totp_enabled_at is None:
        raise BadRequest(field="second_factor")
    codes = _new_recovery_codes(signer, agent)
    await _record(session, agent, "second_factor.codes_renewed", now)
    return codes


async def give_up(session: AsyncSession, agent_id: str, rule: SecondFactorRule, *, now: datetime) -> None:
    """Do without a second factor from now on. The password was confirmed.

    Raises:
        SecondFactorNeeded: The rule of the installation demands one for this role.
    """
    agent = await _locked(session, agent_id)
    if rule.requires(agent.role):
        raise SecondFactorNeeded
    forget_second_factor(agent)
    await _record(session, agent, "second_factor.given_up", now)


def _new_recovery_codes(signer: Signer, agent: Agent) -> list[str]:
    codes = [code_from(secrets.token_bytes(16), RECOVERY_CHARS) for _ in range(RECOVERY_CODES)]
    agent.recovery_hashes = [_hash(signer, agent, code) for code in codes]
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _hash(signer: Signer, agent: Agent, code: str) -> str:
    """Return the keyed hash of a recovery code: a copy of the database alone allows no guessing."""
    given = f"{agent.id}:{normalise_code(code)}".encode(errors="surrogatepass")
    return hmac.new(signer.key("recovery"), given, hashlib.sha256).hexdigest()


async def _pass(session: AsyncSession, token_hash: str, now: datetime) -> None:
    opened = await session.get(StaffSession, token_hash)
    if opened is not None:
        opened.second_factor_at = now


async def _record(
    session: AsyncSession, agent: Agent, action: str, now: datetime, new: dict[str, object] | None = None
) -> None:
    await staff_audit.record(session, actor=agent.id, action=action, subject=agent.id, now=now, new=new)


async def _locked(session: AsyncSession, agent_id: str) -> Agent:
    return await session.get_one(Agent, agent_id, with_for_update=True, populate_existing=True)


def _key(agent_id: str) -> str:
    """Return under what wrong codes are counted: apart from wrong passwords, which a right one forgives."""
    return f"2fa:{agent_id}"
