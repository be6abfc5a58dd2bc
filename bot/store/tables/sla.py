"""Service-level clocks, and the rules they run on: `sla_policy`, `sla_calendar`, `sla_recount`,
`sla_clock`, `sla_pause`, `sla_event`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base

#: Breached, not stopped, and no further level known: what a new escalation chain may wake.
_AT_REST = text("state = 'breached' AND stopped_at IS NULL AND next_check_at IS NULL")


class SlaPolicy(Base):
    """One version of a promise. Rows are added, never changed: old clocks rest on old versions."""

    __tablename__ = "sla_policy"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Ticket kind, or `handoff`.
    applies_to: Mapped[str] = mapped_column(String(20))
    calendar_id: Mapped[str] = mapped_column(String(40))
    #: Clock name to {amount, unit}.
    clocks: Mapped[dict[str, Any]]
    warn_ratio: Mapped[float]
    basis: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(200))
    effective_from: Mapped[date]
    #: An agent's id, or `shipped` for what came with the program.
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")


class SlaCalendar(Base):
    """One version of a working calendar; rows are added, never changed."""

    __tablename__ = "sla_calendar"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zone: Mapped[str] = mapped_column(String(40))
    utc_offset_minutes: Mapped[int]
    #: Weekday ("0" is Monday) to its frames, each [opening, closing] as HH:MM.
    frames: Mapped[dict[str, Any]]
    #: ISO day to {kind, title, source, frames}.
    days: Mapped[dict[str, Any]]
    loaded_years: Mapped[list[Any]]
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")


class SlaRecount(Base):
    """A saved version by which open clocks must be counted again, until `finished_at` says that all are.

    Which clocks are left is read off the clocks themselves: those still on an older version. So a
    process that dies in the middle leaves nothing but work for the next. Only the search for tickets that
    miss a clock needs a note of how far it is.
    """

    __tablename__ = "sla_recount"
    __table_args__ = (UniqueConstraint("kind", "subject_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    #: policy | calendar
    kind: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    #: running (all that still count) | provisional (only dates that are provisional)
    scope: Mapped[str] = mapped_column(String(12))
    #: Not before a version that takes effect on a later day does.
    start_at: Mapped[datetime]
    #: When no process can still be starting clocks on the version before.
    settled_at: Mapped[datetime]
    counted: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    #: Clocks started because the version promises them and an earlier one did not.
    added: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Id of the last ticket that was searched for missing clocks.
    looked_to: Mapped[str] = mapped_column(String(36), default="", server_default="")
    finished_at: Mapped[datetime | None]


#: Clocks that may be counted again; the query must say it in the same words to use the index.
_COUNTS = text("stopped_at IS NULL AND state <> 'breached'")


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
        Index(
            "ix_sla_clock_policy", "policy_id", "policy_version",
            postgresql_where=_COUNTS, sqlite_where=_COUNTS,
        ),
        Index(
            "ix_sla_clock_calendar", "calendar_id", "provisional", "calendar_version",
            postgresql_where=_COUNTS, sqlite_where=_COUNTS,
        ),
        Index("ix_sla_clock_at_rest", "id", postgresql_where=_AT_REST, sqlite_where=_AT_REST),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    #: `ticket` or `handoff`, and its id
    subject_kind: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[str] = mapped_column(String(36))
    clock: Mapped[str] = mapped_column(String(20))
    #: A clock may run again, as when a ticket is reopened; rounds count from 1.
    round: Mapped[int] = mapped_column(default=1)
    policy_id: Mapped[str] = mapped_column(String(40))
    policy_version: Mapped[int]
    #: What it was last counted on.
    calendar_id: Mapped[str] = mapped_column(String(40))
    calendar_version: Mapped[int]
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
    #: For `recomputed`: the version of the calendar, so that each pair of versions is recorded once.
    level: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
    noticed_at: Mapped[datetime]
