"""What becomes of a clock that is counted again under a new rule."""

from datetime import UTC, datetime, timedelta

from bot.helpdesk.recounting import recounted
from bot.helpdesk.sla import DueDate

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def again(due, warn, *, paused_from=None, level=0, is_new_promise=True):
    due_date = DueDate(NOW + due * HOUR, NOW + warn * HOUR, False)
    return recounted(due_date, paused_from=paused_from, level=level, is_new_promise=is_new_promise, now=NOW)


def test_a_clock_with_time_left_is_looked_at_when_it_must_be_warned_of():
    after = again(5, 4)
    assert (after.is_used_up, after.level, after.next_check_at) == (False, 0, NOW + 4 * HOUR)


def test_a_clock_whose_time_is_over_is_left_to_the_sweep_at_once():
    after = again(-1, -2)
    assert after.is_used_up and after.next_check_at < NOW


def test_a_clock_due_at_this_very_instant_is_not_late():
    assert not again(0, -1).is_used_up


def test_a_paused_clock_is_not_looked_at():
    after = again(1, -1, paused_from=NOW - 3 * HOUR)
    assert (after.is_paused, after.next_check_at) == (True, None)


def test_a_due_instant_within_a_pause_will_move_with_it():
    assert not again(-1, -2, paused_from=NOW - 3 * HOUR).is_used_up


def test_a_pause_that_began_after_the_time_was_used_up_does_not_count():
    after = again(-5, -6, paused_from=NOW - 3 * HOUR)
    assert after.is_used_up and not after.is_paused and after.next_check_at < NOW


def test_a_warning_is_not_given_again_unless_a_new_promise_moves_it_into_the_future():
    assert again(5, -1, level=1).level == 1
    assert again(5, 4, level=1).level == 0
    assert again(5, 4, level=1, is_new_promise=False).level == 1


def test_after_a_warning_the_due_instant_is_looked_at():
    assert again(5, -1, level=1).next_check_at == NOW + 5 * HOUR
