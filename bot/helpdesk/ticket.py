"""What a ticket is, which steps it can take, and which of them need a reason."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from bot.helpdesk.errors import IllegalTransition, ReasonRequired


class TicketKind(StrEnum):
    """Why a ticket exists: 举报投诉, 维权援助, 人工咨询."""

    COMPLAINT = "complaint"
    ASSISTANCE = "assistance"
    CONSULTATION = "consultation"


class TicketStatus(StrEnum):
    """Where a ticket stands; the words shown are in `bot/texts` under `states`."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NEEDS_CORRECTION = "needs_correction"
    IN_PROGRESS = "in_progress"
    TRANSFERRED = "transferred"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"


_S = TicketStatus

TRANSITIONS: Mapping[TicketStatus, frozenset[TicketStatus]] = {
    _S.SUBMITTED: frozenset(
        {_S.ACCEPTED, _S.REJECTED, _S.NEEDS_CORRECTION, _S.TRANSFERRED, _S.WITHDRAWN}
    ),
    _S.NEEDS_CORRECTION: frozenset({_S.SUBMITTED, _S.REJECTED, _S.WITHDRAWN}),
    _S.ACCEPTED: frozenset({_S.IN_PROGRESS, _S.TRANSFERRED, _S.RESOLVED, _S.WITHDRAWN}),
    _S.IN_PROGRESS: frozenset({_S.TRANSFERRED, _S.RESOLVED, _S.WITHDRAWN}),
    # From one authority to another: the first one said that it is not theirs.
    _S.TRANSFERRED: frozenset({_S.TRANSFERRED, _S.IN_PROGRESS, _S.RESOLVED, _S.WITHDRAWN}),
    _S.RESOLVED: frozenset({_S.CLOSED, _S.REOPENED}),
    _S.REJECTED: frozenset({_S.CLOSED, _S.REOPENED}),
    _S.CLOSED: frozenset({_S.REOPENED}),
    _S.REOPENED: frozenset({_S.IN_PROGRESS}),
    _S.WITHDRAWN: frozenset(),
}

#: Steps whose reason the citizen reads, so that an agent cannot leave it out.
REASON_REQUIRED = frozenset(
    {_S.REJECTED, _S.NEEDS_CORRECTION, _S.TRANSFERRED, _S.RESOLVED, _S.WITHDRAWN, _S.REOPENED}
)

#: Steps with a form of their own, as what they say is each ticket's own (who takes the matter over, 移送 and 转送; what is
#: missing, and by when, 补正): no plain step leads there, by hand, in a macro or on many tickets at once.
OWN_FORM = frozenset({_S.TRANSFERRED, _S.NEEDS_CORRECTION})

#: Nothing more is owed in these states; queues leave them out.
FINISHED = frozenset({_S.RESOLVED, _S.REJECTED, _S.CLOSED, _S.WITHDRAWN})

#: States in which the citizen may still take the ticket back.
WITHDRAWABLE = frozenset(s for s, targets in TRANSITIONS.items() if _S.WITHDRAWN in targets)

#: Rights that a matter may be about; which queue takes them is data (`helpdesk.routing`).
RIGHTS = (
    "patent",
    "layout_design",
    "plant_variety",
    "trademark",
    "gi",
    "copyright",
    "trade_secret",
    "unfair_competition",
)


def check_transition(status: TicketStatus, to: TicketStatus, reason: str) -> None:
    """Allow the step or say why not.

    Raises:
        IllegalTransition: The table has no such step; show the agent the allowed ones.
        ReasonRequired: The step needs a reason that the citizen will read.
    """
    if to not in TRANSITIONS[status]:
        raise IllegalTransition(status=status.value, to=to.value)
    if to in REASON_REQUIRED and not reason.strip():
        raise ReasonRequired(to=to.value)
