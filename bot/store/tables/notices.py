"""Telling staff and other systems: `escalation_chain`, `notice`, `webhook`, `delivery`, `delivery_attempt`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base

_PENDING = text("status = 'pending'")
_UNREAD = text("read_at IS NULL")
_READ = text("read_at IS NOT NULL")


class EscalationChain(Base):
    """Who hears how of a clock's levels, in one version; the newest version holds, old ones stay."""

    __tablename__ = "escalation_chain"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: `ticket`, `handoff`, or one kind of ticket
    applies_to: Mapped[str] = mapped_column(String(20))
    steps: Mapped[list[Any]]
    #: Ids of the agents who are told as head; nobody means the administrators.
    heads: Mapped[list[Any]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(String(200), default="")
    #: None for a version that was shipped with the program.
    created_by: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]


class Notice(Base):
    """Something that one agent should know. The words are made when it is shown."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("agent_id", "key"),
        Index("ix_notice_agent", "agent_id", "id"),
        Index("ix_notice_unread", "agent_id", "id", postgresql_where=_UNREAD, sqlite_where=_UNREAD),
        Index("ix_notice_read", "read_at", postgresql_where=_READ, sqlite_where=_READ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    #: sla.warned | sla.breached | sla.escalated | ticket.queue_changed | ticket.taken_off | delivery.dead; the key
    #: of the words
    kind: Mapped[str] = mapped_column(String(24))
    #: ticket | handoff | delivery, and its id; none for a summary of many
    subject_kind: Mapped[str | None] = mapped_column(String(8))
    subject_id: Mapped[str | None] = mapped_column(String(36))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The same thing told again to the same agent has the same key.
    key: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Webhook(Base):
    """An address of another system that wants to hear of events.

    Its secret is derived from the installation's key, the id and `secret_version`, so a copy of
    the database signs nothing.
    """

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    secret_version: Mapped[int] = mapped_column(default=1)
    events: Mapped[list[Any]]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]
    #: A deleted one stays for the delivery log.
    deleted_at: Mapped[datetime | None]


class Delivery(Base):
    """One event on its way to one receiver; its id stays through all attempts and replays."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("event_key", "target"),
        Index(
            "ix_delivery_due", "kind", "target", "next_attempt_at", "id",
            postgresql_where=_PENDING, sqlite_where=_PENDING,
        ),
        Index("ix_delivery_status", "status", "id"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    #: email | webhook
    kind: Mapped[str] = mapped_column(String(8))
    #: A mail address, or the id of a webhook
    target: Mapped[str] = mapped_column(String(254))
    #: Name of the event, as `ticket.opened`
    event: Mapped[str] = mapped_column(String(24))
    event_key: Mapped[str] = mapped_column(String(120))
    payload: Mapped[dict[str, Any]]
    #: pending | sent | dead
    status: Mapped[str] = mapped_column(String(8), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    #: While somebody is at it, the instant from which others may take it up.
    next_attempt_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class DeliveryAttempt(Base):
    """One try to deliver, and what came of it."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (Index("ix_delivery_attempt_delivery", "delivery_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.id"))
    at: Mapped[datetime]
    #: delivered | refused | unreachable | timeout | not_allowed | not_set_up | gone
    outcome: Mapped[str] = mapped_column(String(16))
    status_code: Mapped[int | None]
    detail: Mapped[str] = mapped_column(String(200), default="")
    duration_ms: Mapped[int]
