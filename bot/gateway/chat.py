"""The chat interface: start a conversation, say something, read what was said, leave the queue."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.assistant.turns import TurnResult
from bot.bootstrap import Desk
from bot.gateway.keys import DESK, LIMITS
from bot.gateway.problems import MessageEmpty
from bot.gateway.requests import (
    address_of,
    conversation_of,
    day_field,
    message_id,
    read_json,
    session_token,
    text_field,
    whole_number,
)
from bot.gateway.security import is_operator
from bot.helpdesk.conversation import handled_by
from bot.helpdesk.errors import BadRequest, ConversationNotFound, SessionInvalid
from bot.services import conversations, handoff, reading
from bot.services.conversations import InboundMessage, Received
from bot.services.views import ConversationStatus

_PAGE = 200
_PAYLOAD_MAX_CHARS = 1000


@dataclass(frozen=True)
class Incoming:
    """What a client sent, checked.

    Attributes:
        external_id: Identity of the message within its conversation.
        wait_seconds: How long the client wants to wait for the reply.
        on_date: Answer as if today were this date (operators only).
    """

    text: str
    payload: str | None
    external_id: str
    wait_seconds: float
    on_date: date | None


async def start_session(request: web.Request) -> web.Response:
    """Begin a conversation; its first message is the greeting."""
    await read_json(request)
    desk = request.config_dict[DESK]
    conversation_id = await _start(request)
    async with desk.read() as session:
        greeting = await reading.messages_after(session, conversation_id, 0)
        status = await conversation_status(desk, session, conversation_id)
    answer = {
        "session": desk.signer.session_token(conversation_id, desk.clock()),
        "conversation": conversation_id,
        "handled_by": status.handled_by,
        "messages": [view.to_json() for view in greeting],
        "status": status.to_json(),
    }
    return web.json_response(answer, status=201)


async def post_message(request: web.Request) -> web.Response:
    """Store a message, then wait for the reply as long as the client likes, at most the limit."""
    desk = request.config_dict[DESK]
    operator = is_operator(request)
    if not operator:
        request.config_dict[LIMITS].address_messages.take(address_of(request), desk.clock())
    body = await read_json(request)
    incoming = read_incoming(desk, body, operator=operator)
    token = session_token(request, body)
    conversation_id = conversation_of(request, token) if token else await _start(request, operator=operator)
    if not operator:
        request.config_dict[LIMITS].session_messages.take(conversation_id, desk.clock())
    received = await _store(desk, conversation_id, incoming)
    is_new = handled_by(received.owner) == "bot" and not received.duplicate
    result = await desk.turns.wait(received.inbound_id, incoming.wait_seconds, is_new=is_new)
    answer = {
        "session": token or desk.signer.session_token(conversation_id, desk.clock()),
        "conversation": conversation_id,
        "handled_by": result.status.handled_by,
        "seq": received.seq,
        "duplicate": received.duplicate,
        "settled": result.settled,
        "messages": [view.to_json() for view in result.messages],
        "status": result.status.to_json(),
    }
    return web.json_response(answer | _for_operator(result, operator=operator))


def _for_operator(result: TurnResult, *, operator: bool) -> dict[str, Any]:
    return {"turn": result.analysis} if operator else {}


def read_incoming(desk: Desk, body: Mapping[str, Any], *, operator: bool) -> Incoming:
    """Return the checked message of a request body.

    Raises:
        MessageEmpty, MessageTooLong: Nothing, or too much, was written.
        BadRequest: A field is not what it should be, or is for operators only.
    """
    text = text_field(body, "text", limit=desk.settings.message_max_chars)
    payload = text_field(body, "payload", limit=_PAYLOAD_MAX_CHARS) or None
    if not text and not payload:
        raise MessageEmpty
    on_date = day_field(body, "on")
    if on_date and not operator:
        raise BadRequest(field="on")
    return Incoming(
        text=text,
        payload=payload,
        external_id=message_id(body) or uuid.uuid4().hex,
        wait_seconds=_wait_seconds(body, desk.settings.turn_timeout_seconds),
        on_date=on_date,
    )


def _wait_seconds(body: Mapping[str, Any], longest: float) -> float:
    asked = body.get("wait", longest)
    if isinstance(asked, bool) or not isinstance(asked, int | float):
        raise BadRequest(field="wait")
    # JSON's whole numbers may be greater than a float can be; no comparison finds room for NaN.
    within = float(min(max(asked, 0), longest))
    if isnan(within):
        raise BadRequest(field="wait")
    return within


async def get_messages(request: web.Request) -> web.Response:
    """Return what was said after a sequence number, and the state of the conversation."""
    desk = request.config_dict[DESK]
    request.config_dict[LIMITS].address_reads.take(address_of(request), desk.clock())
    conversation_id = conversation_of(request, session_token(request))
    after = whole_number(request.query.get("after", "0"), "after")
    return web.json_response(await _since(desk, conversation_id, after))


async def return_to_bot(request: web.Request) -> web.Response:
    """Leave the queue, or the agent, and go on with the bot."""
    desk = request.config_dict[DESK]
    body = await read_json(request)
    now = desk.clock()
    conversation_id = conversation_of(request, session_token(request, body))
    request.config_dict[LIMITS].session_messages.take(conversation_id, now)
    after = whole_number(body.get("after", 0), "after")
    with must_exist():
        async with desk.begin() as session:
            await handoff.return_to_bot(session, desk.office, conversation_id, now=now)
    return web.json_response(await _since(desk, conversation_id, after))


async def _since(desk: Desk, conversation_id: str, after: int) -> dict[str, Any]:
    async with desk.read() as session:
        status = await conversation_status(desk, session, conversation_id)
        views = await reading.messages_after(session, conversation_id, after, limit=_PAGE)
    return {
        "conversation": conversation_id,
        "handled_by": status.handled_by,
        "messages": [view.to_json() for view in views],
        "more": len(views) == _PAGE,
        "status": status.to_json(),
    }


async def conversation_status(
    desk: Desk, session: AsyncSession, conversation_id: str
) -> ConversationStatus:
    """Return who answers now.

    Raises:
        SessionInvalid: The conversation that the token names is gone.
    """
    with must_exist():
        return await reading.status(session, desk.office, conversation_id, now=desk.clock())


@contextmanager
def must_exist() -> Iterator[None]:
    """Treat a token whose conversation is gone (an older backup was restored) as expired."""
    try:
        yield
    except ConversationNotFound as error:
        raise SessionInvalid from error


async def _start(request: web.Request, *, operator: bool = False) -> str:
    desk = request.config_dict[DESK]
    now = desk.clock()
    if not operator:
        request.config_dict[LIMITS].address_sessions.take(address_of(request), now)
    visitor = str(uuid.uuid4())
    async with desk.begin() as session:
        conversation = await conversations.start_conversation(
            session,
            channel="web",
            account=f"web:{visitor}",
            external_user=visitor,
            now=now,
            greeting=greeting(desk),
        )
        return conversation.id


def greeting(desk: Desk) -> dict[str, object]:
    """Return the first message of every conversation."""
    titles = (desk.texts(f"greeting.{name}") for name in ("complaint", "assistance", "human"))
    buttons = [{"title": title, "payload": title} for title in titles]
    return {"text": desk.texts("greeting.text"), "buttons": buttons}


async def _store(desk: Desk, conversation_id: str, incoming: Incoming) -> Received:
    """Commit the message before anybody is told that it arrived, then let the turn be taken."""
    inbound = InboundMessage(
        conversation_id=conversation_id,
        channel="web",
        account=conversation_id,
        external_id=incoming.external_id,
        text=incoming.text,
        payload=incoming.payload,
        on_date=incoming.on_date,
    )
    with must_exist():
        async with desk.begin() as session:
            received = await conversations.receive(session, inbound, now=desk.clock())
            if leave := _wish_of_who_waits(desk, incoming, received):
                await leave(
                    session, desk.office, conversation_id, now=desk.clock(),
                    reply_to=received.inbound_id,
                )  # fmt: skip
    if handled_by(received.owner) == "bot":
        desk.turns.submit(conversation_id, inbound_id=received.inbound_id)
    return received


def _wish_of_who_waits(
    desk: Desk, incoming: Incoming, received: Received
) -> Callable[..., Awaitable[ConversationStatus]] | None:
    """Return what a button, or its words, has to do here, None for anything else.

    While people have the conversation the engine sees none of its messages; going back to the bot works in
    the queue and with an agent, a ticket instead of waiting in the queue only.
    """
    if handled_by(received.owner) == "bot" or received.duplicate:
        return None
    said = incoming.text.strip(" 。！!")
    if incoming.payload == handoff.BACK_TO_BOT or said in desk.texts("commands.back_to_bot").split("|"):
        return handoff.return_to_bot
    is_waiting = handled_by(received.owner) == "queued"
    if is_waiting and (
        incoming.payload == handoff.LEAVE_TICKET or said in desk.texts("commands.leave_ticket").split("|")
    ):
        return handoff.leave_ticket
    return None
