"""The sessions of staff: which are open, ending them, noting that they are used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import AccountNotFound
from bot.services import staff_audit
from bot.store.database import announce
from bot.store.tables import StaffSession

#: Use is noted at most this often: a write for every request would be many.
NOTED_EVERY = timedelta(minutes=1)
_BROWSER_CHARS = 160


@dataclass(frozen=True)
class SessionView:
    """One open session as its owner, or an administrator, sees it."""

    id: str
    address: str
    browser: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    has_second_factor: bool


def short_browser(described: str) -> str:
    """Return what a browser says about itself, printable and short; it is only ever shown."""
    return "".join(sign for sign in described if sign.isprintable())[:_BROWSER_CHARS]


async def sessions_of(
    session: AsyncSession, agent_id: str, *, now: datetime, idle: timedelta | None = None
) -> list[SessionView]:
    """Return an agent's open sessions, the one used last on top."""
    query = (
        select(StaffSession)
        .where(StaffSession.agent_id == agent_id, StaffSession.expires_at > now)
        .order_by(StaffSession.last_seen_at.desc(), StaffSession.id)
    )
    if idle is not None:
        query = query.where(StaffSession.last_seen_at > now - idle)
    return [
        SessionView(
            id=row.id,
            address=row.address,
            browser=row.browser,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            has_second_factor=row.second_factor_at is not None,
        )
        for row in await session.scalars(query)
    ]


async def open_counts(session: AsyncSession, *, now: datetime) -> dict[str, int]:
    """Return how many sessions each agent has open."""
    rows = await session.execute(
        select(StaffSession.agent_id, func.count())
        .where(StaffSession.expires_at > now)
        .group_by(StaffSession.agent_id)
    )
    return dict(rows.all())


async def end_one(
    session: AsyncSession, session_id: str, *, agent_id: str, by: str, now: datetime
) -> None:
    """End one session of this agent; one that has ended already stays so.

    Args:
        by: Whose wish it is: the agent's own, or an administrator's.
    """
    ended = await session.execute(
        delete(StaffSession).where(StaffSession.id == session_id, StaffSession.agent_id == agent_id)
    )
    if ended.rowcount:
        announce_end(session, agent_id)
        await staff_audit.record(
            session, actor=by, action="session.revoked", subject=agent_id, now=now,
            new={"session": session_id},
        )  # fmt: skip


async def end_others(
    session: AsyncSession, *, agent_id: str, keep: str | None, by: str, now: datetime
) -> int:
    """End all sessions of an agent but one; return how many.

    Args:
        keep: Token hash of the session that stays, None to end all.
    """
    count = await end_all(session, agent_id, keep=keep)
    if count:
        await staff_audit.record(
            session, actor=by, action="sessions.revoked", subject=agent_id, now=now, new={"count": count}
        )
    return count


async def end_all(session: AsyncSession, agent_id: str, *, keep: str | None = None) -> int:
    """End an agent's sessions because something about the account changed; that is what is recorded."""
    query = delete(StaffSession).where(StaffSession.agent_id == agent_id)
    if keep is not None:
        query = query.where(StaffSession.token_hash != keep)
    ended = await session.execute(query)
    if ended.rowcount:
        announce_end(session, agent_id)
    return ended.rowcount


def announce_end(session: AsyncSession, agent_id: str) -> None:
    """Tell the open connections of an agent to look whether their session still stands."""
    announce(session, topic_of(agent_id), {"type": "sessions_changed"})


def topic_of(agent_id: str) -> str:
    """Return the topic of what concerns one agent."""
    return f"agent:{agent_id}"


async def note_use(session: AsyncSession, token_hash: str, *, now: datetime) -> None:
    """Note that a session is used, if that was not noted just now."""
    await session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == token_hash, StaffSession.last_seen_at <= now - NOTED_EVERY)
        .values(last_seen_at=now)
    )


async def owner_of(session: AsyncSession, session_id: str) -> str:
    """Return whose session it is.

    Raises:
        AccountNotFound: There is no such session.
    """
    found = await session.scalar(select(StaffSession.agent_id).where(StaffSession.id == session_id))
    if found is None:
        raise AccountNotFound
    return found
