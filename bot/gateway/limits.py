"""Token buckets: how often something may be done, per session and per address.

The buckets live in this process. With several desk processes each has its
own, so the effective limit is at most the set one times the number of processes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from bot.gateway.problems import RateLimited
from bot.settings import Settings

#: Buckets remembered per rule; the one unused for longest is forgotten first. Bounds the memory
#: that a flood of made-up addresses can take.
_REMEMBERED = 20_000
_READS_PER_MINUTE = 300


@dataclass(frozen=True)
class Rule:
    """`amount` at once, refilled evenly over `per_seconds`."""

    amount: int
    per_seconds: float


class Buckets:
    """One rule applied to many keys."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: datetime) -> None:
        """Use one token.

        Raises:
            RateLimited: None is left; `details["seconds"]` says when there will be one.
        """
        at = now.timestamp()
        level, seen_at = self._levels.pop(key, (float(self._rule.amount), at))
        per_token = self._rule.per_seconds / self._rule.amount
        level = min(self._rule.amount, level + max(0.0, at - seen_at) / per_token)
        # Sums of fractions: a token that is full but for a rounding error is full.
        allowed = level >= 1 - 1e-9
        self._levels[key] = (level - 1 if allowed else level, at)
        if len(self._levels) > _REMEMBERED:
            self._levels.popitem(last=False)
        if not allowed:
            raise RateLimited(seconds=max(1, ceil(round((1 - level) * per_token, 3))))


class Limits:
    """All rules of the gateway, from the settings."""

    def __init__(self, settings: Settings) -> None:
        self.session_messages = Buckets(Rule(settings.session_messages_per_minute, 60))
        self.address_messages = Buckets(Rule(settings.address_messages_per_minute, 60))
        self.address_sessions = Buckets(Rule(settings.address_sessions_per_hour, 3600))
        self.address_lookups = Buckets(Rule(settings.address_lookups_per_minute, 60))
        self.address_uploads = Buckets(Rule(settings.address_uploads_per_hour, 3600))
        self.address_tickets = Buckets(Rule(settings.address_tickets_per_hour, 3600))
        self.address_reads = Buckets(Rule(_READS_PER_MINUTE, 60))
