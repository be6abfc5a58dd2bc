"""Staff API: the packet of a conversation, giving it on, taking it over."""

from __future__ import annotations

from aiohttp import web

from bot.console import roles
from bot.console.conversations import note_reading, step
from bot.console.inputs import body_of, text_in
from bot.console.keys import AGENT, DESK, WORDS
from bot.console.packet_view import packet_json
from bot.helpdesk.errors import BadRequest
from bot.services import handoff


def routes() -> list[web.RouteDef]:
    """Return the routes of the staff API."""
    return [
        web.get("/conversations/{id}/packet", packet),
        web.post("/conversations/{id}/transfer", transfer),
        web.post("/conversations/{id}/take-over", take_over),
    ]


async def packet(request: web.Request) -> web.Response:
    """Return all that an agent needs to go on; it quotes what was said, so reading a colleague's is on record."""
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        found = await handoff.packet(
            session, desk.office, desk.knowledge, desk.forms, request.match_info["id"], now=desk.clock()
        )
    await note_reading(request, request.match_info["id"])
    return web.json_response(packet_json(found, request.config_dict[WORDS]))


async def transfer(request: web.Request) -> web.Response:
    """Give my conversation to a colleague (`to_agent_id`) or a queue (`to_queue`), with a `note`."""
    body = await body_of(request)
    desk, agent = request.config_dict[DESK], request[AGENT]
    to_agent, to_queue = text_in(body, "to_agent_id", default=""), text_in(body, "to_queue", default="")
    note = text_in(body, "note", default="")
    if bool(to_agent) == bool(to_queue):
        raise BadRequest(field="to_agent_id")
    conversation_id, now = request.match_info["id"], desk.clock()
    if to_agent:
        return await step(
            request,
            lambda session: handoff.transfer_to_agent(
                session, desk.office, agent, conversation_id, to_agent_id=to_agent, note=note, now=now
            ),
        )
    return await step(
        request,
        lambda session: handoff.transfer_to_queue(
            session, desk.office, agent, conversation_id, queue=to_queue, note=note, now=now
        ),
    )


async def take_over(request: web.Request) -> web.Response:
    """Take a conversation from whoever has it; for supervisors."""
    roles.check(request[AGENT], "conversation.take_over")
    desk = request.config_dict[DESK]
    return await step(
        request,
        lambda session: handoff.take_over(
            session, desk.office, request[AGENT], request.match_info["id"], now=desk.clock()
        ),
    )
