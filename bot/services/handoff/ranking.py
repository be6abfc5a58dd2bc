"""Who is served first of those who wait, and why: signals in the matter, an urgent request, an open ticket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, QueueRank
from bot.helpdesk.routing import OPEN_TICKET, Reason, Route, Urgency, hurry_of_tickets, most_urgent
from bot.services.handoff.episodes import current_handoff
from bot.services.office import Office
from bot.store.database import announce
from bot.store.tables import Conversation, Handoff, Ticket

#: Asked for a person because of something urgent; the episode's own reason tells staff so.
_URGENT = "urgent"


async def rank(
    session: AsyncSession, office: Office, conversation: Conversation, handoff: Handoff, sorted_as: Route
) -> None:
    """Give a conversation that begins to wait its rank, and keep why."""
    signals = [reason for reason in sorted_as.reasons if reason.code == "signal"]
    _set(conversation, handoff, [*signals, *await _of_tickets(session, office, conversation.id)])


async def rank_anew(session: AsyncSession, office: Office, conversation_id: str | None) -> None:
    """Let a waiting conversation move with the priority of its tickets; whoever lost their agent stays first.

    Args:
        conversation_id: Locked by the caller; a ticket may have none.
    """
    conversation = await session.get(Conversation, conversation_id) if conversation_id else None
    if conversation is None or conversation.owner not in WAITING:
        return
    handoff = await current_handoff(session, conversation.id)
    if handoff is None:
        return
    _set(conversation, handoff, [*_others(handoff), *await _of_tickets(session, office, conversation.id)])
    announce(session, "staff", {"type": "conversation_changed", "id": conversation.id})


def urgency_of(handoff: Handoff) -> Urgency:
    """Return how urgent what is asked for is in itself, whatever tickets are open."""
    return most_urgent([*_asked(handoff), *_others(handoff)])


def _others(handoff: Handoff) -> list[Reason]:
    """Return why it is served before others, but for open tickets."""
    return [Reason(each["code"], each["details"]) for each in handoff.hurry if each["code"] != OPEN_TICKET]


def _asked(handoff: Handoff) -> list[Reason]:
    return [Reason(_URGENT, {"level": "urgent"})] if handoff.reason == _URGENT else []


def _set(conversation: Conversation, handoff: Handoff, hurry: list[Reason]) -> None:
    handoff.hurry = [_plain(reason) for reason in hurry]
    if conversation.queue_rank != QueueRank.REQUEUED:
        conversation.queue_rank = QueueRank[most_urgent([*_asked(handoff), *hurry]).name]


async def _of_tickets(session: AsyncSession, office: Office, conversation_id: str) -> Iterable[Reason]:
    # On the table, not the class: what is urgent is so for everybody, wherever the viewer's regions end.
    table = Ticket.__table__
    priorities = await session.scalars(
        select(table.c.priority).where(table.c.conversation_id == conversation_id, ~table.c.is_finished)
    )
    return hurry_of_tickets(priorities.all(), office.routing)


def _plain(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "details": dict(reason.details)}
