"""Refusals as the staff API and the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp_jinja2
import structlog
from aiohttp import web
from yarl import URL

from bot.console.inputs import see_other
from bot.console.keys import CONSOLE_PREFIX, WORDS
from bot.console.security import (
    Handler,
    PasswordChangeRequired,
    SecondFactorRequired,
    SecondFactorSetUpRequired,
)
from bot.helpdesk.errors import HelpdeskError, SessionInvalid

log = structlog.get_logger()

STATUS: Mapping[str, int] = {
    "account_exists": 409,
    "account_not_found": 404,
    "already_claimed": 409,
    "chain_changed_meanwhile": 409,
    "agent_not_present": 409,
    "at_capacity": 409,
    "bad_request": 400,
    "code_wrong": 401,
    "colleague_elsewhere": 409,
    "csrf_failed": 403,
    "forbidden": 403,
    "form_required": 422,
    "illegal_transition": 409,
    "last_administrator": 409,
    "lease_held": 409,
    "login_failed": 401,
    "login_limited": 429,
    "macro_invalid": 422,
    "macro_not_for_ticket": 409,
    "message_too_long": 413,
    "not_found": 404,
    "not_waiting": 409,
    "not_your_conversation": 403,
    "origin_not_allowed": 403,
    "own_account": 409,
    "password_change_required": 403,
    "reason_required": 422,
    "second_factor_needed": 409,
    "second_factor_required": 403,
    "second_factor_set_up_required": 403,
    "search_too_short": 400,
    "session_invalid": 401,
    "sla_rule_changed": 409,
    "sla_rule_invalid": 422,
    "ticket_changed_meanwhile": 409,
    "ticket_not_found": 404,
    # the life of a ticket
    "already_linked": 409,
    "correction_date_wrong": 422,
    "extension_refused": 409,
    "fact_rejected": 422,
    "merge_refused": 409,
    "not_merged": 409,
    "ticket_merged": 409,
    "unknown_variable": 422,
    "variable_empty": 409,
}
_OF_HTTP = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def refusal(request: web.Request, error: HelpdeskError) -> web.Response:
    """Return an error as JSON: its code, the words to show, and its details."""
    return _json(request, STATUS.get(error.code, 400), error.code, error.details)


def _json(request: web.Request, status: int, code: str, details: dict[str, Any]) -> web.Response:
    message = request.config_dict[WORDS].for_error(code, details)
    return web.json_response({"code": code, "message": message, "details": details}, status=status)


@web.middleware
async def json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure of the staff API as JSON."""
    try:
        return await handler(request)
    except HelpdeskError as error:
        return refusal(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _json(request, error.status, _OF_HTTP.get(error.status, "bad_request"), {})
    except Exception:
        log.exception("console.api_failed", path=request.path)
        return _json(request, 500, "server_error", {})


@web.middleware
async def page_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure of a page with a page; strangers are sent to the login."""
    try:
        return await handler(request)
    except SessionInvalid:
        return _to_login(request)
    except PasswordChangeRequired:
        return see_other(f"{CONSOLE_PREFIX}/password")
    except SecondFactorRequired:
        return see_other(f"{CONSOLE_PREFIX}/account/second-factor")
    except SecondFactorSetUpRequired:
        return see_other(f"{CONSOLE_PREFIX}/account/second-factor/set-up")
    except HelpdeskError as error:
        return problem(request, STATUS.get(error.code, 400), error.code, error.details)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem(request, error.status, _OF_HTTP.get(error.status, "bad_request"))
    except Exception:
        log.exception("console.page_failed", path=request.path)
        return problem(request, 500, "server_error")


def _to_login(request: web.Request) -> web.Response:
    login = URL(f"{CONSOLE_PREFIX}/login")
    is_deep = request.method == "GET" and request.path.rstrip("/") != CONSOLE_PREFIX
    return see_other(str(login.with_query(next=str(request.rel_url)) if is_deep else login))


def problem(
    request: web.Request, status: int, code: str, details: dict[str, Any] | None = None
) -> web.Response:
    """Return a page that says what went wrong and leads back."""
    words = request.config_dict[WORDS]
    title = words(f"problem.title_{status}" if status in (403, 404, 500) else "problem.title_other")
    context = {"title": title, "message": words.for_error(code, details or {})}
    return aiohttp_jinja2.render_template("problem.html", request, context, status=status)
