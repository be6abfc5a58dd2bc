"""What a browser would do, without one."""

from typing import Any

from aiohttp import ClientResponse, ClientWebSocketResponse, FormData
from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk

MESSAGES = "/api/v1/chat/messages"
SESSIONS = "/api/v1/chat/sessions"
RETURN = "/api/v1/chat/return"
SOCKET = "/api/v1/chat/ws"
EVIDENCE = "/api/v1/evidence"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200


def bearer(session: str) -> dict[str, str]:
    """The header that carries a session token."""
    return {"Authorization": f"Bearer {session}"}


def operator(desk: Desk) -> dict[str, str]:
    """The header that carries the operator's token."""
    return {"X-Operator-Token": desk.secrets.operator_token.get_secret_value()}


async def start(client: TestClient) -> str:
    """Begin a conversation and return its token."""
    response = await client.post(SESSIONS)
    assert response.status == 201
    return str((await response.json())["session"])


async def say(client: TestClient, session: str, text: str, **fields: Any) -> dict[str, Any]:
    """Send a message that must be taken; returns the answer."""
    response = await client.post(MESSAGES, json={"text": text, **fields}, headers=bearer(session))
    assert response.status == 200, await response.text()
    return await response.json()


async def read(client: TestClient, session: str, after: int = 0) -> list[dict[str, Any]]:
    """Return the messages after a sequence number."""
    response = await client.get(MESSAGES, params={"after": str(after)}, headers=bearer(session))
    assert response.status == 200
    return (await response.json())["messages"]


async def error_of(response: ClientResponse) -> tuple[int, str]:
    """Return status and code of a refusal; its words are there and no traceback is."""
    body = await response.json()
    assert body["error"]["message"]
    assert "Traceback" not in body["error"]["message"]
    return response.status, body["error"]["code"]


async def upload(
    client: TestClient, content: bytes, *, name: str = "照片.png", session: str | None = None, **fields: str
) -> ClientResponse:
    """Upload a file as a form does."""
    form = FormData(quote_fields=False)
    for field, value in fields.items():
        form.add_field(field, value)
    form.add_field("file", content, filename=name, content_type="image/png")
    return await client.post(EVIDENCE, data=form, headers=bearer(session) if session else {})


async def open_socket(client: TestClient, session: str, after: int = 0) -> ClientWebSocketResponse:
    """Open the WebSocket, sign in and wait until it is ready."""
    socket = await client.ws_connect(SOCKET)
    await socket.send_json({"type": "auth", "session": session, "after": after})
    assert (await socket.receive_json(timeout=5))["type"] == "ready"
    return socket


async def next_messages(socket: ClientWebSocketResponse, count: int) -> list[dict[str, Any]]:
    """Return the next messages of the socket, passing over other frames."""
    messages: list[dict[str, Any]] = []
    while len(messages) < count:
        frame = await socket.receive_json(timeout=5)
        if frame["type"] == "message":
            messages.append(frame["message"])
    return messages


async def next_status(socket: ClientWebSocketResponse) -> dict[str, Any]:
    """Return the next status of the socket, passing over other frames."""
    while True:
        frame = await socket.receive_json(timeout=5)
        if frame["type"] == "status":
            return frame["status"]
