"""What every request to the console passes: headers, origin, CSRF token, log-in.

The rules are middlewares, so a handler cannot forget them; each has a test in
`tests/console/test_hardening.py`.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bot.console.access import RULES, door_of, route_of
from bot.console.inputs import check_storable
from bot.console.keys import AGENT, CSRF, DESK, SESSION
from bot.console.sessions import LOGIN_COOKIE, is_https, recognise
from bot.helpdesk.errors import Forbidden, SessionInvalid
from bot.helpdesk.permissions import SecondFactorRule
from bot.helpdesk.privacy import masked_text, masked_value
from bot.services import access
from bot.store.scoping import restricted
from bot.store.tables import Agent

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
#: Routes that strangers may use, and those open before a log-in is complete.
PUBLIC = frozenset({"login", "static"})
BEFORE_CODE = frozenset({"second_factor", "logout"})
BEFORE_PASSWORD = frozenset({"password", "logout"})
BEFORE_SET_UP = frozenset(
    {"second_factor_set_up", "second_factor_begin", "second_factor_finish", "password", "logout"}
)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class PasswordChangeRequired(Forbidden):
    """Change the one-time password first."""

    code = "password_change_required"


class SecondFactorRequired(Forbidden):
    """Give the code of the authenticator app first."""

    code = "second_factor_required"


class SecondFactorSetUpRequired(Forbidden):
    """Set up a second factor first: the installation demands one for this role."""

    code = "second_factor_set_up_required"


class OriginNotAllowed(Forbidden):
    """Another site's page made the request."""

    code = "origin_not_allowed"


class CsrfFailed(Forbidden):
    """The CSRF token is missing or stale: reload the page."""

    code = "csrf_failed"


def route_name(request: web.Request) -> str:
    """Return the name of the matched route, empty if there is none."""
    resource = request.match_info.route.resource
    return (resource.name if resource else None) or ""


@web.middleware
async def harden(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set the protective headers on whatever is answered, refusals included."""
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        _protect(request, refusal)
        raise
    _protect(request, response)
    return response


def _protect(request: web.Request, response: web.StreamResponse) -> None:
    if response.prepared:
        return
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if is_https(request):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    # Static files may be kept but are asked about each time; everything else is private.
    caching = "no-cache" if route_name(request) == "static" else "no-store"
    response.headers.setdefault("Cache-Control", caching)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let through only what one of our own pages asks for on behalf of an agent who may do it.

    While the request is answered, the store gives only rows of the agent's part of the country.

    Raises:
        BadRequest: The address or the form holds what cannot be stored.
        SessionInvalid: Nobody is signed in.
        OriginNotAllowed, CsrfFailed: The request does not come from one of our pages.
        SecondFactorRequired, PasswordChangeRequired, SecondFactorSetUpRequired: The log-in is not
            complete.
        Forbidden: The role may not do this.
        TicketNotFound, ConversationNotFound, EvidenceNotFound: The object in the path is not there,
            or not for this agent.
    """
    name = route_name(request)
    check_storable("address", *request.match_info.values(), *request.query.values())
    if name != "static":
        await recognise(request)
    agent = request.get(AGENT)
    if request.method not in SAFE_METHODS:
        check_origin(request)
        if agent or name == "login":
            await _check_csrf(request)
            check_storable("form", *(await _form(request)).values())
    if name in PUBLIC:
        return await handler(request)
    if agent is None:
        raise SessionInvalid
    _check_complete(request, agent, name)
    _check_rule(request, agent)
    with restricted(access.restriction_of(agent)):
        await _pass_door(request, agent)
        response = await handler(request)
    if access.sees_masked(agent):
        _mask(response)
    return response


def _check_complete(request: web.Request, agent: Agent, name: str) -> None:
    """Refuse a log-in that still lacks something, in the order in which it is asked for."""
    rule = request.config_dict[DESK].settings.second_factor
    asks_code = rule is not SecondFactorRule.OFF and agent.totp_enabled_at is not None
    if asks_code and request[SESSION].second_factor_at is None:
        if name not in BEFORE_CODE:
            raise SecondFactorRequired
    elif agent.must_change_password:
        if name not in BEFORE_PASSWORD:
            raise PasswordChangeRequired
    elif rule.requires(agent.role) and agent.totp_enabled_at is None and name not in BEFORE_SET_UP:
        raise SecondFactorSetUpRequired


def _check_rule(request: web.Request, agent: Agent) -> None:
    """Refuse what the table of routes does not allow; a route without a rule answers nobody."""
    route = route_of(request)
    if route is None:
        return
    permission = RULES.get(route)
    if permission is None:
        log.error("console.route_without_rule", route=route)
        raise Forbidden(permission="")
    access.check(agent, permission)


async def _pass_door(request: web.Request, agent: Agent) -> None:
    door = door_of(request)
    if door is not None:
        async with request.config_dict[DESK].read() as session:
            await door(session, agent, request.match_info["id"])


def _mask(response: web.StreamResponse) -> None:
    """Hide the numbers of persons in an answer, whatever page or interface made it."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return
    text = response.text or ""
    if response.content_type == "application/json":
        response.text = json.dumps(masked_value(json.loads(text)), ensure_ascii=False)
    elif text:
        response.text = masked_text(text)


def check_origin(request: web.Request, *, is_required: bool = False) -> None:
    """Refuse what another site's page sends.

    Browsers name the origin with every unsafe request and every WebSocket; programs that are
    not browsers may leave it out of requests that carry a CSRF token.

    Raises:
        OriginNotAllowed: The origin is not ours, or is missing although required.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        if is_required or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise OriginNotAllowed
        return
    if origin.lower() not in _own_origins(request):
        raise OriginNotAllowed


def _own_origins(request: web.Request) -> set[str]:
    own = {f"{request.scheme}://{request.host}".lower()}
    if public_url := request.config_dict[DESK].settings.public_url:
        parts = urlsplit(public_url.lower())
        own.add(f"{parts.scheme}://{parts.netloc}")
    return own


async def _check_csrf(request: web.Request) -> None:
    expected = request.get(CSRF)
    if route_name(request) == "login":
        expected = request.cookies.get(LOGIN_COOKIE)
    given = request.headers.get(CSRF_HEADER) or (await _form(request)).get("csrf")
    if not expected or not isinstance(given, str) or not hmac.compare_digest(
        expected.encode(errors="surrogateescape"), given.encode(errors="surrogateescape")
    ):
        raise CsrfFailed


async def _form(request: web.Request) -> Mapping[str, Any]:
    """Return the form in the request; one without fields if it holds none."""
    is_form = request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data")
    return await request.post() if is_form else {}
