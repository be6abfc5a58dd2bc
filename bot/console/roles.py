"""What only some roles may do; everything else is open to every agent."""

from __future__ import annotations

from collections.abc import Mapping

from bot.helpdesk.errors import Forbidden
from bot.store.tables import Agent

RESERVED: Mapping[str, frozenset[str]] = {
    "ticket.assign_other": frozenset({"supervisor", "administrator"}),
    "ticket.decide_extension": frozenset({"supervisor", "administrator"}),
    "ticket.correct_entry_of_others": frozenset({"supervisor", "administrator"}),
    "sla.rules": frozenset({"supervisor", "administrator"}),
    # Delivery log, webhooks, escalation chains.
    "outgoing.manage": frozenset({"supervisor", "administrator"}),
    "conversation.see_all": frozenset({"supervisor", "administrator"}),
    "conversation.take_over": frozenset({"supervisor", "administrator"}),
    "agent.set_reach": frozenset({"supervisor", "administrator"}),
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
