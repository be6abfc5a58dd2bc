"""The calendars and promises that clocks run on: what the store holds, as this process knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.helpdesk.calendar import BusinessCalendar, CalendarVersion
from bot.helpdesk.presence import PRESENT_FOR
from bot.helpdesk.routing import RoutingRules
from bot.helpdesk.sla import MAIN_CALENDAR, DueCounter, Policy, PolicyMissing, policy_for
from bot.helpdesk.targets import Target, extended

#: Topic under which a saved version is announced; its payload is the version itself.
TOPIC = "sla_book"


@dataclass(frozen=True)
class _Content:
    """One state of the book, replaced as a whole, so that nobody sees half of a change."""

    policies: Mapping[tuple[str, int], Policy]
    calendars: Mapping[tuple[str, int], CalendarVersion]
    latest: Mapping[str, CalendarVersion] = field(init=False)
    counters: dict[tuple[str, int, str, str, int], DueCounter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        in_order = sorted(self.calendars.values(), key=lambda one: one.version)
        object.__setattr__(self, "latest", {one.id: one for one in in_order})

    def with_versions(
        self, policies: Iterable[Policy], calendars: Iterable[CalendarVersion]
    ) -> _Content:
        return _Content(
            {**self.policies, **{(one.id, one.version): one for one in policies}},
            {**self.calendars, **{(one.id, one.version): one for one in calendars}},
        )


_UNROUTED = RoutingRules(own="", centres={})


class SlaBook:
    """All versions of all calendars and policies.

    Versions are only ever added, so whoever holds an old state is out of date, never wrong about a
    version it knows. A process hears of its own saves at once (`heed`, called after each commit) and of
    other processes' when it compares `size` with the store's, every few seconds.

    Args:
        calendars: Versions of calendars; one must have the id `main`.
        policies: Versions of policies.
        present_for: So long after their last sign of life those who are to be told of a clock count as present.
        routing: What a ticket of a queue asks of them.
    """

    def __init__(
        self,
        calendars: Iterable[CalendarVersion],
        policies: Iterable[Policy],
        *,
        present_for: timedelta = PRESENT_FOR,
        routing: RoutingRules = _UNROUTED,
    ) -> None:
        self.present_for, self.routing = present_for, routing
        self._content = _Content({}, {}).with_versions(policies, calendars)

    @property
    def policies(self) -> Sequence[Policy]:
        """Return all versions of all policies."""
        return tuple(self._content.policies.values())

    @property
    def calendars(self) -> Sequence[CalendarVersion]:
        """Return all versions of all calendars."""
        return tuple(self._content.calendars.values())

    def keys(self) -> tuple[Set[tuple[str, int]], Set[tuple[str, int]]]:
        """Return id and version of every policy, and of every calendar."""
        return self._content.policies.keys(), self._content.calendars.keys()

    @property
    def calendar(self) -> BusinessCalendar:
        """Return the office's own calendar as it is now."""
        return self._content.latest[MAIN_CALENDAR].calendar

    @property
    def size(self) -> tuple[int, int]:
        """Return how many versions of policies and of calendars are known: tells whether to renew."""
        return len(self._content.policies), len(self._content.calendars)

    def latest_calendar(self, calendar_id: str) -> CalendarVersion:
        """Return the version of a calendar on which clocks are counted from now on.

        Raises:
            PolicyMissing: There is no such calendar.
        """
        try:
            return self._content.latest[calendar_id]
        except KeyError:
            raise PolicyMissing(applies_to=calendar_id, on="") from None

    def calendar_for(self, policy: Policy, centre: str | None) -> CalendarVersion:
        """Return the calendar on which a clock starts: that of the ticket's centre, else that of its policy.

        A calendar with the id of a centre is that centre's; `main` is the office's own.

        Raises:
            PolicyMissing: There is no calendar as the policy names it.
        """
        own = self._content.latest.get(centre) if centre and centre != MAIN_CALENDAR else None
        return own or self.latest_calendar(policy.calendar_id)

    def calendar_version(self, calendar_id: str, version: int) -> CalendarVersion:
        """Return the version on which a clock was counted.

        Raises:
            PolicyMissing: It is not known here (yet).
        """
        try:
            return self._content.calendars[calendar_id, version]
        except KeyError:
            raise PolicyMissing(applies_to=f"{calendar_id} v{version}", on="") from None

    def calendar_ids(self) -> list[str]:
        """Return the calendars there are, the office's own first."""
        return sorted(self._content.latest, key=lambda name: (name != MAIN_CALENDAR, name))

    def current(self, applies_to: str, now: datetime) -> Policy:
        """Return the policy for clocks that start now.

        Raises:
            PolicyMissing: None is in force.
        """
        return policy_for(self.policies, applies_to, self.calendar.local_date(now))

    def version(self, policy_id: str, version: int) -> Policy:
        """Return the version under which a clock was counted.

        Raises:
            PolicyMissing: It is not known here (yet); old versions stay for ever.
        """
        try:
            return self._content.policies[policy_id, version]
        except KeyError:
            raise PolicyMissing(applies_to=f"{policy_id} v{version}", on="") from None

    def counter(
        self, policy: Policy, clock: str, calendar: CalendarVersion, extensions: Sequence[Target] = ()
    ) -> DueCounter:
        """Return what counts one clock of a policy on a calendar; the same one for all such clocks.

        Args:
            extensions: What was granted on top of the promise.

        Raises:
            KeyError: The policy promises no such clock.
        """
        counters = self._content.counters
        target = extended(policy.clocks[clock], extensions)
        key = (policy.id, policy.version, clock, target.amount, calendar.id, calendar.version)
        if key not in counters:
            counters[key] = DueCounter(target, calendar.calendar, policy.warn_ratio)
        return counters[key]

    def with_versions(
        self, *, policies: Iterable[Policy] = (), calendars: Iterable[CalendarVersion] = ()
    ) -> SlaBook:
        """Return a book that knows these versions too; used to look at what is not saved."""
        book = SlaBook((), (), present_for=self.present_for, routing=self.routing)
        book._content = self._content.with_versions(policies, calendars)
        return book

    def learn(self, policies: Iterable[Policy] = (), calendars: Iterable[CalendarVersion] = ()) -> None:
        """Add versions that were saved."""
        self._content = self._content.with_versions(policies, calendars)

    def heed(self, announcements: Iterable[tuple[str, Mapping[str, object]]]) -> None:
        """Learn what a commit of this process announced."""
        for topic, payload in announcements:
            if topic == TOPIC:
                saved = payload["version"]
                if isinstance(saved, Policy):
                    self.learn(policies=[saved])
                elif isinstance(saved, CalendarVersion):
                    self.learn(calendars=[saved])
