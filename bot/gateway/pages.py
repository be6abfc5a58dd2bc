"""The pages: chat, ticket tracking, about. They work out nothing; see the templates."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import aiohttp_jinja2
from aiohttp import web
from jinja2 import Environment
from markupsafe import Markup

from bot.bootstrap import Desk
from bot.gateway.errors import error_status, error_words
from bot.gateway.keys import DESK, WORDS
from bot.gateway.requests import read_limited
from bot.gateway.tickets import limit_lookups, look_up, supplement, withdraw
from bot.gateway.words import Words
from bot.helpdesk.errors import BadRequest, HelpdeskError, TicketNotFound
from bot.services.handoff import BACK_TO_BOT, LEAVE_TICKET

_FORM_MAX_BYTES = 60_000
_TONES = {
    "needs_correction": "wait", "resolved": "done", "closed": "off",
    "withdrawn": "off", "rejected": "off",
}  # fmt: skip


async def chat(request: web.Request) -> web.Response:
    """Show the chat page; the conversation itself is fetched by its scripts."""
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    context = {
        "here": "chat",
        "greeting": desk.texts("greeting.text"),
        "back_to_bot": desk.texts("buttons.bot"),
        "words": words["script"],
        "topics": words["topics"],
        "entries": words["entries"],
        "tools": words["tools"],
        "groups": common_questions(desk, words),
    }
    return show_page(request, "chat.html", context)


async def about(request: web.Request) -> web.Response:
    """Say what the service is, what it is not, and what becomes of data."""
    return show_page(request, "about.html", {"here": "about"})


async def ticket_form(request: web.Request) -> web.Response:
    """Show the form; the number may be given in the address, the code never."""
    return show_page(request, "ticket.html", {"number": request.query.get("n", "")[:40]})


async def ticket_supplement(request: web.Request) -> web.Response:
    """Add what the citizen wrote, then show the ticket."""

    async def add(form: Mapping[str, str]) -> str:
        if not form.get("text", "").strip():
            raise BadRequest(field="text")
        await supplement(request.config_dict[DESK], form["number"], form["code"], form["text"])
        return "supplemented"

    return await changed_ticket(request, "supplement", add)


async def ticket_withdraw(request: web.Request) -> web.Response:
    """Take the ticket back, then show it."""

    async def take_back(form: Mapping[str, str]) -> str:
        if form.get("sure") != "yes":
            raise BadRequest(field="sure")
        await withdraw(request.config_dict[DESK], form["number"], form["code"], form.get("reason", ""))
        return "withdrawn"

    return await changed_ticket(request, "withdraw", take_back)


async def changed_ticket(
    request: web.Request, name: str, change: Callable[[Mapping[str, str]], Awaitable[str]]
) -> web.Response:
    """Do the change; what the citizen wrote is not lost if it is refused."""
    limit_lookups(request)
    form = await read_form(request)
    try:
        done = await change(form)
    except TicketNotFound as error:
        return refused(request, form, error)
    except HelpdeskError as error:
        kept = {"open": name, "draft": form.get("text", ""), "problem": _change_words(request, error)}
        kept["rating_draft"] = form.get("rating_text", "")
        return await show_ticket(request, form, status=error_status(error.code), **kept)
    return await show_ticket(request, form, done=request.config_dict[WORDS]["done"][done])


async def show_ticket(
    request: web.Request, form: Mapping[str, str], *, status: int = 200, **shown: str
) -> web.Response:
    """Show the ticket that number and code open, or the form to enter them with the reason why not."""
    try:
        ticket = await look_up(request, form["number"], form["code"])
    except TicketNotFound as error:
        return refused(request, form, error)
    texts = request.config_dict[DESK].texts
    context = {
        "ticket": ticket,
        "number": form["number"],
        "code": form["code"],
        "tone": _TONES.get(ticket.status, "on"),
        "steps": [
            ticket.status_title if at == ticket.step else texts(f"states.{name}")
            for at, name in enumerate(ticket.step_names)
        ],
        "show_steps": ticket.status not in ("withdrawn", "rejected"),
        "format_titles": request.config_dict[WORDS]["document_formats"],
    }
    return show_page(request, "ticket.html", context | shown, status=status)


def refused(request: web.Request, form: Mapping[str, str], error: HelpdeskError) -> web.Response:
    """Show the form to enter number and code, with the reason why they open nothing."""
    context = {"number": form["number"], "problem": error_words(request, error.code, error.details)}
    return show_page(request, "ticket.html", context, status=error_status(error.code))


def _change_words(request: web.Request, error: HelpdeskError) -> str:
    words = request.config_dict[WORDS]["changes"]
    field = str(error.details.get("field", error.code))
    return str(words[field]) if field in words else error_words(request, error.code, error.details)


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the text fields of a posted form, number and code always among them.

    Raises:
        BodyTooLarge, BadRequest: The body is too large, or not a form.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadRequest(field="content-type")
    body = await read_limited(request, _FORM_MAX_BYTES)
    fields = dict(parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True, max_num_fields=12))
    number, code = (fields.get(name, "").strip()[:40] for name in ("number", "code"))
    return {name: value.replace("\0", "") for name, value in fields.items()} | {"number": number, "code": code}


def show_page(
    request: web.Request, template: str, context: Mapping[str, Any], *, status: int = 200
) -> web.Response:
    """Return a page made from a template."""
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    settings = desk.settings
    config = {
        "message_max_chars": settings.message_max_chars,
        "evidence_max_mb": settings.evidence_max_mb,
        "greeting": desk.texts("greeting.text"),
        "zone": str(desk.office.calendar.zone),
        "back_to_bot": BACK_TO_BOT,
        "leave_ticket": LEAVE_TICKET,
        "back_to_bot_title": desk.texts("buttons.bot"),
    }
    shown = {"here": "ticket", "page_data": page_data({"config": config, "words": words["script"]})}
    return aiohttp_jinja2.render_template(template, request, shown | dict(context), status=status)


def page_data(content: Mapping[str, Any]) -> Markup:
    """Return JSON that can stand inside a script element: nothing in it can end the element."""
    text = json.dumps(content, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def common_questions(desk: Desk, words: Words) -> list[dict[str, object]]:
    """Return the titles of what is asked most, by groups, of articles that can be answered today."""
    today = desk.office.calendar.local_date(desk.clock())
    groups = []
    for group in words["groups"]:
        answers = (desk.knowledge.answer(article_id, today) for article_id in group["articles"])
        titles = [answer.title for answer in answers if answer is not None]
        if titles:
            groups.append({"title": group["title"], "questions": titles})
    return groups


def add_filters(environment: Environment, desk: Desk, words: Words) -> None:
    """Give the templates what they need to write times."""
    zone = desk.office.calendar.zone
    environment.filters["moment"] = lambda iso: words.moment(datetime.fromisoformat(iso), zone)
