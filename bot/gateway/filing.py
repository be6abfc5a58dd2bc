"""Filing a whole form: what a web page or another system sends instead of talking to the bot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bootstrap import Desk
from bot.gateway.errors import error_status, error_words
from bot.gateway.keys import DESK, FILINGS, LIMITS
from bot.gateway.requests import address_of, conversation_of, read_json, session_token, text_field
from bot.helpdesk.errors import BadRequest, FormInvalid, HelpdeskError
from bot.helpdesk.identifiers import format_code
from bot.services.filing import Filing, check_form, file_forms, filing_of
from bot.services.forms import Form
from bot.services.group_commit import GroupCommit
from bot.services.opening import OpenedTicket

_FORM_MAX_CHARS = 40
_VALUE_MAX_CHARS = 6000

Filings = GroupCommit[Filing, OpenedTicket]


def filings_of(desk: Desk) -> Filings:
    """Return where filings wait for the writer; those that wait together share a transaction."""

    async def work(
        session: AsyncSession, filings: Sequence[Filing]
    ) -> list[OpenedTicket | HelpdeskError]:
        return await file_forms(session, desk.office, filings, now=desk.clock())

    return GroupCommit(desk.database, work)


def checked(desk: Desk, conversation_id: str, form: Form, values: dict[str, str]) -> Filing:
    """Return the filing of a form that was filled in correctly.

    Raises:
        FormInvalid: It was not.
    """
    today = desk.office.calendar.local_date(desk.clock())
    facts = check_form(desk.forms, desk.office, form, values, today=today)
    return filing_of(desk.forms, desk.office, conversation_id, form, facts)


async def post_ticket(request: web.Request) -> web.Response:
    """Check the form, open the ticket once, confirm it in the conversation."""
    desk = request.config_dict[DESK]
    request.config_dict[LIMITS].address_tickets.take(address_of(request), desk.clock())
    body = await read_json(request)
    conversation_id = conversation_of(request, session_token(request, body))
    form = _form(desk, text_field(body, "form", limit=_FORM_MAX_CHARS))
    try:
        filing = checked(desk, conversation_id, form, _values(body))
    except FormInvalid as error:
        return _refused(request, error)
    opened = await request.config_dict[FILINGS].do(filing)
    answer = {
        "number": opened.ticket.number,
        "code": format_code(opened.code),
        "kind": opened.ticket.kind,
        "created": opened.created,
    }
    return web.json_response(answer, status=201 if opened.created else 200)


def _form(desk: Desk, form_id: str) -> Form:
    try:
        return desk.forms.form(form_id)
    except KeyError as error:
        raise BadRequest(field="form") from error


def _values(body: dict[str, Any]) -> dict[str, str]:
    values = body.get("values")
    if not isinstance(values, dict):
        raise BadRequest(field="values")
    return {str(name): text_field(values, name, limit=_VALUE_MAX_CHARS) for name in values}


def _refused(request: web.Request, error: FormInvalid) -> web.Response:
    message = error_words(request, error.code, {})
    problem = {"code": error.code, "message": message, "fields": error.details["fields"]}
    return web.json_response({"error": problem}, status=error_status(error.code))
