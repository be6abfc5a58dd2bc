"""When a delivery that failed is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait after each failure.

    Any failure is tried again: a receiver that answers 404 today may be a release that failed.

    Attributes:
        waits: After the first, second … failure; after one more it is given up.
        longest: What a receiver's ``Retry-After`` is cut to.
    """

    waits: tuple[timedelta, ...] = (
        15 * _SECOND, 1 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 1 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR,
    )  # fmt: skip
    longest: timedelta = 12 * _HOUR

    def next_attempt(
        self, failures: int, now: datetime, retry_after: timedelta | None = None
    ) -> datetime | None:
        """Return when to try again after so many failures, None when it is given up.

        Args:
            failures: At least 1.
            retry_after: What the receiver asked for; waited for when it is longer than ours.
        """
        if failures > len(self.waits):
            return None
        return now + max(self.waits[failures - 1], min(retry_after or timedelta(0), self.longest))
