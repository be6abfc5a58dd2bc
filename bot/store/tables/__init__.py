"""The tables, one class each, by area; what a column means is said where its name does not."""

from bot.store.tables.base import Base
from bot.store.tables.conversations import Conversation, Handoff, Inbound, Message, Outbox
from bot.store.tables.intake import FormDraft
from bot.store.tables.sla import SlaClock, SlaEvent, SlaPause
from bot.store.tables.staff import Agent, LoginAttempt, StaffChain, StaffEvent, StaffSession
from bot.store.tables.tickets import AuditRoot, Evidence, Ticket, TicketEntry, TicketEvent

__all__ = [
    "Agent",
    "AuditRoot",
    "Base",
    "Conversation",
    "Evidence",
    "FormDraft",
    "Handoff",
    "Inbound",
    "LoginAttempt",
    "Message",
    "Outbox",
    "SlaClock",
    "SlaEvent",
    "SlaPause",
    "StaffChain",
    "StaffEvent",
    "StaffSession",
    "Ticket",
    "TicketEntry",
    "TicketEvent",
]
