"""The macros there are: everybody's, and each agent's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk import variables
from bot.helpdesk.errors import HelpdeskError
from bot.services.desk_work import TEXT_MAX_CHARS
from bot.services.ids import new_id
from bot.services.macros.steps import ME, check_step
from bot.store.tables import Agent, Macro

TITLE_MAX_CHARS = 40
STEPS_MAX = 6


class MacroNotFound(HelpdeskError):
    """There is no such macro, or it is somebody else's own."""

    code = "not_found"


class MacroInvalid(HelpdeskError):
    """The macro says nothing and does nothing, or changed since it was opened: look again."""

    code = "macro_invalid"


@dataclass(frozen=True)
class MacroDraft:
    """What the form of a macro holds.

    Attributes:
        steps: As `check_step` wants them; a macro assigns to nobody but the agent who uses it.
        version: Of the macro as it was opened, None for a new one.
    """

    title: str
    text: str = ""
    steps: Sequence[object] = ()
    queues: Sequence[str] = ()
    rights: Sequence[str] = ()
    is_shared: bool = False
    is_active: bool = True
    version: int | None = None


@dataclass(frozen=True)
class MacroView:
    """A macro as it is shown."""

    id: str
    title: str
    text: str
    steps: list[dict[str, str]]
    queues: list[str]
    rights: list[str]
    is_shared: bool
    is_active: bool
    version: int
    updated_at: datetime

    def fits(self, queue: str, right: str | None) -> bool:
        """Tell whether it is meant for tickets of this queue and right."""
        return (not self.queues or queue in self.queues) and (not self.rights or right in self.rights)


def view_of(macro: Macro) -> MacroView:
    """Build the view of a stored macro."""
    names = [name for name in MacroView.__dataclass_fields__ if name != "is_shared"]
    return MacroView(**{name: getattr(macro, name) for name in names}, is_shared=macro.agent_id is None)


async def every(session: AsyncSession, agent: Agent) -> list[MacroView]:
    """Return everybody's macros and this agent's own, by title; those put aside as well."""
    mine = or_(Macro.agent_id.is_(None), Macro.agent_id == agent.id)
    rows = await session.scalars(select(Macro).where(mine).order_by(Macro.title, Macro.id))
    return [view_of(row) for row in rows]


async def offered(
    session: AsyncSession, agent: Agent, *, queue: str, right: str | None = None
) -> list[MacroView]:
    """Return what the agent may use on tickets of this queue and right."""
    return [macro for macro in await every(session, agent) if macro.is_active and macro.fits(queue, right)]


async def macro_for(session: AsyncSession, agent: Agent, macro_id: str, *, lock: bool = False) -> Macro:
    """Return a macro that the agent may see.

    Raises:
        MacroNotFound: There is none.
    """
    macro = await session.get(Macro, macro_id, with_for_update=lock, populate_existing=True)
    if macro is None or macro.agent_id not in (None, agent.id):
        raise MacroNotFound
    return macro


async def save(
    session: AsyncSession, agent: Agent, draft: MacroDraft, *, macro_id: str | None = None, now: datetime
) -> MacroView:
    """Keep a new macro, or the next version of one; who may change everybody's is the caller's question.

    Raises:
        MacroNotFound: See `macro_for`.
        MacroInvalid: It is empty, or somebody saved meanwhile.
        BadRequest, UnknownVariable: A step or the words cannot be kept.
    """
    values = _checked(draft)
    if macro_id is None:
        macro = Macro(id=new_id(now), version=0)
        session.add(macro)
    else:
        macro = await macro_for(session, agent, macro_id, lock=True)
        if macro.version != draft.version:
            raise MacroInvalid(field="version")
    for name, value in values.items():
        setattr(macro, name, value)
    macro.agent_id = None if draft.is_shared else agent.id
    macro.version += 1
    macro.updated_by, macro.updated_at = agent.id, now
    await session.flush()
    return view_of(macro)


def _checked(draft: MacroDraft) -> dict[str, Any]:
    title, text = draft.title.strip(), draft.text.strip()
    steps = [check_step(step) for step in draft.steps]
    if not title or len(title) > TITLE_MAX_CHARS:
        raise MacroInvalid(field="title")
    if not (text or steps) or len(text) > TEXT_MAX_CHARS:
        raise MacroInvalid(field="text")
    if len(steps) > STEPS_MAX or any(step["do"] == "assign" and step["to"] != ME for step in steps):
        raise MacroInvalid(field="steps")
    variables.check(text)
    return {
        "title": title, "text": text, "steps": steps, "queues": list(draft.queues), "rights": list(draft.rights),
        "is_active": draft.is_active,
    }  # fmt: skip


async def remove(session: AsyncSession, agent: Agent, macro_id: str) -> None:
    """Forget a macro; what was done with it stays as it was.

    Raises:
        MacroNotFound: See `macro_for`.
    """
    await session.delete(await macro_for(session, agent, macro_id, lock=True))
