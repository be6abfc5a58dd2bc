"""Who is there: the presence switch, colleagues with their load, and what a supervisor sets of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bot.console import roles
from bot.console.inputs import body_of, number_in, see_other, text_in
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK, WORDS
from bot.console.pages import render
from bot.console.tickets import queues_of
from bot.console.words import Words
from bot.helpdesk.errors import BadRequest
from bot.helpdesk.presence import MAX_CAPACITY
from bot.services import handoff
from bot.services.access import scope_of

_SKILLS_MAX = 20


def routes() -> list[web.RouteDef]:
    """Return the routes of the staff API."""
    return [
        web.get("/floor", show),
        web.post("/me/presence", choose_presence),
        web.post("/agents/{id}/reach", set_reach),
    ]


def page_routes() -> list[web.RouteDef]:
    """Return the routes of the pages."""
    return [web.get("/floor", page, name="floor"), web.post("/floor", save, name="floor")]


async def show(request: web.Request) -> web.Response:
    """Return all agents with presence and load, the one who asks apart, and the queues."""
    words = request.config_dict[WORDS]
    agents = [agent_json(found, words) for found in await _floor(request)]
    me = next((agent for agent in agents if agent["id"] == request[AGENT].id), None)
    queues = [{"id": queue, "title": words(f"queues.{queue}")} for queue in queues_of(request.config_dict[DESK])]
    return web.json_response({"me": me, "agents": agents, "queues": queues})


async def _floor(request: web.Request) -> list[handoff.AgentOnFloor]:
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        return await handoff.floor(session, desk.office.handoff, now=desk.clock())


def agent_json(found: handoff.AgentOnFloor, words: Words) -> dict[str, Any]:
    """Return an agent as the lists of colleagues show them."""
    return {
        "id": found.id,
        "name": found.name,
        "role_title": words(f"roles.{found.role}"),
        "presence": found.presence.value,
        "presence_title": words(f"presence.{found.presence.value}"),
        "load": found.load,
        "capacity": found.capacity,
        "is_free": found.is_free,
        "skills": found.skills.to_json(),
        "queue_titles": [words(f"queues.{queue}") for queue in found.skills.queues],
    }


async def choose_presence(request: web.Request) -> web.Response:
    """Say whether I take conversations."""
    body = await body_of(request)
    desk = request.config_dict[DESK]
    async with desk.begin() as session:
        chosen = await handoff.choose_presence(
            session, request[AGENT].id, text_in(body, "presence"), now=desk.clock()
        )
    return web.json_response({"presence": chosen.value})


async def set_reach(request: web.Request) -> web.Response:
    """Set capacity and queues of an agent; for supervisors."""
    roles.check(request[AGENT], "agent.set_reach")
    body = await body_of(request)
    await _set(request, request.match_info["id"], number_in(body, "capacity"), _names_in(body, "queues"))
    return web.json_response({})


def _names_in(body: dict[str, Any], field: str) -> tuple[str, ...]:
    value = body.get(field, [])
    if not isinstance(value, list) or len(value) > _SKILLS_MAX or not all(isinstance(v, str) for v in value):
        raise BadRequest(field=field)
    return tuple(value)


async def _set(request: web.Request, agent_id: str, capacity: int, queues: Sequence[str]) -> None:
    desk, by = request.config_dict[DESK], request[AGENT]
    async with desk.begin() as session:
        await handoff.set_reach(
            session, desk.office, agent_id, capacity=capacity, queues=queues, by=by.id, within=scope_of(by), now=desk.clock()
        )


async def page(request: web.Request) -> web.Response:
    """Show all agents, each with what a supervisor sets of those who work nowhere but in their regions."""
    roles.check(request[AGENT], "agent.set_reach")
    words, scope = request.config_dict[WORDS], scope_of(request[AGENT])
    return render(
        request,
        "floor.html",
        section="floor",
        agents=[(scope.contains(found.scope), agent_json(found, words)) for found in await _floor(request)],
        queues=[(queue, words(f"queues.{queue}")) for queue in queues_of(request.config_dict[DESK])],
        max_capacity=MAX_CAPACITY,
        saved=request.query.get("saved") == "1",
    )


async def save(request: web.Request) -> web.Response:
    """Save the row of one agent."""
    roles.check(request[AGENT], "agent.set_reach")
    form = await request.post()
    try:
        capacity = int(str(form.get("capacity", "")))
    except ValueError as error:
        raise BadRequest(field="capacity") from error
    queues = [str(queue) for queue in form.getall("queues", ())]
    await _set(request, str(form.get("agent_id", "")), capacity, queues)
    return see_other(f"{CONSOLE_PREFIX}/floor?saved=1")
