"""Which event does what to which clock: one table, read row by row by the tests.

The bot's replies and internal notes are in no row: they never stop a clock. What counts as a first
response is words that a person wrote and the citizen can read: a reply, or a change of status
whose reason is shown to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Effect(StrEnum):
    """What an event does to a clock.

    START begins a clock (a new round of one that has ended; one that stands still goes on), RESUME ends a pause, STOP means that
    what was promised is done, CANCEL that it is no longer owed. An effect that finds no clock to
    work on (RESUME without a pause, STOP without a running clock) does nothing. RESTART is a STOP and,
    if it found a clock to stop, the START of the next round. A START does nothing where the policy
    promises no such clock.
    """

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RESTART = "restart"
    CANCEL = "cancel"


ROWS: tuple[tuple[str, str, str, Effect], ...] = (
    # subject, event, clock, effect
    ("ticket", "opened", "acceptance", Effect.START),
    ("ticket", "needs_correction", "acceptance", Effect.PAUSE),
    ("ticket", "submitted", "acceptance", Effect.RESUME),
    ("ticket", "accepted", "acceptance", Effect.STOP),
    ("ticket", "rejected", "acceptance", Effect.STOP),
    # Forwarded unopened: another centre decides, and the citizen has been told.
    ("ticket", "transferred", "acceptance", Effect.STOP),
    ("ticket", "withdrawn", "acceptance", Effect.CANCEL),
    ("ticket", "accepted", "resolution", Effect.START),
    ("ticket", "reopened", "resolution", Effect.START),
    ("ticket", "needs_correction", "resolution", Effect.PAUSE),
    ("ticket", "submitted", "resolution", Effect.RESUME),
    # A matter forwarded unopened and given back has no such clock yet: it is ours from now on.
    ("ticket", "in_progress", "resolution", Effect.START),
    ("ticket", "transferred", "resolution", Effect.PAUSE),
    ("ticket", "feedback_received", "resolution", Effect.RESUME),
    ("ticket", "resolved", "resolution", Effect.STOP),
    ("ticket", "closed", "resolution", Effect.STOP),
    ("ticket", "withdrawn", "resolution", Effect.CANCEL),
    ("ticket", "opened", "first_response", Effect.START),
    ("ticket", "public_reply", "first_response", Effect.STOP),
    ("ticket", "needs_correction", "first_response", Effect.STOP),
    ("ticket", "rejected", "first_response", Effect.STOP),
    ("ticket", "transferred", "first_response", Effect.STOP),
    ("ticket", "resolved", "first_response", Effect.STOP),
    ("ticket", "closed", "first_response", Effect.CANCEL),
    ("ticket", "withdrawn", "first_response", Effect.CANCEL),
    # From the acceptance until the matter is with the authority; what we work on ourselves owes no transfer.
    ("ticket", "accepted", "transfer", Effect.START),
    ("ticket", "transferred", "transfer", Effect.STOP),
    ("ticket", "in_progress", "transfer", Effect.CANCEL),
    ("ticket", "resolved", "transfer", Effect.CANCEL),
    ("ticket", "closed", "transfer", Effect.CANCEL),
    ("ticket", "withdrawn", "transfer", Effect.CANCEL),
    # While the authority has it; taken back or ended without its word, nobody owes feedback. What it
    # says while it still works on the matter is not its last word: the next one is awaited from then on.
    ("ticket", "transferred", "feedback", Effect.START),
    ("ticket", "interim_feedback", "feedback", Effect.RESTART),
    ("ticket", "feedback_received", "feedback", Effect.STOP),
    ("ticket", "in_progress", "feedback", Effect.CANCEL),
    ("ticket", "resolved", "feedback", Effect.CANCEL),
    ("ticket", "closed", "feedback", Effect.CANCEL),
    ("ticket", "withdrawn", "feedback", Effect.CANCEL),
    # While it is worked on: words from a person, again and again.
    ("ticket", "accepted", "next_update", Effect.START),
    ("ticket", "reopened", "next_update", Effect.START),
    ("ticket", "in_progress", "next_update", Effect.START),
    ("ticket", "public_reply", "next_update", Effect.RESTART),
    ("ticket", "transferred", "next_update", Effect.RESTART),
    ("ticket", "interim_feedback", "next_update", Effect.RESTART),
    ("ticket", "feedback_received", "next_update", Effect.RESTART),
    ("ticket", "resolved", "next_update", Effect.CANCEL),
    ("ticket", "closed", "next_update", Effect.CANCEL),
    ("ticket", "withdrawn", "next_update", Effect.CANCEL),
    # What was merged into another ticket is owed there.
    ("ticket", "merged", "first_response", Effect.CANCEL),
    ("ticket", "merged", "acceptance", Effect.CANCEL),
    ("ticket", "merged", "resolution", Effect.CANCEL),
    ("ticket", "merged", "transfer", Effect.CANCEL),
    ("ticket", "merged", "feedback", Effect.CANCEL),
    ("ticket", "merged", "next_update", Effect.CANCEL),
    ("handoff", "queued", "first_response", Effect.START),
    ("handoff", "requeued", "first_response", Effect.START),
    ("handoff", "human_reply", "first_response", Effect.STOP),
    ("handoff", "handed_back", "first_response", Effect.CANCEL),
    ("handoff", "returned_to_bot", "first_response", Effect.CANCEL),
    ("handoff", "closed", "first_response", Effect.CANCEL),
    ("handoff", "ticket", "first_response", Effect.CANCEL),
)


def effects_of(subject: str, event: str) -> Mapping[str, Effect]:
    """Return clock name to effect for an event; empty when no clock cares.

    Args:
        subject: ``ticket`` or ``handoff``.
        event: A ticket status just entered, ``opened``, ``public_reply``, ``interim_feedback``,
            ``feedback_received``, ``merged``; or for a handoff
            ``queued``, ``requeued``, ``human_reply``, ``handed_back``, ``returned_to_bot``, ``closed``, ``ticket``.
    """
    return {clock: effect for *when, clock, effect in ROWS if when == [subject, event]}
