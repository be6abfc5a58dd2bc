"""Log-in, log-out, and changing one's password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp_jinja2
import structlog
from aiohttp import web

from bot.console.access import home_of
from bot.console.inputs import see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, CSRF, DESK, PASSWORDS, TOKEN, WORDS
from bot.console.sessions import (
    address_of,
    browser_of,
    drop_session,
    give_login_token,
    give_session,
    login_token_of,
    new_login_token,
    safe_next,
    session_cookie,
)
from bot.helpdesk.errors import BadRequest, LoginFailed, LoginLimited
from bot.services import staff

log = structlog.get_logger()

PASSWORD_PAGE = f"{CONSOLE_PREFIX}/password"


async def login_page(request: web.Request) -> web.StreamResponse:
    """Show the login form; who is signed in goes on to the workbench."""
    if agent := request.get(AGENT):
        return see_other(home_of(agent))
    notices = {"expired": "expired", "out": "signed_out"}
    notice = next((words for name, words in notices.items() if name in request.query), None)
    return _login_form(request, next_page=request.query.get("next", ""), notice=notice)


def _login_form(
    request: web.Request, *, next_page: str, status: int = 200, **context: Any
) -> web.Response:
    # A form that stands open in another tab stays good.
    token = login_token_of(request) or new_login_token()
    centre_name = request.config_dict[DESK].settings.centre_name
    defaults = {"csrf": token, "next": next_page, "login": "", "centre_name": centre_name, "problem": None}
    response = aiohttp_jinja2.render_template(
        "login.html", request, {**defaults, **context}, status=status
    )
    give_login_token(request, response, token)
    return response


async def log_in(request: web.Request) -> web.StreamResponse:
    """Open a session, or say that it did not work, never which half of the pair was wrong."""
    form = await request.post()
    login, password = str(form.get("login", "")).strip(), str(form.get("password", ""))
    next_page = str(form.get("next", ""))
    try:
        opened = await _open_session(request, login, password)
    except LoginLimited as error:
        response = _refused(request, error, login, next_page)
        response.headers["Retry-After"] = str(error.details["retry_seconds"])
        return response
    except LoginFailed as error:
        return _refused(request, error, login, next_page)
    log.info("staff.logged_in", agent_id=opened.agent.id)
    target = safe_next(next_page, prefix=CONSOLE_PREFIX) or home_of(opened.agent)
    response = see_other(PASSWORD_PAGE if opened.agent.must_change_password else target)
    give_session(request, response, opened.token)
    return response


async def _open_session(request: web.Request, login: str, password: str) -> staff.LoggedIn:
    desk = request.config_dict[DESK]
    opened = await staff.log_in(
        desk.database,
        request.config_dict[PASSWORDS],
        login,
        password,
        address=address_of(request),
        browser=browser_of(request),
        now=desk.clock(),
        lifetime=timedelta(hours=desk.settings.staff_session_hours),
    )
    if opened is None:
        raise LoginFailed
    # A session from before, perhaps somebody else's on this machine, ends here.
    if old := request.cookies.get(session_cookie(request)):
        async with desk.begin() as session:
            await staff.log_out(session, old)
    return opened


def _refused(
    request: web.Request, error: LoginFailed | LoginLimited, login: str, next_page: str
) -> web.Response:
    log.info("staff.login_refused", code=error.code, address=address_of(request))
    words = request.config_dict[WORDS]
    return _login_form(
        request,
        next_page=next_page,
        notice=None,
        login=login[:40],
        problem=words.for_error(error.code, error.details),
        status=429 if isinstance(error, LoginLimited) else 401,
    )


async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session here and on the server."""
    desk = request.config_dict[DESK]
    async with desk.begin() as session:
        await staff.log_out(session, request[TOKEN])
    response = see_other(f"{CONSOLE_PREFIX}/login?out=1")
    drop_session(request, response)
    return response


async def password_page(request: web.Request) -> web.StreamResponse:
    """Show the form for a new password; the first log-in ends here."""
    return _password_form(request)


def _password_form(
    request: web.Request, *, problem: str | None = None, status: int = 200, **details: object
) -> web.Response:
    words = request.config_dict[WORDS]
    return bare_page(
        request,
        "password.html",
        status=status,
        min_length=staff.PASSWORD_MIN_CHARS,
        problem=words.for_error(problem, details) if problem else None,
    )


def bare_page(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """Render a page of a log-in that may not be complete yet: without what the other pages offer."""
    common = {"agent": request[AGENT], "csrf": request[CSRF], "problem": None}
    return aiohttp_jinja2.render_template(template, request, {**common, **context}, status=status)


async def change_password(request: web.Request) -> web.StreamResponse:
    """Set a new password; other sessions of this agent end."""
    form = await request.post()
    old, new = str(form.get("current", "")), str(form.get("new", ""))
    agent = request[AGENT]
    if new != str(form.get("again", "")):
        return _password_form(request, problem="passwords_differ", status=400)
    if new.casefold() == agent.login.casefold():
        return _password_form(request, problem="password_weak", status=400)
    try:
        await staff.change_password(
            request.config_dict[DESK].database,
            request.config_dict[PASSWORDS],
            agent.id,
            old=old,
            new=new,
            keep_token=request[TOKEN],
            address=address_of(request),
            now=request.config_dict[DESK].clock(),
        )
    except LoginLimited as error:
        return _password_form(request, problem="login_limited", status=429, **error.details)
    except LoginFailed:
        return _password_form(request, problem="password_wrong", status=400)
    except BadRequest:
        return _password_form(request, problem="password_weak", status=400)
    log.info("staff.password_changed", agent_id=agent.id)
    return see_other(home_of(agent))
