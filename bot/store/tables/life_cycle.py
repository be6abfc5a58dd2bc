"""What happens to a ticket between opening and archive: `correction_notice`, `extension`, `transfer`,
`interim_feedback`, `ticket_link`, `rating`, `follow_up`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


class CorrectionNotice(Base):
    """What the citizen must add, and by when (补正). Open until one of the last three is set."""

    __tablename__ = "correction_notice"
    __table_args__ = (
        Index("ix_correction_notice_ticket", "ticket_id", "created_at"),
        Index(
            "ix_correction_notice_open",
            "due_on",
            "id",
            postgresql_where=text("answered_at IS NULL AND expired_at IS NULL AND dropped_at IS NULL"),
            sqlite_where=text("answered_at IS NULL AND expired_at IS NULL AND dropped_at IS NULL"),
        ),
        Index(
            "ix_correction_notice_late",
            "due_on",
            postgresql_where=text("expired_at IS NOT NULL AND answered_at IS NULL AND dropped_at IS NULL"),
            sqlite_where=text("expired_at IS NOT NULL AND answered_at IS NULL AND dropped_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("ticket.id"))
    #: What is missing, one text each.
    items: Mapped[list[Any]]
    #: Last local day on which the answer is in time.
    due_on: Mapped[date]
    note: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    #: When it was seen that the date had passed; the citizen may still answer.
    expired_at: Mapped[datetime | None]
    #: The ticket went on without an answer: rejected, withdrawn, or put back by staff.
    dropped_at: Mapped[datetime | None]


class Extension(Base):
    """More time for one clock, asked by an agent and decided by a supervisor."""

    __tablename__ = "extension"
    __table_args__ = (
        Index("ix_extension_ticket", "ticket_id", "asked_at"),
        Index("ix_extension_clock_id", "clock_id"),
        Index(
            "ix_extension_waiting",
            "asked_at",
            postgresql_where=text("decided_at IS NULL"),
            sqlite_where=text("decided_at IS NULL"),
        ),
        Index(
            "uq_extension_pending",
            "clock_id",
            unique=True,
            postgresql_where=text("decided_at IS NULL"),
            sqlite_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("ticket.id"))
    #: Name of the clock, and the row: an extension belongs to one round.
    clock: Mapped[str] = mapped_column(String(20))
    clock_id: Mapped[str] = mapped_column(ForeignKey("sla_clock.id"))
    amount: Mapped[int]
    #: Unit of the target when it was asked.
    unit: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    decided_at: Mapped[datetime | None]
    #: approved | refused | lapsed (the clock ended first; nobody decided)
    decision: Mapped[str | None] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(Text, default="")


class Transfer(Base):
    """The matter is with another authority, whose receipt and feedback are awaited.

    `feedback` is the authority's last word, with which the transfer ends; what it says before is `interim_feedback`.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        Index("ix_transfer_ticket", "ticket_id", "sent_at"),
        Index(
            "ix_transfer_open",
            "sent_at",
            "id",
            postgresql_where=text("feedback_at IS NULL"),
            sqlite_where=text("feedback_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("ticket.id"))
    authority: Mapped[str] = mapped_column(String(100))
    contact: Mapped[str] = mapped_column(String(200), default="")
    matter: Mapped[str] = mapped_column(Text)
    #: None: the routing rules sent it on by themselves.
    sent_by: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    sent_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    receipt_no: Mapped[str] = mapped_column(String(80), default="")
    feedback_at: Mapped[datetime | None]
    feedback: Mapped[str] = mapped_column(Text, default="")
    #: The authority gave the matter back: it is ours again.
    returned: Mapped[bool] = mapped_column(default=False)


class InterimFeedback(Base):
    """What an authority told of a matter that it still works on."""

    __tablename__ = "interim_feedback"
    __table_args__ = (Index("ix_interim_feedback_transfer", "transfer_id", "recorded_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    transfer_id: Mapped[str] = mapped_column(ForeignKey("transfer.id"))
    text: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    recorded_at: Mapped[datetime]


class TicketLink(Base):
    """Two tickets have to do with each other; undone links stay as history."""

    __tablename__ = "ticket_link"
    __table_args__ = (
        Index("ix_ticket_link_from_id", "from_id"),
        Index("ix_ticket_link_to_id", "to_id"),
        Index(
            "uq_ticket_link_standing",
            "kind",
            "from_id",
            "to_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
            sqlite_where=text("undone_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    #: merged (from went into to) | split (to was split off from) | related | duplicate
    kind: Mapped[str] = mapped_column(String(12))
    from_id: Mapped[str] = mapped_column(ForeignKey("ticket.id"))
    to_id: Mapped[str] = mapped_column(ForeignKey("ticket.id"))
    made_by: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    made_at: Mapped[datetime]
    undone_by: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    undone_at: Mapped[datetime | None]


class Rating(Base):
    """How content the citizen was with one handled episode: offered once, answered once or never."""

    __tablename__ = "rating"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "round"),
        UniqueConstraint("token_hash"),
        Index("ix_rating_offered_at", "offered_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    #: `ticket` or `handoff`, and its id
    subject_kind: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[str] = mapped_column(String(36))
    #: Which resolution of the ticket it is about, from 1; a handoff ends once.
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    offered_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    #: 1 (very bad) to 5 (very good)
    score: Mapped[int | None]
    solved: Mapped[bool | None]
    text: Mapped[str] = mapped_column(Text, default="")
    #: SHA-256 of the token in the address that opens the form.
    token_hash: Mapped[str] = mapped_column(String(64))


class FollowUp(Base):
    """A visit or call after the resolution (回访)."""

    __tablename__ = "follow_up"
    __table_args__ = (
        Index("ix_follow_up_ticket", "ticket_id", "due_on"),
        Index(
            "ix_follow_up_due",
            "due_on",
            "id",
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
        Index(
            "ix_follow_up_done",
            "done_at",
            "ticket_id",
            postgresql_where=text("done_at IS NOT NULL"),
            sqlite_where=text("done_at IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("ticket.id"))
    due_on: Mapped[date]
    #: None when the resolution planned it.
    planned_by: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    planned_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    #: satisfied | unsatisfied | unreachable | not_needed | reopened (before it took place)
    outcome: Mapped[str | None] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text, default="")
