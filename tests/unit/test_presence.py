"""Who counts as present, and what a wait may be said to be."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.helpdesk.conversation import OWNER_CHANGES, Owner, check_owner_change
from bot.helpdesk.presence import Presence, Skills, presence_now, presence_on_arrival
from bot.helpdesk.waiting import PastWait, expected_minutes

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ONLINE, AWAY, OFFLINE = Presence.ONLINE, Presence.AWAY, Presence.OFFLINE


@pytest.mark.parametrize(
    ("chosen", "gap", "counts"),
    [
        (ONLINE, timedelta(seconds=60), ONLINE),
        (ONLINE, timedelta(seconds=61), AWAY),
        (ONLINE, None, AWAY),
        (AWAY, timedelta(), AWAY),
        (OFFLINE, timedelta(), OFFLINE),
    ],
)
def test_presence_needs_a_choice_and_a_sign_of_life(chosen, gap, counts):
    seen = NOW - gap if gap is not None else None
    assert presence_now(chosen, seen, now=NOW, present_for=MINUTE) is counts


@pytest.mark.parametrize(
    ("chosen", "gap", "becomes"),
    [
        (OFFLINE, None, ONLINE),
        (OFFLINE, timedelta(minutes=2), ONLINE),
        (OFFLINE, timedelta(seconds=5), OFFLINE),  # a reload after signing off
        (AWAY, timedelta(hours=1), AWAY),
        (AWAY, timedelta(hours=4), ONLINE),
        (ONLINE, timedelta(seconds=5), ONLINE),
    ],
)
def test_opening_the_console_begins_work_but_ends_no_break(chosen, gap, becomes):
    seen = NOW - gap if gap is not None else None
    assert presence_on_arrival(chosen, seen, now=NOW, present_for=MINUTE) is becomes


def test_skills_survive_storing_and_none_stands_for_all():
    skills = Skills(queues=("patent",), languages=("en",))
    assert Skills.read(skills.to_json()) == skills
    assert skills.has("queue:patent") and not skills.has("queue:general")
    assert Skills.read(None).has("queue:general")


def waits(*minutes, place=1):
    return [PastWait(timedelta(minutes=m), place) for m in minutes]


def test_too_few_episodes_say_nothing():
    assert expected_minutes(waits(1, 2), 1) is None


def test_one_that_took_for_ever_does_not_move_the_figure():
    assert expected_minutes(waits(2, 3, 300), 1) == 3


def test_it_grows_with_the_place_and_past_places_count():
    assert expected_minutes(waits(6, 6, 6, place=2), 3) == 9
    assert expected_minutes(waits(4, 4, 4), 3) == 15  # 12, in fives
    assert expected_minutes(waits(0, 0, 0), 1) == 1


@pytest.mark.parametrize("old", list(Owner))
@pytest.mark.parametrize("new", list(Owner))
def test_only_changes_of_owner_in_the_table_are_possible(old, new):
    if new in OWNER_CHANGES[old]:
        check_owner_change(old, new)
    else:
        with pytest.raises(ValueError, match="no change of owner"):
            check_owner_change(old, new)
