"""Staff API and page parts of the intake: the filled form as a file, routing, forwarding."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot.bootstrap import Desk
from bot.console.downloads import DOWNLOAD_CSP, disposition
from bot.console.inputs import body_of, number_in, text_in
from bot.console.keys import AGENT, DESK
from bot.helpdesk.errors import BadRequest, CentreUnknown
from bot.helpdesk.ticket import TRANSITIONS, TicketStatus
from bot.services.access import access_ticket
from bot.services.desk_work import TimelineItem
from bot.services.documents import FORMATS, make_document, sheet_for_staff
from bot.services.forwarding import forward
from bot.services.intake import reasons_in_words
from bot.services.views import TicketView

log = structlog.get_logger()

_EXTENTS = ("masked", "full")


@dataclass(frozen=True)
class Routing:
    """How a ticket was routed, and where it may be sent on.

    Attributes:
        reasons: In words; empty for a ticket that no form opened.
        centres: Id and name of those it may be forwarded to; none if its state does not allow it.
    """

    centre: str
    urgency: str
    reasons: Sequence[str]
    centres: Sequence[tuple[str, str]]


def api_routes() -> list[web.RouteDef]:
    """Return this module's routes of the staff API."""
    return [
        web.post("/tickets/{id}/document", download_document),
        web.post("/tickets/{id}/forward", forward_ticket),
    ]


async def download_document(request: web.Request) -> web.Response:
    """Send the filled form; a POST, because who took it is sealed in the audit.

    Raises:
        Forbidden, TicketNotFound: See `services.documents.sheet_for_staff`.
        BadRequest: There is no such format or extent.
    """
    fields = await request.post()
    format_, extent = str(fields.get("format", "")), str(fields.get("extent", ""))
    if format_ not in FORMATS or extent not in _EXTENTS:
        raise BadRequest(field="format" if format_ not in FORMATS else "extent")
    desk, agent, ticket_id = request.config_dict[DESK], request[AGENT], request.match_info["id"]
    async with desk.begin() as session:
        sheet = await sheet_for_staff(
            session, desk.office, desk.forms, agent, ticket_id,
            format_=format_, is_masked=extent == "masked", now=desk.clock(),
        )  # fmt: skip
    document = await asyncio.to_thread(make_document, sheet, format_)
    log.info("ticket.exported", ticket_id=ticket_id, agent_id=agent.id, format=format_, extent=extent)
    headers = {
        "Content-Disposition": disposition(document.filename, document.media_type),
        "Content-Security-Policy": DOWNLOAD_CSP,
        "Cache-Control": "no-store",
    }
    return web.Response(body=document.content, content_type=document.media_type, headers=headers)


async def forward_ticket(request: web.Request) -> web.Response:
    """Send a ticket on to another centre.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        CentreUnknown, IllegalTransition, BadRequest: See `services.forwarding.forward`.
    """
    body, desk = await body_of(request), request.config_dict[DESK]
    centre = desk.office.routing.centres.get(text_in(body, "centre"))
    if centre is None:
        raise CentreUnknown(centre=text_in(body, "centre"))
    async with desk.begin() as session:
        ticket = await access_ticket(
            session, request[AGENT], request.match_info["id"], version=number_in(body, "version")
        )
        await forward(
            session, desk.office, ticket, centre,
            answer=text_in(body, "answer", default=""), actor=request[AGENT].id, now=desk.clock(),
        )  # fmt: skip
        answer = {"version": ticket.version, "status": ticket.status, "centre": ticket.centre}
    return web.json_response(answer)


def intake_of(desk: Desk, ticket: TicketView, timeline: Sequence[TimelineItem]) -> dict[str, Any]:
    """Return what the intake's parts of the ticket page show."""
    routed = next((item for item in reversed(timeline) if item.kind == "ticket.routed"), None)
    reasons: Any = routed.new.get("reasons") if routed else None
    rules, status = desk.office.routing, TicketStatus(ticket.status)
    can_go = TicketStatus.TRANSFERRED in TRANSITIONS[status]
    here = rules.centres.get(ticket.centre)
    return {
        "routing": Routing(
            centre=here.name if here else ticket.centre,
            urgency=ticket.urgency,
            reasons=reasons_in_words(desk.office, list(reasons or ())),
            centres=[(c.id, c.name) for c in rules.centres.values() if c.id not in (rules.own, ticket.centre) and can_go],
        ),
        "document_formats": FORMATS,
        "document_extents": _EXTENTS,
    }
