"""Ticket interface for citizens: look up, supplement, withdraw, each by number and query code."""

from __future__ import annotations

from aiohttp import web

from bot.bootstrap import Desk
from bot.gateway.keys import DESK, LIMITS, WORDS
from bot.gateway.requests import address_of, read_json, text_field
from bot.gateway.tracking import Tracking, track
from bot.helpdesk.errors import TicketNotFound
from bot.services import tickets

CODE_MAX_CHARS = 40
_REASON_MAX_CHARS = 500


async def get_ticket(request: web.Request) -> web.Response:
    """Return the ticket as its citizen may see it."""
    limit_lookups(request)
    code = request.query.get("code", "")[:CODE_MAX_CHARS]
    return web.json_response((await look_up(request, request.match_info["number"], code)).to_json())


async def post_supplement(request: web.Request) -> web.Response:
    """Add what the citizen wrote."""
    limit_lookups(request)
    body = await read_json(request)
    number, code = request.match_info["number"], text_field(body, "code", limit=CODE_MAX_CHARS)
    text = text_field(body, "text", limit=tickets.SUPPLEMENT_MAX_CHARS)
    await supplement(request.config_dict[DESK], number, code, text)
    return web.json_response((await look_up(request, number, code)).to_json())


async def post_withdraw(request: web.Request) -> web.Response:
    """Take the ticket back."""
    limit_lookups(request)
    body = await read_json(request)
    number, code = request.match_info["number"], text_field(body, "code", limit=CODE_MAX_CHARS)
    reason = text_field(body, "reason", limit=_REASON_MAX_CHARS)
    await withdraw(request.config_dict[DESK], number, code, reason)
    return web.json_response((await look_up(request, number, code)).to_json())


def limit_lookups(request: web.Request) -> None:
    """Count one try: numbers and codes must not be found by guessing.

    Raises:
        RateLimited: Too many tries from this address.
    """
    desk = request.config_dict[DESK]
    request.config_dict[LIMITS].address_lookups.take(address_of(request), desk.clock())


async def look_up(request: web.Request, number: str, code: str) -> Tracking:
    """Return the ticket that number and code open.

    Raises:
        TicketNotFound: Wrong number or wrong code.
    """
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    if not number or not code:
        raise TicketNotFound
    async with desk.read() as session:
        return await track(session, desk, words, number, code)


async def supplement(desk: Desk, number: str, code: str, text: str) -> None:
    """Add words to a ticket; see `services.tickets.supplement` for what it raises."""
    async with desk.begin() as session:
        await tickets.supplement(session, desk.office, number, code, text=text, now=desk.clock())


async def withdraw(desk: Desk, number: str, code: str, reason: str) -> None:
    """Take a ticket back; see `services.tickets.withdraw` for what it raises."""
    async with desk.begin() as session:
        await tickets.withdraw(session, desk.office, number, code, reason=reason, now=desk.clock())
