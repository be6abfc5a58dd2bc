"""How long somebody in a queue has still to wait, as far as the last days tell.

Every episode that a person took has shown how long one place in the queue took: its wait, divided by its
place at the start. The median of those, times the place now, is a figure that falls as the queue moves on.
With too little to go on nothing is said: a made-up figure would be a promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from statistics import median

FEWEST_EPISODES = 3
_ROUND_FROM, _ROUND_TO = 10, 5


@dataclass(frozen=True)
class PastWait:
    """One wait that ended with a person.

    Attributes:
        waited: Office time from the request to the claim.
        place: Place in the queue when it began, from 1.
    """

    waited: timedelta
    place: int


def expected_minutes(past: Sequence[PastWait], place: int) -> int | None:
    """Return the minutes of office time to expect, at least 1; None if not enough is known.

    Above ten minutes it is rounded up to fives: more digits would claim a precision that is not there.
    """
    if len(past) < FEWEST_EPISODES:
        return None
    per_place = median(wait.waited.total_seconds() / max(wait.place, 1) for wait in past)
    minutes = max(1, ceil(per_place * place / 60))
    return minutes if minutes <= _ROUND_FROM else ceil(minutes / _ROUND_TO) * _ROUND_TO
