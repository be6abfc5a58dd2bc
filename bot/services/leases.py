"""Who is writing a reply: a lease that colleagues see, that ends by itself, and that can be taken over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import HelpdeskError
from bot.store.database import announce
from bot.store.tables import Agent, Lease

#: The page renews it while somebody types; a browser that crashed blocks nobody for longer.
LIFETIME = timedelta(minutes=2)


class LeaseHeld(HelpdeskError):
    """`details["agent_name"]` is writing a reply; wait, talk to them, or take over."""

    code = "lease_held"


@dataclass(frozen=True)
class Holder:
    """Who has a lease."""

    agent_id: str
    agent_name: str
    until: datetime


def topic(subject: str, subject_id: str) -> str:
    """Return where a change of who looks and who writes is announced."""
    return f"looking:{subject}:{subject_id}"


async def acquire(
    session: AsyncSession, agent: Agent, subject: str, subject_id: str, *, take_over: bool = False, now: datetime
) -> datetime:
    """Take or renew the lease; return until when it holds.

    Of two who ask at once, one gets it.

    Raises:
        LeaseHeld: Somebody else has it, and it is not to be taken over.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    free = {"subject_kind": subject, "subject_id": subject_id, "agent_id": agent.id, "until": now}
    await session.execute(insert(Lease).values(free).on_conflict_do_nothing())
    lease = await session.get_one(
        Lease, (subject, subject_id), with_for_update=True, populate_existing=True
    )
    if lease.agent_id != agent.id and lease.until > now and not take_over:
        raise await _held(session, lease)
    is_news = lease.agent_id != agent.id or lease.until <= now
    lease.agent_id, lease.until = agent.id, now + LIFETIME
    if is_news:
        announce(session, topic(subject, subject_id), {"type": "lease"})
    return lease.until


async def check(session: AsyncSession, agent: Agent, subject: str, subject_id: str, *, now: datetime) -> None:
    """Allow a reply unless a colleague is writing one.

    Raises:
        LeaseHeld: A colleague is.
    """
    lease = await session.get(Lease, (subject, subject_id), with_for_update=True, populate_existing=True)
    if lease and lease.agent_id != agent.id and lease.until > now:
        raise await _held(session, lease)


async def release(session: AsyncSession, agent: Agent, subject: str, subject_id: str) -> None:
    """Give the lease back, if the agent has it."""
    mine = (Lease.subject_kind == subject, Lease.subject_id == subject_id, Lease.agent_id == agent.id)
    gone = await session.scalar(delete(Lease).where(*mine).returning(Lease.agent_id))
    if gone:
        announce(session, topic(subject, subject_id), {"type": "lease"})


async def holder(session: AsyncSession, subject: str, subject_id: str, *, now: datetime) -> Holder | None:
    """Return who is writing a reply, None if nobody is."""
    row = (
        await session.execute(
            select(Lease.agent_id, Agent.name, Lease.until)
            .join(Agent, Agent.id == Lease.agent_id)
            .where(Lease.subject_kind == subject, Lease.subject_id == subject_id, Lease.until > now)
        )
    ).one_or_none()
    return Holder(*row) if row else None


async def _held(session: AsyncSession, lease: Lease) -> LeaseHeld:
    name = await session.scalar(select(Agent.name).where(Agent.id == lease.agent_id))
    return LeaseHeld(agent_name=name or "", until=lease.until.isoformat())
