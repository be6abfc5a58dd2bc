"""The tools over HTTP: what there is, and one step of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.assistant.tool_messages import citation_json
from bot.bootstrap import Desk
from bot.gateway.keys import DESK, LIMITS
from bot.gateway.requests import address_of, day_field, read_json
from bot.helpdesk.errors import BadRequest
from bot.tools.dialogue import words_for
from bot.tools.model import Question, Result, ToolInputError

_MOST_FIELDS = 20
_MOST_CHARS = 300


async def list_tools(request: web.Request) -> web.Response:
    """Return the names and titles of the tools."""
    desk = request.config_dict[DESK]
    request.config_dict[LIMITS].address_reads.take(address_of(request), desk.clock())
    tools = [{"name": tool.name, "title": desk.texts(f"tools.names.{tool.name}")} for tool in desk.tools]
    return web.json_response({"tools": tools})


async def use_tool(request: web.Request) -> web.Response:
    """Return the next question for the answers given, or the result."""
    desk = request.config_dict[DESK]
    request.config_dict[LIMITS].address_reads.take(address_of(request), desk.clock())
    tool = desk.tools.get(request.match_info["name"])
    if tool is None:
        raise web.HTTPNotFound
    body = await read_json(request)
    given, day = _given(body), day_field(body, "on") or _today(desk)
    try:
        step = tool.step(given, today=day)
    except ToolInputError as error:
        return _refused(error, words_for(desk.texts, error))
    return web.json_response(step_json(step))


def _refused(error: ToolInputError, words: str) -> web.Response:
    what = {"code": ToolInputError.code, "message": words, "field": error.field, "reason": error.code}
    return web.json_response({"error": what}, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def step_json(step: Question | Result) -> dict[str, Any]:
    """Return a step as the interface shows it: `{"question": …}` or `{"result": …}`."""
    if isinstance(step, Question):
        question = asdict(step)
        question["choices"] = [{"title": c.title, "value": c.value} for c in step.choices]
        return {"question": question}
    result = {
        "short": step.short,
        "details": step.details,
        "topic": step.topic,
        "right": step.right,
        "citations": [citation_json(cited) for cited in step.citations],
        "notice": step.notice,
        "next": list(step.next),
        "picture": step.picture,
        "data": step.data,
    }
    return {"result": result}


def _given(body: Mapping[str, Any]) -> dict[str, str]:
    given = body.get("given", {})
    if not isinstance(given, dict) or len(given) > _MOST_FIELDS:
        raise BadRequest(field="given")
    if not all(isinstance(value, str) and len(value) <= _MOST_CHARS for value in given.values()):
        raise BadRequest(field="given")
    return given


def _today(desk: Desk) -> date:
    return desk.office.calendar.local_date(desk.clock())
