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
from bot.store.tables.intake import FormDraft
from bot.store.tables.life_cycle import (
    CorrectionNotice,
    Extension,
    FollowUp,
    InterimFeedback,
    Rating,
    TicketLink,
    Transfer,
)
from bot.store.tables.notices import Delivery, DeliveryAttempt, EscalationChain, Notice, Webhook
from bot.store.tables.presence import HandoffEvent
from bot.store.tables.sla import SlaCalendar, SlaClock, SlaEvent, SlaPause, SlaPolicy, SlaRecount
from bot.store.tables.staff import Agent, LoginAttempt, StaffChain, StaffEvent, StaffSession
from bot.store.tables.tickets import AuditRoot, Evidence, Ticket, TicketEntry, TicketEvent

__all__ = [
    "Agent",
    "AuditRoot",
    "Base",
    "Conversation",
    "CorrectionNotice",
    "Delivery",
    "DeliveryAttempt",
    "EscalationChain",
    "Draft",
    "Evidence",
    "Extension",
    "FollowUp",
    "FormDraft",
    "Handoff",
    "HandoffEvent",
    "Inbound",
    "InterimFeedback",
    "Lease",
    "LoginAttempt",
    "Macro",
    "Mention",
    "Message",
    "Notice",
    "Outbox",
    "Rating",
    "SlaCalendar",
    "SavedView",
    "SearchProgress",
    "SlaClock",
    "SlaEvent",
    "SlaPause",
    "SlaPolicy",
    "SlaRecount",
    "StaffChain",
    "StaffEvent",
    "StaffSession",
    "Ticket",
    "TicketContact",
    "TicketEntry",
    "TicketEvent",
    "TicketLink",
    "Transfer",
    "Webhook",
    "TicketSearch",
]
