"""Staff API: the colleagues to whom a conversation or a ticket may be given, each with what speaks against it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.console.floor import agent_json
from bot.console.keys import AGENT, DESK, WORDS
from bot.console.words import Words
from bot.services import colleagues


def api_routes() -> list[web.RouteDef]:
    """Return the staff API's routes."""
    return [
        web.get("/conversations/{id}/colleagues", of_conversation),
        web.get("/tickets/{id}/colleagues", of_ticket),
    ]


async def of_conversation(request: web.Request) -> web.Response:
    """Return who could go on with a conversation."""
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        found = await colleagues.for_conversation(
            session, desk.office, request[AGENT], request.match_info["id"], now=desk.clock()
        )
    return _answer(request, found)


async def of_ticket(request: web.Request) -> web.Response:
    """Return who could handle a ticket."""
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        found = await colleagues.for_ticket(
            session, desk.office, request[AGENT], request.match_info["id"], now=desk.clock()
        )
    return _answer(request, found)


def _answer(request: web.Request, found: list[colleagues.Choice]) -> web.Response:
    words = request.config_dict[WORDS]
    return web.json_response({"agents": [_choice(choice, words) for choice in found]})


def _choice(choice: colleagues.Choice, words: Words) -> dict[str, Any]:
    return {
        **agent_json(choice.agent, words),
        "may_see": choice.may_see,
        "missing_titles": [_missing(skill, words) for skill in choice.missing],
        "open_tickets": choice.open_tickets,
    }


def _missing(skill: str, words: Words) -> str:
    """Return a missing skill in words; see `helpdesk.routing` for how skills are written."""
    kind, _, names = skill.partition(":")
    section = {"queue": "queues", "right": "rights", "language": "languages"}[kind]
    titles = words("colleagues.or").join(words(f"{section}.{name}") for name in names.split("|"))
    return words(f"colleagues.lacks_{kind}", names=titles)
