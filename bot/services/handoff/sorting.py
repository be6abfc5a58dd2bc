"""What is known of a conversation when a person is asked for, and what it therefore wants of an agent.

The newest and surest word on the right counts: the form being filled in, what was asked of the bot of late,
what a person settled, and last the open ticket. Where each leads is for `helpdesk.routing` to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.routing import Matter, Route, Wanted, named_right, route
from bot.services.handoff.history import Exchange, last_exchanges
from bot.services.handoff.settling import SETTLED
from bot.services.office import Office
from bot.services.reading import regions_of
from bot.store.tables import Conversation, FormDraft, Handoff, Ticket

_LOOKED_AT = 10
#: What was asked longer ago need not be what a person is asked for now.
_STILL_COUNTS = timedelta(days=7)


async def sort(
    session: AsyncSession, office: Office, conversation: Conversation, *, now: datetime
) -> Route:
    """Return the queue, the urgency and the skills of a conversation that is handed over."""
    answers = await _form_answers(session, conversation.id)
    exchanges = await last_exchanges(session, conversation.id, limit=_LOOKED_AT)
    recent = [e for e in exchanges if now - e.message.created_at <= _STILL_COUNTS]
    settled = ((conversation.dialogue_state or {}).get(SETTLED) or {}).get("right")
    right, queue = named_right(answers.get("right"), *_recognised(recent), settled), None
    if right is None:
        right, queue = await _of_open_ticket(session, conversation.id)
    told = "\n".join(exchange.message.text for exchange in recent)
    return route(Matter(right=right, queue=queue, values=answers, told=told), office.routing)


async def wanted(session: AsyncSession, conversation: Conversation, handoff: Handoff | None) -> Wanted:
    """Return what a waiting conversation asks of whoever takes it."""
    skills = handoff.skills if handoff and handoff.skills else [f"queue:{conversation.queue}"]
    return Wanted(frozenset(skills), tuple(await regions_of(session, conversation.id)))


def _recognised(exchanges: Sequence[Exchange]) -> list[str | None]:
    """Return the rights that the bot recognised, newest first."""
    understood = ((e.inbound.analysis if e.inbound else None) or {} for e in reversed(exchanges))
    return [analysis.get("right") for analysis in understood]


async def _form_answers(session: AsyncSession, conversation_id: str) -> dict[str, str]:
    answers = await session.scalar(
        select(FormDraft.answers).where(
            FormDraft.conversation_id == conversation_id, FormDraft.ticket_id.is_(None)
        )
    )
    return dict(answers or {})


async def _of_open_ticket(session: AsyncSession, conversation_id: str) -> tuple[str | None, str | None]:
    """Return right and queue of the conversation's latest open ticket."""
    rows = await session.execute(
        select(Ticket.facts, Ticket.queue)
        .where(Ticket.conversation_id == conversation_id, ~Ticket.is_finished)
        .order_by(Ticket.opened_at.desc())
        .limit(1)
    )
    found = rows.first()
    return (named_right(found.facts.get("right")), found.queue) if found else (None, None)
