"""Notices of a ticket that was moved to another queue: to those who serve it, and to whoever had the ticket."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.escalation import Tell
from bot.helpdesk.routing import Wanted, skills_for
from bot.services.escalation.roster import Roster
from bot.services.escalation.telling import BURST
from bot.services.office import Office
from bot.store.database import announce
from bot.store.inserting import insert_missing
from bot.store.tables import Notice, Ticket

CAME, TAKEN_OFF = "ticket.queue_changed", "ticket.taken_off"


async def tell(
    session: AsyncSession, office: Office, ticket: Ticket, *, actor: str, lost_by: str | None, now: datetime
) -> None:
    """Leave the notices; whoever moved the ticket knows of it, and of one that is in hand nobody new has to hear.

    Args:
        lost_by: Who had it until now, None if it was in nobody's hands or stays where it is.
    """
    hear = await _served_by(session, office, ticket, now) - {actor, lost_by} if ticket.assignee_id is None else set()
    flooded = await _flooded(session, hear)
    rows = [_one(ticket, CAME, agent_id, now) for agent_id in sorted(hear - flooded)]
    rows += [_many(office, ticket, agent_id, now) for agent_id in sorted(flooded)]
    if lost_by is not None and lost_by != actor:
        rows.append(_one(ticket, TAKEN_OFF, lost_by, now))
    if rows:
        await insert_missing(session, Notice, rows)
        announce(session, "staff", {"type": "notices", "agents": [row["agent_id"] for row in rows]})


async def _served_by(session: AsyncSession, office: Office, ticket: Ticket, now: datetime) -> set[str]:
    """Return who hears of what nobody in the queue has, as a chain of escalation means it."""
    roster = await Roster.load(session, present_for=office.handoff.present_for, now=now)
    wanted = Wanted(skills_for(ticket.queue, ticket.facts.get("right"), office.routing), (ticket.region,))
    return {person.id for person in roster.meant(Tell.QUEUE, assignee_id=None, heads=(), wanted=wanted)}


async def _flooded(session: AsyncSession, agent_ids: Collection[str]) -> set[str]:
    """Return who has so many of these unread, as after a step on many tickets, that one more line would say nothing."""
    unread = (
        select(Notice.agent_id)
        .where(Notice.agent_id.in_(agent_ids), Notice.kind == CAME, Notice.read_at.is_(None))
        .group_by(Notice.agent_id)
        .having(func.count() >= BURST)
    )
    return set(await session.scalars(unread)) if agent_ids else set()


def _one(ticket: Ticket, kind: str, agent_id: str, now: datetime) -> dict[str, Any]:
    return {
        "agent_id": agent_id, "kind": kind, "subject_kind": "ticket", "subject_id": ticket.id,
        "details": {"queue": ticket.queue}, "key": f"{kind}:{ticket.id}:{ticket.version}", "created_at": now,
    }  # fmt: skip


def _many(office: Office, ticket: Ticket, agent_id: str, now: datetime) -> dict[str, Any]:
    """Return the summary that stands for all further ones of a day."""
    day = office.calendar.local_date(now).isoformat()
    return {
        "agent_id": agent_id, "kind": CAME, "subject_kind": None, "subject_id": None,
        "details": {"count": BURST, "queue": ticket.queue}, "key": f"{CAME}+:{ticket.queue}:{day}", "created_at": now,
    }  # fmt: skip
