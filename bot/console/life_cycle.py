"""Staff API: the life of a ticket. Every change is made against the version that the agent saw."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bootstrap import Desk
from bot.console import roles
from bot.console.inputs import body_of, number_in, text_in
from bot.console.keys import AGENT, DESK
from bot.console.tickets import conflict, queues_of
from bot.helpdesk.errors import BadRequest, TicketChangedMeanwhile
from bot.services import desk_work
from bot.services.life_cycle import (
    correcting,
    corrections,
    duplicates,
    extensions,
    follow_ups,
    linking,
    merging,
    priorities,
    queues,
    splitting,
    transfers,
)
from bot.store.tables import Agent

Body = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request: who wants what of which ticket.

    Attributes:
        parts: Parts of the address.
        common: What every use case takes: version and now.
        answer: What the answer says beside version and status.
    """

    session: AsyncSession
    desk: Desk
    agent: Agent
    ticket_id: str
    parts: dict[str, str]
    body: Body
    common: dict[str, Any]
    answer: dict[str, Any] = field(default_factory=dict)


Act = Callable[[Call], Awaitable[Any]]


def routes() -> list[web.RouteDef]:
    """Return the routes below a ticket's address."""
    steps: dict[str, Act] = {
        "corrections": _request_correction,
        "extensions": _request_extension,
        "extensions/{part}/decision": _decide_extension,
        "transfers": _transfer,
        "transfers/{part}/receipt": _record_receipt,
        "transfers/{part}/interim-feedback": _record_interim_feedback,
        "transfers/{part}/feedback": _record_feedback,
        "merge": _merge,
        "unmerge": _unmerge,
        "split": _split,
        "links": _link,
        "links/{part}/undo": _unlink,
        "priority": _set_priority,
        "queue": _move_to_queue,
        "fact-corrections": _correct_fact,
        r"entries/{part:\d{1,18}}/correction": _correct_entry,
        "follow-ups": _plan_follow_up,
        "follow-ups/{part}/outcome": _record_follow_up,
    }
    changes = [web.post(f"/tickets/{{id}}/{path}", _handler(act)) for path, act in steps.items()]
    return [*changes, web.get("/tickets/{id}/duplicates", suggestions)]


def _handler(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        body, desk = await body_of(request), request.config_dict[DESK]
        parts = dict(request.match_info)
        common = {"version": number_in(body, "version"), "now": desk.clock()}
        try:
            async with desk.begin() as session:
                call = Call(session, desk, request[AGENT], parts["id"], parts, body, common)
                ticket = await act(call)
        except TicketChangedMeanwhile as error:
            return await conflict(request, error, body)
        return web.json_response({"version": ticket.version, "status": ticket.status, **call.answer})

    return handle


async def suggestions(request: web.Request) -> web.Response:
    """Return tickets that may be about the same matter."""
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        found = await duplicates.suggest_duplicates(
            session, desk.office, request[AGENT], request.match_info["id"], now=desk.clock()
        )
    items = [
        {"id": t.id, "number": t.number, "subject": t.subject, "status": t.status, "opened_at": t.opened_at.isoformat()}
        for t in found
    ]
    return web.json_response({"items": items})


# --- one function a step: read the body, call the use case -----------------------------------


async def _request_correction(call: Call) -> Any:
    return await corrections.request_correction(
        call.session, call.desk.office, call.agent, call.ticket_id,
        items=_texts(call.body, "items"), due_on=_day(call.body, "due_on"),
        note=text_in(call.body, "note", default=""), reason_code=_code(call.body), **call.common,
    )  # fmt: skip


async def _request_extension(call: Call) -> Any:
    return await extensions.request_extension(
        call.session, call.desk.office, call.agent, call.ticket_id,
        clock=text_in(call.body, "clock"), amount=number_in(call.body, "amount"),
        reason=text_in(call.body, "reason"), **call.common,
    )  # fmt: skip


async def _decide_extension(call: Call) -> Any:
    roles.check(call.agent, "ticket.decide_extension")
    decision = text_in(call.body, "decision")
    if decision not in ("approved", "refused"):
        raise BadRequest(field="decision")
    return await extensions.decide_extension(
        call.session, call.desk.office, call.agent, call.ticket_id, call.parts["part"],
        approve=decision == "approved", note=text_in(call.body, "note", default=""), **call.common,
    )  # fmt: skip


async def _transfer(call: Call) -> Any:
    return await transfers.transfer_to_authority(
        call.session, call.desk.office, call.agent, call.ticket_id,
        authority=text_in(call.body, "authority"), contact=text_in(call.body, "contact", default=""),
        matter=text_in(call.body, "matter"), reason_code=_code(call.body),
        answer=text_in(call.body, "answer", default=""), **call.common,
    )  # fmt: skip


async def _record_receipt(call: Call) -> Any:
    return await transfers.record_receipt(
        call.session, call.desk.office, call.agent, call.ticket_id, call.parts["part"],
        receipt_no=text_in(call.body, "receipt_no", default=""), **call.common,
    )  # fmt: skip


async def _record_interim_feedback(call: Call) -> Any:
    return await transfers.record_interim_feedback(
        call.session, call.desk.office, call.agent, call.ticket_id, call.parts["part"],
        text=text_in(call.body, "text"), **call.common,
    )  # fmt: skip


async def _record_feedback(call: Call) -> Any:
    return await transfers.record_feedback(
        call.session, call.desk.office, call.agent, call.ticket_id, call.parts["part"],
        text=text_in(call.body, "text"), returned=_flag(call.body, "returned"), **call.common,
    )  # fmt: skip


async def _merge(call: Call) -> Any:
    into_id = await desk_work.ticket_id_of(call.session, text_in(call.body, "into"))
    return await merging.merge_tickets(
        call.session, call.desk.office, call.agent, call.ticket_id,
        into_id=into_id, reason=text_in(call.body, "reason"), **call.common,
    )  # fmt: skip


async def _unmerge(call: Call) -> Any:
    return await merging.unmerge_ticket(
        call.session, call.desk.office, call.agent, call.ticket_id,
        reason=text_in(call.body, "reason"), **call.common,
    )  # fmt: skip


async def _split(call: Call) -> Any:
    queue = text_in(call.body, "queue", default="") or None
    if queue is not None and queue not in queues_of(call.desk):
        raise BadRequest(field="queue")
    opened = await splitting.split_ticket(
        call.session, call.desk.office, call.agent, call.ticket_id,
        subject=text_in(call.body, "subject"), facts=_texts(call.body, "facts"),
        evidence=_texts(call.body, "evidence"), queue=queue, reason=text_in(call.body, "reason"),
        **call.common,
    )  # fmt: skip
    return opened.ticket


async def _link(call: Call) -> Any:
    to_id = await desk_work.ticket_id_of(call.session, text_in(call.body, "to"))
    return await linking.link_tickets(
        call.session, call.agent, call.ticket_id, to_id=to_id, kind=text_in(call.body, "kind"), **call.common
    )


async def _unlink(call: Call) -> Any:
    return await linking.unlink_tickets(
        call.session, call.agent, call.ticket_id, call.parts["part"], **call.common
    )


async def _set_priority(call: Call) -> Any:
    return await priorities.set_priority(
        call.session, call.desk.office, call.agent, call.ticket_id, priority=text_in(call.body, "priority"),
        reason=text_in(call.body, "reason", default=""), **call.common,
    )  # fmt: skip


async def _move_to_queue(call: Call) -> Any:
    return await queues.move_to_queue(
        call.session, call.desk.office, call.agent, call.ticket_id,
        queue=text_in(call.body, "queue"), reason=text_in(call.body, "reason", default=""), **call.common,
    )  # fmt: skip


async def _correct_fact(call: Call) -> Any:
    corrected = await correcting.correct_fact(
        call.session, call.desk.office, call.desk.forms, call.agent, call.ticket_id,
        name=text_in(call.body, "name"), value=text_in(call.body, "value"),
        reason=text_in(call.body, "reason"), **call.common,
    )  # fmt: skip
    call.answer.update(queue=corrected.ticket.queue, proposed_queue=corrected.proposed_queue)
    return corrected.ticket


async def _correct_entry(call: Call) -> Any:
    corrected = await correcting.correct_entry(
        call.session, call.desk.office, call.agent, call.ticket_id, int(call.parts["part"]),
        text=text_in(call.body, "text"), reason=text_in(call.body, "reason"), **call.common,
    )  # fmt: skip
    call.answer.update(not_told=corrected.not_told)
    return corrected.ticket


async def _plan_follow_up(call: Call) -> Any:
    return await follow_ups.plan_follow_up(
        call.session, call.desk.office, call.agent, call.ticket_id,
        due_on=_day(call.body, "due_on"), **call.common,
    )  # fmt: skip


async def _record_follow_up(call: Call) -> Any:
    return await follow_ups.record_follow_up(
        call.session, call.agent, call.ticket_id, call.parts["part"],
        outcome=text_in(call.body, "outcome"), text=text_in(call.body, "text", default=""), **call.common,
    )  # fmt: skip


# --- reading ---------------------------------------------------------------------------------


def _code(body: Body) -> str | None:
    return text_in(body, "reason_code", default="") or None


def _day(body: Body, field: str) -> date:
    try:
        return date.fromisoformat(text_in(body, field))
    except ValueError as error:
        raise BadRequest(field=field) from error


def _flag(body: Body, field: str) -> bool:
    value = body.get(field, False)
    if not isinstance(value, bool):
        raise BadRequest(field=field)
    return value


def _texts(body: Body, field: str) -> list[str]:
    values = body.get(field, [])
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise BadRequest(field=field)
    return values
