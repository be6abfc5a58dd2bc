"""Asking for a person: the place in the queue, or outside office hours a ticket."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, Owner
from bot.helpdesk.identifiers import format_code
from bot.services import sla
from bot.services.conversations import change_owner, locked
from bot.services.handoff.assigning import assign
from bot.services.handoff.ranking import rank, urgency_of
from bot.services.handoff.recording import record
from bot.services.handoff.saying import say, wait_values
from bot.services.handoff.sorting import sort
from bot.services.ids import new_id
from bot.services.office import Office
from bot.services.opening import OpenedTicket, TicketDraft, open_ticket
from bot.services.outgoing.happenings import handoff_happened
from bot.services.reading import status
from bot.services.views import ConversationStatus
from bot.services.waiting import place_in_queue
from bot.store.tables import Conversation, Handoff, Message

#: How much of what the citizen wrote a consultation ticket repeats; the conversation holds it all.
_WORDS_KEPT = 5
_STILL_COUNTS = timedelta(days=7)


async def request_human(
    session: AsyncSession,
    office: Office,
    conversation_id: str,
    *,
    reason: str,
    now: datetime,
    reply_to: str | None = None,
) -> ConversationStatus:
    """Put the conversation in the queue that knows its matter (see `sorting`), start the first-response clock, tell the citizen.

    In office hours the citizen hears their place and the wait to expect, or gets back whoever helped them
    last, if that one is there (see `assigning`); outside, the next opening, and a consultation
    ticket keeps the matter. Asking again changes nothing.

    Args:
        reason: asked | offered | failed_tries | urgent | engine_failure
        reply_to: The inbound message that led here, so that its stored reply is whole.
    """
    conversation = await locked(session, conversation_id)
    if conversation.owner in (*WAITING, Owner.HUMAN):
        return await status(session, office, conversation_id, now=now)
    is_open = office.calendar.is_open(now)
    change_owner(
        session, conversation, Owner.QUEUED if is_open else Owner.OFFLINE_TICKET, agent_id=None
    )
    sorted_as = await sort(session, office, conversation, now=now)
    conversation.queue, conversation.waiting_since = sorted_as.queue, now
    handoff = Handoff(
        id=new_id(now),
        conversation_id=conversation_id,
        reason=reason,
        queue=conversation.queue,
        requested_at=now,
        skills=sorted(sorted_as.skills),
    )
    await rank(session, office, conversation, handoff, sorted_as)
    session.add(handoff)
    handoff.place = await place_in_queue(session, office.handoff, conversation, now=now)
    await session.flush()
    record(session, conversation, handoff, "requested", actor="citizen", now=now, reason=reason)
    await sla.on_handoff(session, office.sla, handoff, "queued", now=now)
    if reason == "urgent":
        await say(session, office, conversation, "handoff.urgent", now=now, reply_to=reply_to)
    if is_open:
        if not await assign(session, office, conversation, now=now, reply_to=reply_to):
            await _say_place(session, office, conversation, handoff, now, reply_to)
    else:
        opened = await keep_as_ticket(session, office, conversation, handoff, now)
        handoff.ticket_id = opened.ticket.id
        await _say_next_opening(session, office, conversation, opened, reason, now, reply_to)
    handoff_happened(session, "handoff.requested", handoff, now=now)
    return await status(session, office, conversation_id, now=now)


async def _say_place(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    handoff: Handoff,
    now: datetime,
    reply_to: str | None,
) -> None:
    key = "handoff.queued_next" if handoff.place == 1 else "handoff.queued"
    if handoff.reason == "engine_failure":
        key = "handoff.engine_failure"
    values = await wait_values(session, office, conversation, handoff.place, now)
    await say(session, office, conversation, key, now=now, reply_to=reply_to, **values)


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


async def keep_as_ticket(
    session: AsyncSession, office: Office, conversation: Conversation, handoff: Handoff, now: datetime
) -> OpenedTicket:
    """Keep the matter as a consultation ticket, as urgent as the request; the key holds the instant, so that a request on
    another evening with the same words is a ticket of its own."""
    subject = "left_ticket_subject" if office.calendar.is_open(now) else "offline_ticket_subject"
    draft = TicketDraft(
        kind="consultation",
        subject=office.texts(f"handoff.{subject}"),
        facts={"question": await _asked(session, office, conversation, now), "requested_at": now.isoformat()},
        queue=conversation.queue,
        urgency=urgency_of(handoff).value,
        channel=conversation.channel,
        conversation_id=conversation.id,
    )
    return await open_ticket(session, office, draft, now=now)


async def _asked(session: AsyncSession, office: Office, conversation: Conversation, now: datetime) -> str:
    """Return what the citizen wrote of late: the last words alone are mostly the wish for a person."""
    texts = await session.scalars(
        select(Message.text)
        .where(
            Message.conversation_id == conversation.id,
            Message.author == "citizen",
            Message.created_at > now - _STILL_COUNTS,
        )
        .order_by(Message.seq.desc())
        .limit(_WORDS_KEPT)
    )
    said = list(texts)[::-1]
    commands = {office.texts(f"buttons.{name}") for name in ("human", "leave_ticket")}
    commands |= set(office.texts("commands.leave_ticket").split("|"))
    told = [text for text in said if text.strip(" 。！!") not in commands]
    return "\n".join(told or said[-1:])
