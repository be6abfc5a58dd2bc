"""Live updates for the console over one WebSocket.

To the browser: `queues` (some list changed: ask for it), `messages` (of the conversation being
watched, read from the store after the last `seq` sent), `status` (who has it), `ticket` (a ticket
changed), `notices` (how many are unread), `notice` (something for this agent to act on: a silent
citizen, a transfer), `mention` (somebody named this agent in a note), `lookers` (who else looks at a
subject, who writes), `tick` (still here). From the browser: `watch` {conversation, after} and
`unwatch`, `look` {subject, id} and `unlook`.
The hub only says that something changed; what is sent comes from the store. So a lost
announcement costs nothing and a repeated one sends nothing twice.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.conversations import detail_of, transcript
from bot.console.eavesdropping import Eavesdropping
from bot.console.hearts import present
from bot.console.keys import AGENT, DESK, ONLOOKERS, SOCKETS, TOKEN, WORDS
from bot.console.looking import SUBJECTS, follow
from bot.console.present import citizen_label
from bot.console.security import check_origin
from bot.console.sessions import idle_of
from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.permissions import Permission
from bot.helpdesk.privacy import masked_value
from bot.services import access, notices, staff
from bot.services.live import spread
from bot.services.staff_sessions import topic_of
from bot.store.notifying import LOOK

log = structlog.get_logger()

TICK_SECONDS = 20
_PING_SECONDS = 25
BREATH_SECONDS = 1.0
SIGN_IN_AGAIN = 4401
TRY_AGAIN = WSCloseCode.TRY_AGAIN_LATER
_MAX_INCOMING_BYTES = 4096


async def hang_up(app: web.Application) -> None:
    """Close all connections when the process stops; the browsers connect again by themselves.

    Without it the server would wait for browsers that have no reason to leave.
    """
    await asyncio.gather(
        *(socket.close(code=WSCloseCode.GOING_AWAY) for socket in list(app[SOCKETS])),
        return_exceptions=True,
    )


async def connect(request: web.Request) -> web.WebSocketResponse:
    """Serve one browser until it leaves or its session ends.

    Raises:
        OriginNotAllowed: The page that connects is not ours, or does not say where it is from.
    """
    check_origin(request, is_required=True)
    socket = web.WebSocketResponse(heartbeat=spread(_PING_SECONDS), max_msg_size=_MAX_INCOMING_BYTES)
    await socket.prepare(request)
    request.config_dict[SOCKETS].add(socket)
    line = Line(request, socket)
    async with present(request):
        tasks = [asyncio.create_task(work()) for work in (line.listen, line.tell_staff, line.tick)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await line.end(tasks)
    return socket


class Line:
    """One browser's connection: what it watches, and what it was sent."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._request = request
        self._desk = request.config_dict[DESK]
        self._agent = request[AGENT]
        self._socket = socket
        self._agent_id = request[AGENT].id
        self._unread: int | None = None
        self._watching: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._hanging_up: asyncio.Task[bool] | None = None
        self._close_code: int = WSCloseCode.GOING_AWAY

    async def listen(self) -> None:
        """Follow the wishes of the browser until it leaves."""
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                return
            await self._obey(message.data)

    async def tell_staff(self) -> None:
        """Pass on that lists or tickets changed; a burst of changes is one message."""
        async with self._desk.hub.listen("staff", topic_of(self._agent.id)) as news:
            while True:
                events = [await news.get()]
                while not news.empty():
                    events.append(news.get_nowait())
                has_missed = LOOK in events
                if has_missed or {"type": "sessions_changed"} in events:
                    async with self._desk.glance() as session:
                        if not await self._is_signed_in(session):
                            self._close_code = SIGN_IN_AGAIN
                            return
                may_read = access.may(self._agent, Permission.READ_CONVERSATIONS)
                if may_read and any(event.get("type") != "notices" for event in events):
                    await self._send("queues")
                if has_missed or any(self._agent_id in event.get("agents", ()) for event in events):
                    async with self._desk.glance() as session:
                        unread = await notices.unread_count(session, self._agent_id)
                    await self._tell_unread(unread)
                tickets = {event["id"] for event in events if event.get("type") == "ticket_changed"}
                for ticket_id in await self._heard_of(tickets):
                    await self._send("ticket", id=ticket_id)
                for event in events:
                    if event.get("type") == "notice" and event.get("to") == self._request[AGENT].id:
                        await self._notice(event)
                if {"type": "mention", "agent_id": self._request[AGENT].id} in events:
                    await self._send("mention")
                # Every message anywhere is news here; lists need not move faster than eyes.
                await asyncio.sleep(spread(BREATH_SECONDS))

    async def _heard_of(self, ticket_ids: set[str]) -> list[str]:
        """Leave out tickets that this agent may not hear of."""
        if not ticket_ids:
            return []
        async with self._desk.read() as session:
            return await access.within_scope(session, self._agent, ticket_ids)

    async def tick(self) -> None:
        """Say that we are here, and stop when the session ended (log-out, time, new password)."""
        while True:
            async with self._desk.glance() as session:
                if not await self._is_signed_in(session):
                    break
                # Also tells a browser that has just come, and what another process recorded.
                unread = await notices.unread_count(session, self._agent_id)
            await self._send("tick")
            await self._tell_unread(unread)
            await asyncio.sleep(spread(TICK_SECONDS))
        self._close_code = SIGN_IN_AGAIN

    async def end(self, tasks: list[asyncio.Task[None]]) -> None:
        """Stop all work; failures are logged, the browser connects again by itself."""
        for task in [*tasks, *(task for task in (self._watching, self._looking) if task)]:
            task.cancel()
            with suppress(asyncio.CancelledError):
                try:
                    await task
                except (HelpdeskError, ConnectionError):
                    # A browser that is gone while something is sent to it is no failure.
                    continue
                except Exception:
                    log.exception("console.live_failed")
        if not self._socket.closed:
            await self._socket.close(code=self._close_code)

    async def _tell_unread(self, unread: int) -> None:
        """Send how many notices are unread, if that is not what was sent last."""
        if unread != self._unread:
            self._unread = unread
            await self._send("notices", unread=unread)

    async def _notice(self, event: dict[str, Any]) -> None:
        words = self._request.config_dict[WORDS]
        label = citizen_label(event["conversation"], words)
        text = words(f"notices.{event['kind']}", label=label, by=event.get("by", ""))
        await self._send("notice", kind=event["kind"], conversation=event["conversation"], text=text)

    async def _is_signed_in(self, session: AsyncSession) -> bool:
        token, idle = self._request[TOKEN], idle_of(self._request)
        return await staff.agent_for(session, token, now=self._desk.clock(), idle=idle) is not None

    async def _obey(self, data: str) -> None:
        try:
            wish = json.loads(data)
            kind, conversation_id = wish.get("type"), str(wish.get("conversation", ""))
            after = max(0, int(wish.get("after", 0)))
        except (ValueError, TypeError, AttributeError, OverflowError):
            return
        if kind in ("look", "unlook"):
            self._look(kind, str(wish.get("subject", "")), str(wish.get("id", "")))
        if kind in ("watch", "unwatch") and self._watching:
            self._watching.cancel()
            self._watching = None
        if kind == "watch":
            self._watching = asyncio.create_task(self._follow(conversation_id, after))
            self._watching.add_done_callback(self._hang_up_if_failed)

    def _look(self, kind: str, subject: str, subject_id: str) -> None:
        """Begin or end to be among those who look at something, and to hear of the others."""
        if self._looking:
            self._looking.cancel()
            self._looking = None
        if kind == "look" and subject in SUBJECTS and subject_id:
            onlookers = self._request.config_dict[ONLOOKERS]
            self._looking = asyncio.create_task(
                follow(self._desk, onlookers, self._request[AGENT], subject, subject_id, self._send)
            )

    def _hang_up_if_failed(self, watching: asyncio.Task[None]) -> None:
        """Close the line when following it failed: the browser connects again and catches up,
        instead of showing a conversation that stands still."""
        if not watching.cancelled() and watching.exception() is not None:
            log.error("console.live_failed", error=repr(watching.exception()))
            self._hanging_up = asyncio.create_task(self._socket.close(code=TRY_AGAIN))

    async def _follow(self, conversation_id: str, after: int) -> None:
        """Send what was said after `after`, and then whatever is said."""
        told = Told(after)
        listening = Eavesdropping(self._desk, self._request[AGENT], conversation_id)
        try:
            async with self._desk.hub.listen(f"conversation:{conversation_id}") as news:
                while await self._catch_up(conversation_id, told, listening):
                    await news.get()
                    while not news.empty():
                        news.get_nowait()
        finally:
            await listening.end()

    async def _catch_up(
        self, conversation_id: str, told: Told, listening: Eavesdropping
    ) -> bool:
        """Send what is new; False when there is no such conversation."""
        try:
            async with self._desk.read() as session:
                await access.access_conversation(session, self._agent, conversation_id)
                said = await transcript(session, conversation_id, told.seq)
                detail = await detail_of(self._request, session, conversation_id)
        except HelpdeskError:
            return False
        # On record before a word of it is shown.
        is_human = detail["status"]["handled_by"] == "human"
        is_mine = detail["status"]["agent_id"] == self._request[AGENT].id
        await listening.look(is_colleagues=is_human and not is_mine)
        if fresh := told.only_new([message.to_json() for message in said]):
            await self._send("messages", conversation=conversation_id, messages=fresh)
        await self._send("status", conversation=conversation_id, **detail)
        return True

    async def _send(self, type_: str, /, **values: Any) -> None:
        if access.sees_masked(self._agent):
            values = masked_value(values)
        await self._socket.send_str(json.dumps({"type": type_, **values}, ensure_ascii=False))


class Told:
    """What a browser has been told of a conversation.

    Attributes:
        seq: Last message sent; drafts that were never sent to the citizen have none and are
            remembered by id.
    """

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self._drafts: set[int] = set()

    def only_new(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return those not told yet, and note that they are told now."""
        fresh = [
            message
            for message in messages
            if (message["seq"] or 0) > self.seq
            or (message["seq"] is None and message["id"] not in self._drafts)
        ]
        self.seq = max([self.seq, *(message["seq"] or 0 for message in messages)])
        self._drafts.update(message["id"] for message in fresh if message["seq"] is None)
        return fresh
