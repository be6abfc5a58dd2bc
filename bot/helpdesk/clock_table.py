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

    START begins a clock (a new round of one that has ended), RESUME ends a pause, STOP means that
    what was promised is done, CANCEL that it is no longer owed. An effect that finds no clock to
    work on (RESUME without a pause, STOP without a running clock) does nothing.
    """

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
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
    ("ticket", "in_progress", "resolution", Effect.RESUME),
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
    ("handoff", "queued", "first_response", Effect.START),
    ("handoff", "human_reply", "first_response", Effect.STOP),
    ("handoff", "handed_back", "first_response", Effect.CANCEL),
    ("handoff", "returned_to_bot", "first_response", Effect.CANCEL),
    ("handoff", "closed", "first_response", Effect.CANCEL),
)


def effects_of(subject: str, event: str) -> Mapping[str, Effect]:
    """Return clock name to effect for an event; empty when no clock cares.

    Args:
        subject: ``ticket`` or ``handoff``.
        event: A ticket status just entered, ``opened``, ``public_reply``; or for a handoff
            ``queued``, ``human_reply``, ``handed_back``, ``returned_to_bot``, ``closed``.
    """
    return {clock: effect for *when, clock, effect in ROWS if when == [subject, event]}
