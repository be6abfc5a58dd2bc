"""What entry points show: plain, frozen, ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.store.tables import Message, Ticket


@dataclass(frozen=True)
class MessageView:
    """One visible message (or, for staff, a note or a suppressed draft)."""

    id: int
    seq: int | None
    author: str
    author_name: str | None
    text: str
    state: str
    created_at: datetime
    body: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the message as the HTTP interface and the WebSockets show it."""
        return {
            "id": self.id,
            "seq": self.seq,
            "author": self.author,
            "author_name": self.author_name,
            "text": self.text,
            "buttons": self.body.get("buttons", []),
            "citations": self.body.get("citations", []),
            "article_id": self.body.get("article_id"),
            "title": self.body.get("title"),
            "details": self.body.get("details"),
            "notice": self.body.get("notice"),
            "picture": self.body.get("picture"),
            "tool": self.body.get("tool"),
            "ticket": self.body.get("ticket"),
            "evidence": self.body.get("evidence"),
            "rating": self.body.get("rating"),
            "state": self.state,
            "created_at": self.created_at.isoformat(),
        }


def message_view(message: Message, agent_name: str | None = None) -> MessageView:
    """Build the view of a stored message."""
    return MessageView(
        id=message.id,
        seq=message.seq,
        author=message.author,
        author_name=agent_name or message.body.get("author_name"),
        text=message.text,
        state=message.state,
        created_at=message.created_at,
        body=message.body,
    )


@dataclass(frozen=True)
class ConversationStatus:
    """Who answers now, and what the citizen may expect.

    Attributes:
        handled_by: `bot`, `queued` or `human`.
        place: 1 for the next to be served; None unless waiting in office hours.
        opens_at: Next opening; None while the office is open.
        expected_minutes: Office time until a person comes, as the last episodes tell; None if unknown.
        transferring: It had a person before and waits for another one.
    """

    handled_by: str
    owner: str
    owner_epoch: int
    agent_name: str | None
    place: int | None
    opens_at: datetime | None
    expected_minutes: int | None = None
    transferring: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the status as the HTTP interface and the WebSockets show it."""
        return {
            "handled_by": self.handled_by,
            "owner": self.owner,
            "agent_name": self.agent_name,
            "place": self.place,
            "opens_at": self.opens_at.isoformat() if self.opens_at else None,
            "expected_minutes": self.expected_minutes,
            "transferring": self.transferring,
        }


@dataclass(frozen=True)
class TicketView:
    """A ticket's own fields."""

    id: str
    number: str
    kind: str
    status: str
    subject: str
    facts: dict[str, Any]
    queue: str
    centre: str
    urgency: str
    channel: str
    conversation_id: str | None
    assignee_id: str | None
    version: int
    next_due_at: datetime | None
    opened_at: datetime
    updated_at: datetime
    priority: str
    merged_into: str | None


def ticket_view(ticket: Ticket) -> TicketView:
    """Build the view of a stored ticket."""
    return TicketView(**{name: getattr(ticket, name) for name in TicketView.__dataclass_fields__})
