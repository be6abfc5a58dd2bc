"""Handing a conversation to a person and back.

Every change of owner happens with the conversation's row locked and grows its epoch. That is the
compare-and-set: of two agents who claim at once, one waits for the other's commit and then sees
who was faster; a reply that the bot still has in the making finds a newer epoch and stays a draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, Owner
from bot.helpdesk.errors import (
    AlreadyClaimed,
    BadRequest,
    MessageTooLong,
    NotWaiting,
    NotYourConversation,
)
from bot.helpdesk.identifiers import format_code
from bot.services import sla
from bot.services.conversations import (
    add_outgoing,
    add_visible,
    announce_message,
    change_owner,
    locked,
    place_in_queue,
    status,
)
from bot.services.ids import new_id
from bot.services.office import Office
from bot.services.outbox import deliver_pending
from bot.services.tickets import OpenedTicket, TicketDraft, open_ticket
from bot.services.views import ConversationStatus, MessageView, message_view
from bot.store.tables import Agent, Conversation, Handoff, Message, SlaClock, Ticket

REPLY_MAX_CHARS = 4000
_BACK_TO_BOT = "/back_to_bot"


@dataclass(frozen=True)
class ConversationCard:
    """One line of the agents' list."""

    id: str
    owner: str
    agent_id: str | None
    agent_name: str | None
    queue: str
    last_text: str
    last_at: datetime | None
    waiting_since: datetime | None
    reason: str | None
    ticket_number: str | None
    due_at: datetime | None
    warn_at: datetime | None
    clock_state: str | None


async def request_human(
    session: AsyncSession,
    office: Office,
    conversation_id: str,
    *,
    reason: str,
    now: datetime,
    reply_to: str | None = None,
) -> ConversationStatus:
    """Put the conversation in its queue, start the first-response clock, tell the citizen.

    In office hours the citizen hears their place; outside, the next opening, and a consultation
    ticket keeps the matter. Asking again changes nothing.

    Args:
        reason: asked | offered | failed_tries | urgent | engine_failure
        reply_to: The inbound message that led here, so that its stored reply is whole.
    """
    conversation = await locked(session, conversation_id)
    if conversation.owner in (*WAITING, Owner.HUMAN):
        return await status(session, conversation_id, calendar=office.calendar, now=now)
    is_open = office.calendar.is_open(now)
    change_owner(
        session, conversation, Owner.QUEUED if is_open else Owner.OFFLINE_TICKET, agent_id=None
    )
    conversation.waiting_since = now
    handoff = Handoff(
        id=new_id(now),
        conversation_id=conversation_id,
        reason=reason,
        queue=conversation.queue,
        requested_at=now,
    )
    session.add(handoff)
    await session.flush()
    await sla.on_handoff(session, office.sla, handoff, "queued", now=now)
    if reason == "urgent":
        await say(session, office, conversation, "handoff.urgent", now=now, reply_to=reply_to)
    if is_open:
        await _say_place(session, office, conversation, reason, now, reply_to)
    else:
        opened = await _offline_ticket(session, office, conversation, now)
        handoff.ticket_id = opened.ticket.id
        await _say_next_opening(session, office, conversation, opened, reason, now, reply_to)
    return await status(session, conversation_id, calendar=office.calendar, now=now)


async def _say_place(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    reason: str,
    now: datetime,
    reply_to: str | None,
) -> None:
    place = await place_in_queue(session, conversation)
    key = "handoff.queued_next" if place == 1 else "handoff.queued"
    if reason == "engine_failure":
        key = "handoff.engine_failure"
    await say(session, office, conversation, key, now=now, reply_to=reply_to, place=place)


async def _say_next_opening(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    opened: OpenedTicket,
    reason: str,
    now: datetime,
    reply_to: str | None,
) -> None:
    failed = reason == "engine_failure"
    await say(
        session,
        office,
        conversation,
        "handoff.engine_failure_ticket" if failed else "handoff.offline_ticket",
        now=now,
        reply_to=reply_to,
        ticket=opened,
        when=office.moment(office.calendar.next_opening(now)),
        number=opened.ticket.number,
        code=format_code(opened.code),
    )


async def _offline_ticket(
    session: AsyncSession, office: Office, conversation: Conversation, now: datetime
) -> OpenedTicket:
    """Keep the matter as a consultation ticket; the key holds the instant, so that a request on
    another evening with the same words is a ticket of its own."""
    asked = await session.scalar(
        select(Message.text)
        .where(Message.conversation_id == conversation.id, Message.author == "citizen")
        .order_by(Message.seq.desc())
        .limit(1)
    )
    draft = TicketDraft(
        kind="consultation",
        subject=office.texts("handoff.offline_ticket_subject"),
        facts={"question": asked or "", "requested_at": now.isoformat()},
        queue=conversation.queue,
        channel=conversation.channel,
        conversation_id=conversation.id,
    )
    return await open_ticket(session, office, draft, now=now)


async def say(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    key: str,
    *,
    now: datetime,
    reply_to: str | None = None,
    ticket: OpenedTicket | None = None,
    **values: object,
) -> None:
    """Send the citizen words of the system; while they wait, with the way back to the bot."""
    body: dict[str, object] = {}
    if conversation.owner in WAITING:
        body["buttons"] = [{"title": office.texts("buttons.bot"), "payload": _BACK_TO_BOT}]
    if ticket is not None:
        body["ticket"] = {
            "number": ticket.ticket.number,
            "code": ticket.code,
            "kind": ticket.ticket.kind,
        }
    add_outgoing(
        session, conversation, "system", office.texts(key, **values), now=now, epoch=None,
        body=body, reply_to=reply_to,
    )  # fmt: skip
    await session.flush()
    await deliver_pending(session, conversation.id, now=now)


async def claim(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, now: datetime
) -> ConversationStatus:
    """Take a waiting conversation.

    Raises:
        AlreadyClaimed: Another agent was faster; `agent_name` in the details.
        NotWaiting: Nobody asked for a person, or the citizen went back to the bot.
    """
    conversation = await locked(session, conversation_id)
    if conversation.owner == Owner.HUMAN:
        if conversation.agent_id == agent.id:
            return await status(session, conversation_id, calendar=office.calendar, now=now)
        other = await session.get(Agent, conversation.agent_id)
        raise AlreadyClaimed(agent_name=other.name if other else "")
    if conversation.owner not in WAITING:
        raise NotWaiting
    change_owner(session, conversation, Owner.HUMAN, agent_id=agent.id)
    handoff = await _current_handoff(session, conversation_id)
    if handoff:
        handoff.agent_id, handoff.claimed_at = agent.id, now
    await say(session, office, conversation, "handoff.claimed", now=now, agent=agent.name)
    return await status(session, conversation_id, calendar=office.calendar, now=now)


async def _current_handoff(session: AsyncSession, conversation_id: str) -> Handoff | None:
    return await session.scalar(
        select(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.ended_at.is_(None))
        .order_by(Handoff.requested_at.desc())
        .limit(1)
    )


async def _own(session: AsyncSession, agent: Agent, conversation_id: str) -> Conversation:
    """Return the locked conversation if this agent has it.

    Raises:
        NotYourConversation: Claim it first; `agent_name` says who has it, if anybody.
    """
    conversation = await locked(session, conversation_id)
    if conversation.owner != Owner.HUMAN or conversation.agent_id != agent.id:
        other = (
            await session.get(Agent, conversation.agent_id) if conversation.agent_id else None
        )
        raise NotYourConversation(agent_name=other.name if other else "")
    return conversation


async def reply(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    conversation_id: str,
    *,
    text: str,
    client_id: str,
    now: datetime,
) -> MessageView:
    """Send an agent's message; the first one stops the first-response clock.

    Args:
        client_id: Made by the console; the same id again returns the message stored before.

    Raises:
        NotYourConversation: See `_own`.
        BadRequest, MessageTooLong: Nothing, or too much, was written.
    """
    conversation = await _own(session, agent, conversation_id)
    if stored := await _sent_before(session, conversation_id, client_id):
        return message_view(stored, agent.name)
    message = add_outgoing(
        session, conversation, "agent", _checked(text), now=now, epoch=None,
        agent_id=agent.id, client_id=client_id,
    )  # fmt: skip
    await session.flush()
    handoff = await _current_handoff(session, conversation_id)
    if handoff and handoff.first_reply_at is None:
        handoff.first_reply_at = now
        await sla.on_handoff(session, office.sla, handoff, "human_reply", now=now)
    await deliver_pending(session, conversation_id, now=now)
    return message_view(message, agent.name)


async def _sent_before(
    session: AsyncSession, conversation_id: str, client_id: str
) -> Message | None:
    return await session.scalar(
        select(Message).where(
            Message.conversation_id == conversation_id, Message.client_id == client_id
        )
    )


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise BadRequest(field="text")
    if len(text) > REPLY_MAX_CHARS:
        raise MessageTooLong(limit=REPLY_MAX_CHARS)
    return text


async def add_note(
    session: AsyncSession, agent: Agent, conversation_id: str, *, text: str, now: datetime
) -> MessageView:
    """Add an internal note: the citizen never sees it, it stops no clock, it changes no owner.

    Raises:
        ConversationNotFound: There is no such conversation.
        BadRequest, MessageTooLong: Nothing, or too much, was written.
    """
    conversation = await locked(session, conversation_id)
    message = add_visible(
        session, conversation, "note", _checked(text), now=now, agent_id=agent.id
    )
    await session.flush()
    announce_message(session, conversation, message, agent.name)
    return message_view(message, agent.name)


async def hand_back(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, now: datetime
) -> None:
    """Give the conversation back to the bot.

    Raises:
        NotYourConversation: See `_own`.
    """
    conversation = await _own(session, agent, conversation_id)
    change_owner(session, conversation, Owner.BOT, agent_id=None)
    conversation.failed_tries = 0
    await _end(session, office, conversation_id, "handed_back", now)
    await say(session, office, conversation, "handoff.handed_back", now=now, agent=agent.name)


async def close(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, now: datetime
) -> None:
    """End the episode; what the citizen writes next goes to the bot.

    Raises:
        NotYourConversation: See `_own`.
    """
    conversation = await _own(session, agent, conversation_id)
    change_owner(session, conversation, Owner.WRAP_UP, agent_id=None)
    conversation.failed_tries = 0
    await _end(session, office, conversation_id, "closed", now)
    await say(session, office, conversation, "handoff.closed", now=now)


async def return_to_bot(
    session: AsyncSession,
    office: Office,
    conversation_id: str,
    *,
    now: datetime,
    reply_to: str | None = None,
) -> ConversationStatus:
    """Let the citizen go on with the bot; a consultation ticket made outside office hours stays."""
    conversation = await locked(session, conversation_id)
    if conversation.owner in (*WAITING, Owner.HUMAN):
        change_owner(session, conversation, Owner.BOT, agent_id=None)
        conversation.failed_tries = 0
        await _end(session, office, conversation_id, "returned_to_bot", now)
        await say(session, office, conversation, "handoff.returned", now=now, reply_to=reply_to)
    return await status(session, conversation_id, calendar=office.calendar, now=now)


async def _end(
    session: AsyncSession, office: Office, conversation_id: str, outcome: str, now: datetime
) -> None:
    handoff = await _current_handoff(session, conversation_id)
    if handoff:
        handoff.ended_at, handoff.outcome = now, outcome
        await sla.on_handoff(session, office.sla, handoff, outcome, now=now)


async def list_conversations(
    session: AsyncSession, *, owner: str, agent_id: str | None = None, limit: int = 100
) -> list[ConversationCard]:
    """Return conversations by owner: `queued` (both kinds of waiting), `human` or `bot`.

    Waiting ones come longest first, others latest first.
    """
    owners = [o.value for o in WAITING] if owner == "queued" else [owner]
    query = (
        select(Conversation, Handoff, SlaClock, Agent.name, Ticket.number)
        .outerjoin(
            Handoff,
            (Handoff.conversation_id == Conversation.id) & Handoff.ended_at.is_(None),
        )
        .outerjoin(SlaClock, SlaClock.subject_id == Handoff.id)
        .outerjoin(Agent, Agent.id == Conversation.agent_id)
        .outerjoin(Ticket, Ticket.id == Handoff.ticket_id)
        .where(Conversation.owner.in_(owners))
        .limit(limit)
    )
    if agent_id:
        query = query.where(Conversation.agent_id == agent_id)
    by_wait = Conversation.waiting_since if owner == "queued" else Conversation.last_at.desc()
    rows = await session.execute(query.order_by(by_wait))
    return [_card(*row) for row in rows]


def _card(
    conversation: Conversation,
    handoff: Handoff | None,
    clock: SlaClock | None,
    agent_name: str | None,
    ticket_number: str | None,
) -> ConversationCard:
    return ConversationCard(
        id=conversation.id,
        owner=conversation.owner,
        agent_id=conversation.agent_id,
        agent_name=agent_name,
        queue=conversation.queue,
        last_text=conversation.last_text,
        last_at=conversation.last_at,
        waiting_since=conversation.waiting_since,
        reason=handoff.reason if handoff else None,
        ticket_number=ticket_number,
        due_at=clock.due_at if clock else None,
        warn_at=clock.warn_at if clock else None,
        clock_state=clock.state if clock else None,
    )
