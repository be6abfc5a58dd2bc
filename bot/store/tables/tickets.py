"""Tickets: `ticket`, `ticket_event` (the audit chain), `ticket_entry` (words on the timeline), `evidence`,
`audit_root`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


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
        Index(
            "ix_ticket_party_key",
            "party_key",
            "opened_at",
            postgresql_where=text("party_key IS NOT NULL"),
            sqlite_where=text("party_key IS NOT NULL"),
        ),
        Index(
            "ix_ticket_merged_into",
            "merged_into",
            postgresql_where=text("merged_into IS NOT NULL"),
            sqlite_where=text("merged_into IS NOT NULL"),
        ),
        Index(
            "ix_ticket_open_region",
            "region",
            "queue",
            "opened_at",
            "id",
            postgresql_where=text("NOT is_finished"),
            sqlite_where=text("is_finished = 0"),
        ),
        Index("ix_ticket_conversation", "conversation_id", "region"),
        # For the orders of the lists; they hold open tickets only, so they stay small. Newest change first
        # has none: it would be written with every change, and sorting what is open is cheap enough.
        *(
            Index(
                f"ix_ticket_open_{name}",
                *columns,
                "id",
                postgresql_where=text("NOT is_finished"),
                sqlite_where=text("is_finished = 0"),
            )
            for name, columns in (
                ("opened", ["opened_at"]),
                ("priority", ["priority", "opened_at"]),
                ("due", ["next_due_at"]),
                ("queue_due", ["queue", "next_due_at"]),
                ("assignee", ["assignee_id", "opened_at"]),
            )
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(20))
    is_finished: Mapped[bool] = mapped_column(default=False)
    subject: Mapped[str] = mapped_column(String(120))
    facts: Mapped[dict[str, Any]]
    queue: Mapped[str] = mapped_column(String(24))
    #: Administrative division code (GB/T 2260) of the place that the form names, None if it names none.
    region: Mapped[str | None] = mapped_column(String(6))
    #: Id of the centre whose matter it is (`knowledge_base/centres`).
    centre: Mapped[str] = mapped_column(String(24), default="main", server_default="main")
    #: normal | high | urgent, as routing found it.
    urgency: Mapped[str] = mapped_column(String(8), default="normal", server_default="normal")
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
    #: low | normal | high | urgent; begins as the urgency that routing found, then staff decide.
    priority: Mapped[str] = mapped_column(String(8), default="normal", server_default="normal")
    #: The ticket that this one is handled with; it keeps its status for the day it is taken out again.
    merged_into: Mapped[str | None] = mapped_column(String(36))
    #: HMAC of party, right and respondent: equal for what may be the same matter, readable by nobody.
    party_key: Mapped[str | None] = mapped_column(String(64))


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
    """One day's anchor over the heads of all ticket chains and of the chain of staff events."""

    __tablename__ = "audit_root"

    day: Mapped[date] = mapped_column(primary_key=True)
    root: Mapped[str] = mapped_column(String(64))
    #: The root covers each chain up to its last event with an id not above this one.
    last_event_id: Mapped[int]
    #: Last staff event covered; 0 for roots made before there were any.
    last_staff_event: Mapped[int] = mapped_column(default=0, server_default=text("0"))
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
