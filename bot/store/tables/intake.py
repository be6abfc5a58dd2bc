"""Forms that are not finished: `form_draft`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


class FormDraft(Base):
    """A form as far as it is filled in. Its code is derived from the number, as a ticket's is."""

    __tablename__ = "form_draft"
    __table_args__ = (
        Index("ix_form_draft_expires_at", "expires_at"),
        Index("ix_form_draft_saved_in", "saved_in"),
    )

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    #: Id of the form; it knows the kind of the ticket.
    form: Mapped[str] = mapped_column(String(24))
    #: Field name → value, as the form keeps them; emptied when the ticket holds them.
    answers: Mapped[dict[str, Any]]
    #: Field asked last, `confirm` at the summary.
    asked: Mapped[str | None] = mapped_column(String(40))
    #: Where it is being filled in; None once it was put aside.
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"), unique=True)
    #: Where it was put aside last: saving again after a crash finds it.
    saved_in: Mapped[str | None] = mapped_column(String(80))
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("ticket.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expires_at: Mapped[datetime]
