"""Service-level clocks: `sla_clock`, `sla_pause`, `sla_event`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base

#: Breached, not stopped, and no further level known: what a new escalation chain may wake.
_AT_REST = text("state = 'breached' AND stopped_at IS NULL AND next_check_at IS NULL")


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
        Index("ix_sla_clock_at_rest", "id", postgresql_where=_AT_REST, sqlite_where=_AT_REST),
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
    #: Highest level already recorded: 0 none, 1 warned, 2 breached, more: further levels of the chain.
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
    #: warned | breached | escalated | met | cancelled | recomputed
    kind: Mapped[str] = mapped_column(String(12))
    level: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
    noticed_at: Mapped[datetime]
