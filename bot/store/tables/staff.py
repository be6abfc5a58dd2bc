"""Staff: `agent`, `staff_session`, `login_attempt`, and `staff_event`, the audit chain of staff matters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.helpdesk.presence import DEFAULT_CAPACITY
from bot.store.tables.base import Base


class Agent(Base):
    """A member of staff."""

    __tablename__ = "agent"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    #: See `bot/helpdesk/permissions.py`.
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    #: Where notices are mailed to; none means in the console only.
    email: Mapped[str | None] = mapped_column(String(254))
    #: What the agent chose: online | away | offline. Whether they are there is told by `presence_at`,
    #: the last sign of life of an open console; see `bot.helpdesk.presence`.
    presence: Mapped[str] = mapped_column(String(8), default="offline", server_default="offline")
    presence_at: Mapped[datetime | None]
    #: How many conversations at once.
    capacity: Mapped[int] = mapped_column(default=DEFAULT_CAPACITY, server_default=str(DEFAULT_CAPACITY))
    #: {queues, rights, languages}: what they can take; an empty list stands for everything.
    skills: Mapped[dict[str, Any] | None]
    #: Prefixes of administrative division codes that the agent works for; none means all.
    regions: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    #: Sealed with a key derived from the installation's; counts only once `totp_enabled_at` is set.
    totp_secret: Mapped[str | None] = mapped_column(String(200))
    totp_enabled_at: Mapped[datetime | None]
    #: Time step of the last code accepted, so that no code opens twice.
    totp_last_step: Mapped[int | None]
    recovery_hashes: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    last_login_at: Mapped[datetime | None]


class StaffSession(Base):
    """A login. Only the hash of the token is stored."""

    __tablename__ = "staff_session"
    __table_args__ = (Index("ix_staff_session_agent", "agent_id", "last_seen_at"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    #: Names the session on pages, where the token's hash has no place.
    id: Mapped[str] = mapped_column(String(36), unique=True)
    address: Mapped[str] = mapped_column(String(64), server_default="")
    #: The browser's own description of itself, shortened.
    browser: Mapped[str] = mapped_column(String(160), server_default="")
    last_seen_at: Mapped[datetime]
    #: When a code or recovery code was given; None until then.
    second_factor_at: Mapped[datetime | None]


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


class StaffEvent(Base):
    """One sealed step in the history of staff matters: accounts, log-ins, sessions."""

    __tablename__ = "staff_event"
    __table_args__ = (Index("ix_staff_event_subject", "subject", "seq"),)

    #: Given under the lock of `staff_chain`, so without gaps.
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    #: An agent's id, `stranger` (nobody is signed in) or `operator` (the command line).
    actor: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(32))
    #: The account it is about, or the row that was read; empty when there is none.
    subject: Mapped[str] = mapped_column(String(40))
    old: Mapped[dict[str, Any]] = mapped_column(default=dict)
    new: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(Text, default="")
    hash: Mapped[str] = mapped_column(String(64))


class StaffChain(Base):
    """The head of the chain of staff events; its only row is locked by whoever appends."""

    __tablename__ = "staff_chain"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
