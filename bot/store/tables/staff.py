"""Staff: `agent`, `staff_session`, `login_attempt`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.helpdesk.presence import DEFAULT_CAPACITY
from bot.store.tables.base import Base


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
