"""The packet: all that an agent needs to go on without asking the citizen again.

Why a person was asked for, what the citizen asked and what the bot answered with which provisions and how
sure it was, what a form has been told, tickets, earlier episodes, and suggested answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import ConversationNotFound
from bot.knowledge import KnowledgeBase
from bot.services.forms import FormCatalogue, Line
from bot.services.handoff.dialogue_slots import filled_slots
from bot.services.handoff.episodes import current_handoff
from bot.services.handoff.history import Exchange, last_exchanges
from bot.services.handoff.suggesting import Suggestion, suggest
from bot.services.office import Office
from bot.store.tables import Agent, Conversation, Handoff, Ticket

_TURNS = 6
_SEARCHED_MESSAGES = 3
_EPISODES = 5
_TICKETS = 10
#: What people say to the desk rather than about their matter.
_NOT_A_QUESTION = frozenset({"request_human", "request_human_urgent", "greet", "affirm", "deny"})


@dataclass(frozen=True)
class AnsweredBy:
    """What the bot said to one message: the article and what it rests on."""

    text: str
    article_id: str | None
    title: str | None
    citations: list[dict[str, Any]]
    was_sent: bool


@dataclass(frozen=True)
class Asked:
    """One message of the citizen, how it was understood and answered."""

    text: str
    at: datetime
    intent: str | None
    confidence: float | None
    topic: str | None
    right: str | None
    outcome: str | None
    answers: list[AnsweredBy]


@dataclass(frozen=True)
class TicketLine:
    """A ticket that came from this conversation."""

    id: str
    number: str
    kind: str
    status: str
    subject: str


@dataclass(frozen=True)
class Episode:
    """An earlier time that a person had this conversation."""

    reason: str
    requested_at: datetime
    ended_at: datetime | None
    outcome: str | None
    agent_name: str | None


@dataclass(frozen=True)
class FormSoFar:
    """What a form has been told; sensitive answers are masked."""

    title: str
    lines: list[Line]


@dataclass(frozen=True)
class Packet:
    """Everything, oldest first within each part.

    Attributes:
        last_seq: `seq` of the last message that was looked at; a newer one makes the packet stale.
    """

    reason: str | None
    queue: str
    last_seq: int
    asked: list[Asked]
    forms: list[FormSoFar]
    tickets: list[TicketLine]
    episodes: list[Episode]
    suggestions: list[Suggestion]


async def packet(
    session: AsyncSession,
    office: Office,
    knowledge: KnowledgeBase,
    forms: FormCatalogue,
    conversation_id: str,
    *,
    now: datetime,
) -> Packet:
    """Return the packet of a conversation as it stands.

    Raises:
        ConversationNotFound: There is none with this id.
    """
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    episode = await current_handoff(session, conversation_id)
    exchanges = await last_exchanges(session, conversation_id, limit=_TURNS)
    questions = [one for one in exchanges if not _is_for_the_desk(one)][-_SEARCHED_MESSAGES:]
    return Packet(
        reason=episode.reason if episode else None,
        queue=conversation.queue,
        last_seq=conversation.last_seq,
        asked=[_asked(exchange) for exchange in exchanges],
        forms=_forms(forms, conversation),
        tickets=await _tickets(session, conversation_id),
        episodes=await _episodes(session, conversation_id, episode),
        suggestions=suggest(
            knowledge,
            office.texts,
            [exchange.message.text for exchange in questions],
            _candidates(questions),
            is_last_known=bool(questions and _understood(questions[-1])),
            on=office.calendar.local_date(now),
        ),
    )


def _is_for_the_desk(exchange: Exchange) -> bool:
    return _understood(exchange).get("intent") in _NOT_A_QUESTION


def _candidates(questions: list[Exchange]) -> list[str]:
    """Return what the engine named for the last question that it saw, unless that is too long ago."""
    for exchange in reversed(questions):
        if found := _understood(exchange).get("candidates"):
            return [str(candidate["id"]) for candidate in found]
    return []


def _understood(exchange: Exchange) -> dict[str, Any]:
    return (exchange.inbound.analysis if exchange.inbound else None) or {}


def _asked(exchange: Exchange) -> Asked:
    understood = _understood(exchange)
    return Asked(
        text=exchange.message.text,
        at=exchange.message.created_at,
        intent=understood.get("intent"),
        confidence=understood.get("confidence"),
        topic=understood.get("topic"),
        right=understood.get("right"),
        outcome=understood.get("outcome"),
        answers=[
            AnsweredBy(
                text=reply.text,
                article_id=reply.body.get("article_id"),
                title=reply.body.get("title"),
                citations=reply.body.get("citations") or [],
                was_sent=reply.seq is not None,
            )
            for reply in exchange.replies
        ],
    )


def _forms(forms: FormCatalogue, conversation: Conversation) -> list[FormSoFar]:
    slots = filled_slots(conversation.dialogue_state)
    found = []
    for form in forms.forms:
        values = {field.name: slots.get(form.slot(field)) for field in form.fields}
        told = {name: str(value) for name, value in values.items() if value is not None}
        if lines := [line for line in forms.summary(form, told) if line.shown]:
            found.append(FormSoFar(form.title, lines))
    return found


async def _tickets(session: AsyncSession, conversation_id: str) -> list[TicketLine]:
    rows = await session.execute(
        select(Ticket.id, Ticket.number, Ticket.kind, Ticket.status, Ticket.subject)
        .where(Ticket.conversation_id == conversation_id)
        .order_by(Ticket.opened_at.desc())
        .limit(_TICKETS)
    )
    return [TicketLine(*row) for row in rows]


async def _episodes(
    session: AsyncSession, conversation_id: str, current: Handoff | None
) -> list[Episode]:
    query = (
        select(Handoff, Agent.name)
        .outerjoin(Agent, Agent.id == Handoff.agent_id)
        .where(Handoff.conversation_id == conversation_id)
        .order_by(Handoff.requested_at.desc())
        .limit(_EPISODES)
    )
    if current:
        query = query.where(Handoff.id != current.id)
    return [
        Episode(row.reason, row.requested_at, row.ended_at, row.outcome, name)
        for row, name in await session.execute(query)
    ]
