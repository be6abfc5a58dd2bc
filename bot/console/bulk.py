"""Staff API: one step on many tickets, each on its own, each with its own outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from aiohttp import web

from bot.console import roles
from bot.console.inputs import body_of, number_in, text_in
from bot.console.keys import AGENT, DESK, WORDS
from bot.helpdesk.errors import BadRequest, HelpdeskError
from bot.services import macros
from bot.services.desk_work import access_ticket
from bot.services.macros.filling import values_for
from bot.services.macros.steps import ME, Work

log = structlog.get_logger()

#: A page and a little more; what concerns more tickets is a matter for a rule, not for a hand.
TICKETS_MAX = 100

#: Does the step on one ticket, given its id and the version that was on the screen; returns who is named in a note that it
#: wrote and was not told.
Do = Callable[[str, int], Awaitable[Sequence[str]]]


async def change(request: web.Request) -> web.Response:
    """Take a step, or carry a macro out, on the chosen tickets.

    Each ticket has a transaction of its own, so one that cannot be changed keeps none of the others back.
    """
    body = await body_of(request)
    chosen = body.get("tickets")
    if not isinstance(chosen, list) or not 0 < len(chosen) <= TICKETS_MAX:
        raise BadRequest(field="tickets")
    wanted = dict([_one_of(item) for item in chosen])
    do = _macro(request, text_in(body, "macro")) if "macro" in body else _step(request, body.get("step"))
    outcomes = [await _outcome(request, do, ticket_id, version) for ticket_id, version in wanted.items()]
    return web.json_response({"outcomes": outcomes, "done": sum(outcome["ok"] for outcome in outcomes)})


def _one_of(item: object) -> tuple[str, int]:
    if not isinstance(item, dict):
        raise BadRequest(field="tickets")
    return text_in(item, "id"), number_in(item, "version")


def _macro(request: web.Request, macro_id: str) -> Do:
    desk, agent = request.config_dict[DESK], request[AGENT]

    async def do(ticket_id: str, version: int) -> Sequence[str]:
        async with desk.begin() as session:
            done = await macros.run(
                session, desk.office, agent, macro_id, ticket_id,
                version=version, centre=desk.settings.centre_name, now=desk.clock(),
            )  # fmt: skip
        return done.not_told

    return do


def _step(request: web.Request, given: object) -> Do:
    desk, agent, step = request.config_dict[DESK], request[AGENT], macros.check_step(given)
    if step["do"] == "assign" and step["to"] not in (ME, agent.id):
        roles.check(agent, "ticket.assign_other")

    async def do(ticket_id: str, version: int) -> Sequence[str]:
        now = desk.clock()
        async with desk.begin() as session:
            ticket = await access_ticket(session, agent, ticket_id, version=version)
            values = await values_for(
                session, desk.office, agent, ticket, centre=desk.settings.centre_name, now=now
            )
            return await macros.take(Work(session, desk.office, agent, ticket, values, now), step)

    return do


async def _outcome(request: web.Request, do: Do, ticket_id: str, version: int) -> dict[str, Any]:
    try:
        not_told = await do(ticket_id, version)
    except HelpdeskError as error:
        message = request.config_dict[WORDS].for_error(error.code, error.details)
        return {"id": ticket_id, "ok": False, "code": error.code, "message": message}
    except Exception:
        # What became of the others must be told all the same: they have been changed.
        log.exception("console.bulk_failed", ticket_id=ticket_id)
        message = request.config_dict[WORDS].for_error("server_error", {})
        return {"id": ticket_id, "ok": False, "code": "server_error", "message": message}
    return {"id": ticket_id, "ok": True, "not_told": list(not_told)}


def api_routes() -> list[web.RouteDef]:
    """Return the staff API's routes."""
    return [web.post("/tickets/bulk", change)]
