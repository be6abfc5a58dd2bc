"""Which route needs which permission, and which door the object in its path stands behind.

One table for pages and API. A route that is not in it answers nobody, and a test names it: whoever adds a
route says here who may use it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.keys import CONSOLE_PREFIX, STAFF_API
from bot.helpdesk.permissions import Permission
from bot.services import access
from bot.store.tables import Agent

_P = Permission
_C, _A = CONSOLE_PREFIX, STAFF_API

#: Permission → the routes that need it, as `METHOD path` with the path as it is mounted.
ROUTES: Mapping[Permission, tuple[str, ...]] = {
    _P.OWN_ACCOUNT: (
        f"POST {_C}/logout",
        # Both lead to where the work of the role begins.
        f"GET {_C}",
        f"GET {_C}/",
        f"GET {_C}/password",
        f"POST {_C}/password",
        f"GET {_C}/account",
        f"POST {_C}/account/sessions/{{id}}/end",
        f"POST {_C}/account/sessions/end-others",
        f"GET {_C}/account/second-factor",
        f"POST {_C}/account/second-factor",
        f"GET {_C}/account/second-factor/set-up",
        f"POST {_C}/account/second-factor/begin",
        f"POST {_C}/account/second-factor/finish",
        f"POST {_C}/account/second-factor/codes",
        f"POST {_C}/account/second-factor/give-up",
        f"GET {_A}/me",
        f"GET {_A}/calendar",
        f"GET {_A}/ws",
        f"GET {_C}/notices",
        f"POST {_C}/notices/email",
        f"POST {_C}/notices/read",
        f"POST {_C}/notices/{{id}}/open",
        f"GET {_C}/mentions",
        f"POST {_C}/mentions",
        f"GET {_A}/mentions/count",
        f"GET {_A}/colleagues",
    ),
    _P.READ_CONVERSATIONS: (
        f"GET {_A}/conversations",
        f"GET {_A}/conversations/{{id}}",
        f"GET {_A}/conversations/{{id}}/packet",
        f"GET {_A}/conversations/{{id}}/macros",
    ),
    _P.HANDLE_CONVERSATIONS: (
        f"POST {_A}/conversations/{{id}}/claim",
        f"POST {_A}/conversations/{{id}}/replies",
        f"POST {_A}/conversations/{{id}}/notes",
        f"POST {_A}/conversations/{{id}}/hand-back",
        f"POST {_A}/conversations/{{id}}/close",
        f"POST {_A}/conversations/{{id}}/transfer",
        f"GET {_A}/conversations/{{id}}/colleagues",
        f"POST {_A}/me/presence",
        f"GET {_A}/floor",
    ),
    _P.READ_TICKETS: (
        f"GET {_C}/tickets",
        f"GET {_C}/tickets/find",
        f"GET {_C}/tickets/number/{{number}}",
        f"GET {_C}/tickets/{{id}}",
        f"GET {_C}/tickets/{{id}}/clocks",
        f"GET {_C}/tickets/{{id}}/audit",
        f"GET {_A}/tickets",
        f"GET {_A}/tickets/{{id}}/clocks",
        f"GET {_A}/evidence/receipts/{{receipt}}",
        f"GET {_C}/tasks",
        f"POST {_C}/views",
        f"POST {_C}/views/{{id}}/remove",
        f"GET {_A}/tickets/{{id}}/duplicates",
        f"GET {_A}/tickets/{{id}}/macros",
    ),
    _P.HANDLE_TICKETS: (
        f"POST {_A}/tickets/{{id}}/transitions",
        f"POST {_A}/tickets/{{id}}/assignment",
        f"POST {_A}/tickets/{{id}}/notes",
        f"POST {_A}/tickets/{{id}}/replies",
        f"POST {_A}/tickets/{{id}}/forward",
        f"POST {_A}/tickets/bulk",
        f"POST {_A}/tickets/{{id}}/corrections",
        f"POST {_A}/tickets/{{id}}/entries/{{part}}/correction",
        f"POST {_A}/tickets/{{id}}/extensions",
        f"POST {_A}/tickets/{{id}}/extensions/{{part}}/decision",
        f"POST {_A}/tickets/{{id}}/fact-corrections",
        f"POST {_A}/tickets/{{id}}/follow-ups",
        f"POST {_A}/tickets/{{id}}/follow-ups/{{part}}/outcome",
        f"POST {_A}/tickets/{{id}}/lease",
        f"POST {_A}/tickets/{{id}}/lease/release",
        f"POST {_A}/tickets/{{id}}/links",
        f"POST {_A}/tickets/{{id}}/links/{{part}}/undo",
        f"POST {_A}/tickets/{{id}}/macros/{{macro}}",
        f"POST {_A}/tickets/{{id}}/merge",
        f"POST {_A}/tickets/{{id}}/priority",
        f"POST {_A}/tickets/{{id}}/queue",
        f"POST {_A}/tickets/{{id}}/split",
        f"POST {_A}/tickets/{{id}}/transfers",
        f"POST {_A}/tickets/{{id}}/transfers/{{part}}/feedback",
        f"POST {_A}/tickets/{{id}}/transfers/{{part}}/interim-feedback",
        f"POST {_A}/tickets/{{id}}/transfers/{{part}}/receipt",
        f"POST {_A}/tickets/{{id}}/unmerge",
        f"GET {_A}/drafts/{{subject}}/{{id}}",
        f"POST {_A}/drafts/{{subject}}/{{id}}",
        f"GET {_C}/macros",
        f"GET {_C}/macros/new",
        f"GET {_C}/macros/{{id}}",
        f"POST {_C}/macros/new",
        f"POST {_C}/macros/{{id}}",
        f"POST {_C}/macros/{{id}}/remove",
    ),
    _P.ASSIGN_OTHERS: (f"GET {_A}/tickets/{{id}}/colleagues",),
    _P.REVEAL_PERSONAL: (f"POST {_A}/tickets/{{id}}/reveal",),
    # The full document needs REVEAL_PERSONAL as well; its use case asks for that.
    _P.DOWNLOAD_EVIDENCE: (f"GET {_A}/evidence/{{id}}", f"POST {_A}/tickets/{{id}}/document"),
    _P.MANAGE_ACCOUNTS: (
        f"GET {_C}/staff",
        f"POST {_C}/staff",
        f"GET {_C}/staff/{{id}}",
        f"POST {_C}/staff/{{id}}",
        f"POST {_C}/staff/{{id}}/password",
        f"POST {_C}/staff/{{id}}/second-factor",
        f"POST {_C}/staff/{{id}}/sessions/end",
        f"POST {_C}/staff/{{id}}/sessions/{{session}}/end",
    ),
    _P.READ_STAFF_EVENTS: (f"GET {_C}/staff-events",),
    _P.SUPERVISE: (
        f"POST {_A}/conversations/{{id}}/take-over",
        f"POST {_A}/agents/{{id}}/reach",
        f"GET {_C}/floor",
        f"POST {_C}/floor",
    ),
    _P.READ_FIGURES: (
        f"GET {_C}/dashboard",
    ),
    _P.EXPORT: (
        f"GET {_C}/exports/dashboard.{{kind}}",
        f"GET {_C}/exports/tickets.{{kind}}",
    ),
    _P.MAINTAIN_KNOWLEDGE: (f"GET {_C}/knowledge",),
    _P.READ_RULES: (
        f"GET {_C}/rules",
    ),
    _P.EDIT_RULES: (
        f"GET {_C}/rules/calendars/new",
        f"GET {_C}/rules/calendars/{{id}}",
        f"GET {_C}/rules/policies/{{id}}",
        f"POST {_C}/rules/calendars/new",
        f"POST {_C}/rules/calendars/{{id}}",
        f"POST {_C}/rules/policies/{{id}}",
    ),
    _P.READ_DELIVERIES: (
        f"GET {_C}/deliveries",
        f"GET {_C}/deliveries/{{id}}",
        f"GET {_C}/escalation",
        f"GET {_C}/webhooks",
    ),
    _P.MANAGE_DELIVERIES: (
        f"GET {_C}/escalation/{{applies_to}}",
        f"POST {_C}/escalation/{{applies_to}}",
        f"POST {_C}/deliveries/{{id}}/replay",
        f"POST {_C}/webhooks",
        f"POST {_C}/webhooks/{{id}}/{{step}}",
    ),
}

RULES: Mapping[str, Permission] = {
    route: permission for permission, routes in ROUTES.items() for route in routes
}

#: API routes that somebody asks for by a step of their own. What else is read, pages fetch by themselves
#: whenever something changed, so it does not keep a session alive.
READ_ON_PURPOSE = frozenset({f"GET {_A}/conversations/{{id}}", f"GET {_A}/evidence/{{id}}"})

Door = Callable[[AsyncSession, Agent, str], Awaitable[Any]]


def _to_conversation(session: AsyncSession, agent: Agent, object_id: str) -> Awaitable[Any]:
    return access.access_conversation(session, agent, object_id)


def _to_ticket(session: AsyncSession, agent: Agent, object_id: str) -> Awaitable[Any]:
    return access.access_ticket(session, agent, object_id)


def _to_evidence(session: AsyncSession, agent: Agent, object_id: str) -> Awaitable[Any]:
    return access.access_evidence(session, agent, object_id)


#: Start of a path → the door of the object that `{id}` names in it.
DOORS: Mapping[str, Door] = {
    f"{_C}/tickets/{{id}}": _to_ticket,
    f"{_A}/tickets/{{id}}": _to_ticket,
    f"{_C}/conversations/{{id}}": _to_conversation,
    f"{_A}/conversations/{{id}}": _to_conversation,
    f"{_C}/evidence/{{id}}": _to_evidence,
    f"{_A}/evidence/{{id}}": _to_evidence,
}


def rule_key(method: str, path: str) -> str:
    """Return under what key the table holds a route; HEAD is a GET without its body."""
    return f"{'GET' if method == 'HEAD' else method} {path}"


def route_of(request: web.Request) -> str | None:
    """Return the key of the matched route, None if there is none (404 and 405)."""
    resource = request.match_info.route.resource
    return rule_key(request.method, resource.canonical) if resource else None


def door_of(request: web.Request) -> Door | None:
    """Return the door that the request's path leads to, None if it names no object."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource else ""
    fits = (door for start, door in DOORS.items() if path == start or path.startswith(f"{start}/"))
    return next(fits, None)


def is_use(request: web.Request) -> bool:
    """Tell whether somebody is at the browser, as far as a request can tell."""
    route = route_of(request) or ""
    return request.method != "GET" or not request.path.startswith(_A) or route in READ_ON_PURPOSE


def home_of(agent: Agent) -> str:
    """Return the page where an agent's work begins."""
    if access.may(agent, _P.READ_CONVERSATIONS):
        return f"{_C}/"
    if access.may(agent, _P.MANAGE_ACCOUNTS):
        return f"{_C}/staff"
    return f"{_C}/knowledge" if access.may(agent, _P.MAINTAIN_KNOWLEDGE) else f"{_C}/account"
