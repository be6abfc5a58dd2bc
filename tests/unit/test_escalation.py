"""Which levels a clock has reached, and which chains can be used."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.helpdesk.escalation import By, Chain, ChainInvalid, Progress, Step, Tell, When, progress
from bot.helpdesk.retrying import RetryPolicy
from bot.helpdesk.targets import Target, Unit
from bot.knowledge import load_chains
from bot.knowledge.datafile import DataError
from bot.settings import Settings

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WARN = Step(1, When.WARN, (Tell.ASSIGNEE,), (By.CONSOLE,))
BREACH = Step(2, When.BREACH, (Tell.SUPERVISORS,), (By.CONSOLE,))


def further(level: int, amount: int, unit: Unit = Unit.WORKING_MINUTES) -> Step:
    return Step(level, When.AFTER_BREACH, (Tell.HEAD,), (By.CONSOLE,), Target(amount, unit))


def plain_minutes(at: datetime, target: Target) -> datetime:
    return at + timedelta(minutes=target.amount)


def reach(level: int, now: datetime, *, steps: tuple[Step, ...] = (further(3, 60), further(4, 120))) -> Progress:
    return progress(
        level=level, warn_at=NOON - HOUR, due_at=NOON, further=steps, after=plain_minutes, now=now
    )


def test_nothing_is_reached_before_the_warning() -> None:
    assert reach(0, NOON - 2 * HOUR) == Progress((), 0, NOON - HOUR)


def test_the_warning_is_reached_at_its_instant_and_the_breach_only_after_the_due_one() -> None:
    warned = reach(0, NOON - HOUR)
    assert [r.kind for r in warned.reached] == ["warned"]
    assert (warned.level, warned.next_check_at) == (1, NOON)
    assert reach(1, NOON).reached == ()
    assert [r.kind for r in reach(1, NOON + timedelta(microseconds=1)).reached] == ["breached"]


def test_whoever_looks_late_finds_every_level_at_its_own_instant() -> None:
    found = reach(0, NOON + 48 * HOUR)
    assert [(r.level, r.kind, r.at) for r in found.reached] == [
        (1, "warned", NOON - HOUR),
        (2, "breached", NOON),
        (3, "escalated", NOON + HOUR),
        (4, "escalated", NOON + 2 * HOUR),
    ]
    assert (found.level, found.next_check_at) == (4, None)


def test_no_level_is_reached_before_the_one_below_it() -> None:
    def after(at: datetime, target: Target) -> datetime:
        return at + target.amount * (timedelta(minutes=1) if target.unit is Unit.WORKING_MINUTES else timedelta(days=1))

    steps = (further(3, 3000), further(4, 1, Unit.WORKING_DAYS))
    found = progress(level=0, warn_at=NOON - HOUR, due_at=NOON, further=steps, after=after, now=NOON + 100 * HOUR)
    assert [(r.level, r.at) for r in found.reached][2:] == [(3, NOON + 50 * HOUR), (4, NOON + 50 * HOUR)]


def test_a_level_that_is_recorded_is_not_reached_again() -> None:
    assert [r.level for r in reach(3, NOON + 48 * HOUR).reached] == [4]
    assert reach(4, NOON + 48 * HOUR).reached == ()


def test_a_target_so_short_that_warning_and_due_fall_together_is_only_breached() -> None:
    found = progress(level=0, warn_at=NOON, due_at=NOON, further=(), after=plain_minutes, now=NOON + HOUR)
    assert [r.kind for r in found.reached] == ["breached"]


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ((BREACH,), "order"),
        ((WARN, further(2, 60)), "order"),
        ((WARN, BREACH, further(4, 60)), "order"),
        ((WARN, BREACH, Step(3, When.AFTER_BREACH)), "after_missing"),
        ((WARN, BREACH, further(3, 5, Unit.CALENDAR_DAYS)), "after_unit"),
        ((WARN, BREACH, further(3, 60), further(4, 60)), "after_not_later"),
        ((WARN, BREACH, further(3, 1, Unit.WORKING_DAYS), further(4, 60)), "after_not_later"),
        ((WARN, BREACH, *(further(n, n * 10) for n in range(3, 8))), "too_many"),
        ((Step(1, When.WARN, (Tell.HEAD,), ()),), "tell_without_by"),
        ((Step(1, When.WARN, after=Target(1, Unit.WORKING_DAYS)),), "after_not_allowed"),
    ],
)
def test_a_chain_that_makes_no_sense_says_where(steps: tuple[Step, ...], problem: str) -> None:
    with pytest.raises(ChainInvalid) as refused:
        Chain("ticket", 1, "ticket", steps)
    assert refused.value.details["problem"] == problem


def test_the_shipped_chains_warn_tell_supervisors_and_then_the_head() -> None:
    chains = {chain.applies_to: chain for chain in load_chains(Settings().knowledge_dir)}
    assert set(chains) == {"ticket", "handoff"}
    told = [step.tell for step in chains["ticket"].steps]
    assert told[0] == (Tell.ASSIGNEE,)
    assert Tell.SUPERVISORS in told[1] and Tell.HEAD in told[2]


def test_a_mistake_in_the_shipped_file_names_file_and_key(tmp_path) -> None:
    (tmp_path / "sla").mkdir()
    (tmp_path / "sla" / "escalation.yml").write_text(
        "chains: [{id: ticket, version: 1, applies_to: ticket, steps: [{level: 1, when: breach, tell: [], by: []}]}]"
    )
    with pytest.raises(DataError, match=r"escalation\.yml: .*steps: level 1: order"):
        load_chains(tmp_path)


def test_waits_grow_and_end() -> None:
    policy = RetryPolicy()
    waits = [policy.next_attempt(n, NOON) for n in range(1, len(policy.waits) + 1)]
    assert waits == sorted(waits) and waits[0] > NOON
    assert policy.next_attempt(len(policy.waits) + 1, NOON) is None


def test_a_receiver_may_ask_for_a_longer_wait_but_not_for_ever() -> None:
    policy = RetryPolicy()
    assert policy.next_attempt(1, NOON, timedelta(minutes=10)) == NOON + timedelta(minutes=10)
    assert policy.next_attempt(1, NOON, timedelta(seconds=1)) == NOON + policy.waits[0]
    assert policy.next_attempt(1, NOON, timedelta(days=400)) == NOON + policy.longest
