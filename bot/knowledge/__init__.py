"""Knowledge as data: articles with checked citations, the law registry, calendars, policies.

Read from `knowledge_base/`; nothing here writes, asks the clock, or knows the store.
"""

from bot.knowledge.base import Answer, Cited, KnowledgeBase
from bot.knowledge.calendars import load_calendar, load_calendars
from bot.knowledge.escalation import load_chains
from bot.knowledge.policies import load_policies
from bot.knowledge.search import Hit
from bot.knowledge.ticket_rules import load_ticket_rules

__all__ = ["Answer", "Cited", "Hit", "KnowledgeBase", "load_calendar", "load_calendars", "load_chains", "load_policies", "load_ticket_rules"]
