"""Typed keys of what the application carries."""

from __future__ import annotations

from aiohttp import web

from bot.bootstrap import Desk
from bot.gateway.limits import Limits
from bot.gateway.metrics import Metrics
from bot.gateway.sockets import Sockets
from bot.gateway.words import Words
from bot.services.filing import Filing
from bot.services.group_commit import GroupCommit
from bot.services.opening import OpenedTicket

DESK = web.AppKey("gateway_desk", Desk)
FILINGS = web.AppKey("gateway_filings", GroupCommit[Filing, OpenedTicket])
LIMITS = web.AppKey("gateway_limits", Limits)
METRICS = web.AppKey("gateway_metrics", Metrics)
SOCKETS = web.AppKey("gateway_sockets", Sockets)
WORDS = web.AppKey("gateway_words", Words)
#: Address prefix of the static files; holds a digest of their content.
STATIC = web.AppKey("gateway_static", str)


def is_gateway_request(request: web.Request) -> bool:
    """Tell whether the request ends in this application, not in one mounted below it.

    The gateway may be the root application; its rules are for its own routes only.
    """
    return request.match_info.apps[-1] is request.app
