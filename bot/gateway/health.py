"""For operators and load balancers: is it alive, is it ready, how much does it do."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import Desk
from bot.gateway.keys import DESK, METRICS
from bot.gateway.security import is_operator
from bot.services import turns

#: A turn takes seconds, and what a dead process left behind is taken up within a minute.
_SETTLED_WITHIN_SECONDS = 300.0


async def healthz(request: web.Request) -> web.Response:
    """Say that the process answers; it asks nobody else."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Say whether the store, the engine and, where there are some, the other desk processes can be reached, and
    whether every message is `settled`: answered, queued or kept as a draft, after the time that this takes at most.

    Without the store nothing works: 503. Without the engine messages are still taken and go to
    people, so the process stays in service and only says so. Without the others what they store is seen later.
    """
    desk = request.config_dict[DESK]
    store, waited = True, 0.0
    try:
        waited = await _waited_seconds(desk)
    except (SQLAlchemyError, OSError):
        store = False
    reached = {"engine": await desk.engine.is_ready(), "settled": waited <= _SETTLED_WITHIN_SECONDS}
    if desk.listener:
        reached["others"] = desk.listener.is_connected
    state = "unavailable" if not store else "ready" if all(reached.values()) else "degraded"
    return web.json_response({"status": state, "store": store, **reached}, status=200 if store else 503)


async def _waited_seconds(desk: Desk) -> float:
    """Return for how long the oldest message waits that nobody has settled."""
    async with desk.read() as session:
        since = await turns.waiting_longest(session)
    return max(0.0, (desk.clock() - since).total_seconds()) if since else 0.0


async def metrics(request: web.Request) -> web.Response:
    """Return the figures, to this machine and to operators only: they tell how much is going on.

    Raises:
        HTTPNotFound: Anybody else asks.
    """
    if not (is_operator(request) or _is_local(request)):
        raise web.HTTPNotFound
    own = request.config_dict[METRICS]
    desk = request.config_dict[DESK]
    own.listeners.set(desk.hub.listener_count())
    own.waiting_seconds.set(await _waited_seconds(desk))
    async with desk.read() as session:
        for status, count in (await turns.reconciliation(session)).items():
            own.inbound.labels(status).set(count)
    body = generate_latest(own.registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _is_local(request: web.Request) -> bool:
    # A proxy on this machine is local too, but says for whom it asks.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
