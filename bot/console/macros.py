"""Macros and canned replies: their page, and what the pickers ask for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy

from bot.console import roles
from bot.console.inputs import body_of, number_in, see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK, WORDS
from bot.console.lists import PRIORITIES, RIGHTS
from bot.console.pages import render
from bot.console.tickets import queues_of
from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.permissions import Permission
from bot.helpdesk.ticket import OWN_FORM, REASON_REQUIRED, TicketStatus
from bot.helpdesk.variables import VARIABLES
from bot.services import macros, staff
from bot.services.desk_work import TEXT_MAX_CHARS
from bot.services.macros import MacroDraft, MacroNotFound, MacroView, Offer
from bot.services.macros.catalogue import TITLE_MAX_CHARS
from bot.store.tables import Agent

_PAGE = f"{CONSOLE_PREFIX}/macros"


async def overview(request: web.Request) -> web.Response:
    """List everybody's macros and one's own."""
    agent = request[AGENT]
    async with request.config_dict[DESK].read() as session:
        found = await macros.every(session, agent)
    return render(
        request, "macros.html", section="macros", macros=found, may_share=roles.may(agent, "macro.share")
    )


async def editor(request: web.Request) -> web.Response:
    """Show a macro to be changed, or an empty one.

    Raises:
        MacroNotFound: There is none with this id.
    """
    macro_id = request.match_info.get("id")
    draft, version = MacroDraft(title=""), None
    if macro_id:
        async with request.config_dict[DESK].read() as session:
            macro = await _macro(session, request[AGENT], macro_id)
        draft, version = _draft_of(macro), macro.version
        _check_may_change(request[AGENT], is_shared=macro.is_shared)
    return _form(request, draft, macro_id, version)


def _form(
    request: web.Request, draft: MacroDraft, macro_id: str | None, version: int | None, problem: str | None = None
) -> web.Response:
    response = render(
        request, "macro.html", section="macros", draft=draft, macro_id=macro_id, version=version, problem=problem,
        steps={step["do"]: step for step in draft.steps if isinstance(step, dict)},
        statuses=[status.value for status in TicketStatus if status not in OWN_FORM],
        reasons=[status.value for status in REASON_REQUIRED],
        priorities=PRIORITIES, queues=queues_of(request.config_dict[DESK]), rights=RIGHTS, variables=VARIABLES,
        title_max=TITLE_MAX_CHARS, text_max=TEXT_MAX_CHARS,
        may_share=roles.may(request[AGENT], "macro.share"),
    )  # fmt: skip
    if problem:
        response.set_status(422)
    return response


async def save(request: web.Request) -> web.StreamResponse:
    """Keep what the form holds; a mistake is shown beside what was typed."""
    desk, agent, form = request.config_dict[DESK], request[AGENT], await request.post()
    macro_id = request.match_info.get("id")
    draft = _draft_in(form, queues_of(request.config_dict[DESK]))
    _check_may_change(agent, is_shared=draft.is_shared)
    try:
        async with desk.begin() as session:
            if macro_id:
                _check_may_change(agent, is_shared=(await _macro(session, agent, macro_id)).is_shared)
            await macros.save(session, agent, draft, macro_id=macro_id, now=desk.clock())
    except MacroNotFound:
        raise
    except HelpdeskError as error:
        words = request.config_dict[WORDS]
        if error.code == "forbidden":
            raise
        field = words(f"macros.fields.{error.details.get('field', '')}")
        return _form(request, draft, macro_id, draft.version, words.for_error(error.code, {**error.details, "field": field}))
    return see_other(_PAGE)


async def remove(request: web.Request) -> web.Response:
    """Forget a macro."""
    desk, agent, macro_id = request.config_dict[DESK], request[AGENT], request.match_info["id"]
    async with desk.begin() as session:
        _check_may_change(agent, is_shared=(await _macro(session, agent, macro_id)).is_shared)
        await macros.remove(session, agent, macro_id)
    return see_other(_PAGE)


def _check_may_change(agent: Agent, *, is_shared: bool) -> None:
    if is_shared:
        roles.check(agent, "macro.share")


async def _macro(session: Any, agent: Agent, macro_id: str) -> MacroView:
    found = next((macro for macro in await macros.every(session, agent) if macro.id == macro_id), None)
    if found is None:
        raise MacroNotFound
    return found


def _draft_of(macro: MacroView) -> MacroDraft:
    return MacroDraft(
        title=macro.title, text=macro.text, steps=macro.steps, queues=macro.queues, rights=macro.rights,
        is_shared=macro.is_shared, is_active=macro.is_active, version=macro.version,
    )  # fmt: skip


def _draft_in(form: MultiDictProxy[Any], known_queues: Collection[str]) -> MacroDraft:
    def text(name: str) -> str:
        value = form.get(name, "")
        return value.replace("\r\n", "\n") if isinstance(value, str) else ""

    steps: list[dict[str, str]] = []
    if text("assign"):
        steps.append({"do": "assign", "to": "me"})
    if text("status"):
        steps.append({"do": "status", "to": text("status"), "reason": text("reason")})
    if text("priority"):
        steps.append({"do": "priority", "to": text("priority"), "reason": text("priority_reason")})
    if text("queue") in known_queues:
        steps.append({"do": "queue", "to": text("queue"), "reason": text("queue_reason")})
    if text("note").strip():
        steps.append({"do": "note", "text": text("note")})
    return MacroDraft(
        title=text("title"), text=text("text"), steps=steps,
        queues=[queue for queue in form.getall("queues", []) if queue in known_queues],
        rights=[right for right in form.getall("rights", []) if right in RIGHTS],
        is_shared=text("is_shared") == "yes", is_active=text("is_active") == "yes",
        version=int(text("version")) if text("version").isdecimal() else None,
    )  # fmt: skip


# --- staff API ------------------------------------------------------------------------------


async def for_ticket(request: web.Request) -> web.Response:
    """Return what can be used on a ticket, its words filled in."""
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        offers = await macros.offers_for_ticket(
            session, desk.office, request[AGENT], request.match_info["id"],
            centre=desk.settings.centre_name, now=desk.clock(),
        )  # fmt: skip
    return _offers(request, offers)


async def for_conversation(request: web.Request) -> web.Response:
    """Return the canned replies for a conversation, filled in."""
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        offers = await macros.offers_for_conversation(
            session, desk.office, request[AGENT], request.match_info["id"],
            centre=desk.settings.centre_name, now=desk.clock(),
        )  # fmt: skip
    return _offers(request, offers)


def _offers(request: web.Request, offers: list[Offer]) -> web.Response:
    words = request.config_dict[WORDS]
    return web.json_response(
        {
            "items": [
                {
                    "id": offer.macro.id,
                    "title": offer.macro.title,
                    "text": offer.text,
                    "steps": [step_in_words(step, words) for step in offer.macro.steps],
                    "problem": words.for_error("variable_empty", {"name": offer.missing}) if offer.missing else None,
                }
                for offer in offers
            ]
        }
    )


def step_in_words(step: dict[str, str], words: Any) -> str:
    """Return what a step does, in a few words."""
    if step["do"] == "status":
        return words("macros.step_status", status=words(f"states.{step['to']}"))
    if step["do"] == "priority":
        return words("macros.step_priority", priority=words(f"life_cycle.priorities.{step['to']}"))
    if step["do"] == "queue":
        return words("macros.step_queue", queue=words(f"queues.{step['to']}"))
    return words(f"macros.step_{step['do']}")


async def run(request: web.Request) -> web.Response:
    """Carry a macro out on a ticket; `not_told` are those named in its notes who may not read the ticket."""
    body = await body_of(request)
    desk = request.config_dict[DESK]
    async with desk.begin() as session:
        done = await macros.run(
            session, desk.office, request[AGENT], request.match_info["macro"], request.match_info["id"],
            version=number_in(body, "version"), centre=desk.settings.centre_name, now=desk.clock(),
        )  # fmt: skip
    return web.json_response({"version": done.ticket.version, "status": done.ticket.status, "not_told": done.not_told})


async def colleagues(request: web.Request) -> web.Response:
    """Return the names that can be mentioned."""
    async with request.config_dict[DESK].read() as session:
        found = await staff.colleagues_who_may(session, Permission.READ_TICKETS)
    return web.json_response({"items": [{"id": key, "name": name} for key, name in found if key != request[AGENT].id]})


def routes() -> list[web.RouteDef]:
    """Return the pages' routes."""
    return [
        web.get("/macros", overview, name="macros"),
        web.get("/macros/new", editor, name="macro_new"),
        web.post("/macros/new", save, name="macro_new"),
        web.get("/macros/{id}", editor, name="macro"),
        web.post("/macros/{id}", save, name="macro"),
        web.post("/macros/{id}/remove", remove, name="macro_remove"),
    ]


def api_routes() -> list[web.RouteDef]:
    """Return the staff API's routes."""
    return [
        web.get("/tickets/{id}/macros", for_ticket),
        web.post("/tickets/{id}/macros/{macro}", run),
        web.get("/conversations/{id}/macros", for_conversation),
        web.get("/colleagues", colleagues),
    ]
