"""What staff work with at the console: `saved_view`, `macro`, `draft`, `lease`, `mention`, and the search over
tickets: `ticket_search`, `ticket_contact`, `search_progress`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


class SavedView(Base):
    """A ticket list worth coming back to: its filters and its order."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_agent", "agent_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    #: Who made it; shared views are for everybody.
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    is_shared: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(40))
    filters: Mapped[dict[str, Any]]
    sort: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]


class Macro(Base):
    """Words and steps that are used again and again."""

    __tablename__ = "macro"
    __table_args__ = (Index("ix_macro_agent", "agent_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    #: Whose own it is; None for everybody's.
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    title: Mapped[str] = mapped_column(String(40))
    #: A reply with {{variables}}; empty when the macro only takes steps.
    text: Mapped[str] = mapped_column(Text, default="")
    steps: Mapped[list[Any]]
    #: Offered for these queues and rights only; empty lists for all.
    queues: Mapped[list[Any]]
    rights: Mapped[list[Any]]
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    updated_by: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    updated_at: Mapped[datetime]


class Draft(Base):
    """What an agent has typed and not sent; it survives the browser."""

    __tablename__ = "draft"

    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    #: `ticket.reply`, `ticket.note`, `conversation.reply` or `conversation.note`
    subject_kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]


class Lease(Base):
    """Who is writing a reply; it ends by itself."""

    __tablename__ = "lease"

    #: `ticket` or `conversation`
    subject_kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    until: Mapped[datetime]


class Mention(Base):
    """A colleague named in a note."""

    __tablename__ = "mention"
    __table_args__ = (
        Index("ix_mention_agent", "agent_id", "id"),
        Index(
            "ix_mention_unseen",
            "agent_id",
            postgresql_where=text("seen_at IS NULL"),
            sqlite_where=text("seen_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    by_agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    #: The note: an entry of a ticket, or a message of a conversation.
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_entry.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]


class TicketSearch(Base):
    """A ticket's words as the search finds them. Derived: may be emptied and is filled again.

    The index over `grams` is made by the search itself (`bot.services.search.derived`), because each
    database has a kind of its own.
    """

    __tablename__ = "ticket_search"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), unique=True)
    #: The ticket's last audit entry when it was read.
    audit_seq: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    grams: Mapped[str] = mapped_column(Text)


class TicketContact(Base):
    """A phone number on a ticket as a keyed hash: found by who knows it, read by nobody."""

    __tablename__ = "ticket_contact"
    __table_args__ = (Index("ix_ticket_contact_key", "key"),)

    ticket_id: Mapped[str] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)


class SearchProgress(Base):
    """How far the search has read the audit entries; one row."""

    __tablename__ = "search_progress"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last_event_id: Mapped[int]
