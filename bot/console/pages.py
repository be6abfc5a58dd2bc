"""Pages for signed-in agents: the workbench, and the pages of a ticket."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from bot.console import present, roles
from bot.console.access import home_of
from bot.console.conversations import SETTLED_MAX_CHARS, views_of
from bot.console.facts import facts_of
from bot.console.history import lines_of
from bot.console.inputs import see_other
from bot.console.intake import intake_of
from bot.console.keys import AGENT, CSRF, DESK, STAFF_API, WORDS
from bot.console.panels import panels
from bot.console.tickets import queues_of
from bot.console.timebar import TimeBar, time_bar
from bot.helpdesk.permissions import Permission
from bot.helpdesk.sla import Step
from bot.helpdesk.ticket import REASON_REQUIRED, TicketStatus
from bot.services import access, desk_work, handoff, listing
from bot.services.handoff import NOTE_MAX_CHARS
from bot.services.sla import ClockExplanation, SlaBook, explain

#: Steps that end a matter against the citizen's wish, or take it from us: shown as such.
_NEGATIVE = frozenset({"rejected", "withdrawn"})
_STEP_ORDER = ("accepted", "in_progress", "resolved", "submitted", "needs_correction", "transferred", "reopened", "closed")


@dataclass(frozen=True)
class StepButton:
    """One allowed step of the state table."""

    to: str
    needs_reason: bool
    is_forward: bool
    is_negative: bool


@dataclass(frozen=True)
class Explained:
    """A clock with its table and its bar."""

    clock: present.Clock
    round: int
    amount: int
    policy_id: str
    policy_version: int
    calendar_id: str
    calendar_version: int
    started_at: datetime
    stopped_at: datetime | None
    steps: list[dict[str, Any]]
    events: list[dict[str, Any]]
    bar: TimeBar


def render(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """Render a page with what every page of a signed-in agent needs."""
    desk = request.config_dict[DESK]
    now = desk.clock()
    calendar = desk.office.calendar
    is_open = calendar.is_open(now)
    office = {"is_open": is_open, "opens_at": None if is_open else calendar.next_opening(now)}
    common = {
        "agent": request[AGENT],
        "may_set_reach": roles.may(request[AGENT], "agent.set_reach"),
        "csrf": request[CSRF],
        "staff_api": STAFF_API,
        "office": office,
        "now": now,
        "request": request,
        "may_do": functools.partial(roles.may, request[AGENT]),
    }
    return aiohttp_jinja2.render_template(template, request, {**common, **context}, status=status)


async def front_door(request: web.Request) -> web.Response:
    """Lead from the address without its last slash, as people type it, to where the work begins."""
    return see_other(home_of(request[AGENT]))


async def workbench(request: web.Request) -> web.Response:
    """Show the workbench; lists and transcripts are fetched by its scripts. Other roles begin elsewhere."""
    if not access.may(request[AGENT], Permission.READ_CONVERSATIONS):
        return see_other(home_of(request[AGENT]))
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    async with desk.read() as session:
        counts = await listing.queue_counts(session)
    return render(
        request,
        "workbench.html",
        section="workbench",
        views=[(view, words(f"views.{view}")) for view in views_of(request[AGENT])],
        may_take_over=roles.may(request[AGENT], "conversation.take_over"),
        queue_names=[(queue, words(f"queues.{queue}")) for queue in queues_of(desk)],
        presences=[(name, words(f"presence.{name}")) for name in ("online", "away", "offline")],
        note_max=NOTE_MAX_CHARS,
        settled_max=SETTLED_MAX_CHARS,
        ticket_queues=[{"id": queue, "open": counts.get(queue, 0)} for queue in queues_of(desk)],
        message_max=handoff.REPLY_MAX_CHARS,
    )


async def ticket_page(request: web.Request) -> web.Response:
    """Show a ticket to work on."""
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    async with desk.read() as session:
        detail = await _detail(request, session)
        lines = await lines_of(session, detail, desk.forms, words)
        life = await panels(request, session, detail)
    ticket, book = detail.ticket, desk.office.sla
    return render(
        request,
        "ticket.html",
        **_head(detail, "facts"),
        facts=facts_of(desk.forms, ticket.kind, ticket.facts, words),
        lines=[line for line in reversed(lines) if line.is_told],
        seen=max((line.seq or 0 for line in lines), default=0),
        allowed=_buttons(detail.allowed),
        clocks=[present.clock_view(view, book) for view in detail.clocks],
        evidence=detail.evidence,
        chain_holds=detail.chain_holds,
        text_max=desk_work.TEXT_MAX_CHARS,
        **life,
        can_handle=access.may(request[AGENT], Permission.HANDLE_TICKETS),
        can_reveal=access.may(request[AGENT], Permission.REVEAL_PERSONAL),
        can_download=access.may(request[AGENT], Permission.DOWNLOAD_EVIDENCE),
        **intake_of(desk, ticket, detail.timeline),
    )


async def ticket_clocks(request: web.Request) -> web.Response:
    """Show how each due date of a ticket was found."""
    desk = request.config_dict[DESK]
    now = desk.clock()
    async with desk.read() as session:
        detail = await _detail(request, session)
        found = await explain(session, desk.office.sla, detail.ticket.id, now=now)
    explanations = [_explained(item, desk.office.sla, now) for item in found]
    return render(request, "ticket_clocks.html", **_head(detail, "clocks"), explanations=explanations)


async def ticket_audit(request: web.Request) -> web.Response:
    """Show a ticket's audit chain and whether it holds."""
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    async with desk.read() as session:
        detail = await _detail(request, session)
        lines = await lines_of(session, detail, desk.forms, words)
    events = [line for line in lines if line.seq is not None]
    return render(
        request, "ticket_audit.html", **_head(detail, "audit"), events=events, chain_holds=detail.chain_holds
    )


async def _detail(request: web.Request, session: Any) -> desk_work.TicketDetail:
    now = request.config_dict[DESK].clock()
    return await desk_work.ticket_for_staff(
        session, request[AGENT], request.match_info["id"], now=now
    )


def _head(detail: desk_work.TicketDetail, tab: str) -> dict[str, Any]:
    return {
        "section": "tickets",
        "tab": tab,
        "ticket": detail.ticket,
        "assignee_name": detail.assignee_name,
    }


def _buttons(allowed: list[str]) -> list[StepButton]:
    """Return the steps with the usual one first; taking back is the citizen's, so it comes last."""
    order = {status: place for place, status in enumerate(_STEP_ORDER)}
    return [
        StepButton(
            to=to,
            needs_reason=TicketStatus(to) in REASON_REQUIRED,
            is_forward=to in ("accepted", "in_progress", "resolved", "closed"),
            is_negative=to in _NEGATIVE,
        )
        for to in sorted(allowed, key=lambda status: order.get(status, len(order)))
    ]


def _explained(found: ClockExplanation, book: SlaBook, now: datetime) -> Explained:
    view, clock = found.view, present.clock_view(found.view, book)
    running = view.stopped_at is None and view.state not in ("met", "cancelled")
    return Explained(
        clock=clock,
        round=view.round,
        amount=found.target.amount,
        policy_id=view.policy_id,
        policy_version=view.policy_version,
        calendar_id=view.calendar_id,
        calendar_version=view.calendar_version,
        started_at=view.started_at,
        stopped_at=view.stopped_at,
        steps=_with_totals(found.steps),
        events=[{"kind": kind, "at": at} for kind, at, _ in found.events],
        bar=time_bar(
            found.steps, started_at=view.started_at, due_at=view.due_at, now=now, running=running,
            warn_at=view.warn_at, stopped_at=view.stopped_at,
        ),
    )


def _with_totals(steps: list[Step]) -> list[dict[str, Any]]:
    """Return the steps with the running total; the due line's own count is the promise itself."""
    rows, total = [], 0.0
    for step in steps:
        counts = step.kind in ("counted", "makeup", "special_hours")
        total += step.counted if counts else 0
        rows.append(
            {
                "kind": step.kind,
                "from_at": step.from_at,
                "to_at": step.to_at,
                "title": step.title,
                "source": step.source,
                "counted": _figure(step.counted) if counts else "",
                "total": _figure(total) if counts or step.kind == "due" else "",
            }
        )
    return rows


def _figure(amount: float) -> str:
    return f"{amount:g}"
