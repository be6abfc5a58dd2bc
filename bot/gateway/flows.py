"""The flowcharts: as a picture, and as a page to read and to print."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiohttp import web

from bot.gateway.keys import DESK, LIMITS
from bot.gateway.pages import show_page
from bot.gateway.requests import address_of
from bot.helpdesk.errors import BadRequest
from bot.tools.flow import FlowTool
from bot.tools.model import Result

_KEEP_SECONDS = 3600


async def picture(request: web.Request) -> web.Response:
    """Return a flowchart as SVG, as it is on a day (``on``, today when left out).

    The version of a day never changes but by a new release, so it may be kept for a while.
    """
    tool, day = _tool(request), _day(request)
    svg = tool.picture(request.match_info["flow"], day)
    if svg is None:
        raise web.HTTPNotFound
    headers = {"Cache-Control": f"public, max-age={_KEEP_SECONDS}"}
    return web.Response(text=svg, content_type="image/svg+xml", charset="utf-8", headers=headers)


async def page(request: web.Request) -> web.Response:
    """Show a flowchart with its steps and what they rest on."""
    tool, day = _tool(request), _day(request)
    flow = tool.flows.get(request.match_info["flow"])
    result = tool.step({"flow": flow.id}, today=day) if flow else None
    if not isinstance(result, Result) or result.picture is None:
        raise web.HTTPNotFound
    context = {"here": "flow", "title": flow.title, "flow": result.data, "picture": result.picture}
    return show_page(request, "flow.html", context | _numbers(result.data))


def _numbers(data: dict[str, Any]) -> dict[str, object]:
    """Return the number of each step, by its id."""
    return {"numbers": {step["id"]: step["number"] for step in data["steps"]}}


def _tool(request: web.Request) -> FlowTool:
    desk = request.config_dict[DESK]
    request.config_dict[LIMITS].address_reads.take(address_of(request), desk.clock())
    tool = desk.tools.get(FlowTool.name)
    if not isinstance(tool, FlowTool):
        raise web.HTTPNotFound
    return tool


def _day(request: web.Request) -> date:
    desk = request.config_dict[DESK]
    asked = request.query.get("on")
    if asked is None:
        return desk.office.calendar.local_date(desk.clock())
    try:
        return date.fromisoformat(asked)
    except ValueError as error:
        raise BadRequest(field="on") from error
