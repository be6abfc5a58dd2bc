"""Conversations: starting one, storing what came in exactly once, what goes out, who owns it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, Owner, QueueRank, check_owner_change
from bot.helpdesk.errors import ConversationNotFound, MessageIdTaken
from bot.services.ids import new_id
from bot.store.database import announce
from bot.store.tables import Conversation, Inbound, Message, Outbox

_OFFERS_REMEMBERED = 40
#: What is kept of a message that was slashes and spaces only.
_NOTHING = "?"
_PEOPLE = frozenset({"citizen", "agent"})
# Built once: to build a statement takes longer than to run it.
_LOCKED_ALL = (
    select(Conversation)
    .where(Conversation.id.in_(bindparam("ids", expanding=True)))
    .order_by(Conversation.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class InboundMessage:
    """What a channel received, after it verified the sender.

    Attributes:
        account: Our side of the channel (an app id); on the web the conversation itself, so
            that one citizen's message ids say nothing about another's.
        external_id: The channel's own id of the message; the same id is the same message.
        payload: The payload of a pressed button, if it was one.
        on_date: Answer as if today were this date; only operators may set it.
    """

    conversation_id: str
    channel: str
    account: str
    external_id: str
    text: str
    payload: str | None = None
    on_date: date | None = None


@dataclass(frozen=True)
class Received:
    """Where the message went. `duplicate` means that it was stored before: show that reply."""

    inbound_id: str
    conversation_id: str
    seq: int
    duplicate: bool
    owner: Owner


async def start_conversation(
    session: AsyncSession,
    *,
    channel: str,
    account: str,
    external_user: str,
    now: datetime,
    greeting: dict[str, object] | None = None,
) -> Conversation:
    """Create a conversation; with a greeting (`text`, `buttons`), that is its first message."""
    conversation = Conversation(
        id=f"{channel}:{external_user}",
        channel=channel,
        account=account,
        external_user=external_user,
        owner=Owner.BOT,
        owner_epoch=0,
        last_seq=0,
        last_text="",
        failed_tries=0,
        queue="general",
        created_at=now,
        last_at=now,
    )
    session.add(conversation)
    await session.flush()
    if greeting:
        body = {"buttons": greeting.get("buttons", [])}
        session.add(next_visible(conversation, "bot", str(greeting["text"]), now=now, body=body))
        await session.flush()
    return conversation


async def locked(session: AsyncSession, conversation_id: str) -> Conversation:
    """Return the conversation with its row locked for this transaction.

    Raises:
        ConversationNotFound: There is none with this id.
    """
    # What this transaction changed goes out first: the row is read anew, whoever loaded it before.
    await session.flush()
    conversation = await session.get(
        Conversation, conversation_id, with_for_update=True, populate_existing=True
    )
    if conversation is None:
        raise ConversationNotFound
    return conversation


async def locked_all(
    session: AsyncSession, conversation_ids: Collection[str]
) -> dict[str, Conversation]:
    """Return those of the conversations that there are, their rows locked in the order of their ids."""
    await session.flush()
    rows = await session.scalars(_LOCKED_ALL, {"ids": list(conversation_ids)})
    return {conversation.id: conversation for conversation in rows}


async def receive(session: AsyncSession, inbound: InboundMessage, *, now: datetime) -> Received:
    """Store a citizen's message once and say who will answer it.

    The conversation's row is locked first, so that two deliveries of the same message, and two
    messages sent at once, get their order here.

    Raises:
        ConversationNotFound: There is no such conversation.
        MessageIdTaken: The id is that of a message with other words.
    """
    conversation = await locked(session, inbound.conversation_id)
    if stored := await _stored(session, inbound):
        if not _is_same(stored, inbound):
            raise MessageIdTaken
        return Received(
            stored.id, conversation.id, stored.order, True, Owner(conversation.owner)
        )
    if conversation.owner == Owner.WRAP_UP:
        change_owner(session, conversation, Owner.BOT, agent_id=None)
    text, payload = await _accepted_input(session, inbound)
    message = next_visible(conversation, "citizen", text, now=now)
    session.add(message)
    is_for_bot = conversation.owner == Owner.BOT
    owe_a_word(conversation, now)
    row = Inbound(
        id=new_id(now),
        conversation_id=conversation.id,
        channel=inbound.channel,
        account=inbound.account,
        external_id=inbound.external_id,
        order=message.seq or 0,
        text=text,
        payload=payload,
        on_date=inbound.on_date,
        status="received" if is_for_bot else "queued",
        received_at=now,
        settled_at=None if is_for_bot else now,
    )
    session.add(row)
    await session.flush()
    announce_message(session, conversation)
    return Received(row.id, conversation.id, row.order, False, Owner(conversation.owner))


def owe_a_word(conversation: Conversation, now: datetime) -> None:
    """Note that the citizen turned to the agent who has the conversation, if one has."""
    if conversation.owner == Owner.HUMAN and conversation.unanswered_since is None:
        conversation.unanswered_since = now


async def _stored(session: AsyncSession, inbound: InboundMessage) -> Inbound | None:
    return await session.scalar(
        select(Inbound).where(
            Inbound.channel == inbound.channel,
            Inbound.account == inbound.account,
            Inbound.external_id == inbound.external_id,
        )
    )


def _is_same(stored: Inbound, inbound: InboundMessage) -> bool:
    """Tell whether a message repeats the one stored: whether a button was offered may have changed since."""
    is_button = bool(inbound.payload) and inbound.payload == stored.payload
    return is_button or stored.text == _typed(inbound)


async def _accepted_input(
    session: AsyncSession, inbound: InboundMessage
) -> tuple[str, str | None]:
    """Return the text to show and the payload to give the engine.

    A payload that starts with "/" sets intents and slots directly, so only one that the bot
    itself offered in this conversation is accepted; anything else is plain text.
    """
    if inbound.payload:
        title = await _offered_title(session, inbound.conversation_id, inbound.payload)
        if title is not None:
            return title, inbound.payload
    return _typed(inbound), None


def _typed(inbound: InboundMessage) -> str:
    """Return the words without the slashes that would make a command of them."""
    words = (re.sub(r"^[\s/]+", "", text).rstrip() for text in (inbound.text, inbound.payload or ""))
    return next(filter(None, words), _NOTHING)


async def _offered_title(
    session: AsyncSession, conversation_id: str, payload: str
) -> str | None:
    bodies = await session.scalars(
        select(Message.body)
        .where(
            Message.conversation_id == conversation_id,
            Message.author.in_(("bot", "system")),
            Message.seq.is_not(None),
        )
        .order_by(Message.seq.desc())
        .limit(_OFFERS_REMEMBERED)
    )
    for body in bodies:
        for button in body.get("buttons", ()):
            if button["payload"] == payload:
                return str(button["title"])
    return None


def next_visible(
    conversation: Conversation,
    author: str,
    text: str,
    *,
    now: datetime,
    body: dict[str, object] | None = None,
    agent_id: str | None = None,
    reply_to: str | None = None,
    client_id: str | None = None,
) -> Message:
    """Return a message that is visible at once, with the conversation's next `seq`; the caller stores it."""
    conversation.last_seq += 1
    remember_last(conversation, author, text, now)
    return Message(
        conversation_id=conversation.id,
        seq=conversation.last_seq,
        author=author,
        agent_id=agent_id,
        text=text,
        body=body or {},
        state="visible",
        reply_to=reply_to,
        client_id=client_id,
        created_at=now,
    )


def remember_last(conversation: Conversation, author: str, text: str, now: datetime) -> None:
    """Keep what lists show of a conversation: what a person said last, not the system's lines."""
    if author in _PEOPLE:
        conversation.last_text = text[:120]
    if author != "note":
        conversation.last_at = now


def add_outgoing(
    session: AsyncSession,
    conversation: Conversation,
    author: str,
    text: str,
    *,
    now: datetime,
    epoch: int | None,
    body: dict[str, object] | None = None,
    agent_id: str | None = None,
    reply_to: str | None = None,
    client_id: str | None = None,
) -> Message:
    """Record a message that must reach the citizen: it waits in the outbox until it is sent.

    Args:
        epoch: Epoch in which the bot wrote it; None for people and the system.
    """
    message = Message(
        conversation_id=conversation.id,
        seq=None,
        author=author,
        agent_id=agent_id,
        text=text,
        body=body or {},
        state="pending",
        reply_to=reply_to,
        client_id=client_id,
        created_at=now,
    )
    session.add(message)
    session.add(
        Outbox(
            message=message,
            conversation_id=conversation.id,
            channel=conversation.channel,
            epoch=epoch,
            status="pending",
            attempts=0,
            next_attempt_at=now,
        )
    )
    return message


def change_owner(
    session: AsyncSession, conversation: Conversation, to: Owner, *, agent_id: str | None
) -> None:
    """Give the conversation to another owner: a new epoch, so that older drafts lose."""
    check_owner_change(Owner(conversation.owner), Owner(to))
    conversation.owner = to
    conversation.owner_epoch += 1
    conversation.agent_id = agent_id
    conversation.unanswered_since = None
    if to not in WAITING:
        conversation.waiting_since = None
        conversation.queue_rank = QueueRank.NORMAL
    announce(session, f"conversation:{conversation.id}", {"type": "owner_changed"})
    announce(session, "staff", {"type": "conversation_changed", "id": conversation.id})


def announce_message(session: AsyncSession, conversation: Conversation) -> None:
    """Tell live listeners of the conversation and the staff that there is a message; they read it from the store."""
    announce(session, f"conversation:{conversation.id}", {"type": "message"})
    if conversation.owner != Owner.BOT:
        # Staff watch what waits for them; most conversations never need them.
        announce(session, "staff", {"type": "conversation_changed", "id": conversation.id})
