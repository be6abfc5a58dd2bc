"""Ticket lists worth coming back to: one's own, and those that are everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, Forbidden, HelpdeskError
from bot.services.ids import new_id
from bot.store.tables import Agent, SavedView

NAME_MAX_CHARS = 40
VIEWS_MAX = 50


class ViewNotFound(HelpdeskError):
    """There is no such view, or it is somebody else's own."""

    code = "not_found"


@dataclass(frozen=True)
class ViewCard:
    """A saved view as it is shown."""

    id: str
    name: str
    filters: Mapping[str, str]
    sort: str
    is_shared: bool
    is_mine: bool


async def views_for(session: AsyncSession, agent: Agent) -> list[ViewCard]:
    """Return the agent's own views and everybody's, by name."""
    seen = or_(SavedView.agent_id == agent.id, SavedView.is_shared)
    rows = await session.scalars(select(SavedView).where(seen).order_by(SavedView.name, SavedView.id))
    return [ViewCard(v.id, v.name, v.filters, v.sort, v.is_shared, v.agent_id == agent.id) for v in rows]


async def save_view(
    session: AsyncSession,
    agent: Agent,
    *,
    name: str,
    filters: Mapping[str, str],
    sort: str,
    is_shared: bool = False,
    now: datetime,
) -> str:
    """Keep a view, in place of the agent's own of the same name; return its id.

    Raises:
        BadRequest: It has no name or too long a one, or the agent has enough views.
    """
    name = name.strip()
    if not name or len(name) > NAME_MAX_CHARS:
        raise BadRequest(field="name")
    mine = select(SavedView).where(SavedView.agent_id == agent.id)
    view = await session.scalar(mine.where(SavedView.name == name))
    if view is None:
        if (await session.scalar(select(func.count()).select_from(mine.subquery())) or 0) >= VIEWS_MAX:
            raise BadRequest(field="views")
        view = SavedView(id=new_id(now), agent_id=agent.id, name=name, created_at=now)
        session.add(view)
    view.filters, view.sort, view.is_shared = dict(filters), sort, is_shared
    return view.id


async def remove_view(
    session: AsyncSession, agent: Agent, view_id: str, *, may_remove_shared: bool = False
) -> None:
    """Forget a view.

    Raises:
        ViewNotFound: There is none that the agent sees.
        Forbidden: It is everybody's and not this agent's to remove.
    """
    view = await session.get(SavedView, view_id)
    if view is None or not (view.is_shared or view.agent_id == agent.id):
        raise ViewNotFound
    if view.agent_id != agent.id and not may_remove_shared:
        raise Forbidden(step="view.remove_shared")
    await session.delete(view)
