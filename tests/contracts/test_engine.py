"""What a turn runner may rely on from any engine, and how the HTTP client meets it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.assistant.engine import AssistantEngine, EngineTurn, EngineUnavailable, HttpEngine
from tests.support.engine import ScriptedEngine

TURN = EngineTurn("web:1", "m1", "你好", {"turns": 3}, "2026-11-20", 0)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[HttpEngine]]]:
    """Start an engine process's HTTP side with one handler; give the client of it."""
    servers: list[TestServer] = []
    clients: list[HttpEngine] = []

    async def start(handler: Handler) -> HttpEngine:
        app = web.Application()
        app.router.add_post("/webhooks/desk/turn", handler)
        app.router.add_get("/webhooks/desk/health", handler)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        engine = HttpEngine(str(server.make_url("")), "token", timeout=0.5, grace=0.5, action_port=12331)
        servers.append(server)
        clients.append(engine)
        return engine

    yield start
    for client in clients:
        await client.close()
    for server in servers:
        await server.close()


async def echo(request: web.Request) -> web.Response:
    if request.headers["Authorization"] != "Bearer token":
        raise web.HTTPUnauthorized
    body = await request.json()
    message = {"text": f"收到：{body['text']}", "buttons": [], "custom": None}
    return web.json_response({"messages": [message], "state": body["state"], "nlu": {"intent": "greet"}})


@pytest.fixture(params=["http", "scripted"])
async def engine(request: pytest.FixtureRequest, serve) -> AssistantEngine:
    return await serve(echo) if request.param == "http" else ScriptedEngine()


async def test_a_turn_brings_messages_state_and_what_was_understood(engine: AssistantEngine) -> None:
    reply = await engine.take(TURN)
    assert [m["text"] for m in reply.messages] == ["收到：你好"]
    assert reply.state is not None
    assert reply.nlu["intent"] == "greet"


async def test_an_error_of_the_engine_means_that_the_turn_was_not_taken(serve) -> None:
    async def fails(request: web.Request) -> web.Response:
        raise web.HTTPBadGateway

    with pytest.raises(EngineUnavailable, match="502"):
        await (await serve(fails)).take(TURN)


async def test_an_engine_that_hangs_is_given_up(serve) -> None:
    async def hangs(request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    with pytest.raises(EngineUnavailable):
        await (await serve(hangs)).take(TURN)


async def test_a_restarting_engine_is_waited_for(serve) -> None:
    port = unused_port()
    engine = HttpEngine(f"http://127.0.0.1:{port}", "token", timeout=2, grace=3)
    turn = asyncio.create_task(engine.take(TURN))
    await asyncio.sleep(0.3)
    app = web.Application()
    app.router.add_post("/webhooks/desk/turn", echo)
    server = TestServer(app, host="127.0.0.1", port=port)
    await server.start_server()
    try:
        assert (await turn).messages[0]["text"] == "收到：你好"
    finally:
        await engine.close()
        await server.close()


async def test_an_engine_names_the_model_that_answers_or_none(serve) -> None:
    async def healthy(request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "model": "20261120-093000.tar.gz"})

    async def loading(request: web.Request) -> web.Response:
        return web.json_response({"error": "not_ready"}, status=503)

    down = ScriptedEngine()
    down.is_down = True
    for ready, other in ((await serve(healthy), await serve(loading)), (ScriptedEngine(), down)):
        assert (await ready.is_ready(), await ready.model()) == (True, "20261120-093000.tar.gz")
        assert (await other.is_ready(), await other.model()) == (False, None)


async def test_an_engine_that_stays_away_is_given_up_after_the_grace() -> None:
    engine = HttpEngine(f"http://127.0.0.1:{unused_port()}", "token", timeout=1, grace=0.3)
    with pytest.raises(EngineUnavailable, match="refused"):
        await engine.take(TURN)
    assert not await engine.is_ready()
    await engine.close()


async def test_who_has_waited_for_longer_than_the_grace_is_told_at_once() -> None:
    engine = HttpEngine(f"http://127.0.0.1:{unused_port()}", "token", timeout=1, grace=60)
    with pytest.raises(EngineUnavailable, match="refused"):
        await asyncio.wait_for(engine.take(replace(TURN, waited_seconds=61)), timeout=5)
    await engine.close()


async def test_a_state_of_another_version_is_given_up_instead_of_the_citizen(serve) -> None:
    async def refuses_states(request: web.Request) -> web.Response:
        if (await request.json())["state"] is not None:
            return web.json_response({"error": "bad_state"}, status=400)
        return await echo(request)

    assert (await (await serve(refuses_states)).take(TURN)).messages[0]["text"] == "收到：你好"


async def test_the_engine_is_told_which_process_answers_the_actions(serve) -> None:
    ports: list[object] = []

    async def note(request: web.Request) -> web.Response:
        ports.append((await request.json())["action_port"])
        return await echo(request)

    await (await serve(note)).take(TURN)
    assert ports == [12331]
