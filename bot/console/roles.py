"""What only some roles may do; everything else is open to every agent."""

from __future__ import annotations

from collections.abc import Mapping

from bot.helpdesk.errors import Forbidden
from bot.store.tables import Agent

RESERVED: Mapping[str, frozenset[str]] = {
    "ticket.assign_other": frozenset({"supervisor", "administrator"}),
    "list.export": frozenset({"supervisor", "administrator"}),
    "view.share": frozenset({"supervisor", "administrator"}),
    "macro.share": frozenset({"supervisor", "administrator"}),
    "dashboard": frozenset({"supervisor", "administrator"}),
}


def may(agent: Agent, step: str) -> bool:
    """Tell whether the agent's role allows the step."""
    return agent.role in RESERVED.get(step, {agent.role})


def check(agent: Agent, step: str) -> None:
    """Allow the step or refuse it.

    Raises:
        Forbidden: The step is reserved for other roles.
    """
    if not may(agent, step):
        raise Forbidden(step=step)
