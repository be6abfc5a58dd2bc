"""Reading what a request brings, and sending the browser elsewhere."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from bot.helpdesk.errors import BadRequest
from bot.storable import is_storable


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the JSON object in the request.

    Raises:
        BadRequest: It is not JSON, or not an object.
    """
    if request.content_type != "application/json":
        raise BadRequest(field="content_type")
    try:
        body = json.loads(await request.text())
    except (ValueError, UnicodeDecodeError) as error:
        raise BadRequest(field="body") from error
    if not isinstance(body, dict):
        raise BadRequest(field="body")
    return body


def text_in(body: dict[str, Any], field: str, *, default: str | None = None) -> str:
    """Return a text from the body.

    Raises:
        BadRequest: It is missing and has no default, or is no text that can be stored.
    """
    value = body.get(field, default)
    if not isinstance(value, str) or not is_storable(value):
        raise BadRequest(field=field)
    return value


def number_in(body: dict[str, Any], field: str) -> int:
    """Return a whole number from the body.

    Raises:
        BadRequest: It is missing or is no whole number.
    """
    value = body.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadRequest(field=field)
    return value


def choice_in(query: Any, field: str, allowed: Any) -> str | None:
    """Return a filter from the query if it is one of the allowed values, None if it is empty.

    Raises:
        BadRequest: It is something else.
    """
    value = query.get(field) or None
    if value is not None and value not in allowed:
        raise BadRequest(field=field)
    return value


def see_other(path: str) -> web.Response:
    """Return an answer that sends the browser to another of our pages."""
    return web.Response(status=303, headers={"Location": path})
