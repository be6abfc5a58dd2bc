"""Escalation: which levels a clock has reached, and who hears of each by which way.

Level 1 is the warning, level 2 the breach; further levels follow the breach by working time. A
level is reached at its own instant, however late anybody looks: after an outage several are found
at once, each with the instant at which it happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.targets import Target, Unit

WARNED, BREACHED = 1, 2
LAST_LEVEL = 6

#: How the units in which further levels are counted compare: minutes are less than a day.
_RANK = {Unit.WORKING_MINUTES: 0, Unit.WORKING_DAYS: 1}


class Tell(StrEnum):
    """Who is told."""

    ASSIGNEE = "assignee"
    QUEUE = "queue"
    SUPERVISORS = "supervisors"
    HEAD = "head"


class By(StrEnum):
    """By which way; the console reaches everybody who is told, a mail those with an address."""

    CONSOLE = "console"
    EMAIL = "email"
    WEBHOOK = "webhook"


class When(StrEnum):
    """What brings a level about."""

    WARN = "warn"
    BREACH = "breach"
    AFTER_BREACH = "after_breach"


class ChainInvalid(HelpdeskError):
    """The chain cannot be used; `details["problem"]` names what to mend, `details["level"]` where."""

    code = "chain_invalid"


@dataclass(frozen=True, slots=True)
class Step:
    """One level: when it is reached, and who hears of it.

    Attributes:
        after: Working time from the breach; for ``AFTER_BREACH`` only.
        tell: Nobody means that only webhooks hear of it.
    """

    level: int
    when: When
    tell: tuple[Tell, ...] = ()
    by: tuple[By, ...] = ()
    after: Target | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """All levels for one kind of subject, in one version.

    Attributes:
        applies_to: ``ticket``, ``handoff``, or one kind of ticket, which then wins over ``ticket``.
        steps: In order of level, from 1 without gaps.
        heads: Ids of the agents told as head; empty means the administrators.
    Raises:
        ChainInvalid: The levels are not 1 warn, 2 breach, 3… after the breach, each later than the last.
    """

    id: str
    version: int
    applies_to: str
    steps: tuple[Step, ...]
    heads: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        check_steps(self.steps)

    def step(self, level: int) -> Step | None:
        """Return what a level asks for, None if the chain does not go that far."""
        return self.steps[level - 1] if level <= len(self.steps) else None

    @property
    def further(self) -> tuple[Step, ...]:
        """Return the levels after the breach."""
        return self.steps[BREACHED:]


def check_steps(steps: Sequence[Step]) -> None:
    """Refuse levels out of order.

    Raises:
        ChainInvalid: Naming the level and the problem: ``order``, ``too_many``, ``after_missing``,
            ``after_unit``, ``after_not_later``, ``after_not_allowed``, ``tell_without_by``.
    """
    if len(steps) > LAST_LEVEL:
        raise ChainInvalid(level=LAST_LEVEL + 1, problem="too_many")
    previous: tuple[int, int] | None = None
    for place, step in enumerate(steps, start=1):
        expected = {WARNED: When.WARN, BREACHED: When.BREACH}.get(place, When.AFTER_BREACH)
        if step.level != place or step.when is not expected:
            raise ChainInvalid(level=place, problem="order")
        if step.tell and not step.by:
            raise ChainInvalid(level=place, problem="tell_without_by")
        if expected is When.AFTER_BREACH:
            previous = _later(step, previous)
        elif step.after is not None:
            raise ChainInvalid(level=place, problem="after_not_allowed")


def _later(step: Step, previous: tuple[int, int] | None) -> tuple[int, int]:
    if step.after is None:
        raise ChainInvalid(level=step.level, problem="after_missing")
    if step.after.unit not in _RANK:
        raise ChainInvalid(level=step.level, problem="after_unit")
    measure = (_RANK[step.after.unit], step.after.amount)
    if previous is not None and measure <= previous:
        raise ChainInvalid(level=step.level, problem="after_not_later")
    return measure


@dataclass(frozen=True, slots=True)
class Reached:
    """A level that a clock has reached.

    Attributes:
        kind: ``warned``, ``breached`` or ``escalated``.
        at: When it happened, which may be long before anybody looked.
    """

    level: int
    kind: str
    at: datetime


@dataclass(frozen=True)
class Progress:
    """What has been reached and where the clock stands now.

    Attributes:
        level: Highest level reached.
        next_check_at: When the next one is due, None after the last.
    """

    reached: tuple[Reached, ...]
    level: int
    next_check_at: datetime | None

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Return the numbers of the levels reached."""
        return tuple(one.level for one in self.reached)


def progress(
    *,
    level: int,
    warn_at: datetime,
    due_at: datetime,
    further: Sequence[Step],
    after: Callable[[datetime, Target], datetime],
    now: datetime,
) -> Progress:
    """Return the levels that a running clock has reached by now and that are not recorded yet.

    Args:
        level: Highest level recorded already.
        further: Levels after the breach.
        after: Returns the instant that lies a target of working time after another.
    """
    reached: list[Reached] = []
    if level < WARNED and warn_at <= now and warn_at < due_at:
        reached.append(Reached(WARNED, "warned", warn_at))
        level = WARNED
    # A target met at the due instant itself is met, so the breach lies just after it.
    if level < BREACHED and due_at < now:
        reached.append(Reached(BREACHED, "breached", due_at))
        level = BREACHED
    if level < BREACHED:
        return Progress(tuple(reached), level, due_at if level else warn_at)
    at = due_at
    for step in further:
        if step.level <= level or step.after is None:
            continue
        # Many minutes may outlast a day: no level is reached before the one below it.
        at = max(at, after(due_at, step.after))
        if at > now:
            return Progress(tuple(reached), level, at)
        reached.append(Reached(step.level, "escalated", at))
        level = step.level
    return Progress(tuple(reached), level, None)
