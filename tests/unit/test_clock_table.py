"""The table of what starts, pauses and stops which clock, row by row."""

import pytest

from bot.helpdesk.clock_table import ROWS, Effect, effects_of
from bot.helpdesk.sla import CLOCKS
from bot.helpdesk.ticket import TicketStatus

EXPECTED = [
    ("ticket", "opened", {"acceptance": "start", "first_response": "start"}),
    ("ticket", "submitted", {"acceptance": "resume", "resolution": "resume"}),
    ("ticket", "accepted", {"acceptance": "stop", "resolution": "start"}),
    ("ticket", "rejected", {"acceptance": "stop", "first_response": "stop"}),
    ("ticket", "needs_correction", {"acceptance": "pause", "resolution": "pause", "first_response": "stop"}),
    ("ticket", "in_progress", {"resolution": "resume"}),
    ("ticket", "transferred", {"acceptance": "stop", "first_response": "stop"}),
    ("ticket", "resolved", {"resolution": "stop", "first_response": "stop"}),
    ("ticket", "closed", {"resolution": "stop", "first_response": "cancel"}),
    ("ticket", "withdrawn", {"acceptance": "cancel", "resolution": "cancel", "first_response": "cancel"}),
    ("ticket", "reopened", {"resolution": "start"}),
    ("ticket", "public_reply", {"first_response": "stop"}),
    ("handoff", "queued", {"first_response": "start"}),
    ("handoff", "human_reply", {"first_response": "stop"}),
    ("handoff", "handed_back", {"first_response": "cancel"}),
    ("handoff", "returned_to_bot", {"first_response": "cancel"}),
    ("handoff", "closed", {"first_response": "cancel"}),
]


@pytest.mark.parametrize(("subject", "event", "effects"), EXPECTED, ids=lambda value: str(value)[:20])
def test_event_does_exactly_this_to_the_clocks(subject, event, effects):
    assert effects_of(subject, event) == {clock: Effect(effect) for clock, effect in effects.items()}


def test_no_row_is_left_untested():
    assert {(subject, event) for subject, event, _, _ in ROWS} == {(s, e) for s, e, _ in EXPECTED}


def test_every_row_names_a_known_clock_and_every_status_has_a_row():
    assert {clock for _, _, clock, _ in ROWS} <= set(CLOCKS)
    assert {status.value for status in TicketStatus} <= {event for _, event, _, _ in ROWS}


@pytest.mark.parametrize("event", ["bot_reply", "internal_note", "claimed", "assigned"])
def test_bot_replies_notes_and_claims_move_no_clock(event):
    assert effects_of("ticket", event) == {}
    assert effects_of("handoff", event) == {}
