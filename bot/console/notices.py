"""Pages: an agent's notices."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.console.inputs import choice_in, id_in, see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK
from bot.console.pages import render
from bot.helpdesk.errors import BadRequest
from bot.services import notices
from bot.services.outgoing.mails import title_of
from bot.store.tables import Agent

PAGE = f"{CONSOLE_PREFIX}/notices"


def routes() -> list[web.RouteDef]:
    """Return the routes of this module."""
    return [
        web.get("/notices", show, name="notices"),
        web.post("/notices/read", read_all, name="notices_read"),
        web.post("/notices/email", set_email, name="notices_email"),
        web.post("/notices/{id}/open", open_one, name="notice_open"),
    ]


async def show(request: web.Request) -> web.Response:
    """Show the agent's notices, unread ones or all."""
    return await _page(request)


async def _page(request: web.Request, *, problem: str | None = None, status: int = 200) -> web.Response:
    desk, agent = request.config_dict[DESK], request[AGENT]
    scope = choice_in(request.query, "scope", ("unread", "all")) or "unread"
    before = id_in(request.query.get("before"), "before")
    async with desk.read() as session:
        page = await notices.list_notices(session, agent, unread_only=scope == "unread", before=before)
        email = (await session.get_one(Agent, agent.id)).email
    items = [
        {"notice": item, "words": title_of(desk.texts, item.kind, item.details, item.number)}
        for item in page.items
    ]
    response = render(
        request, "notices.html", section="notices", items=items, next=page.next, scope=scope,
        email=email or "", problem=problem, newest=items[0]["notice"].id if items else 0,
    )  # fmt: skip
    response.set_status(status)
    return response


async def open_one(request: web.Request) -> web.Response:
    """Mark a notice as read and lead to what it is about.

    Raises:
        NoticeNotFound: It is not this agent's.
    """
    desk = request.config_dict[DESK]
    notice_id = id_in(request.match_info["id"], "id") or 0
    async with desk.begin() as session:
        notice = await notices.open_notice(session, request[AGENT], notice_id, now=desk.clock())
    return see_other(_place_of(notice))


def _place_of(notice: notices.NoticeView) -> str:
    places: dict[str | None, Any] = {
        "ticket": f"{CONSOLE_PREFIX}/tickets/{notice.subject_id}",
        "handoff": f"{CONSOLE_PREFIX}/?view=queued&c={notice.conversation_id}",
        "delivery": f"{CONSOLE_PREFIX}/deliveries/{notice.subject_id}",
        None: f"{CONSOLE_PREFIX}/tickets",
    }
    return str(places[notice.subject_kind])


async def read_all(request: web.Request) -> web.Response:
    """Mark as read what was on the page and everything older."""
    desk = request.config_dict[DESK]
    up_to = id_in(str((await request.post()).get("up_to", "")), "up_to") or 0
    async with desk.begin() as session:
        await notices.read_all(session, request[AGENT], up_to=up_to, now=desk.clock())
    return see_other(PAGE)


async def set_email(request: web.Request) -> web.Response:
    """Set where the agent's notices are mailed to."""
    email = str((await request.post()).get("email", ""))
    try:
        async with request.config_dict[DESK].begin() as session:
            await notices.set_email(session, request[AGENT], email)
    except BadRequest:
        return await _page(request, problem="email_wrong", status=400)
    return see_other(PAGE)
