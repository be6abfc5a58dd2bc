"""The WebSocket: signing in, catching up, live messages, and never one twice."""

import asyncio

import pytest
from aiohttp import WSMsgType
from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from bot.gateway import live
from bot.gateway.keys import SOCKETS
from bot.services import handoff
from tests.gateway.driver import (
    SOCKET,
    next_messages,
    next_status,
    open_socket,
    read,
    say,
    start,
)
from tests.support.builders import make_agent
from tests.support.engine import ScriptedEngine, says


async def close_code(client: TestClient, first_frame: object) -> int | None:
    """Open a socket, send a first frame, return the code with which the server closes."""
    socket = await client.ws_connect(SOCKET)
    if isinstance(first_frame, bytes):
        await socket.send_bytes(first_frame)
    elif isinstance(first_frame, str):
        await socket.send_str(first_frame)
    else:
        await socket.send_json(first_frame)
    message = await socket.receive(timeout=5)
    assert message.type is WSMsgType.CLOSE
    return message.data


async def test_what_was_missed_comes_first_then_what_is_new(client: TestClient) -> None:
    session = await start(client)
    await say(client, session, "一")
    socket = await open_socket(client, session, after=1)
    assert [m["text"] for m in await next_messages(socket, 2)] == ["一", "收到：一"]
    await say(client, session, "二")
    assert [m["text"] for m in await next_messages(socket, 2)] == ["二", "收到：二"]


async def test_reconnecting_brings_exactly_what_was_missed(client: TestClient) -> None:
    session = await start(client)
    socket = await open_socket(client, session)
    seen = await next_messages(socket, 1)
    await socket.close()
    for text in ("一", "二", "三"):
        await say(client, session, text)
    socket = await open_socket(client, session, after=seen[-1]["seq"])
    seen += await next_messages(socket, 6)
    await say(client, session, "四")
    seen += await next_messages(socket, 2)
    assert seen == await read(client, session)
    assert [m["seq"] for m in seen] == list(range(1, 10))


async def test_messages_at_the_same_time_come_in_order_and_once(client: TestClient) -> None:
    session = await start(client)
    sockets = [await open_socket(client, session) for _ in range(3)]
    await asyncio.gather(*(say(client, session, f"第{n}句", wait=0) for n in range(10)))
    for socket in sockets:
        messages = await next_messages(socket, 21)
        assert [m["seq"] for m in messages] == list(range(1, 22))


async def test_nobody_hears_another_conversation(client: TestClient) -> None:
    mine, theirs = await start(client), await start(client)
    socket = await open_socket(client, mine, after=1)
    await say(client, theirs, "别人的话")
    await say(client, mine, "我的话")
    assert [m["text"] for m in await next_messages(socket, 2)] == ["我的话", "收到：我的话"]


async def test_change_of_hands_is_told(client: TestClient, desk: Desk, engine: ScriptedEngine) -> None:
    session = await start(client)
    socket = await open_socket(client, session)
    engine.script = lambda turn: says("好的", effect="handoff", reason="asked")
    queued = await say(client, session, "转人工")
    status = await next_status(socket)
    assert (status["handled_by"], status["place"]) == ("queued", 1)
    agent = await make_agent(desk, name="张敏")
    async with desk.begin() as database:
        await handoff.claim(database, desk.office, agent, queued["conversation"], now=desk.clock())
    status = await next_status(socket)
    assert (status["handled_by"], status["agent_name"]) == ("human", "张敏")
    async with desk.begin() as database:
        await handoff.reply(
            database, desk.office, agent, queued["conversation"], text="您好", client_id="1", now=desk.clock()
        )
    [message] = await next_messages(socket, 1)
    assert (message["author"], message["author_name"], message["text"]) == ("agent", "张敏", "您好")


async def test_notes_of_staff_are_never_pushed(client: TestClient, desk: Desk) -> None:
    session = await start(client)
    conversation = (await say(client, session, "一"))["conversation"]
    socket = await open_socket(client, session)
    await next_messages(socket, 3)
    agent = await make_agent(desk)
    async with desk.begin() as database:
        await handoff.add_note(database, agent, conversation, text="内部备注", now=desk.clock())
    await say(client, session, "二")
    assert [m["text"] for m in await next_messages(socket, 2)] == ["二", "收到：二"]


async def test_bad_token_closes_with_its_own_code(client: TestClient, desk: Desk) -> None:
    gone = desk.signer.session_token("web:gone", desk.clock())
    for session in ("forged.token", "", None, 7, gone):
        frame = {"type": "auth", "session": session, "after": 0}
        assert await close_code(client, frame) == live.CLOSE_SESSION_INVALID, session


async def test_bad_first_frame_closes(client: TestClient) -> None:
    session = await start(client)
    assert await close_code(client, "not json") == live.CLOSE_SESSION_INVALID
    assert await close_code(client, b"bytes") == live.CLOSE_SESSION_INVALID
    assert await close_code(client, {"type": "hello", "session": session}) == live.CLOSE_SESSION_INVALID
    frame = {"type": "auth", "session": session, "after": -1}
    assert await close_code(client, frame) == live.CLOSE_BAD_FRAME


async def test_silent_client_is_closed(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_AUTH_SECONDS", 0.05)
    socket = await client.ws_connect(SOCKET)
    assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE


async def test_frame_that_is_too_large_closes(client: TestClient) -> None:
    socket = await client.ws_connect(SOCKET)
    await socket.send_str("x" * 10_000)
    assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE


async def test_quiet_connection_ticks(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_TICK_SECONDS", 0.1)
    socket = await open_socket(client, await start(client), after=1)
    assert await socket.receive_json(timeout=5) == {"type": "tick"}


async def test_place_is_given_back_when_a_client_goes(client: TestClient) -> None:
    sockets = client.app[SOCKETS]
    for _ in range(3):
        socket = await open_socket(client, await start(client))
        assert sockets.open_count() == 1
        await socket.close()
        async with asyncio.timeout(5):
            while sockets.open_count():
                await asyncio.sleep(0.01)


async def test_stopping_closes_all_sockets(client: TestClient) -> None:
    socket = await open_socket(client, await start(client), after=1)
    await client.app[SOCKETS].close_all()
    message = await socket.receive(timeout=5)
    assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
