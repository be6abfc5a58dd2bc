"""What a conversation was about: its latest ticket, or what the assistant understood last."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, select
from sqlalchemy.orm import aliased

from bot.helpdesk.ticket import RIGHTS
from bot.store.tables import Conversation, Inbound, Message, Ticket


def fact(ticket: type[Ticket], name: str) -> ColumnElement[str | None]:
    """Return what a ticket's form says of this, as text."""
    return ticket.facts[name].as_string()


def latest_ticket() -> ScalarSelect[Any]:
    """Return the id of the conversation's latest ticket that the viewer may read."""
    other = aliased(Ticket)
    of_conversation = select(other.id).where(other.conversation_id == Conversation.id).correlate(Conversation)
    return of_conversation.order_by(other.opened_at.desc(), other.id.desc()).limit(1).scalar_subquery()


def understood_right() -> ScalarSelect[Any]:
    """Return the right that the assistant recognised last in the conversation.

    What came in is found by the answers to it: those have an index of their conversation.
    """
    right = Inbound.analysis["right"].as_string()
    answered = select(right).join_from(Message, Inbound, Inbound.id == Message.reply_to).correlate(Conversation)
    answered = answered.where(Message.conversation_id == Conversation.id, right.in_(RIGHTS))
    return answered.order_by(Inbound.order.desc()).limit(1).scalar_subquery()
