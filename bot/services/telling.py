"""Telling the citizen of a ticket something, in the conversation that the ticket came from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.conversations import add_outgoing, locked
from bot.services.office import Office
from bot.services.outbox import deliver_from
from bot.store.scoping import EVERYWHERE
from bot.store.tables import Conversation, Ticket


async def tell_citizen(
    session: AsyncSession,
    ticket: Ticket,
    words: str,
    *,
    now: datetime,
    body: dict[str, object] | None = None,
) -> None:
    """Send words of the system; nothing happens for a ticket without a conversation."""
    if ticket.conversation_id is None:
        return
    conversation = await locked(session, ticket.conversation_id)
    add_outgoing(session, conversation, "system", words, now=now, epoch=None, body=body)
    await session.flush()
    await deliver_from(session, conversation, now=now)


async def tell_merged(session: AsyncSession, office: Office, ticket: Ticket, *, now: datetime) -> None:
    """Tell the citizens of tickets merged into this one, directly or through others, its new status.

    They are told wherever they live, also by an agent who may not read their tickets. Without the reason, which may
    speak of the other citizen. Their conversations are not locked, for a transaction locks conversations before
    tickets: the words are recorded, and the worker sends them.
    """
    status = office.texts(f"states.{ticket.status}")
    for source in await _merged_into(session, ticket.id):
        if source.conversation_id is None or source.conversation_id == ticket.conversation_id:
            continue
        conversation = await session.get_one(
            Conversation, source.conversation_id, execution_options=EVERYWHERE
        )
        words = office.texts("life_cycle.merge.source_status", number=source.number, status=status)
        add_outgoing(session, conversation, "system", words, now=now, epoch=None)


async def _merged_into(session: AsyncSession, ticket_id: str) -> list[Ticket]:
    found: list[Ticket] = []
    layer = [ticket_id]
    while layer:
        query = select(Ticket).where(Ticket.merged_into.in_(layer))
        sources = list(await session.scalars(query, execution_options=EVERYWHERE))
        found += sources
        layer = [source.id for source in sources]
    return found
