"""Token buckets and client addresses, without a server."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.addresses import counted_address
from bot.gateway.limits import Buckets, Rule
from bot.gateway.problems import RateLimited

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def take_until_empty(buckets: Buckets, key: str, now: datetime) -> int:
    """Return how many tokens there were."""
    taken = 0
    while True:
        try:
            buckets.take(key, now)
        except RateLimited:
            return taken
        taken += 1


def test_bucket_gives_its_amount_at_once_and_refills_evenly() -> None:
    buckets = Buckets(Rule(6, 60))
    assert take_until_empty(buckets, "a", NOW) == 6
    assert take_until_empty(buckets, "a", NOW + timedelta(seconds=9)) == 0
    assert take_until_empty(buckets, "a", NOW + timedelta(seconds=10)) == 1
    assert take_until_empty(buckets, "a", NOW + timedelta(hours=1)) == 6


def test_refusal_says_when_to_come_back() -> None:
    buckets = Buckets(Rule(1, 90))
    buckets.take("a", NOW)
    with pytest.raises(RateLimited) as refusal:
        buckets.take("a", NOW + timedelta(seconds=30))
    assert refusal.value.details == {"seconds": 60}
    buckets.take("a", NOW + timedelta(seconds=90))


def test_trying_while_empty_costs_nothing() -> None:
    buckets = Buckets(Rule(1, 60))
    buckets.take("a", NOW)
    for second in range(1, 60):
        assert take_until_empty(buckets, "a", NOW + timedelta(seconds=second)) == 0
    buckets.take("a", NOW + timedelta(seconds=60))


def test_keys_do_not_share() -> None:
    buckets = Buckets(Rule(1, 60))
    buckets.take("a", NOW)
    buckets.take("b", NOW)


def test_clock_that_goes_back_gives_nothing_away() -> None:
    buckets = Buckets(Rule(1, 60))
    buckets.take("a", NOW)
    assert take_until_empty(buckets, "a", NOW - timedelta(hours=1)) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.gateway.limits._REMEMBERED", 100)
    buckets = Buckets(Rule(1, 60))
    for number in range(1000):
        buckets.take(str(number), NOW)
    assert len(buckets._levels) == 100


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("198.51.100.7", "", 0, "198.51.100.7"),
        ("198.51.100.7", "203.0.113.1", 0, "198.51.100.7"),
        ("127.0.0.1", "203.0.113.1", 1, "203.0.113.1"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.1", 1, "203.0.113.1"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.1, 10.0.0.1", 2, "203.0.113.1"),
        ("127.0.0.1", "203.0.113.1", 2, "127.0.0.1"),
        ("127.0.0.1", "made up", 1, "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::"),
        ("::ffff:198.51.100.7", "", 0, "198.51.100.7"),
        ("", "", 0, ""),
    ],
)
def test_counted_address(peer: str, forwarded: str, trusted: int, expected: str) -> None:
    assert counted_address(peer, forwarded, trusted) == expected
