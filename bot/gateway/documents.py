"""Filled forms to download, and the page of a form that is not finished."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from bot.attachments import attachment
from bot.gateway.keys import DESK, WORDS
from bot.gateway.pages import read_form, refused, show_page, show_ticket
from bot.gateway.tickets import CODE_MAX_CHARS, limit_lookups
from bot.helpdesk.errors import BadRequest, DraftNotFound, HelpdeskError
from bot.helpdesk.identifiers import format_code, parse_draft_number
from bot.services import form_drafts
from bot.services.documents import FORMATS, Document, make_document, sheet_for_citizen


def routes() -> list[web.RouteDef]:
    """Return the routes of this module."""
    return [
        web.post("/t/document", ticket_document),
        web.post("/t", look_up),
        web.get("/api/v1/tickets/{number}/document", get_document),
    ]


async def get_document(request: web.Request) -> web.Response:
    """Return the filled form in the format asked for."""
    limit_lookups(request)
    code = request.query.get("code", "")[:CODE_MAX_CHARS]
    format_ = request.query.get("format", "pdf")
    return _attachment(await _made(request, request.match_info["number"], code, format_))


async def ticket_document(request: web.Request) -> web.Response:
    """Send the filled form to the tracking page's button, or show why not."""
    limit_lookups(request)
    form = await read_form(request)
    try:
        return _attachment(await _made(request, form["number"], form["code"], form.get("format", "pdf")))
    except HelpdeskError as error:
        return refused(request, form, error)


async def look_up(request: web.Request) -> web.Response:
    """Show what number and code open: a ticket, or a form that is not finished with the way back into it."""
    limit_lookups(request)
    form = await read_form(request)
    is_draft = parse_draft_number(form["number"]) is not None
    return await (_show_draft(request, form) if is_draft else show_ticket(request, form))


async def _show_draft(request: web.Request, form: Mapping[str, str]) -> web.Response:
    """Show the draft that number and code open, or the form to enter them with the reason why not."""
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    try:
        async with desk.read() as session:
            draft = await form_drafts.look(session, desk.office, form["number"], form["code"], now=desk.clock())
    except DraftNotFound as error:
        return refused(request, form, error)
    filled = desk.forms.form(draft.form)
    lines = [line for line in desk.forms.summary(filled, draft.answers) if line.shown]
    context = {
        "number": draft.number,
        "code": format_code(draft.code),
        "form_title": filled.title,
        "lines": lines,
        "updated_at": draft.updated_at.isoformat(),
        "expires_at": draft.expires_at.isoformat(),
        "ticket_number": draft.ticket_number,
        "format_titles": words["document_formats"],
    }
    return show_page(request, "draft.html", context)


async def _made(request: web.Request, number: str, code: str, format_: str) -> Document:
    desk = request.config_dict[DESK]
    if format_ not in FORMATS:
        raise BadRequest(field="format")
    async with desk.read() as session:
        sheet = await sheet_for_citizen(session, desk.office, desk.forms, number, code, now=desk.clock())
    return await asyncio.to_thread(make_document, sheet, format_)


def _attachment(document: Document) -> web.Response:
    headers = {"Content-Disposition": attachment(document.filename)}
    return web.Response(body=document.content, content_type=document.media_type, headers=headers)
