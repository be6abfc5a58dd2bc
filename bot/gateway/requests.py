"""Reading requests: JSON bodies within limits, session tokens, fields."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from aiohttp import web

from bot.addresses import client_address
from bot.gateway.keys import DESK
from bot.gateway.problems import BodyTooLarge, UploadTooSlow
from bot.helpdesk.errors import BadRequest, MessageTooLong, SessionInvalid
from bot.storable import is_storable

#: 2,000 characters of 4 bytes, each written as two \uXXXX escapes, and room for the rest.
MAX_JSON_BYTES = 40_000
_BODY_SECONDS = 30.0
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BEARER = "bearer "


async def read_json(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of the body; an empty body is an empty object.

    Only `application/json` is taken: a page of another site cannot send that without asking.

    Raises:
        BodyTooLarge: More than `MAX_JSON_BYTES`.
        BadRequest: Another type, not JSON, or not an object.
    """
    body = await read_limited(request, MAX_JSON_BYTES)
    if not body:
        return {}
    if request.content_type != "application/json":
        raise BadRequest(field="content-type")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(field="body") from error
    if not isinstance(content, dict):
        raise BadRequest(field="body")
    return content


async def read_limited(request: web.Request, limit: int) -> bytes:
    """Return the body.

    Raises:
        BodyTooLarge: It has more than `limit` bytes.
        UploadTooSlow: It is not here after `_BODY_SECONDS`.
    """
    if (request.content_length or 0) > limit:
        raise BodyTooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body.extend(chunk)
                if len(body) > limit:
                    raise BodyTooLarge
    except TimeoutError as error:
        raise UploadTooSlow from error
    return bytes(body)


def address_of(request: web.Request) -> str:
    """Return the key under which this client's requests are counted."""
    return client_address(request, request.config_dict[DESK].settings.trusted_proxies)


def text_field(body: Mapping[str, Any], name: str, *, limit: int) -> str:
    """Return a text of the body without surrounding space; empty when left out.

    Raises:
        BadRequest: It is not text, or holds characters that cannot be stored.
        MessageTooLong: It is longer than `limit` characters.
    """
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not is_storable(value):
        raise BadRequest(field=name)
    value = value.strip()
    if len(value) > limit:
        raise MessageTooLong(limit=limit)
    return value


def message_id(body: Mapping[str, Any]) -> str | None:
    """Return the client's own id of the message, None when left out.

    Raises:
        BadRequest: Not 1 to 64 characters of A-Z a-z 0-9 _ -.
    """
    value = body.get("message_id")
    if value is None:
        return None
    if not isinstance(value, str) or not _MESSAGE_ID.fullmatch(value):
        raise BadRequest(field="message_id")
    return value


def whole_number(value: object, field: str) -> int:
    """Return a sequence number from a query or a body.

    Raises:
        BadRequest: Not a whole number from 0 up.
    """
    try:
        number = int(str(value))
    except ValueError as error:
        raise BadRequest(field=field) from error
    if not 0 <= number < 2**31 or isinstance(value, float):
        raise BadRequest(field=field)
    return number


def day_field(body: Mapping[str, Any], name: str) -> date | None:
    """Return an ISO date of the body, None when left out.

    Raises:
        BadRequest: Not a date.
    """
    value = body.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadRequest(field=name) from error


def session_token(request: web.Request, body: Mapping[str, Any] | None = None) -> str | None:
    """Return the session token of the header or the body; never of the address, which gets logged.

    Raises:
        SessionInvalid: There is one, but it is not text.
    """
    header = request.headers.get("Authorization", "")
    if header.lower().startswith(_BEARER):
        return header[len(_BEARER) :].strip()
    token = (body or {}).get("session")
    if token is not None and not isinstance(token, str):
        raise SessionInvalid
    return token or None


def conversation_of(request: web.Request, token: str | None) -> str:
    """Return the conversation that the token opens.

    Raises:
        SessionInvalid: No token, a forged, damaged or expired one, or one of another channel.
    """
    if not token:
        raise SessionInvalid
    desk = request.config_dict[DESK]
    conversation_id = desk.signer.conversation_of(token, desk.clock())
    if not conversation_id.startswith("web:"):
        raise SessionInvalid
    return conversation_id
