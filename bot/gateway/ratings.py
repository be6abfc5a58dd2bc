"""Rating forms: by the link in the conversation, and by number and query code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.bootstrap import Desk
from bot.gateway.keys import DESK, WORDS
from bot.gateway.pages import changed_ticket, show_page
from bot.gateway.requests import read_json, read_limited, text_field
from bot.gateway.tickets import limit_lookups, look_up
from bot.helpdesk.errors import BadRequest
from bot.helpdesk.life_cycle import RatingClosed
from bot.services import tickets
from bot.services.life_cycle import ratings
from bot.services.life_cycle.ratings import Verdict

_FORM_MAX_BYTES = 20_000
_CODE_MAX_CHARS = 40
_ANSWERS = {"yes": True, "no": False, "": None}


def routes() -> list[web.RouteDef]:
    """Return the routes of ratings."""
    return [
        web.get("/rate/{token}", rating_form, name="rating"),
        web.post("/rate/{token}", rating_result),
        web.post("/t/rating", ticket_rating),
        web.post("/api/v1/tickets/{number}/rating", post_rating),
    ]


async def rating_form(request: web.Request) -> web.Response:
    """Show the form, or that it was answered."""
    limit_lookups(request)
    return await _page(request)


async def rating_result(request: web.Request) -> web.Response:
    """Take the answer, then thank for it."""
    limit_lookups(request)
    desk = request.config_dict[DESK]
    form = await _form(request)
    try:
        async with desk.begin() as session:
            await ratings.rate_by_token(
                session, request.match_info["token"], verdict_of(form), now=desk.clock()
            )
    except BadRequest as error:
        words = request.config_dict[WORDS]["changes"]
        problem = words.get(str(error.details.get("field")), words["score"])
        return await _page(request, problem=problem, draft=form.get("rating_text", ""), status=400)
    except RatingClosed:
        pass
    return await _page(request)


async def ticket_rating(request: web.Request) -> web.Response:
    """Take the answer given on the tracking page, then show the ticket."""

    async def answer(form: Mapping[str, str]) -> str:
        await rate(request.config_dict[DESK], form["number"], form["code"], verdict_of(form))
        return "rated"

    return await changed_ticket(request, "rating", answer)


async def _page(request: web.Request, *, status: int = 200, **shown: str) -> web.Response:
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        rating = await ratings.rating_by_token(session, request.match_info["token"])
    context = {"here": "rating", "rating": rating, **shown}
    return show_page(request, "rating.html", context, status=status)


async def post_rating(request: web.Request) -> web.Response:
    """Rate a ticket by number and code."""
    limit_lookups(request)
    body = await read_json(request)
    number, code = request.match_info["number"], text_field(body, "code", limit=_CODE_MAX_CHARS)
    text = text_field(body, "text", limit=ratings.RATING_TEXT_MAX_CHARS)
    score, solved = body.get("score"), body.get("solved")
    if not isinstance(score, int) or isinstance(score, bool):
        raise BadRequest(field="score")
    if solved is not None and not isinstance(solved, bool):
        raise BadRequest(field="solved")
    await rate(request.config_dict[DESK], number, code, Verdict(score, solved, text))
    return web.json_response((await look_up(request, number, code)).to_json())


async def rate(desk: Desk, number: str, code: str, verdict: Verdict) -> None:
    """Rate a ticket; see `ratings.rate_ticket` for what it raises."""
    async with desk.begin() as session:
        ticket = await tickets.ticket_by_code(session, desk.office, number, code, lock=True)
        await ratings.rate_ticket(session, ticket, verdict, now=desk.clock())


def verdict_of(form: Mapping[str, str]) -> Verdict:
    """Return the verdict in a posted form.

    Raises:
        BadRequest: No score was chosen.
    """
    score = form.get("score", "")
    if score not in {"1", "2", "3", "4", "5"} or form.get("solved", "") not in _ANSWERS:
        raise BadRequest(field="score")
    return Verdict(int(score), _ANSWERS[form.get("solved", "")], form.get("rating_text", ""))


async def _form(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadRequest(field="content-type")
    body = await read_limited(request, _FORM_MAX_BYTES)
    fields = parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True, max_num_fields=12)
    return {name: value.replace("\0", "") for name, value in fields}
