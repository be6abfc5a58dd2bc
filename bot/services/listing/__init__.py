"""Ticket lists: filters, orders, pages by key, and the counts of the queues."""

from bot.services.listing.filters import DUE, TicketFilter
from bot.services.listing.pages import Page, TicketCard, count_open, list_tickets, queue_counts
from bot.services.listing.sorting import SORTS

__all__ = ["DUE", "SORTS", "Page", "TicketCard", "TicketFilter", "count_open", "list_tickets", "queue_counts"]
