"""The tables, one class each, by area; what a column means is said where its name does not."""

from bot.store.tables.base import Base
from bot.store.tables.console import (
    Draft,
    Lease,
    Macro,
    Mention,
    SavedView,
    SearchProgress,
    TicketContact,
    TicketSearch,
)
from bot.store.tables.conversations import Conversation, Handoff, Inbound, Message, Outbox
from bot.store.tables.sla import SlaClock, SlaEvent, SlaPause
from bot.store.tables.staff import Agent, LoginAttempt, StaffSession
from bot.store.tables.tickets import AuditRoot, Evidence, Ticket, TicketEntry, TicketEvent

__all__ = [
    "Agent",
    "AuditRoot",
    "Base",
    "Conversation",
    "Draft",
    "Evidence",
    "Handoff",
    "Inbound",
    "Lease",
    "LoginAttempt",
    "Macro",
    "Mention",
    "Message",
    "Outbox",
    "SavedView",
    "SearchProgress",
    "SlaClock",
    "SlaEvent",
    "SlaPause",
    "StaffSession",
    "Ticket",
    "TicketContact",
    "TicketEntry",
    "TicketEvent",
    "TicketSearch",
]
