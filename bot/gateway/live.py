"""Live delivery to the chat page over a WebSocket.

What is announced on the hub is only the signal to look: messages are read from the store by
`seq`. So nothing is lost or sent twice whatever happens to a signal, and what citizens must not
see (notes, drafts) cannot slip through.

Frames to the client: `ready` (once, with the state), `message`, `status`, `tick` (at least every
25 s). From the client: `auth` (first, once).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from bot.bootstrap import Desk
from bot.gateway.chat import conversation_status
from bot.gateway.keys import DESK, LIMITS, SOCKETS
from bot.gateway.requests import address_of, conversation_of, whole_number
from bot.helpdesk.errors import HelpdeskError
from bot.services import reading
from bot.services.live import spread
from bot.services.views import ConversationStatus

log = structlog.get_logger(__name__)

#: Private close codes, understood by the page: the token is no longer good; the frame was not.
CLOSE_SESSION_INVALID = 4401
CLOSE_BAD_FRAME = 4400

_AUTH_SECONDS = 10.0
_TICK_SECONDS = 25.0
_CLOSE_SECONDS = 3.0
_MAX_FRAME_BYTES = 4096
_PAGE = 200


async def chat_socket(request: web.Request) -> web.WebSocketResponse:
    """Serve one WebSocket until either side closes it."""
    address, now = address_of(request), request.config_dict[DESK].clock()
    request.config_dict[LIMITS].address_reads.take(address, now)
    sockets = request.config_dict[SOCKETS]
    with sockets.place(address):
        socket = web.WebSocketResponse(
            heartbeat=spread(_TICK_SECONDS), max_msg_size=_MAX_FRAME_BYTES, timeout=_CLOSE_SECONDS
        )
        await socket.prepare(request)
        with sockets.opened(socket):
            await _serve(request, socket)
    return socket


async def _serve(request: web.Request, socket: web.WebSocketResponse) -> None:
    try:
        conversation_id, after = await _authenticate(request, socket)
    except TimeoutError:
        await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        return
    except HelpdeskError as error:
        is_token = error.code == "session_invalid"
        await socket.close(code=CLOSE_SESSION_INVALID if is_token else CLOSE_BAD_FRAME)
        return
    desk = request.config_dict[DESK]
    # Listening starts before the first look at the store, so that no gap is left between them.
    async with desk.hub.listen(f"conversation:{conversation_id}") as signals:
        pusher = Pusher(desk, socket, signals, conversation_id, after)
        pushing = asyncio.create_task(_push_or_close(pusher, socket, conversation_id))
        try:
            # Nothing more is expected from the client; reading notices when it goes.
            async for frame in socket:
                if frame.type is WSMsgType.ERROR:
                    break
        finally:
            # Asked to stop, not cancelled: that could tear a database connection in mid-use.
            pusher.stop()
            await pushing


async def _authenticate(request: web.Request, socket: web.WebSocketResponse) -> tuple[str, int]:
    """Return conversation and last sequence number from the first frame.

    Raises:
        TimeoutError: No frame came.
        HelpdeskError: The token or the frame is not good.
    """
    async with asyncio.timeout(_AUTH_SECONDS):
        frame = await socket.receive()
    content = _frame(frame.data) if frame.type is WSMsgType.TEXT else {}
    token = content.get("session")
    conversation_id = conversation_of(request, token if isinstance(token, str) else None)
    return conversation_id, whole_number(content.get("after", 0), "after")


def _frame(data: str) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) and content.get("type") == "auth" else {}


async def _push_or_close(
    pusher: Pusher, socket: web.WebSocketResponse, conversation_id: str
) -> None:
    try:
        await pusher.run()
    except HelpdeskError:
        await socket.close(code=CLOSE_SESSION_INVALID)
    except ConnectionError:
        pass  # The client went while we wrote; the reading side ends on its own.
    except Exception:
        # The client comes back and asks for what it missed.
        log.exception("gateway.socket_failed", conversation_id=conversation_id)
        await socket.close(code=WSCloseCode.INTERNAL_ERROR)


class Pusher:
    """Brings one client up to date and keeps it so.

    Args:
        signals: Queue of the hub; anything in it means that it is time to look.
        after: Sequence number of the last message that the client has.
    """

    def __init__(
        self,
        desk: Desk,
        socket: web.WebSocketResponse,
        signals: asyncio.Queue[dict[str, Any]],
        conversation_id: str,
        after: int,
    ) -> None:
        self._desk = desk
        self._socket = socket
        self._signals = signals
        self._conversation_id = conversation_id
        self._seen = after
        self._status: ConversationStatus | None = None
        self._is_stopped = False

    async def run(self) -> None:
        """Push until stopped."""
        await self._send_ready()
        while not self._is_stopped:
            if not await self._send_news():
                await self._next_signal()

    def stop(self) -> None:
        """Let `run` end at its next step."""
        self._is_stopped = True
        if self._signals.empty():
            self._signals.put_nowait({"type": "stop"})

    async def _next_signal(self) -> None:
        try:
            async with asyncio.timeout(spread(_TICK_SECONDS)):
                await self._signals.get()
        except TimeoutError:
            # Lets the client tell a quiet connection from a dead one; the place in the queue
            # may have changed too, without a word in this conversation.
            await self._socket.send_json({"type": "tick"})
        while not self._signals.empty():
            self._signals.get_nowait()

    async def _send_ready(self) -> None:
        async with self._desk.read() as session:
            self._status = await conversation_status(self._desk, session, self._conversation_id)
        await self._socket.send_json({"type": "ready", "status": self._status.to_json()})

    async def _send_news(self) -> bool:
        """Send what is new; returns whether there may be more."""
        async with self._desk.read() as session:
            views = await reading.messages_after(
                session, self._conversation_id, self._seen, limit=_PAGE
            )
            status = await conversation_status(self._desk, session, self._conversation_id)
        for view in views:
            await self._socket.send_json({"type": "message", "message": view.to_json()})
            self._seen = view.seq or self._seen
        if status != self._status:
            self._status = status
            await self._socket.send_json({"type": "status", "status": status.to_json()})
        return len(views) == _PAGE
