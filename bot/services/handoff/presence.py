"""Presence of agents: opening the console, signs of life, what they choose, and who is there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk import permissions
from bot.helpdesk.errors import BadRequest, Forbidden
from bot.helpdesk.permissions import Permission
from bot.helpdesk.presence import (
    MAX_CAPACITY,
    HandoffRules,
    Presence,
    Skills,
    presence_now,
    presence_on_arrival,
)
from bot.helpdesk.regions import RegionScope
from bot.helpdesk.routing import Colleague
from bot.services import staff_audit
from bot.services.handoff.capacity import loads, locked_agent
from bot.services.office import Office
from bot.store.database import announce
from bot.store.tables import Agent


@dataclass(frozen=True)
class AgentOnFloor:
    """An agent as colleagues see them.

    Attributes:
        presence: What counts now, not what they chose.
        load: Conversations that they have.
    """

    id: str
    name: str
    role: str
    presence: Presence
    load: int
    capacity: int
    skills: Skills
    scope: RegionScope

    @property
    def is_free(self) -> bool:
        """Tell whether a conversation may be given to them."""
        return self.presence is Presence.ONLINE and self.load < self.capacity

    @property
    def colleague(self) -> Colleague:
        """Return what routing asks of them."""
        return Colleague(self.id, self.skills, self.scope, self.presence)

    def may(self, permission: Permission) -> bool:
        """Tell whether their role allows something: an administrator's console is open too."""
        return permissions.may(self.role, self.scope.prefixes, permission)


async def arrive(
    session: AsyncSession, agent_id: str, rules: HandoffRules, *, now: datetime
) -> Presence:
    """Note that an agent opened the console; see `presence_on_arrival`."""
    agent = await locked_agent(session, agent_id)
    chosen = presence_on_arrival(
        Presence(agent.presence), agent.presence_at, now=now, present_for=rules.present_for
    )
    agent.presence, agent.presence_at = chosen.value, now
    announce(session, "staff", {"type": "floor_changed"})
    return chosen


async def note_alive(session: AsyncSession, agent_ids: Collection[str], *, now: datetime) -> None:
    """Note a sign of life of many agents by one statement."""
    if agent_ids:
        await session.execute(
            update(Agent).where(Agent.id.in_(agent_ids)).values(presence_at=now)
        )


async def choose_presence(
    session: AsyncSession, agent_id: str, presence: str, *, now: datetime
) -> Presence:
    """Note whether an agent takes conversations.

    Raises:
        BadRequest: There is no such presence.
    """
    if presence not in {choice.value for choice in Presence}:
        raise BadRequest(field="presence")
    agent = await locked_agent(session, agent_id)
    agent.presence, agent.presence_at = presence, now
    announce(session, "staff", {"type": "floor_changed"})
    return Presence(presence)


async def set_reach(
    session: AsyncSession,
    office: Office,
    agent_id: str,
    *,
    capacity: int,
    queues: Sequence[str],
    by: str,
    within: RegionScope,
    now: datetime,
) -> None:
    """Set how much an agent takes at once, and from which queues; rights and languages stay as they are.

    Args:
        by: Who sets it.
        within: Their part of the country.
    Raises:
        BadRequest: No such agent or queue, or a capacity out of range.
        Forbidden: The agent works outside of it as well.
    """
    if await session.get(Agent, agent_id) is None:
        raise BadRequest(field="agent_id")
    agent = await locked_agent(session, agent_id)
    if not within.contains(RegionScope.of(agent.regions)):
        raise Forbidden(step="agent.set_reach")
    if not 0 <= capacity <= MAX_CAPACITY:
        raise BadRequest(field="capacity")
    if not set(queues) <= set(office.routing.queues):
        raise BadRequest(field="queues")
    skills = Skills.read(agent.skills)
    old = {"capacity": agent.capacity, "queues": [*skills.queues]}
    new = {"capacity": capacity, "queues": [*queues]}
    agent.capacity, agent.skills = capacity, replace(skills, queues=tuple(queues)).to_json()
    announce(session, "staff", {"type": "floor_changed"})
    changed = sorted(key for key in old if old[key] != new[key])
    if changed:
        await staff_audit.record(
            session, actor=by, action="account.changed", subject=agent_id, now=now,
            old={key: old[key] for key in changed}, new={key: new[key] for key in changed},
        )  # fmt: skip


async def floor(
    session: AsyncSession, rules: HandoffRules, *, now: datetime
) -> list[AgentOnFloor]:
    """Return all active agents whose role answers citizens: who is there first, then by name."""
    active = await session.scalars(select(Agent).where(Agent.is_active))
    agents = [agent for agent in active if permissions.may(agent.role, agent.regions, Permission.HANDLE_CONVERSATIONS)]
    busy = await loads(session)
    found = [on_floor(agent, busy.get(agent.id, 0), rules, now) for agent in agents]
    order = list(Presence)
    return sorted(found, key=lambda agent: (order.index(agent.presence), agent.name, agent.id))


def on_floor(agent: Agent, load: int, rules: HandoffRules, now: datetime) -> AgentOnFloor:
    """Return an agent as colleagues see them."""
    return AgentOnFloor(
        id=agent.id,
        name=agent.name,
        role=agent.role,
        presence=presence_now(
            Presence(agent.presence), agent.presence_at, now=now, present_for=rules.present_for
        ),
        load=load,
        capacity=agent.capacity,
        skills=Skills.read(agent.skills),
        scope=RegionScope.of(agent.regions),
    )
