"""Macros and canned replies: kept (`catalogue`), filled in (`filling`), carried out (`steps`, `running`)."""

from bot.services.macros.catalogue import (
    MacroDraft,
    MacroInvalid,
    MacroNotFound,
    MacroView,
    every,
    offered,
    remove,
    save,
)
from bot.services.macros.filling import Offer, offers_for_conversation, offers_for_ticket
from bot.services.macros.running import MacroNotForTicket, MacroRun, run
from bot.services.macros.steps import STEPS, check_step, take

__all__ = [
    "STEPS",
    "MacroDraft",
    "MacroInvalid",
    "MacroNotForTicket",
    "MacroNotFound",
    "MacroRun",
    "MacroView",
    "Offer",
    "check_step",
    "every",
    "offered",
    "offers_for_conversation",
    "offers_for_ticket",
    "remove",
    "run",
    "save",
    "take",
]  # fmt: skip
