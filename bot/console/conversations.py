"""Staff API: the agents' conversations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console import present, roles
from bot.console.inputs import body_of, choice_in, text_in
from bot.console.keys import AGENT, DESK, WORDS
from bot.helpdesk.errors import BadRequest
from bot.services import handoff, listing, reading
from bot.services.views import MessageView
from bot.store.tables import Agent

VIEWS = ("queued", "mine", "human", "bot")
#: For supervisors: all that waits, and all that somebody has.
ALL = "all"
#: Longer lists are of no use to a person; the count then reads "200+".
LIST_LIMIT = 200
_PAGE = 500
SETTLED_MAX_CHARS = 300
CLIENT_ID_MAX_CHARS = 64


def views_of(agent: Agent) -> tuple[str, ...]:
    """Return the lists that an agent sees."""
    return (*VIEWS, ALL) if roles.may(agent, "conversation.see_all") else VIEWS


async def list_view(request: web.Request) -> web.Response:
    """Return one list, and the counts of all of them."""
    view = choice_in(request.query, "view", (*VIEWS, ALL)) or "queued"
    desk, agent = request.config_dict[DESK], request[AGENT]
    if view == ALL:
        roles.check(agent, "conversation.see_all")
    async with desk.read() as session:
        cards = await cards_by_view(session, agent, view)
        queues = await listing.queue_counts(session)
    now, book, words = desk.clock(), desk.office.sla, request.config_dict[WORDS]
    return web.json_response(
        {
            "view": view,
            "items": present.cards(cards[view], book, words),
            "counts": {name: present.count(found, LIST_LIMIT, now) for name, found in cards.items()},
            "tickets": [{"id": queue, "open": count} for queue, count in queues.items()],
        }
    )


async def cards_by_view(
    session: AsyncSession, agent: Agent, view: str
) -> dict[str, list[handoff.ConversationCard]]:
    """Return the lists whose counts are always shown, and the one asked for.

    What the bot handles is nearly everything, so it is read only when somebody looks.
    """
    queued = await handoff.list_conversations(session, owner="queued", limit=LIST_LIMIT)
    human = await handoff.list_conversations(session, owner="human", limit=LIST_LIMIT)
    found = {
        "queued": queued,
        "mine": [card for card in human if card.agent_id == agent.id],
        "human": [card for card in human if card.agent_id != agent.id],
    }
    if roles.may(agent, "conversation.see_all"):
        found[ALL] = [*queued, *human]
    if view == "bot":
        found["bot"] = await handoff.list_conversations(session, owner="bot", limit=50)
    return found


async def show(request: web.Request) -> web.Response:
    """Return one conversation with its whole transcript; reading a colleague's is on record."""
    conversation_id = request.match_info["id"]
    async with request.config_dict[DESK].read() as session:
        detail = await detail_of(request, session, conversation_id)
        said = await transcript(session, conversation_id, 0)
    await note_reading(request, conversation_id)
    return web.json_response({**detail, "messages": [message.to_json() for message in said]})


async def note_reading(request: web.Request, conversation_id: str) -> None:
    """Put on record, before a word of it is shown, that a colleague's conversation is read."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    async with desk.read() as session:
        if not await handoff.is_with_colleague(session, agent, conversation_id):
            return
    async with desk.begin() as session:
        await handoff.note_reading(session, agent, conversation_id, now=desk.clock())


async def detail_of(
    request: web.Request, session: AsyncSession, conversation_id: str
) -> dict[str, Any]:
    """Return who has the conversation and what an agent needs to know about it.

    Raises:
        ConversationNotFound: There is none with this id.
    """
    desk = request.config_dict[DESK]
    status = await reading.status(session, desk.office, conversation_id, now=desk.clock())
    # Why somebody waits, and under which clock, is known of waiting and claimed ones only.
    is_bots = status.handled_by == "bot"
    card = None if is_bots else await handoff.conversation_card(session, conversation_id)
    words = request.config_dict[WORDS]
    return present.conversation(conversation_id, status, card, desk.office.sla, words)


async def transcript(
    session: AsyncSession, conversation_id: str, after_seq: int
) -> list[MessageView]:
    """Return everything said after `after_seq`, each message once, in the order it was said."""
    said: dict[int, MessageView] = {}
    while True:
        part = await reading.messages_after(
            session, conversation_id, after_seq, staff=True, limit=_PAGE
        )
        said.update((message.id, message) for message in part)
        last = max((message.seq or 0 for message in part), default=0)
        if len(part) < _PAGE or last <= after_seq:
            return sorted(said.values(), key=lambda message: message.id)
        after_seq = last


async def claim(request: web.Request) -> web.Response:
    """Take a waiting conversation; 409 names who was faster."""
    desk = request.config_dict[DESK]
    return await step(
        request,
        lambda session: handoff.claim(
            session, desk.office, request[AGENT], request.match_info["id"], now=desk.clock()
        ),
    )


async def hand_back(request: web.Request) -> web.Response:
    """Give the conversation back to the bot, with what was `settled`, if the agent says so."""
    desk = request.config_dict[DESK]
    settled = text_in(await body_of(request), "settled", default="")
    if len(settled) > SETTLED_MAX_CHARS:
        raise BadRequest(field="settled")
    return await step(
        request,
        lambda session: handoff.hand_back(
            session, desk.office, request[AGENT], request.match_info["id"],
            now=desk.clock(), settled=settled,
        ),
    )  # fmt: skip


async def close(request: web.Request) -> web.Response:
    """End the episode with a person."""
    desk = request.config_dict[DESK]
    return await step(
        request,
        lambda session: handoff.close(
            session, desk.office, request[AGENT], request.match_info["id"], now=desk.clock()
        ),
    )


async def step(
    request: web.Request, work: Callable[[AsyncSession], Awaitable[object]]
) -> web.Response:
    """Do one step in a transaction; return the conversation as it stands after it."""
    desk = request.config_dict[DESK]
    async with desk.begin() as session:
        await work(session)
    async with desk.read() as session:
        detail = await detail_of(request, session, request.match_info["id"])
    return web.json_response(detail)


async def reply(request: web.Request) -> web.Response:
    """Send the citizen a message; the same `client_id` again returns the message sent before.

    `article_id` names the suggestion that it was made from, if it was.
    """
    body = await body_of(request)
    desk = request.config_dict[DESK]
    article_id = text_in(body, "article_id", default="")
    today = desk.office.calendar.local_date(desk.clock())
    async with desk.begin() as session:
        message = await handoff.reply(
            session,
            desk.office,
            request[AGENT],
            request.match_info["id"],
            text=text_in(body, "text"),
            client_id=_client_id(body),
            now=desk.clock(),
            about=handoff.about(desk.knowledge, article_id, today) if article_id else None,
        )
    return web.json_response({"message": message.to_json()}, status=201)


def _client_id(body: dict[str, Any]) -> str:
    """Return the message's own id; cut off or empty, it would make one message of several.

    Raises:
        BadRequest: It is not 1 to 64 characters.
    """
    client_id = text_in(body, "client_id")
    if not 0 < len(client_id) <= CLIENT_ID_MAX_CHARS:
        raise BadRequest(field="client_id")
    return client_id


async def add_note(request: web.Request) -> web.Response:
    """Add an internal note; `not_told` are those named in it who may not read the conversation."""
    body = await body_of(request)
    desk = request.config_dict[DESK]
    async with desk.begin() as session:
        note = await handoff.add_note(
            session,
            request[AGENT],
            request.match_info["id"],
            text=text_in(body, "text"),
            now=desk.clock(),
        )
    return web.json_response({"message": note.message.to_json(), "not_told": note.not_told}, status=201)
