"""Staff: accounts, log-in with limits, server-side sessions."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, LoginFailed, LoginLimited
from bot.services.ids import new_id
from bot.store.database import Database
from bot.store.tables import Agent, LoginAttempt, StaffSession

ROLES = ("agent", "supervisor", "administrator")
PASSWORD_MIN_CHARS = 10
ATTEMPT_WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_LOGIN = 10
ATTEMPTS_PER_ADDRESS = 30

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


def one_time_password() -> str:
    """Return a random first password; it must be changed at the first log-in."""
    return secrets.token_urlsafe(12)


async def add_agent(
    session: AsyncSession, *, login: str, name: str, role: str, password: str, now: datetime
) -> Agent:
    """Create an account whose password must be changed at the first log-in.

    Raises:
        BadRequest: Unknown role, empty name, or the login is taken.
    """
    if role not in ROLES:
        raise BadRequest(field="role")
    if not login.strip() or not name.strip():
        raise BadRequest(field="login")
    if await session.scalar(select(Agent.id).where(Agent.login == login)):
        raise BadRequest(field="login")
    agent = Agent(
        id=new_id(now),
        login=login,
        name=name,
        role=role,
        password_hash=await asyncio.to_thread(_hasher.hash, password),
        must_change_password=True,
        is_active=True,
        created_at=now,
    )
    session.add(agent)
    await session.flush()
    return agent


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
    now: datetime,
    lifetime: timedelta,
) -> LoggedIn | None:
    """Open a session, or return None; every try counts as failed until it has succeeded.

    So tries made at the same time cannot pass the limit together, and one that is cut off in the
    middle counts. The password is verified between two short transactions, not in one.

    Raises:
        LoginLimited: Too many failures for this login or address in `ATTEMPT_WINDOW`.
    """
    # On PostgreSQL two transactions would not see each other's tries.
    async with database.alone("log-in"), database.begin() as session:
        await _check_limits(session, login, address, now)
        attempt = LoginAttempt(login=login[:40], address=address, at=now)
        session.add(attempt)
        agent = await session.scalar(select(Agent).where(Agent.login == login, Agent.is_active))
    stored = agent.password_hash if agent else _DUMMY_HASH
    if not await passwords.matches(stored, password) or agent is None:
        return None
    async with database.begin() as session:
        agent = await session.get_one(Agent, agent.id)
        if not agent.is_active or agent.password_hash != stored:
            return None
        # Tries that are still being verified came later and keep counting.
        await session.execute(
            delete(LoginAttempt).where(LoginAttempt.login == login[:40], LoginAttempt.id <= attempt.id)
        )
        return await _new_session(session, agent, now, lifetime)


async def _check_limits(session: AsyncSession, login: str, address: str, now: datetime) -> None:
    since = now - ATTEMPT_WINDOW
    await session.execute(delete(LoginAttempt).where(LoginAttempt.at < since - ATTEMPT_WINDOW))
    for column, value, limit in (
        (LoginAttempt.login, login[:40], ATTEMPTS_PER_LOGIN),
        (LoginAttempt.address, address, ATTEMPTS_PER_ADDRESS),
    ):
        count = await session.scalar(
            select(func.count()).where(column == value, LoginAttempt.at >= since)
        )
        if (count or 0) >= limit:
            raise LoginLimited(retry_seconds=int(ATTEMPT_WINDOW.total_seconds()))


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def _new_session(
    session: AsyncSession, agent: Agent, now: datetime, lifetime: timedelta
) -> LoggedIn:
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    await session.execute(delete(StaffSession).where(StaffSession.expires_at < now))
    session.add(
        StaffSession(
            token_hash=_token_hash(token),
            agent_id=agent.id,
            csrf=csrf,
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    return LoggedIn(token=token, csrf=csrf, agent=agent)


async def agent_for(
    session: AsyncSession, token: str, *, now: datetime
) -> tuple[Agent, str] | None:
    """Return the agent and the CSRF token of a running session, None if there is none."""
    row = (
        await session.execute(
            select(Agent, StaffSession.csrf)
            .join(StaffSession, StaffSession.agent_id == Agent.id)
            .where(
                StaffSession.token_hash == _token_hash(token),
                StaffSession.expires_at > now,
                Agent.is_active,
            )
        )
    ).first()
    return (row[0], row[1]) if row else None


async def log_out(session: AsyncSession, token: str) -> None:
    """End one session."""
    await session.execute(delete(StaffSession).where(StaffSession.token_hash == _token_hash(token)))


async def change_password(
    database: Database, passwords: Passwords, agent_id: str, *, old: str, new: str, keep_token: str
) -> None:
    """Change a password and end the agent's other sessions.

    Raises:
        LoginFailed: The old password is wrong, or was changed meanwhile.
        BadRequest: The new password is too short, or the same as the old one.
    """
    async with database.read() as session:
        stored = (await session.get_one(Agent, agent_id)).password_hash
    if not await passwords.matches(stored, old):
        raise LoginFailed
    if len(new) < PASSWORD_MIN_CHARS or hmac.compare_digest(old.encode(), new.encode()):
        raise BadRequest(field="new_password")
    password_hash = await passwords.hash(new)
    async with database.begin() as session:
        agent = await session.get_one(Agent, agent_id)
        if agent.password_hash != stored:
            raise LoginFailed
        agent.password_hash = password_hash
        agent.must_change_password = False
        await session.execute(
            delete(StaffSession).where(
                StaffSession.agent_id == agent_id, StaffSession.token_hash != _token_hash(keep_token)
            )
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


async def active_agents(session: AsyncSession) -> list[tuple[str, str]]:
    """Return id and name of everybody who works here, by name."""
    rows = await session.execute(select(Agent.id, Agent.name).where(Agent.is_active).order_by(Agent.name, Agent.id))
    return [(agent_id, name) for agent_id, name in rows]


async def has_agents(session: AsyncSession) -> bool:
    """Tell whether any account exists; a new installation gets its first one at start-up."""
    return await session.scalar(select(Agent.id).limit(1)) is not None


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
