"""Whom a chain means by assignee, queue, supervisors and head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.escalation import Tell
from bot.store.tables import Agent


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told."""

    id: str
    role: str
    email: str | None


@dataclass(frozen=True)
class Roster:
    """The active staff. Whoever is missing is stood in for by the next above, so that no level is
    told to nobody while there is anybody."""

    people: Mapping[str, Person]

    @classmethod
    async def load(cls, session: AsyncSession) -> Roster:
        """Read the active accounts."""
        rows = await session.execute(
            select(Agent.id, Agent.role, Agent.email).where(Agent.is_active).order_by(Agent.id)
        )
        return cls({row.id: Person(row.id, row.role, row.email) for row in rows})

    def meant(
        self, tell: Tell, *, assignee_id: str | None, heads: Iterable[str]
    ) -> tuple[Person, ...]:
        """Return the people meant, each once."""
        if tell is Tell.ASSIGNEE:
            if assignee_id in self.people:
                return (self.people[assignee_id],)
            tell = Tell.QUEUE
        if tell is Tell.HEAD:
            named = tuple(self.people[head] for head in heads if head in self.people)
            return named or self._first_of("head", "administrator", "supervisor")
        if tell is Tell.SUPERVISORS:
            return self._first_of("supervisor", "head", "administrator")
        return self._first_of("agent", "supervisor", "head", "administrator")

    def _first_of(self, *roles: str) -> tuple[Person, ...]:
        for role in roles:
            if found := tuple(person for person in self.people.values() if person.role == role):
                return found
        return ()
