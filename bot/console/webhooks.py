"""Pages: webhooks."""

from __future__ import annotations

from typing import Any

import structlog
from aiohttp import web

from bot.console import roles
from bot.console.inputs import see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK, WORDS
from bot.console.pages import render
from bot.helpdesk.errors import BadRequest
from bot.services.outgoing import webhooks
from bot.services.outgoing.addresses import WebhookRefused, shown_url
from bot.services.outgoing.happenings import EVENTS

log = structlog.get_logger()

PAGE = f"{CONSOLE_PREFIX}/webhooks"


def routes() -> list[web.RouteDef]:
    """Return the routes of this module."""
    return [
        web.get("/webhooks", show, name="webhooks"),
        web.post("/webhooks", add, name="webhooks"),
        web.post("/webhooks/{id}/{step}", take_step, name="webhook_step"),
    ]


async def show(request: web.Request) -> web.Response:
    """Show the webhooks and the form for another.

    Raises:
        Forbidden: For supervisors and administrators only.
    """
    roles.check(request[AGENT], "outgoing.read")
    return await _page(request)


async def _page(request: web.Request, *, status: int = 200, **context: Any) -> web.Response:
    async with request.config_dict[DESK].read() as session:
        hooks = await webhooks.list_webhooks(session)
    defaults: dict[str, Any] = {"secret": None, "problem": None, "url_given": "", "events_given": EVENTS}
    response = render(
        request, "webhooks.html", section="outgoing", tab="webhooks", hooks=hooks, events=EVENTS,
        shown_url=shown_url, **{**defaults, **context},
    )  # fmt: skip
    response.set_status(status)
    return response


async def add(request: web.Request) -> web.Response:
    """Add a webhook and show its secret, this once.

    Raises:
        Forbidden: For supervisors and administrators only.
    """
    roles.check(request[AGENT], "outgoing.manage")
    desk, form = request.config_dict[DESK], await request.post()
    url, events = str(form.get("url", "")), [str(event) for event in form.getall("events", [])]
    rules = webhooks.WebhookRules(desk.settings.webhook_allow_private, desk.settings.public_url)
    try:
        async with desk.begin() as session:
            made = await webhooks.add_webhook(
                session, desk.office.signer, request[AGENT], url=url, events=events, rules=rules, now=desk.clock()
            )
    except WebhookRefused as error:
        problem = request.config_dict[WORDS](f"outgoing.refused.{error.details['problem']}")
        return await _page(request, status=400, problem=problem, url_given=url, events_given=events)
    return await _changed(request, "added", made.id, secret=made.secret)


async def take_step(request: web.Request) -> web.Response:
    """Test, pause, let go on, change the secret of, or delete a webhook.

    Raises:
        Forbidden: For supervisors and administrators only.
        WebhookNotFound: There is none.
        BadRequest: There is no such step.
    """
    roles.check(request[AGENT], "outgoing.manage")
    desk, webhook_id, step = request.config_dict[DESK], request.match_info["id"], request.match_info["step"]
    secret, change = None, {"by": request[AGENT].id, "now": desk.clock()}
    async with desk.begin() as session:
        if step == "ping":
            delivery_id = await webhooks.ping(session, webhook_id, now=desk.clock())
        elif step in ("pause", "resume"):
            await webhooks.set_active(session, webhook_id, step == "resume", **change)
        elif step == "secret":
            secret = (await webhooks.new_secret(session, desk.office.signer, webhook_id, **change)).secret
        elif step == "delete":
            await webhooks.delete_webhook(session, webhook_id, **change)
        else:
            raise BadRequest(field="step")
    if step == "ping":
        await desk.deliverer.deliver_now(delivery_id)
        return see_other(f"{CONSOLE_PREFIX}/deliveries/{delivery_id}")
    return await _changed(request, step, webhook_id, secret=secret)


async def _changed(
    request: web.Request, step: str, webhook_id: str, *, secret: str | None
) -> web.Response:
    """Let this process know at once, and show the page; a secret cannot go through a redirect."""
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        await desk.subscriptions.renew(session)
    log.info("webhook.changed", step=step, webhook_id=webhook_id, agent_id=request[AGENT].id)
    return await _page(request, secret=secret) if secret else see_other(PAGE)
