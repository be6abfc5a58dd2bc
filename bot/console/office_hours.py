"""Staff API: who I am, and when the office works."""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile

from aiohttp import web

from bot.console.keys import AGENT, DESK

#: As far as any promise reaches; later due dates are counted down in plain days.
_HORIZON = timedelta(days=120)


async def me(request: web.Request) -> web.Response:
    """Return the signed-in agent."""
    agent = request[AGENT]
    return web.json_response({"id": agent.id, "login": agent.login, "name": agent.name, "role": agent.role})


async def frames(request: web.Request) -> web.Response:
    """Return the office hours of the coming months as pairs of Unix seconds, for countdowns."""
    desk = request.config_dict[DESK]
    now = desk.clock()
    spans = takewhile(lambda span: span[0] < now + _HORIZON, desk.office.calendar.open_spans(now))
    return web.json_response(
        {"frames": [[int(opens.timestamp()), int(closes.timestamp())] for opens, closes in spans]}
    )
