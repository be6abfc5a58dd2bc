"""Colleagues named in notes with @: they are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.helpdesk.errors import HelpdeskError
from bot.store.database import announce
from bot.store.tables import Agent, Mention, Message, Ticket, TicketEntry

_SIGNS = "@＠"


@dataclass(frozen=True)
class MentionView:
    """A note in which the agent is named, and where it stands."""

    id: int
    by_name: str
    text: str
    ticket_id: str | None
    ticket_number: str | None
    conversation_id: str | None
    created_at: datetime
    is_seen: bool


def named_in(text: str, names: Iterable[str]) -> set[str]:
    """Return the names that stand after an @ in the text; of two that fit the longer one is meant."""
    by_length, found = sorted(names, key=len, reverse=True), set()
    for at, sign in enumerate(text):
        if sign in _SIGNS:
            name = next((name for name in by_length if name and text.startswith(name, at + 1)), None)
            found.update({name} if name else ())
    return found


async def record(
    session: AsyncSession,
    agent: Agent,
    text: str,
    *,
    door: Callable[[Agent], Awaitable[object]],
    entry_id: int | None = None,
    message_id: int | None = None,
    told_before: Collection[str] = (),
    now: datetime,
) -> list[str]:
    """Note who is named in a note that was just written or corrected; naming oneself tells nobody anything.

    Two colleagues of one name are both told.

    Args:
        door: Lets a colleague to what the note is about, or refuses; who is refused is not told.
        told_before: Agents who were told of an earlier version, and are not told again.

    Returns:
        The names, sorted, behind which there is nobody who may be told: whoever wrote them should know.
    """
    if not any(sign in text for sign in _SIGNS):
        return []
    others = select(Agent).where(Agent.is_active, Agent.id != agent.id)
    colleagues = list(await session.scalars(others))
    named = named_in(text, {colleague.name for colleague in colleagues})
    told: set[str] = set()
    for colleague in colleagues:
        if colleague.name in named and await _is_let_in(colleague, door):
            told.add(colleague.name)
            if colleague.id in told_before:
                continue
            session.add(
                Mention(
                    agent_id=colleague.id, by_agent_id=agent.id, entry_id=entry_id, message_id=message_id, created_at=now
                )
            )
            announce(session, "staff", {"type": "mention", "agent_id": colleague.id})
    return sorted(named - told)


async def told_of_entry(session: AsyncSession, entry_id: int) -> set[str]:
    """Return the agents who were told that a note of a ticket names them."""
    return set(await session.scalars(select(Mention.agent_id).where(Mention.entry_id == entry_id)))


async def _is_let_in(colleague: Agent, door: Callable[[Agent], Awaitable[object]]) -> bool:
    try:
        await door(colleague)
    except HelpdeskError:
        return False
    return True


async def mentions_of(
    session: AsyncSession, agent: Agent, *, before: int | None = None, limit: int = 30
) -> list[MentionView]:
    """Return where the agent is named, newest first."""
    by = aliased(Agent)
    query = (
        select(Mention, by.name, TicketEntry.text, Message.text, Ticket.id, Ticket.number, Message.conversation_id)
        .join(by, by.id == Mention.by_agent_id)
        .outerjoin(TicketEntry, TicketEntry.id == Mention.entry_id)
        .outerjoin(Ticket, Ticket.id == TicketEntry.ticket_id)
        .outerjoin(Message, Message.id == Mention.message_id)
        .where(Mention.agent_id == agent.id)
        .order_by(Mention.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Mention.id < before)
    return [
        MentionView(m.id, name, noted or said or "", ticket_id, number, conversation_id, m.created_at, bool(m.seen_at))
        for m, name, noted, said, ticket_id, number, conversation_id in await session.execute(query)
    ]


async def count_unseen(session: AsyncSession, agent: Agent) -> int:
    """Return how many mentions the agent has not looked at."""
    unseen = select(func.count()).where(Mention.agent_id == agent.id, Mention.seen_at.is_(None))
    return await session.scalar(unseen) or 0


async def mark_seen(session: AsyncSession, agent: Agent, *, up_to: int, now: datetime) -> None:
    """Note that the agent has looked at the mentions up to the one with this id."""
    await session.execute(
        update(Mention)
        .where(Mention.agent_id == agent.id, Mention.seen_at.is_(None), Mention.id <= up_to)
        .values(seen_at=now)
    )
    announce(session, "staff", {"type": "mention", "agent_id": agent.id})
