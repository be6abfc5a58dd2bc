"""The desk process: the public application, the internal action endpoint, the worker.

Two listeners: the public port for citizens and staff, and a port on 127.0.0.1 where the engine
calls the actions. They share the process, so an action works on the same desk as a handler.
Several desk processes share the public port; the internal one is each one's own, so that it also tells how this one is.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hmac
import json
import signal
import zlib
from collections.abc import AsyncIterator

import structlog
from aiohttp import web
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions import build_actions
from actions.ports import ActionPorts
from bot import worker
from bot.bootstrap import Desk, close_desk, create_desk
from bot.console import add_staff_api, create_console_app
from bot.gateway import create_gateway_app, health
from bot.gateway.keys import DESK, METRICS
from bot.settings import Settings

log = structlog.get_logger()

ACTION_CALL_MAX_BYTES = 4 * 2**20


def make_public_app(desk: Desk) -> web.Application:
    """Return what listens on the public port: citizens' pages and API, staff console and API."""
    app = create_gateway_app(desk)
    add_staff_api(app, desk)
    app.add_subapp("/console", create_console_app(desk))
    return app


def make_internal_app(desk: Desk) -> web.Application:
    """Return what the engine calls: `POST /internal/actions`, with the shared token."""
    executor = ActionExecutor()
    ports = ActionPorts.of(desk)
    for action in build_actions(ports):
        executor.register_action(action)
    app = web.Application(client_max_size=ACTION_CALL_MAX_BYTES)

    async def run_action(request: web.Request) -> web.Response:
        token = desk.secrets.action_token.get_secret_value()
        if not hmac.compare_digest(request.query.get("token", "").encode(), token.encode()):
            raise web.HTTPForbidden
        call = await _action_call(request)
        return await _run(executor, desk, call)

    app.router.add_post("/internal/actions", run_action)
    return app


def add_own_health(internal: web.Application, public: web.Application) -> None:
    """Let the internal port answer for this process alone; behind the public one it may be any of several."""
    internal[DESK], internal[METRICS] = public[DESK], public[METRICS]
    internal.add_routes([web.get("/readyz", health.readyz), web.get("/metrics", health.metrics)])


async def _action_call(request: web.Request) -> dict[str, object]:
    body = await request.read()
    if request.headers.get("Content-Encoding") == "deflate":
        # aiohttp has inflated it already when the header was standard; Rasa sends raw zlib.
        with contextlib.suppress(zlib.error):
            body = zlib.decompress(body)
    return json.loads(body)


async def _run(executor: ActionExecutor, desk: Desk, call: dict[str, object]) -> web.Response:
    action = call.get("next_action")
    # Our actions read no domain and the engine sends none; the SDK asks for one all the same.
    call["domain"] = call.get("domain") or {"version": "3.1"}
    try:
        result = await executor.run(call)
    except ActionExecutionRejection as rejection:
        # Not a failure: the form says that this message was not for it.
        body = {"error": rejection.message, "action_name": rejection.action_name}
        return web.json_response(body, status=400)
    except ActionNotFoundException as error:
        log.error("action.unknown", action=action)
        desk.turns.failed_actions.note(str(call.get("sender_id")))
        return web.json_response({"error": error.message, "action_name": error.action_name}, status=404)
    except Exception:
        log.exception("action.failed", action=action)
        desk.turns.failed_actions.note(str(call.get("sender_id")))
        return web.json_response({"error": "action failed", "action_name": action}, status=500)
    return web.json_response(result.model_dump() if result else None)


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Desk]:
    """Run a whole desk while the block runs."""
    desk = await create_desk(settings)
    internal_app, public_app = make_internal_app(desk), make_public_app(desk)
    add_own_health(internal_app, public_app)
    internal = web.AppRunner(internal_app, access_log=None)
    public = web.AppRunner(public_app, access_log=None)
    is_shared = settings.desk_processes > 1
    places = (
        (internal, "127.0.0.1", settings.internal_port, False),
        (public, settings.host, settings.port, is_shared),
    )
    stop, background = asyncio.Event(), None
    try:
        for runner, host, port, with_others in places:
            await runner.setup()
            await web.TCPSite(runner, host, port, reuse_port=with_others).start()
        await desk.turns.recover()
        background = asyncio.create_task(worker.run(desk, stop))
        log.info("desk.started", port=settings.port)
        yield desk
    finally:
        # First nobody new, then the turns that run, then what those still need.
        stop.set()
        if background:
            await background
        await public.cleanup()
        await desk.turns.close()
        await internal.cleanup()
        await close_desk(desk)


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with serving(settings):
        spare_what_stays()
        await stop.wait()


#: Of the three generations: new objects, collections of the first, and of the second, after which the next is collected.
_THRESHOLDS = (10_000, 5, 200)


def spare_what_stays() -> None:
    """Let the garbage collector pass over what was loaded at the start, and seldom look at all that came since.

    Articles, index and rules are half a million objects that live as long as the process. A full collection that
    walks them holds up everybody for a quarter of a second and finds nothing. So does one that walks a thousand
    open connections, which Python's own thresholds ask for every few seconds; what is thrown away dies young, and
    young objects are still collected all the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
