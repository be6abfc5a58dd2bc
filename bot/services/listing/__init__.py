"""Ticket lists: filters, orders, pages by key, and the counts of the queues."""

from bot.services.listing.filters import DUE, TicketFilter
from bot.services.listing.pages import Page, count_open, list_tickets, queue_counts
from bot.services.listing.sorting import SORTS

__all__ = ["DUE", "SORTS", "Page", "TicketFilter", "count_open", "list_tickets", "queue_counts"]
