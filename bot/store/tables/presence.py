"""What happened in an episode with a person: `handoff_event`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


class HandoffEvent(Base):
    """One step of an episode, or one time that a colleague listened.

    `epoch` and `seq` say where in the conversation it happened: what the bot said with a greater `seq` in
    the same epoch would have talked over a person.
    """

    __tablename__ = "handoff_event"
    __table_args__ = (
        Index("ix_handoff_event_conversation", "conversation_id", "id"),
        Index(
            "ix_handoff_event_agent",
            "agent_id",
            "at",
            postgresql_where=text("agent_id IS NOT NULL"),
            sqlite_where=text("agent_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    handoff_id: Mapped[str | None] = mapped_column(ForeignKey("handoff.id"))
    #: requested | claimed | assigned | nudged | requeued | transferred | moved | taken_over | handed_back
    #: | closed | returned_to_bot | ticket | listened | told_closed
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    #: An agent's id, `citizen` or `system`.
    actor: Mapped[str] = mapped_column(String(40))
    #: The agent who has the conversation from now on.
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agent.id"))
    epoch: Mapped[int]
    seq: Mapped[int]
    #: Only of listening: when it ended, or when it was last read.
    ended_at: Mapped[datetime | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
