"""Conversations and what is said in them: `conversation`, `message`, `inbound` (what came in, exactly once),
`outbox` (what must go out), `handoff` (one episode with a person)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.store.tables.base import Base


class Conversation(Base):
    """One citizen on one channel. `id` is `<channel>:<channel user id>`."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("channel", "account", "external_user"),
        Index(
            "ix_conversation_waiting",
            "owner",
            "waiting_since",
            postgresql_where=text("owner <> 'bot'"),
            sqlite_where=text("owner <> 'bot'"),
        ),
        Index(
            "ix_conversation_agent",
            "agent_id",
            "unanswered_since",
            postgresql_where=text("owner = 'human'"),
            sqlite_where=text("owner = 'human'"),
        ),
        Index("ix_conversation_created", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(80))
    external_user: Mapped[str] = mapped_column(String(80))
    owner: Mapped[str] = mapped_column(String(16), default="bot")
    owner_epoch: Mapped[int] = mapped_column(default=0)
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    queue: Mapped[str] = mapped_column(String(24), default="general")
    waiting_since: Mapped[datetime | None]
    last_seq: Mapped[int] = mapped_column(default=0)
    last_text: Mapped[str] = mapped_column(String(120), default="")
    last_at: Mapped[datetime | None]
    #: What the engine needs to go on; opaque here, replaced in the commit that stores a reply.
    dialogue_state: Mapped[dict[str, Any] | None]
    #: Turns in a row that ended without an answer; two of them offer a person.
    failed_tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    #: Who helped last, and until when: they get the citizen back while they are present.
    last_agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    last_agent_at: Mapped[datetime | None]
    #: See `QueueRank`: higher is served first.
    queue_rank: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Since when the agent who has the conversation owes a word; None when they spoke last.
    unanswered_since: Mapped[datetime | None]


class Message(Base):
    """What was said. `seq` is given when the message becomes visible, so that a client that
    has seen `seq = n` misses nothing by asking for what came after n."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "client_id"),
        Index("ix_message_reply_to", "reply_to"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    seq: Mapped[int | None]
    author: Mapped[str] = mapped_column(String(8))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    text: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(12), default="visible")
    #: The inbound message that this one answers.
    reply_to: Mapped[str | None] = mapped_column(String(36))
    #: Idempotency key of an agent's own message.
    client_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Inbound(Base):
    """One message as it came in; its unique key is what makes processing happen once."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "account", "external_id"),
        Index(
            "ix_inbound_unsettled",
            "conversation_id",
            "order",
            postgresql_where=text("status = 'received'"),
            sqlite_where=text("status = 'received'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    channel: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(80))
    external_id: Mapped[str] = mapped_column(String(80))
    #: `seq` of the citizen's message: the order in which turns are taken.
    order: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    payload: Mapped[str | None] = mapped_column(Text)
    #: Answer as if today were this date (operators only, for evaluation).
    on_date: Mapped[date | None]
    #: received → answered | queued | suppressed | failed
    status: Mapped[str] = mapped_column(String(12), default="received")
    analysis: Mapped[dict[str, Any] | None]
    received_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class Outbox(Base):
    """A message that must reach the citizen, recorded in the commit that decided it."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_pending",
            "next_attempt_at",
            "id",
            postgresql_where=text("status = 'pending'"),
            sqlite_where=text("status = 'pending'"),
        ),
        Index("ix_outbox_conversation", "conversation_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), unique=True)
    channel: Mapped[str] = mapped_column(String(16))
    #: Epoch in which the bot wrote it; None for people and the system.
    epoch: Mapped[int | None]
    #: pending → sent | suppressed | dead
    status: Mapped[str] = mapped_column(String(12), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))

    message: Mapped[Message] = relationship(lazy="raise")


class Handoff(Base):
    """One episode in which a person was asked for."""

    __tablename__ = "handoff"
    __table_args__ = (
        Index("ix_handoff_conversation", "conversation_id", "requested_at"),
        Index("ix_handoff_queue", "queue", "claimed_at"),
        Index("ix_handoff_agent", "agent_id", "claimed_at"),
        Index("ix_handoff_requested", "requested_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    reason: Mapped[str] = mapped_column(String(24))
    queue: Mapped[str] = mapped_column(String(24))
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("ticket.id"))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    requested_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    first_reply_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    #: handed_back | closed | returned_to_bot (by the citizen) | ticket (instead of waiting)
    outcome: Mapped[str | None] = mapped_column(String(16))
    #: When the agent was reminded that the citizen waits; None when they need no reminder.
    nudged_at: Mapped[datetime | None]
    requeued_count: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Who had it before the present agent or queue, and where it was before its present queue.
    previous_agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    transferred_from: Mapped[str | None] = mapped_column(String(24))
    #: Place in the queue when it was asked for; tells how long a place takes.
    place: Mapped[int] = mapped_column(default=1, server_default="1")
    #: What it wants of an agent, as `helpdesk.routing` writes skills; none from before they were kept.
    skills: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    #: Why it is served before others: reasons as `helpdesk.routing` has them, each with a level.
    hurry: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
