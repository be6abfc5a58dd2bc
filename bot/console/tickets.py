"""Staff API: tickets."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.bootstrap import Desk
from bot.console import present
from bot.console.errors import refusal
from bot.console.facts import shown_fact
from bot.console.history import changes_since
from bot.console.inputs import body_of, number_in, text_in
from bot.console.keys import AGENT, DESK, WORDS
from bot.helpdesk.errors import TicketChangedMeanwhile
from bot.services import access, desk_work, leases, unsent_texts
from bot.services.sla import explain


def queues_of(desk: Desk) -> tuple[str, ...]:
    """Return the queues that the routing data has."""
    return tuple(desk.office.routing.queues)


async def change_status(request: web.Request) -> web.Response:
    """Take a step of the state table; 409 tells what changed since the page was made."""
    body = await body_of(request)
    desk = request.config_dict[DESK]
    try:
        async with desk.begin() as session:
            ticket = await desk_work.change_status(
                session,
                desk.office,
                request[AGENT],
                request.match_info["id"],
                to=text_in(body, "to"),
                reason=text_in(body, "reason", default=""),
                reason_code=text_in(body, "reason_code", default="") or None,
                version=number_in(body, "version"),
                now=desk.clock(),
            )
    except TicketChangedMeanwhile as error:
        return await conflict(request, error, body)
    return web.json_response({"version": ticket.version, "status": ticket.status})


async def assign(request: web.Request) -> web.Response:
    """Give the ticket to oneself; supervisors may name another agent."""
    body = await body_of(request)
    desk, agent = request.config_dict[DESK], request[AGENT]
    to_agent_id = text_in(body, "to_agent_id", default=agent.id)
    try:
        async with desk.begin() as session:
            ticket = await desk_work.assign(
                session,
                agent,
                request.match_info["id"],
                to_agent_id=to_agent_id,
                version=number_in(body, "version"),
                now=desk.clock(),
            )
    except TicketChangedMeanwhile as error:
        return await conflict(request, error, body)
    return web.json_response({"version": ticket.version, "assignee_id": ticket.assignee_id})


async def conflict(
    request: web.Request, error: TicketChangedMeanwhile, body: dict[str, Any]
) -> web.Response:
    """Refuse with the changes that the agent has not seen: those after audit entry `seen`."""
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    seen = body.get("seen")
    async with desk.read() as session:
        detail = await desk_work.ticket_for_staff(
            session, request[AGENT], request.match_info["id"], now=desk.clock()
        )
        since = seen if isinstance(seen, int) else 0
        changes = await changes_since(session, detail, since, desk.forms, words)
    status_title = words(f"states.{detail.ticket.status}")
    return refusal(
        request,
        TicketChangedMeanwhile(**error.details, status_title=status_title, changes=changes),
    )


async def add_note(request: web.Request) -> web.Response:
    """Add an internal note; `not_told` are those named in it who may not read the ticket."""
    body = await body_of(request)
    desk, agent, ticket_id = request.config_dict[DESK], request[AGENT], request.match_info["id"]
    async with desk.begin() as session:
        not_told = await desk_work.add_note(session, agent, ticket_id, text=text_in(body, "text"), now=desk.clock())
        await unsent_texts.drop(session, agent, "ticket.note", ticket_id)
    return web.json_response({"not_told": not_told}, status=201)


async def reply(request: web.Request) -> web.Response:
    """Answer the citizen on the ticket, unless a colleague is writing an answer."""
    body = await body_of(request)
    desk, agent, ticket_id = request.config_dict[DESK], request[AGENT], request.match_info["id"]
    async with desk.begin() as session:
        await desk_work.send_public_reply(
            session, desk.office, agent, ticket_id, text=text_in(body, "text"), now=desk.clock()
        )
        # After the ticket's own row: rows are locked in one order everywhere.
        await leases.check(session, agent, "ticket", ticket_id, now=desk.clock())
        await leases.release(session, agent, "ticket", ticket_id)
        await unsent_texts.drop(session, agent, "ticket.reply", ticket_id)
    return web.json_response({}, status=201)


async def reveal(request: web.Request) -> web.Response:
    """Show one fact in full; who looked is recorded."""
    field = text_in(await body_of(request), "field")
    desk = request.config_dict[DESK]
    async with desk.begin() as session:
        ticket, value = await access.reveal(
            session, request[AGENT], request.match_info["id"], field=field, now=desk.clock()
        )
    return web.json_response({"value": shown_fact(desk.forms, ticket.kind, field, value)})


async def clocks(request: web.Request) -> web.Response:
    """Return every clock of a ticket with the steps of its counting."""
    desk = request.config_dict[DESK]
    now = desk.clock()
    async with desk.read() as session:
        ticket = await access.access_ticket(session, request[AGENT], request.match_info["id"])
        found = await explain(session, desk.office.sla, ticket.id, now=now)
    return web.json_response({"clocks": [present.explanation(item) for item in found]})
