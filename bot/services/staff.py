"""Staff: log-in with limits, passwords, who is behind a session."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk import permissions
from bot.helpdesk.errors import BadRequest, LoginFailed, LoginLimited
from bot.helpdesk.permissions import Permission
from bot.services import staff_audit, staff_sessions
from bot.services.ids import new_id
from bot.store.database import Database
from bot.store.tables import Agent, LoginAttempt, StaffSession

PASSWORD_MIN_CHARS = 10
ATTEMPT_WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_LOGIN = 10
ATTEMPTS_PER_ADDRESS = 30

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
#: Asked by every request. Made once: putting the statement together takes as long as running it.
_SIGNED_IN = (
    select(Agent, StaffSession)
    .join(StaffSession, StaffSession.agent_id == Agent.id)
    .where(StaffSession.token_hash == bindparam("token_hash"), Agent.is_active)
    .where(StaffSession.expires_at > bindparam("now"), StaffSession.last_seen_at > bindparam("used_after"))
)

_hasher = PasswordHasher()
# Verified when the login is unknown, so that both answers take the same time.
_DUMMY_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


@dataclass(frozen=True)
class LoggedIn:
    """A new session; the token is shown once and stored only as a hash."""

    token: str
    csrf: str
    agent: Agent


class SignedIn(NamedTuple):
    """Who is behind a request, and through which session."""

    agent: Agent
    csrf: str
    session: StaffSession


def one_time_password() -> str:
    """Return a random first password; it must be changed at the first log-in."""
    return secrets.token_urlsafe(12)


class Passwords:
    """Hashes and verifies passwords for one process, a few at a time and outside any transaction.

    One verification takes 64 MiB and some tens of milliseconds on purpose: unbounded, a burst of
    log-ins would take all memory and all threads.
    """

    def __init__(self, at_once: int = 4) -> None:
        self._turns = asyncio.Semaphore(at_once)

    async def matches(self, stored: str, password: str) -> bool:
        """Tell whether this is the password of the stored hash."""
        async with self._turns:
            return await asyncio.to_thread(_matches, stored, password)

    async def hash(self, password: str) -> str:
        """Return what to store of a password."""
        async with self._turns:
            return await asyncio.to_thread(_hasher.hash, password)


async def log_in(
    database: Database,
    passwords: Passwords,
    login: str,
    password: str,
    *,
    address: str,
    browser: str = "",
    now: datetime,
    lifetime: timedelta,
) -> LoggedIn | None:
    """Open a session, or return None; every try counts as failed until it has succeeded.

    Where the account has a second factor, the session opens nothing until its code was given.

    So tries made at the same time cannot pass the limit together, and one that is cut off in the
    middle counts. The password is verified between two short transactions, not in one.

    Raises:
        LoginLimited: Too many failures for this login or address in `ATTEMPT_WINDOW`.
    """
    # On PostgreSQL two transactions would not see each other's tries.
    async with database.alone("log-in"), database.begin() as session:
        attempt = await count_attempt(session, login, address, now, limit=ATTEMPTS_PER_LOGIN)
        agent = await session.scalar(select(Agent).where(Agent.login == login, Agent.is_active))
    stored = agent.password_hash if agent else _DUMMY_HASH
    matches = await passwords.matches(stored, password)
    async with database.begin() as session:
        current = await session.get_one(Agent, agent.id, with_for_update=True) if agent else None
        if not matches or current is None or not current.is_active or current.password_hash != stored:
            await _record_failure(session, current, address, now)
            return None
        await forgive(session, attempt)
        opened = await _new_session(session, current, address, browser, now, lifetime)
        current.last_login_at = now
        await staff_audit.record(
            session, actor=current.id, action="login.succeeded", subject=current.id, now=now,
            new={"address": address},
        )  # fmt: skip
        return opened


async def _record_failure(
    session: AsyncSession, agent: Agent | None, address: str, now: datetime
) -> None:
    """Record a failed log-in; what was typed stays out, it may be a password in the wrong field."""
    await staff_audit.record(
        session, actor=staff_audit.STRANGER, action="login.failed", now=now,
        subject=agent.id if agent else "", new={"address": address},
    )  # fmt: skip


async def count_attempt(
    session: AsyncSession, login: str, address: str, now: datetime, *, limit: int
) -> LoginAttempt:
    """Count a try as failed before it is made; `forgive` takes it back.

    Args:
        login: What is guessed at: a login, or another key of at most 40 characters.
        limit: Failures of this key allowed in `ATTEMPT_WINDOW`.

    Raises:
        LoginLimited: Too many failures for this key or address.
    """
    await _check_limits(session, login, address, now, limit)
    attempt = LoginAttempt(login=login[:40], address=address, at=now)
    session.add(attempt)
    await session.flush()
    return attempt


async def forgive(session: AsyncSession, attempt: LoginAttempt) -> None:
    """Forget a try that succeeded and those before it; later ones are still being verified."""
    await session.execute(
        delete(LoginAttempt).where(LoginAttempt.login == attempt.login, LoginAttempt.id <= attempt.id)
    )


async def _check_limits(
    session: AsyncSession, login: str, address: str, now: datetime, login_limit: int
) -> None:
    since = now - ATTEMPT_WINDOW
    await session.execute(delete(LoginAttempt).where(LoginAttempt.at < since - ATTEMPT_WINDOW))
    for column, value, limit in (
        (LoginAttempt.login, login[:40], login_limit),
        (LoginAttempt.address, address, ATTEMPTS_PER_ADDRESS),
    ):
        count = await session.scalar(
            select(func.count()).where(column == value, LoginAttempt.at >= since)
        )
        if (count or 0) >= limit:
            seconds = int(ATTEMPT_WINDOW.total_seconds())
            raise LoginLimited(retry_seconds=seconds, retry_minutes=-(-seconds // 60))


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def _new_session(
    session: AsyncSession, agent: Agent, address: str, browser: str, now: datetime, lifetime: timedelta
) -> LoggedIn:
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    await session.execute(delete(StaffSession).where(StaffSession.expires_at < now))
    session.add(
        StaffSession(
            token_hash=_token_hash(token),
            id=new_id(now),
            agent_id=agent.id,
            csrf=csrf,
            created_at=now,
            expires_at=now + lifetime,
            last_seen_at=now,
            address=address[:64],
            browser=staff_sessions.short_browser(browser),
        )
    )
    return LoggedIn(token=token, csrf=csrf, agent=agent)


async def agent_for(
    session: AsyncSession, token: str, *, now: datetime, idle: timedelta | None = None
) -> SignedIn | None:
    """Return who is behind a running session, None if there is none.

    Args:
        idle: A session unused for longer has ended.
    """
    values = {
        "token_hash": _token_hash(token), "now": now, "used_after": _LONG_AGO if idle is None else now - idle,
    }  # fmt: skip
    row = (await session.execute(_SIGNED_IN, values)).first()
    return SignedIn(row[0], row[1].csrf, row[1]) if row else None


async def log_out(session: AsyncSession, token: str) -> None:
    """End one session."""
    found = await session.get(StaffSession, _token_hash(token))
    if found is not None:
        await session.delete(found)
        staff_sessions.announce_end(session, found.agent_id)


async def confirm_password(
    database: Database, passwords: Passwords, agent_id: str, password: str, *, address: str, now: datetime
) -> str:
    """Make sure that it is the agent who is at the keyboard, before a step that outlasts the session.

    Returns:
        The stored hash: who changes it must find it unchanged.

    Raises:
        LoginFailed: The password is wrong.
        LoginLimited: Too many failures; they count together with those at the log-in.
    """
    async with database.alone("log-in"), database.begin() as session:
        agent = await session.get_one(Agent, agent_id)
        attempt = await count_attempt(session, agent.login, address, now, limit=ATTEMPTS_PER_LOGIN)
        stored = agent.password_hash
    if not await passwords.matches(stored, password):
        raise LoginFailed
    async with database.begin() as session:
        await session.execute(delete(LoginAttempt).where(LoginAttempt.id == attempt.id))
    return stored


async def change_password(
    database: Database,
    passwords: Passwords,
    agent_id: str,
    *,
    old: str,
    new: str,
    keep_token: str,
    address: str = "",
    now: datetime,
) -> None:
    """Change a password and end the agent's other sessions.

    Raises:
        LoginFailed: The old password is wrong, or was changed meanwhile.
        LoginLimited: Too many wrong ones.
        BadRequest: The new password is too short, or the same as the old one.
    """
    stored = await confirm_password(database, passwords, agent_id, old, address=address, now=now)
    if len(new) < PASSWORD_MIN_CHARS or hmac.compare_digest(old.encode(), new.encode()):
        raise BadRequest(field="new_password")
    password_hash = await passwords.hash(new)
    async with database.begin() as session:
        agent = await session.get_one(Agent, agent_id, with_for_update=True)
        if agent.password_hash != stored:
            raise LoginFailed
        agent.password_hash = password_hash
        agent.must_change_password = False
        await staff_sessions.end_all(session, agent_id, keep=_token_hash(keep_token))
        await staff_audit.record(
            session, actor=agent_id, action="password.changed", subject=agent_id, now=now
        )


async def agents_named(session: AsyncSession, *agent_ids: str | None) -> dict[str, str]:
    """Return the names of these agents by id."""
    wanted = {agent_id for agent_id in agent_ids if agent_id}
    if not wanted:
        return {}
    rows = await session.execute(select(Agent.id, Agent.name).where(Agent.id.in_(wanted)))
    return dict(rows.all())


async def agent_named(session: AsyncSession, login: str) -> Agent | None:
    """Return the account with this login, None if there is none."""
    return await session.scalar(select(Agent).where(Agent.login == login))


async def colleagues_who_may(session: AsyncSession, permission: Permission) -> list[tuple[str, str]]:
    """Return id and name of everybody who works here and whose role allows something, by name."""
    agents = await session.scalars(select(Agent).where(Agent.is_active).order_by(Agent.name, Agent.id))
    return [(agent.id, agent.name) for agent in agents if permissions.may(agent.role, agent.regions, permission)]


async def has_agents(session: AsyncSession) -> bool:
    """Tell whether any account exists; a new installation gets its first one at start-up."""
    return await session.scalar(select(Agent.id).limit(1)) is not None


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
