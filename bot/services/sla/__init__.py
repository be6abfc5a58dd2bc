"""SLA clocks in the store, and the rules they run on.

`book` holds what is promised, `events` is called by use cases, `sweep` by the worker, `looking` by
whoever shows clocks; `counting`, `histories` and `reaching` are shared by them. When something is due is decided by
`bot.helpdesk.sla`, what an event does by `bot.helpdesk.clock_table`.

The rules are versions in the store: `shipping` takes over what comes with the program, `proposing`
checks a change, `previewing` says what it would do, `saving` keeps it, `recounting` counts open clocks
again, `rules` lists everything for the console; `records` turns rows into values, `affected` says which
clocks a version touches.
"""

from bot.services.sla.affected import NONE, PROVISIONAL, RUNNING
from bot.services.sla.book import SlaBook
from bot.services.sla.climbing import Climb, ClimbingClock, preview_chain
from bot.services.sla.counting import granted
from bot.services.sla.events import (
    clocks_of_new,
    on_handoff,
    on_public_reply,
    on_status_changed,
    on_ticket_event,
    on_ticket_opened,
    on_unmerged,
)
from bot.services.sla.extending import extend_clock, extendable_clocks, promised
from bot.services.sla.looking import ClockExplanation, ClockView, clocks_of, explain, nearest_clocks
from bot.services.sla.previewing import MovedClock, Preview, preview
from bot.services.sla.proposing import (
    CalendarDraft,
    PolicyDraft,
    RuleInvalid,
    propose_calendar,
    propose_policy,
)
from bot.services.sla.records import load_book, renew_book
from bot.services.sla.recounting import RecountBatch, is_recount_open, recount
from bot.services.sla.rules import RuleHistory, SavedVersion, rule_histories
from bot.services.sla.saving import SlaRuleChanged, check_is_latest, save_calendar, save_policy
from bot.services.sla.shipping import lacks_shipped, take_over_shipped
from bot.services.sla.sweep import SweepResult, sweep, wake_breached

__all__ = [
    "NONE",
    "PROVISIONAL",
    "RUNNING",
    "CalendarDraft",
    "Climb",
    "ClimbingClock",
    "ClockExplanation",
    "ClockView",
    "MovedClock",
    "PolicyDraft",
    "Preview",
    "RecountBatch",
    "RuleHistory",
    "RuleInvalid",
    "SavedVersion",
    "SlaBook",
    "SlaRuleChanged",
    "SweepResult",
    "check_is_latest",
    "clocks_of",
    "clocks_of_new",
    "explain",
    "extend_clock",
    "extendable_clocks",
    "granted",
    "is_recount_open",
    "lacks_shipped",
    "load_book",
    "nearest_clocks",
    "on_handoff",
    "on_public_reply",
    "on_status_changed",
    "on_ticket_event",
    "on_ticket_opened",
    "on_unmerged",
    "preview",
    "preview_chain",
    "promised",
    "propose_calendar",
    "propose_policy",
    "recount",
    "renew_book",
    "rule_histories",
    "save_calendar",
    "save_policy",
    "sweep",
    "take_over_shipped",
    "wake_breached",
]
