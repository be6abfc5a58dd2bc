"""The table of what starts, pauses and stops which clock, row by row."""

import pytest

from bot.helpdesk.clock_table import ROWS, Effect, effects_of
from bot.helpdesk.sla import CLOCKS
from bot.helpdesk.ticket import TicketStatus

#: Every row of the table, written down once more: a row that is changed must be changed here as well.
EXPECTED = """
ticket opened             acceptance start      first_response start
ticket submitted          acceptance resume     resolution resume
ticket accepted           acceptance stop       resolution start      transfer start      next_update start
ticket rejected           acceptance stop       first_response stop
ticket needs_correction   acceptance pause      resolution pause      first_response stop
ticket in_progress        resolution start      transfer cancel       feedback cancel       next_update start
ticket transferred        acceptance stop       first_response stop   resolution pause      transfer stop       feedback start       next_update restart
ticket interim_feedback   feedback restart      next_update restart
ticket feedback_received  resolution resume     feedback stop         next_update restart
ticket resolved           resolution stop       first_response stop   transfer cancel     feedback cancel      next_update cancel
ticket closed             resolution stop       first_response cancel transfer cancel     feedback cancel      next_update cancel
ticket withdrawn          acceptance cancel     resolution cancel     first_response cancel  transfer cancel   feedback cancel   next_update cancel
ticket reopened           resolution start      next_update start
ticket public_reply       first_response stop   next_update restart
ticket merged             acceptance cancel     resolution cancel     first_response cancel  transfer cancel   feedback cancel   next_update cancel
handoff queued            first_response start
handoff requeued          first_response start
handoff human_reply       first_response stop
handoff handed_back       first_response cancel
handoff returned_to_bot   first_response cancel
handoff closed            first_response cancel
handoff ticket            first_response cancel
"""

EVENTS = [
    (subject, event, dict(zip(rest[::2], rest[1::2], strict=True)))
    for subject, event, *rest in (line.split() for line in EXPECTED.strip().splitlines())
]
CASES = [(subject, event, clock, effect) for subject, event, effects in EVENTS for clock, effect in effects.items()]


@pytest.mark.parametrize(("subject", "event", "clock", "effect"), CASES)
def test_row_does_exactly_this(subject, event, clock, effect):
    assert effects_of(subject, event)[clock] is Effect(effect)


@pytest.mark.parametrize(("subject", "event", "effects"), EVENTS, ids=lambda value: str(value)[:20])
def test_event_touches_no_other_clock(subject, event, effects):
    assert set(effects_of(subject, event)) == set(effects)


def test_no_row_is_left_untested_and_none_is_there_twice():
    assert sorted((s, e, c, effect.value) for s, e, c, effect in ROWS) == sorted(CASES)


def test_every_row_names_a_known_clock_and_every_status_has_a_row():
    assert {clock for _, _, clock, _ in ROWS} <= set(CLOCKS)
    assert {status.value for status in TicketStatus} <= {event for _, event, _, _ in ROWS}


@pytest.mark.parametrize("event", ["bot_reply", "internal_note", "claimed", "assigned"])
def test_bot_replies_notes_and_claims_move_no_clock(event):
    assert effects_of("ticket", event) == {}
    assert effects_of("handoff", event) == {}
