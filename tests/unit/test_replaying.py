"""Histories played through the clock table."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.helpdesk.replaying import Happening, last_round
from bot.helpdesk.sla import Pause

START = datetime(2026, 11, 2, 2, tzinfo=UTC)


def day(n: int) -> datetime:
    return START + timedelta(days=n)


def history(*events: str) -> list[Happening]:
    """One event a day."""
    return [Happening(day(n), event) for n, event in enumerate(events)]


def test_what_was_never_started_has_no_round():
    assert last_round("feedback", history("opened", "accepted")) is None


def test_a_transfer_starts_the_feedback_where_it_was():
    found = last_round("feedback", history("opened", "accepted", "transferred", "public_reply"))
    assert (found.started_at, found.pauses, found.stopped_at) == (day(2), [], None)


@pytest.mark.parametrize("end", ["feedback_received", "in_progress", "resolved", "withdrawn", "merged"])
def test_what_ended_stays_ended(end: str):
    found = last_round("feedback", history("opened", "transferred", end))
    assert (found.stopped_at, found.stop_reason) == (day(2), end)


def test_pauses_are_those_of_the_history():
    events = ("opened", "accepted", "transferred", "feedback_received", "transferred")
    found = last_round("resolution", history(*events))
    assert found.pauses == [Pause(day(2), day(3), "transferred"), Pause(day(4), None, "transferred")]
    assert found.paused_from == day(4)


def test_a_start_while_it_runs_changes_nothing_and_after_the_end_begins_a_round():
    assert last_round("transfer", history("opened", "accepted", "accepted")).started_at == day(1)
    assert last_round("resolution", history("opened", "accepted", "resolved", "reopened")).started_at == day(3)


def test_each_update_begins_the_next_round_but_none_after_the_end():
    assert last_round("next_update", history("opened", "accepted", "public_reply", "public_reply")).started_at == day(3)
    found = last_round("next_update", history("opened", "accepted", "resolved", "public_reply"))
    assert (found.started_at, found.stopped_at) == (day(1), day(2))


def test_what_merging_cancelled_begins_anew_and_stands_still_where_it_stood():
    events = ("opened", "accepted", "transferred", "merged", "unmerged")
    assert last_round("feedback", history(*events)).started_at == day(4)
    found = last_round("resolution", history(*events))
    assert (found.started_at, found.pauses) == (day(4), [Pause(day(4), None, "transferred")])


def test_what_had_ended_before_the_merger_does_not_begin_anew():
    found = last_round("acceptance", history("opened", "accepted", "merged", "unmerged"))
    assert (found.stop_reason, found.stopped_at) == ("accepted", day(1))


def test_a_matter_forwarded_unopened_and_given_back_is_ours_from_then_on():
    found = last_round("resolution", history("opened", "transferred", "feedback_received", "in_progress"))
    assert (found.started_at, found.stopped_at) == (day(3), None)
    found = last_round("resolution", history("opened", "accepted", "transferred", "in_progress"))
    assert (found.started_at, found.pauses) == (day(1), [Pause(day(2), day(3), "transferred")])


def test_what_ended_while_it_was_merged_is_not_owed_again():
    events = ("opened", "accepted", "transferred", "merged", "feedback_received", "public_reply", "unmerged")
    assert last_round("feedback", history(*events)).stop_reason == "merged"
    assert last_round("first_response", history("opened", "merged", "public_reply", "unmerged")).stop_reason == "merged"
    assert last_round("next_update", history(*events)).started_at == day(6)


@pytest.mark.parametrize("events", [("feedback_received", "merged"), ("merged", "feedback_received")])
def test_what_stands_still_no_more_runs_when_it_is_taken_out(events: tuple[str, ...]):
    found = last_round("resolution", history("opened", "accepted", "transferred", *events, "unmerged"))
    assert (found.started_at, found.pauses) == (day(5), [])


def test_a_pause_ends_where_it_began_when_the_clock_was_set_back_meanwhile():
    happenings = [Happening(day(1), "opened"), Happening(day(2), "needs_correction"), Happening(day(0), "submitted")]
    assert last_round("acceptance", happenings).pauses == [Pause(day(2), day(2), "needs_correction")]
