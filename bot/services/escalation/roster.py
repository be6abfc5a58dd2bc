"""Whom a chain means by assignee, queue, supervisors and head."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.escalation import Tell
from bot.helpdesk.permissions import Permission, may
from bot.helpdesk.presence import Presence, Skills, presence_now
from bot.helpdesk.regions import RegionScope
from bot.helpdesk.routing import ANYTHING, Colleague, Wanted, to_be_told
from bot.store.tables import Agent

#: Whoever is not there, or may not, is stood in for by the next.
_IN_CHARGE = ("supervisor", "head", "administrator")


@dataclass(frozen=True, slots=True)
class Person(Colleague):
    """Somebody who can be told."""

    role: str = ""
    email: str | None = None


@dataclass(frozen=True)
class Roster:
    """The active staff. Whoever is missing is stood in for by the next above, so that no level is
    told to nobody while there is anybody."""

    people: Mapping[str, Person]

    @classmethod
    async def load(cls, session: AsyncSession, *, present_for: timedelta, now: datetime) -> Roster:
        """Read the active accounts, and who of them is there."""
        columns = (Agent.id, Agent.role, Agent.email, Agent.skills, Agent.regions, Agent.presence, Agent.presence_at)
        rows = await session.execute(select(*columns).where(Agent.is_active).order_by(Agent.id))
        return cls({row.id: _person(row, present_for, now) for row in rows})

    def meant(
        self, tell: Tell, *, assignee_id: str | None, heads: Iterable[str], wanted: Wanted = ANYTHING
    ) -> tuple[Person, ...]:
        """Return the people meant, each once.

        Besides the one who has a matter those hear of it in whose part of the country it lies; of the queue's
        agents those who can take it now, if any.
        """
        if tell is Tell.ASSIGNEE:
            if assignee_id in self.people:
                return (self.people[assignee_id],)
            tell = Tell.QUEUE
        if tell is Tell.HEAD:
            named = (self.people[head] for head in heads if head in self.people)
            may_see = tuple(person for person in named if person.may_see(wanted))
            return may_see or self._first_of("head", "administrator", "supervisor", wanted=wanted)
        if tell is Tell.QUEUE and (agents := to_be_told(self._first_of("agent", wanted=wanted), wanted)):
            return tuple(agents)
        return self._first_of(*_IN_CHARGE, wanted=wanted)

    def in_charge_of(self, permission: Permission) -> tuple[Person, ...]:
        """Return the supervisors who may do something for the whole installation; without any, the next above."""
        return self._first_who(lambda p: may(p.role, p.scope.prefixes, permission), *_IN_CHARGE)

    def _first_of(self, *roles: str, wanted: Wanted) -> tuple[Person, ...]:
        """Return those of the first of these roles of whom somebody may see the matter."""
        return self._first_who(lambda person: person.may_see(wanted), *roles)

    def _first_who(self, fits: Callable[[Person], bool], *roles: str) -> tuple[Person, ...]:
        for role in roles:
            found = tuple(p for p in self.people.values() if p.role == role and fits(p))
            if found:
                return found
        return ()


def _person(row: Row[Any], present_for: timedelta, now: datetime) -> Person:
    return Person(
        id=row.id,
        skills=Skills.read(row.skills),
        scope=RegionScope.of(row.regions),
        presence=presence_now(Presence(row.presence), row.presence_at, now=now, present_for=present_for),
        role=row.role,
        email=row.email,
    )
