"""How every error leaves the gateway: as JSON or as a page, with words, never a traceback."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import aiohttp_jinja2
import structlog
from aiohttp import web
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from bot.gateway.keys import DESK, METRICS, WORDS, is_gateway_request
from bot.gateway.metrics import route_of
from bot.helpdesk.errors import HelpdeskError

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUS = {
    "ticket_not_found": HTTPStatus.NOT_FOUND,
    "not_found": HTTPStatus.NOT_FOUND,
    "draft_not_found": HTTPStatus.NOT_FOUND,
    "session_invalid": HTTPStatus.UNAUTHORIZED,
    "origin_not_allowed": HTTPStatus.FORBIDDEN,
    "forbidden": HTTPStatus.FORBIDDEN,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "file_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "type_not_allowed": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "upload_too_slow": HTTPStatus.REQUEST_TIMEOUT,
    "message_too_long": HTTPStatus.UNPROCESSABLE_ENTITY,
    "form_invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "message_empty": HTTPStatus.UNPROCESSABLE_ENTITY,
    "empty_file": HTTPStatus.UNPROCESSABLE_ENTITY,
    "reason_required": HTTPStatus.UNPROCESSABLE_ENTITY,
    "illegal_transition": HTTPStatus.CONFLICT,
    "ticket_changed_meanwhile": HTTPStatus.CONFLICT,
    "rating_closed": HTTPStatus.CONFLICT,
    "message_id_taken": HTTPStatus.CONFLICT,
    "ticket_merged": HTTPStatus.CONFLICT,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "server_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}
_CODE_OF_STATUS = {
    HTTPStatus.FORBIDDEN: "not_found",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
#: The store cannot be reached or is overloaded: the same request may succeed in a moment.
_PASSING = (OperationalError, InterfaceError, TimeoutError)
_RETRY_SECONDS = 5


@web.middleware
async def errors_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error of this application into an answer that its reader understands."""
    if not is_gateway_request(request):
        return await handler(request)
    started = time.perf_counter()
    response = await _answered(request, handler)
    request.config_dict[METRICS].observe(request, response.status, started)
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except HelpdeskError as error:
        return error_response(request, error.code, error.details)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        default = "bad_request" if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
        response = error_response(request, _CODE_OF_STATUS.get(error.status, default), {})
        if allow := error.headers.get("Allow"):
            response.headers["Allow"] = allow
        return response
    except _PASSING:
        log.exception("gateway.store_unavailable", route=route_of(request))
        return error_response(request, "unavailable", {"seconds": _RETRY_SECONDS})
    except web.RequestPayloadError:
        return error_response(request, "bad_request", {})
    except ConnectionResetError:
        raise
    except Exception:
        log.exception("gateway.request_failed", route=route_of(request))
        return error_response(request, "server_error", {})


def error_response(request: web.Request, code: str, details: Mapping[str, object]) -> web.Response:
    """Return the error as JSON below /api/ and as a page elsewhere."""
    status = error_status(code)
    message = error_words(request, code, details)
    if request.path.startswith("/api/"):
        response = web.json_response({"error": {"code": code, "message": message}}, status=status)
    else:
        context = {"status": status, "message": message}
        response = aiohttp_jinja2.render_template("error.html", request, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    if "seconds" in details:
        response.headers["Retry-After"] = str(details["seconds"])
    return response


def error_status(code: str) -> int:
    """Return the HTTP status for an error code."""
    return _STATUS.get(code, HTTPStatus.BAD_REQUEST).value


def error_words(request: web.Request, code: str, details: Mapping[str, object]) -> str:
    """Return the words for an error: the gateway's own, else those of `bot/texts`."""
    own = request.config_dict[WORDS]["errors"]
    return str(own[code] if code in own else request.config_dict[DESK].texts.for_error(code, **details))
