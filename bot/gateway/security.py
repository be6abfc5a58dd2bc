"""Rules for every request and answer of the gateway: protective headers, origin, operators."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from bot.gateway.errors import Handler
from bot.gateway.keys import DESK, STATIC, is_gateway_request
from bot.gateway.problems import OriginNotAllowed

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# The address of a static file changes with its content, so it may be kept for ever.
_KEEP = "public, max-age=31536000, immutable"


def protect_answers(app: web.Application) -> None:
    """Put the protective headers on whatever this application answers, refusals included."""

    async def protect(request: web.Request, response: web.StreamResponse) -> None:
        if request.match_info.apps[-1] is not app:
            return
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        is_kept = request.path.startswith(f"{app[STATIC]}/") and response.status in (200, 206, 304)
        if request.path == "/t" or request.path.startswith("/t/"):
            # With no-referrer, browsers send "Origin: null" with forms, and origin_middleware could
            # not tell our own from a foreign one. Other sites learn nothing with same-origin either.
            response.headers["Referrer-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", _KEEP if is_kept else "no-store")
        if (app[DESK].settings.public_url or "").startswith("https:"):
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")

    app.on_response_prepare.append(protect)


@web.middleware
async def origin_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only our own pages, and programs that are not browsers, change something.

    Browsers name the origin on unsafe methods and on WebSockets; other programs hold no
    citizen's session unless they were given it, so a missing origin is no danger.

    Raises:
        OriginNotAllowed: A page of another site asks.
    """
    is_socket = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
    if is_gateway_request(request) and (is_socket or request.method not in _SAFE_METHODS):
        check_origin(request)
    return await handler(request)


def check_origin(request: web.Request) -> None:
    """Raise OriginNotAllowed if a page of another site made this request."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise OriginNotAllowed
        return
    # The scheme is left out: behind a proxy that ends TLS we see http where the citizen has https.
    allowed = {request.host.lower()}
    if public_url := request.config_dict[DESK].settings.public_url:
        allowed.add(urlsplit(public_url).netloc.lower())
    if urlsplit(origin).netloc.lower() not in allowed:
        raise OriginNotAllowed


def is_operator(request: web.Request) -> bool:
    """Tell whether the request carries this installation's operator token."""
    given = request.headers.get("X-Operator-Token", "")
    expected = request.config_dict[DESK].secrets.operator_token.get_secret_value()
    # What is not UTF-8 in a header arrives as surrogates.
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode())
