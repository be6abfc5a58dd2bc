"""Staff API: drafts that survive, leases on replying, and notes in which one is mentioned."""

from __future__ import annotations

from aiohttp import web

from bot.console.inputs import body_of, choice_in, id_in, see_other, text_in
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK
from bot.console.pages import render
from bot.helpdesk.errors import BadRequest
from bot.services import access, leases, mentions, unsent_texts
from bot.services.desk_work import access_ticket

#: What one can have a draft on → its door.
SUBJECTS = {"ticket": access.access_ticket, "conversation": access.access_conversation}
_MENTIONS_SHOWN = 30


async def show_drafts(request: web.Request) -> web.Response:
    """Return one's drafts on a ticket or conversation."""
    subject, subject_id = _subject(request)
    async with request.config_dict[DESK].read() as session:
        await SUBJECTS[subject](session, request[AGENT], subject_id)
        found = await unsent_texts.drafts_of(session, request[AGENT], subject, subject_id)
    return web.json_response(found)


async def keep_draft(request: web.Request) -> web.Response:
    """Keep what was typed; nothing typed forgets it."""
    body = await body_of(request)
    desk, (subject, subject_id) = request.config_dict[DESK], _subject(request)
    mode = choice_in(body, "mode", ("reply", "note")) or "reply"
    async with desk.begin() as session:
        await SUBJECTS[subject](session, request[AGENT], subject_id)
        await unsent_texts.keep(
            session, request[AGENT], f"{subject}.{mode}", subject_id, text=text_in(body, "text"), now=desk.clock()
        )
    return web.json_response({})


def _subject(request: web.Request) -> tuple[str, str]:
    subject = request.match_info["subject"]
    if subject not in SUBJECTS:
        raise BadRequest(field="subject")
    return subject, request.match_info["id"]


async def lease(request: web.Request) -> web.Response:
    """Say that one is writing a reply to a ticket; 409 names the colleague who is."""
    body = await body_of(request)
    desk, agent, ticket_id = request.config_dict[DESK], request[AGENT], request.match_info["id"]
    async with desk.begin() as session:
        await access_ticket(session, agent, ticket_id)
        until = await leases.acquire(
            session, agent, "ticket", ticket_id, take_over=body.get("take_over") is True, now=desk.clock()
        )
    return web.json_response({"until": until.isoformat()})


async def release(request: web.Request) -> web.Response:
    """Say that one does not write any more."""
    desk = request.config_dict[DESK]
    async with desk.begin() as session:
        await leases.release(session, request[AGENT], "ticket", request.match_info["id"])
    return web.json_response({})


async def mention_page(request: web.Request) -> web.Response:
    """Show the notes in which one is named."""
    before = id_in(request.query.get("before"), "before")
    async with request.config_dict[DESK].read() as session:
        found = await mentions.mentions_of(session, request[AGENT], before=before, limit=_MENTIONS_SHOWN)
    more = found[-1].id if len(found) == _MENTIONS_SHOWN else None
    return render(request, "mentions.html", section="mentions", mentions=found, more=more)


async def mark_seen(request: web.Request) -> web.Response:
    """Note that one has looked at the mentions on the page."""
    desk, form = request.config_dict[DESK], await request.post()
    up_to = id_in(str(form.get("up_to", "")), "up_to")
    if up_to is None:
        raise BadRequest(field="up_to")
    async with desk.begin() as session:
        await mentions.mark_seen(session, request[AGENT], up_to=up_to, now=desk.clock())
    return see_other(f"{CONSOLE_PREFIX}/mentions")


async def unseen(request: web.Request) -> web.Response:
    """Return how many mentions one has not looked at."""
    async with request.config_dict[DESK].read() as session:
        return web.json_response({"unseen": await mentions.count_unseen(session, request[AGENT])})


def routes() -> list[web.RouteDef]:
    """Return the pages' routes."""
    return [
        web.get("/mentions", mention_page, name="mentions"),
        web.post("/mentions", mark_seen, name="mentions"),
    ]


def api_routes() -> list[web.RouteDef]:
    """Return the staff API's routes."""
    return [
        web.get("/drafts/{subject}/{id}", show_drafts),
        web.post("/drafts/{subject}/{id}", keep_draft),
        web.post("/tickets/{id}/lease", lease),
        web.post("/tickets/{id}/lease/release", release),
        web.get("/mentions/count", unseen),
    ]
