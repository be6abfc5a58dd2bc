"""SLA clocks in the store.

`book` holds what is promised, `events` is called by use cases, `sweep` by the worker, `looking` by
whoever shows clocks; `counting` is shared by them. When something is due is decided by
`bot.helpdesk.sla`, what an event does by `bot.helpdesk.clock_table`.
"""

from bot.services.sla.book import SlaBook
from bot.services.sla.events import clocks_of_new, on_handoff, on_public_reply, on_status_changed
from bot.services.sla.looking import ClockExplanation, ClockView, clocks_of, explain, nearest_clocks
from bot.services.sla.sweep import SweepResult, recompute_provisional, sweep

__all__ = [
    "ClockExplanation",
    "ClockView",
    "SlaBook",
    "SweepResult",
    "clocks_of",
    "clocks_of_new",
    "explain",
    "nearest_clocks",
    "on_handoff",
    "on_public_reply",
    "on_status_changed",
    "recompute_provisional",
    "sweep",
]
