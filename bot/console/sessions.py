"""The cookies of the console, and who is behind a request."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import web

from bot.addresses import client_address
from bot.console.access import is_use
from bot.console.keys import AGENT, CSRF, DESK, SESSION, TOKEN
from bot.services import staff, staff_sessions

SESSION_COOKIE = "rightsdesk_staff"
LOGIN_COOKIE = "rightsdesk_login"
_LOGIN_TOKEN = re.compile(r"[\w-]{32}", re.ASCII)


def is_https(request: web.Request) -> bool:
    """Tell whether staff reach us over https, so that cookies must be kept to it."""
    return (request.config_dict[DESK].settings.public_url or "").startswith("https://")


def session_cookie(request: web.Request) -> str:
    """Return the cookie's name; `__Host-` binds it to this host, but needs https."""
    return f"__Host-{SESSION_COOKIE}" if is_https(request) else SESSION_COOKIE


def give_session(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Put the session token into a cookie that scripts and other sites cannot use."""
    hours = request.config_dict[DESK].settings.staff_session_hours
    response.set_cookie(
        session_cookie(request),
        token,
        max_age=hours * 3600,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=is_https(request),
    )


def drop_session(request: web.Request, response: web.StreamResponse) -> None:
    """Take the session cookie away."""
    response.del_cookie(
        session_cookie(request),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=is_https(request),
    )


def give_login_token(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Remember the login form's CSRF token: there is no session yet that could keep it."""
    response.set_cookie(
        LOGIN_COOKIE,
        token,
        path=request.rel_url.path,
        httponly=True,
        samesite="Strict",
        secure=is_https(request),
    )


def login_token_of(request: web.Request) -> str | None:
    """Return the token of the login form that this browser got before, None if it got none."""
    given = request.cookies.get(LOGIN_COOKIE, "")
    return given if _LOGIN_TOKEN.fullmatch(given) else None


def new_login_token() -> str:
    """Return a fresh CSRF token for a login form."""
    return secrets.token_urlsafe(24)


async def recognise(request: web.Request) -> None:
    """Find out who is asking and note it in the request; nothing is noted for strangers.

    Using a session keeps it from ending for want of use.
    """
    token = request.cookies.get(session_cookie(request))
    if not token:
        return
    desk = request.config_dict[DESK]
    now = desk.clock()
    async with desk.glance() as session:
        found = await staff.agent_for(session, token, now=now, idle=idle_of(request))
    if found is None:
        return
    request[AGENT], request[CSRF], request[SESSION] = found
    request[TOKEN] = token
    if is_use(request) and now - found.session.last_seen_at >= staff_sessions.NOTED_EVERY:
        async with desk.begin() as session:
            await staff_sessions.note_use(session, found.session.token_hash, now=now)


def idle_of(request: web.Request) -> timedelta:
    """Return how long a session may lie unused."""
    return timedelta(minutes=request.config_dict[DESK].settings.staff_idle_minutes)


def browser_of(request: web.Request) -> str:
    """Return what the browser says it is."""
    return request.headers.get("User-Agent", "")


def address_of(request: web.Request) -> str:
    """Return the address of the browser, as far as our own proxies vouch for it."""
    return client_address(request, request.config_dict[DESK].settings.trusted_proxies)


def safe_next(path: str, *, prefix: str) -> str | None:
    """Return the path if it leads to one of our own pages, else None."""
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or "\\" in path or any(ord(sign) < 32 for sign in path):
        return None
    return path if parts.path == prefix or parts.path.startswith(f"{prefix}/") else None
