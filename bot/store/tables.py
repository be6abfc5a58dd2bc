"""The tables. One class a table; what a column means is said where its name does not.

Conversations: `conversation`, `message`, `inbound` (what came in, exactly once), `outbox`
(what must go out), `handoff` (one episode with a person).
Tickets: `ticket`, `ticket_event` (the audit chain), `ticket_entry` (words on the timeline),
`evidence`, `audit_root`.
SLA: `sla_clock`, `sla_pause`, `sla_event`.
Staff: `agent`, `staff_session`, `login_attempt`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bot.store.types import Json, UtcDateTime

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Common metadata and the mapping from Python types to columns."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json, list[Any]: Json}


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
    __table_args__ = (Index("ix_handoff_conversation", "conversation_id", "requested_at"),)

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
    #: handed_back | closed | returned_to_bot (by the citizen)
    outcome: Mapped[str | None] = mapped_column(String(16))


class Ticket(Base):
    """A matter to be followed up."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index(
            "ix_ticket_open_queue",
            "queue",
            "opened_at",
            "id",
            postgresql_where=text("NOT is_finished"),
            sqlite_where=text("is_finished = 0"),
        ),
        Index("ix_ticket_opened", "opened_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(20))
    is_finished: Mapped[bool] = mapped_column(default=False)
    subject: Mapped[str] = mapped_column(String(120))
    facts: Mapped[dict[str, Any]]
    queue: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(16))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"))
    assignee_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    #: Same form, same citizen, same words: the same ticket. Freed when withdrawn.
    idempotency_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    #: Grows with every change; an agent saves against the version shown to them.
    version: Mapped[int] = mapped_column(default=1)
    audit_seq: Mapped[int] = mapped_column(default=0)
    audit_head: Mapped[str] = mapped_column(String(64))
    #: Earliest running due instant, kept for cheap sorting; truth is in `sla_clock`.
    next_due_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TicketEvent(Base):
    """One sealed step in a ticket's history: who, when, what, old, new, why."""

    __tablename__ = "ticket_event"
    __table_args__ = (UniqueConstraint("ticket_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("ticket.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    #: `citizen`, `system`, `bot` or an agent's id
    actor: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(32))
    old: Mapped[dict[str, Any]] = mapped_column(default=dict)
    new: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(Text, default="")
    hash: Mapped[str] = mapped_column(String(64))


class TicketEntry(Base):
    """Words on a ticket's timeline: internal note, public reply, what the citizen added."""

    __tablename__ = "ticket_entry"
    __table_args__ = (Index("ix_ticket_entry_ticket", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("ticket.id"))
    #: note | public_reply | supplement
    kind: Mapped[str] = mapped_column(String(16))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class AuditRoot(Base):
    """One day's anchor over the heads of all ticket chains."""

    __tablename__ = "audit_root"

    day: Mapped[date] = mapped_column(primary_key=True)
    root: Mapped[str] = mapped_column(String(64))
    #: The root covers each chain up to its last event with an id not above this one.
    last_event_id: Mapped[int]
    ticket_count: Mapped[int]
    made_at: Mapped[datetime]


class Evidence(Base):
    """One stored original, byte for byte; `path` is relative to the evidence folder."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_ticket", "ticket_id"),
        Index("ix_evidence_conversation", "conversation_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    receipt: Mapped[str] = mapped_column(String(24), unique=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"))
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("ticket.id"))
    filename: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    detected_type: Mapped[str] = mapped_column(String(80))
    path: Mapped[str] = mapped_column(String(120))
    uploader: Mapped[str] = mapped_column(String(80))
    stored_at: Mapped[datetime]


class SlaClock(Base):
    """One promise on one ticket or handoff, by one version of a policy."""

    __tablename__ = "sla_clock"
    __table_args__ = (
        UniqueConstraint("subject_id", "clock", "round"),
        Index(
            "ix_sla_clock_due",
            "next_check_at",
            "id",
            postgresql_where=text("next_check_at IS NOT NULL"),
            sqlite_where=text("next_check_at IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    #: `ticket` or `handoff`, and its id
    subject_kind: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[str] = mapped_column(String(36))
    clock: Mapped[str] = mapped_column(String(20))
    #: A clock may run again, as when a ticket is reopened; rounds count from 1.
    round: Mapped[int] = mapped_column(default=1)
    policy_id: Mapped[str] = mapped_column(String(40))
    policy_version: Mapped[int]
    started_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    stop_reason: Mapped[str | None] = mapped_column(String(32))
    due_at: Mapped[datetime]
    warn_at: Mapped[datetime]
    provisional: Mapped[bool] = mapped_column(default=False)
    #: running | paused | met | breached | cancelled
    state: Mapped[str] = mapped_column(String(12), default="running")
    #: Highest level already recorded: 0 none, 1 warned, 2 breached.
    level: Mapped[int] = mapped_column(default=0)
    #: When the sweep must look again; None while paused, after the last level, when stopped.
    next_check_at: Mapped[datetime | None]


class SlaPause(Base):
    """A stretch in which a clock stood still."""

    __tablename__ = "sla_pause"
    __table_args__ = (Index("ix_sla_pause_clock", "clock_id", "from_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    clock_id: Mapped[str] = mapped_column(ForeignKey("sla_clock.id"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(32))


class SlaEvent(Base):
    """Something that happened to a clock, once. `at` is when it happened, `noticed_at` when seen."""

    __tablename__ = "sla_event"
    __table_args__ = (UniqueConstraint("clock_id", "policy_version", "kind", "level"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    clock_id: Mapped[str] = mapped_column(ForeignKey("sla_clock.id"))
    policy_version: Mapped[int]
    #: warned | breached | met | cancelled | recomputed
    kind: Mapped[str] = mapped_column(String(12))
    level: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
    noticed_at: Mapped[datetime]


class Agent(Base):
    """A member of staff."""

    __tablename__ = "agent"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    #: agent | supervisor | administrator
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class StaffSession(Base):
    """A login. Only the hash of the token is stored."""

    __tablename__ = "staff_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class LoginAttempt(Base):
    """A failed login, counted per login and per address."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        Index("ix_login_attempt_login", "login", "at"),
        Index("ix_login_attempt_address", "address", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    login: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
