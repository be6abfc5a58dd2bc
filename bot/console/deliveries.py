"""Pages: the delivery log."""

from __future__ import annotations

import json

from aiohttp import web

from bot.console import roles
from bot.console.inputs import choice_in, see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK
from bot.console.pages import render
from bot.services.outgoing import deliveries, webhooks


def routes() -> list[web.RouteDef]:
    """Return the routes of this module."""
    return [
        web.get("/deliveries", show_log, name="deliveries"),
        web.get("/deliveries/{id}", show_one, name="delivery"),
        web.post("/deliveries/{id}/replay", replay, name="delivery_replay"),
    ]


async def show_log(request: web.Request) -> web.Response:
    """Show the log, filtered by status, kind and webhook.

    Raises:
        Forbidden: For supervisors and administrators only.
        BadRequest: A filter has a value that there is not.
    """
    roles.check(request[AGENT], "outgoing.read")
    query = request.query
    filters = {
        "status": choice_in(query, "status", deliveries.STATUSES),
        "kind": choice_in(query, "kind", deliveries.KINDS),
        "target": query.get("target") or None,
        "after": query.get("after") or None,
    }
    async with request.config_dict[DESK].read() as session:
        page = await deliveries.list_deliveries(session, **filters)
        hooks = await webhooks.list_webhooks(session)
        may_open = await deliveries.numbers_open_to(session, request[AGENT], page)
    return render(
        request, "deliveries.html", section="outgoing", tab="deliveries", page=page, filters=filters, may_open=may_open,
        statuses=deliveries.STATUSES, kinds=deliveries.KINDS, hooks=hooks,
    )  # fmt: skip


async def show_one(request: web.Request) -> web.Response:
    """Show a delivery with its attempts.

    Raises:
        Forbidden: For supervisors and administrators only.
        DeliveryNotFound: There is none.
    """
    roles.check(request[AGENT], "outgoing.read")
    async with request.config_dict[DESK].read() as session:
        found = await deliveries.delivery_detail(session, request.match_info["id"])
    payload = json.dumps(found.payload, ensure_ascii=False, indent=2, sort_keys=True)
    return render(
        request, "delivery.html", section="outgoing", tab="deliveries", found=found, payload=payload
    )


async def replay(request: web.Request) -> web.Response:
    """Try a settled delivery once more, now, and show what came of it.

    Raises:
        Forbidden: For supervisors and administrators only.
        DeliveryNotFound: There is none.
    """
    roles.check(request[AGENT], "outgoing.manage")
    desk, delivery_id = request.config_dict[DESK], request.match_info["id"]
    async with desk.begin() as session:
        await deliveries.replay(session, delivery_id, now=desk.clock())
    await desk.deliverer.deliver_now(delivery_id)
    return see_other(f"{CONSOLE_PREFIX}/deliveries/{delivery_id}")
