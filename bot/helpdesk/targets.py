"""The small values that counting works on: units, targets, pauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.helpdesk.calendar import check_aware


class Unit(StrEnum):
    """In what a target is measured."""

    WORKING_MINUTES = "working_minutes"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"


LARGEST: Mapping[Unit, int] = {
    Unit.WORKING_MINUTES: 1_000_000,
    Unit.WORKING_DAYS: 5_000,
    Unit.CALENDAR_DAYS: 10_000,
    Unit.MONTHS: 300,
}
"""More than any promise or period needs; keeps a mistyped amount from counting for minutes."""


@dataclass(frozen=True, slots=True)
class Target:
    """An amount of time.

    Raises:
        ValueError: Unknown unit, or an amount that is not positive or larger than ``LARGEST``.
    """

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", Unit(self.unit))
        if not 1 <= self.amount <= LARGEST[self.unit]:
            raise ValueError(f"amount must lie between 1 and {LARGEST[self.unit]} {self.unit}: {self.amount}")


def extended(target: Target, extensions: Iterable[Target]) -> Target:
    """Return a target with the time added that was granted on top of it.

    An extension adds to the amount and is counted from the start like the rest, so that holidays and
    pauses mean for it what they mean for the promise. One in another unit than the target's, which only
    a later version of the policy can bring about, is left out: it has to be granted anew.
    """
    extra = sum(extension.amount for extension in extensions if extension.unit is target.unit)
    return Target(min(target.amount + extra, LARGEST[target.unit]), target.unit)


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which a clock stands still, the first instant included, the last not.

    Attributes:
        from_at: Aware.
        to_at: Aware; None while the pause lasts.
        reason: Key or words, shown in explanations.
    Raises:
        ValueError: A naive instant, or an end before the beginning.
    """

    from_at: datetime
    to_at: datetime | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "from_at", check_aware(self.from_at, "pause from"))
        if self.to_at is None:
            return
        object.__setattr__(self, "to_at", check_aware(self.to_at, "pause to"))
        if self.to_at < self.from_at:
            raise ValueError(f"a pause ends before it begins: {self.from_at} / {self.to_at}")

    def covers(self, at: datetime) -> bool:
        """Tell whether the clock stands still at an instant."""
        return self.from_at <= at and (self.to_at is None or at < self.to_at)
