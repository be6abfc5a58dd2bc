"""Steps inside a page that need more than the page itself: which permission each asks for."""

from __future__ import annotations

from collections.abc import Mapping

from bot.helpdesk.permissions import Permission
from bot.services import access
from bot.store.tables import Agent

RESERVED: Mapping[str, Permission] = {
    "ticket.assign_other": Permission.ASSIGN_OTHERS,
    "ticket.decide_extension": Permission.SUPERVISE,
    "ticket.correct_entry_of_others": Permission.SUPERVISE,
    "conversation.see_all": Permission.SUPERVISE,
    "conversation.take_over": Permission.SUPERVISE,
    "agent.set_reach": Permission.SUPERVISE,
    "list.export": Permission.EXPORT,
    "view.share": Permission.SUPERVISE,
    "macro.share": Permission.SUPERVISE,
    "dashboard": Permission.READ_FIGURES,
    "sla.rules": Permission.EDIT_RULES,
    "sla.rules.read": Permission.READ_RULES,
    "outgoing.read": Permission.READ_DELIVERIES,
    "outgoing.manage": Permission.MANAGE_DELIVERIES,
}


def may(agent: Agent, step: str) -> bool:
    """Tell whether the agent's role allows the step; a step that nobody reserved is open."""
    return step not in RESERVED or access.may(agent, RESERVED[step])


def check(agent: Agent, step: str) -> None:
    """Allow the step or refuse it.

    Raises:
        Forbidden: The step is reserved for other roles.
    """
    if step in RESERVED:
        access.check(agent, RESERVED[step])
