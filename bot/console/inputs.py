"""Reading what a request brings, and sending the browser elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from bot.helpdesk.errors import BadRequest
from bot.storable import is_storable

#: As many digits as every column of whole numbers holds.
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def check_storable(field: str, *values: object) -> None:
    """Let pass what a database can keep.

    Args:
        values: As JSON or a form has them; whatever is no text passes.

    Raises:
        BadRequest: A text in them holds a character that cannot be stored.
    """
    if any(not is_storable(text) for value in values for text in _texts_in(value)):
        raise BadRequest(field=field)


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _texts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts_in(part)


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the JSON object in the request.

    Raises:
        BadRequest: It is not JSON, not an object, or holds what cannot be stored.
    """
    if request.content_type != "application/json":
        raise BadRequest(field="content_type")
    try:
        body = json.loads(await request.text())
        check_storable("body", body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(field="body") from error
    if not isinstance(body, dict):
        raise BadRequest(field="body")
    return body


def text_in(body: dict[str, Any], field: str, *, default: str | None = None) -> str:
    """Return a text from the body.

    Raises:
        BadRequest: It is missing and has no default, or is no text.
    """
    value = body.get(field, default)
    if not isinstance(value, str):
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


def id_in(text: str | None, field: str) -> int | None:
    """Return the whole number of an address or a form, None if it is left out.

    Raises:
        BadRequest: It is no number, or larger than any that we give.
    """
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadRequest(field=field)
    return int(text)


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
