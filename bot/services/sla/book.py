"""The calendar and the promises that clocks run on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.helpdesk.calendar import BusinessCalendar
from bot.helpdesk.sla import Policy, PolicyMissing, policy_for


@dataclass(frozen=True)
class SlaBook:
    """The calendar and all versions of all policies."""

    calendar: BusinessCalendar
    policies: Sequence[Policy]

    def current(self, applies_to: str, now: datetime) -> Policy:
        """Return the policy for clocks that start now.

        Raises:
            PolicyMissing: None is in force.
        """
        return policy_for(self.policies, applies_to, self.calendar.local_date(now))

    def version(self, policy_id: str, version: int) -> Policy:
        """Return the version under which a clock was started.

        Raises:
            PolicyMissing: The data no longer holds it; old versions must stay.
        """
        for policy in self.policies:
            if (policy.id, policy.version) == (policy_id, version):
                return policy
        raise PolicyMissing(applies_to=f"{policy_id} v{version}", on="")
