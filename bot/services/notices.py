"""Notices as the agent they are for reads them. Nobody sees another's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, HelpdeskError
from bot.store.database import announce
from bot.store.tables import Agent, Handoff, Notice, Ticket

#: More unread ones are shown as `99+`, and not counted.
COUNTED_UP_TO = 100
# Built once: every open console asks for it a few times a minute.
_UNREAD = select(func.count()).select_from(
    select(Notice.id)
    .where(Notice.agent_id == bindparam("agent"), Notice.read_at.is_(None))
    .limit(COUNTED_UP_TO)
    .subquery()
)
EMAIL_MAX_CHARS = 254
_EMAIL = re.compile(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class NoticeNotFound(HelpdeskError):
    """This agent has no such notice."""

    code = "not_found"


@dataclass(frozen=True)
class NoticeView:
    """A notice with what it is about.

    Attributes:
        number: The ticket's, None when it is about something else.
        title: The ticket's subject line.
        conversation_id: For a handoff.
    """

    id: int
    kind: str
    subject_kind: str | None
    subject_id: str | None
    details: Mapping[str, Any]
    created_at: datetime
    read_at: datetime | None
    number: str | None
    title: str | None
    conversation_id: str | None


@dataclass(frozen=True)
class NoticePage:
    """Part of the list; `next` fetches what follows, None at the end."""

    items: list[NoticeView]
    next: int | None


async def list_notices(
    session: AsyncSession,
    agent: Agent,
    *,
    unread_only: bool,
    before: int | None = None,
    limit: int = 50,
) -> NoticePage:
    """Return an agent's notices, newest first."""
    query = _of(agent).order_by(Notice.id.desc()).limit(limit + 1)
    if unread_only:
        query = query.where(Notice.read_at.is_(None))
    if before is not None:
        query = query.where(Notice.id < before)
    rows = (await session.execute(query)).all()
    items = [_view(*row) for row in rows[:limit]]
    return NoticePage(items, items[-1].id if len(rows) > limit else None)


async def unread_count(session: AsyncSession, agent_id: str) -> int:
    """Return how many notices an agent has not read, `COUNTED_UP_TO` at most."""
    return await session.scalar(_UNREAD, {"agent": agent_id}) or 0


async def open_notice(
    session: AsyncSession, agent: Agent, notice_id: int, *, now: datetime
) -> NoticeView:
    """Mark a notice as read and return it, to lead to what it is about.

    Raises:
        NoticeNotFound: This agent has no such notice.
    """
    row = (await session.execute(_of(agent).where(Notice.id == notice_id))).first()
    if row is None:
        raise NoticeNotFound
    notice = row[0]
    if notice.read_at is None:
        notice.read_at = now
        _announce(session, agent)
    return _view(*row)


async def read_all(session: AsyncSession, agent: Agent, *, up_to: int, now: datetime) -> None:
    """Mark as read what the agent has been shown.

    Args:
        up_to: Id of the newest notice on the page; what came later stays unread.
    """
    await session.execute(
        update(Notice)
        .where(Notice.agent_id == agent.id, Notice.read_at.is_(None), Notice.id <= up_to)
        .values(read_at=now)
    )
    _announce(session, agent)


async def set_email(session: AsyncSession, agent: Agent, email: str) -> None:
    """Set where an agent's notices are mailed to; an empty one means nowhere.

    Raises:
        BadRequest: This is no mail address.
    """
    email = email.strip()
    if email and (len(email) > EMAIL_MAX_CHARS or not _EMAIL.fullmatch(email)):
        raise BadRequest(field="email")
    (await session.get_one(Agent, agent.id)).email = email or None


def _announce(session: AsyncSession, agent: Agent) -> None:
    announce(session, "staff", {"type": "notices", "agents": [agent.id]})


def _of(agent: Agent) -> Any:
    return (
        select(Notice, Ticket.number, Ticket.subject, Handoff.conversation_id)
        .outerjoin(Ticket, Ticket.id == Notice.subject_id)
        .outerjoin(Handoff, Handoff.id == Notice.subject_id)
        .where(Notice.agent_id == agent.id)
    )


def _view(
    notice: Notice, number: str | None, title: str | None, conversation_id: str | None
) -> NoticeView:
    return NoticeView(
        id=notice.id,
        kind=notice.kind,
        subject_kind=notice.subject_kind,
        subject_id=notice.subject_id,
        details=notice.details,
        created_at=notice.created_at,
        read_at=notice.read_at,
        number=number,
        title=title,
        conversation_id=conversation_id,
    )
