"""Accounts of staff, as administrators and the command line manage them.

Whatever changes what an account may do ends its sessions: who is signed in signs in again, as what they are now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import (
    AccountExists,
    AccountNotFound,
    BadRequest,
    LastAdministrator,
    OwnAccount,
)
from bot.helpdesk.permissions import ADMINISTERING, Role
from bot.helpdesk.presence import Skills
from bot.helpdesk.regions import RegionScope
from bot.helpdesk.routing import LANGUAGES
from bot.helpdesk.ticket import RIGHTS
from bot.services import staff_audit, staff_sessions
from bot.services.ids import new_id
from bot.store.database import announce
from bot.store.tables import Agent

LOGIN_MAX_CHARS = NAME_MAX_CHARS = 40
_SKILLS = frozenset({"rights", "languages"})
#: What one may change of one's own account, and what ends no session.
_NO_POWERS = _SKILLS | {"name"}


@dataclass(frozen=True)
class AccountView:
    """An account as the list shows it.

    Attributes:
        rights: Those the agent knows; none means all. So with languages beside Chinese.
        sessions: How many log-ins are open.
    """

    id: str
    login: str
    name: str
    role: str
    regions: tuple[str, ...]
    rights: tuple[str, ...]
    languages: tuple[str, ...]
    is_active: bool
    must_change_password: bool
    has_second_factor: bool
    last_login_at: datetime | None
    created_at: datetime
    sessions: int


@dataclass(frozen=True)
class AccountChange:
    """What an account is to be; None leaves a value as it is."""

    name: str | None = None
    role: str | None = None
    regions: Sequence[str] | None = None
    rights: Sequence[str] | None = None
    languages: Sequence[str] | None = None
    is_active: bool | None = None


async def add_account(
    session: AsyncSession,
    *,
    login: str,
    name: str,
    role: str,
    password_hash: str,
    regions: Sequence[str] = (),
    rights: Sequence[str] = (),
    languages: Sequence[str] = (),
    by: str = staff_audit.OPERATOR,
    now: datetime,
) -> Agent:
    """Create an account whose password must be changed at the first log-in.

    Args:
        password_hash: Made before the transaction: hashing takes long on purpose, and writers wait.
        by: The administrator's id, or `operator`.

    Raises:
        BadRequest: Unknown role, region or skill, or an empty or unfit login or name.
        AccountExists: The login is taken.
    """
    agent = Agent(
        id=new_id(now),
        login=_checked_login(login),
        name=_checked_name(name),
        role=_checked_role(role),
        regions=list(RegionScope.of(regions).prefixes),
        skills=Skills((), _checked_rights(rights), _checked_languages(languages)).to_json(),
        password_hash=password_hash,
        must_change_password=True,
        is_active=True,
        recovery_hashes=[],
        created_at=now,
    )
    try:
        async with session.begin_nested():
            session.add(agent)
            await session.flush()
    except IntegrityError as error:
        raise AccountExists(login=agent.login) from error
    await staff_audit.record(
        session, actor=by, action="account.added", subject=agent.id, now=now,
        new={"login": agent.login, **_standing(agent)},
    )  # fmt: skip
    return agent


def _checked_login(login: str) -> str:
    login = login.strip()
    if not login or len(login) > LOGIN_MAX_CHARS or not login.isprintable() or " " in login:
        raise BadRequest(field="login")
    return login


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME_MAX_CHARS or not name.isprintable():
        raise BadRequest(field="name")
    return name


def _checked_role(role: str) -> str:
    if role not in {known.value for known in Role}:
        raise BadRequest(field="role")
    return role


def _checked_rights(rights: Sequence[str]) -> tuple[str, ...]:
    return _checked_among(RIGHTS, rights, "rights")


def _checked_languages(languages: Sequence[str]) -> tuple[str, ...]:
    return _checked_among(LANGUAGES, languages, "languages")


def _checked_among(known: Sequence[str], given: Sequence[str], field: str) -> tuple[str, ...]:
    if not set(given) <= set(known):
        raise BadRequest(field=field)
    return tuple(name for name in known if name in given)


def _standing(agent: Agent) -> dict[str, object]:
    skills = Skills.read(agent.skills)
    return {
        "name": agent.name, "role": agent.role, "regions": agent.regions, "is_active": agent.is_active,
        "rights": [*skills.rights], "languages": [*skills.languages],
    }  # fmt: skip


async def accounts(session: AsyncSession, *, now: datetime) -> list[AccountView]:
    """Return all accounts, active ones first, by login."""
    rows = await session.scalars(select(Agent).order_by(Agent.is_active.desc(), Agent.login))
    counts = await staff_sessions.open_counts(session, now=now)
    return [_view(agent, counts.get(agent.id, 0)) for agent in rows]


async def account(session: AsyncSession, agent_id: str, *, now: datetime) -> AccountView:
    """Return one account.

    Raises:
        AccountNotFound: There is none with this id.
    """
    agent = await session.get(Agent, agent_id)
    if agent is None:
        raise AccountNotFound
    counts = await staff_sessions.open_counts(session, now=now)
    return _view(agent, counts.get(agent.id, 0))


async def account_id_of(session: AsyncSession, login: str) -> str:
    """Return the id of the account with this login.

    Raises:
        AccountNotFound: There is none.
    """
    found = await session.scalar(select(Agent.id).where(Agent.login == login))
    if found is None:
        raise AccountNotFound
    return found


def _view(agent: Agent, sessions: int) -> AccountView:
    skills = Skills.read(agent.skills)
    return AccountView(
        id=agent.id,
        login=agent.login,
        name=agent.name,
        role=agent.role,
        regions=tuple(agent.regions),
        rights=skills.rights,
        languages=skills.languages,
        is_active=agent.is_active,
        must_change_password=agent.must_change_password,
        has_second_factor=agent.totp_enabled_at is not None,
        last_login_at=agent.last_login_at,
        created_at=agent.created_at,
        sessions=sessions,
    )


async def change_account(
    session: AsyncSession, agent_id: str, change: AccountChange, *, by: str, now: datetime
) -> Agent:
    """Change name, role, regions, skills, or whether the account is active.

    Raises:
        AccountNotFound: There is no such account.
        BadRequest: Unknown role, region or skill, or an unfit name.
        OwnAccount: Somebody changes more than name and skills of their own account.
        LastAdministrator: Nobody would be left who can manage accounts.
    """
    administrators = await _locked_administrators(session)
    agent = await _locked(session, agent_id)
    old = _standing(agent)
    new = old | _wanted(change)
    changed = {key for key in old if old[key] != new[key]}
    if not changed:
        return agent
    may_do = changed - _NO_POWERS
    if may_do and by == agent.id:
        raise OwnAccount
    if _administers(old) and not _administers(new) and administrators == {agent.id}:
        raise LastAdministrator
    for key in changed - _SKILLS:
        setattr(agent, key, new[key])
    if changed & _SKILLS:
        agent.skills = {**Skills.read(agent.skills).to_json(), **{key: new[key] for key in _SKILLS}}
        announce(session, "staff", {"type": "floor_changed"})
    if may_do:
        await staff_sessions.end_all(session, agent.id)
    await staff_audit.record(
        session, actor=by, action="account.changed", subject=agent.id, now=now,
        old={key: old[key] for key in sorted(changed)}, new={key: new[key] for key in sorted(changed)},
    )  # fmt: skip
    return agent


def _wanted(change: AccountChange) -> dict[str, object]:
    wanted: dict[str, object] = {}
    if change.name is not None:
        wanted["name"] = _checked_name(change.name)
    if change.role is not None:
        wanted["role"] = _checked_role(change.role)
    if change.regions is not None:
        wanted["regions"] = list(RegionScope.of(change.regions).prefixes)
    if change.rights is not None:
        wanted["rights"] = [*_checked_rights(change.rights)]
    if change.languages is not None:
        wanted["languages"] = [*_checked_languages(change.languages)]
    if change.is_active is not None:
        wanted["is_active"] = change.is_active
    return wanted


def _administers(standing: dict[str, object]) -> bool:
    """Tell whether an account of this standing can manage accounts: that is for the whole country only."""
    return standing["role"] in ADMINISTERING and bool(standing["is_active"]) and not standing["regions"]


async def _locked_administrators(session: AsyncSession) -> set[str]:
    """Return who can manage accounts. They are locked first and in one order, so that two of them cannot
    take each other's role at once."""
    rows = await session.scalars(
        select(Agent)
        .where(Agent.role.in_([role.value for role in ADMINISTERING]), Agent.is_active)
        .order_by(Agent.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {agent.id for agent in rows if _administers(_standing(agent))}


async def reset_password(
    session: AsyncSession, agent_id: str, *, password_hash: str, by: str, now: datetime
) -> Agent:
    """Give an account a new one-time password and end its sessions.

    Raises:
        AccountNotFound: There is no such account.
    """
    agent = await _locked(session, agent_id)
    agent.password_hash, agent.must_change_password = password_hash, True
    await staff_sessions.end_all(session, agent.id)
    await staff_audit.record(session, actor=by, action="password.reset", subject=agent.id, now=now)
    return agent


async def reset_second_factor(session: AsyncSession, agent_id: str, *, by: str, now: datetime) -> Agent:
    """Take away a second factor whose device and recovery codes are lost, and end the sessions.

    Raises:
        AccountNotFound: There is no such account.
    """
    agent = await _locked(session, agent_id)
    forget_second_factor(agent)
    await staff_sessions.end_all(session, agent.id)
    await staff_audit.record(session, actor=by, action="second_factor.reset", subject=agent.id, now=now)
    return agent


def forget_second_factor(agent: Agent) -> None:
    """Leave nothing of a second factor."""
    agent.totp_secret = agent.totp_enabled_at = agent.totp_last_step = None
    agent.recovery_hashes = []


async def _locked(session: AsyncSession, agent_id: str) -> Agent:
    agent = await session.get(Agent, agent_id, with_for_update=True, populate_existing=True)
    if agent is None:
        raise AccountNotFound
    return agent
