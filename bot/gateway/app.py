"""The citizen-facing application: routes, rules for all requests, templates, static files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import aiohttp_jinja2
import jinja2
import yaml
from aiohttp import web

from bot.bootstrap import Desk
from bot.gateway import chat, documents, evidence, filing, flows, health, live, pages, ratings, tickets, tools
from bot.gateway.errors import Handler, errors_middleware
from bot.gateway.keys import DESK, FILINGS, LIMITS, METRICS, SOCKETS, STATIC, WORDS
from bot.gateway.limits import Limits
from bot.gateway.metrics import Metrics
from bot.gateway.security import origin_middleware, protect_answers
from bot.gateway.sockets import Sockets
from bot.gateway.words import Words

_HERE = Path(__file__).parent


def create_gateway_app(desk: Desk) -> web.Application:
    """Return the gateway's application, to be served at `/`.

    It may be the root application with others mounted below it: its rules are for its own
    routes only.
    """
    app = web.Application(middlewares=[errors_middleware, origin_middleware])
    metrics = Metrics()
    app[DESK] = desk
    app[LIMITS] = Limits(desk.settings)
    app[FILINGS] = filing.filings_of(desk)
    app[METRICS] = metrics
    app[SOCKETS] = Sockets(metrics.sockets)
    app[WORDS] = Words.load()
    app[STATIC] = f"/static/{_digest(_HERE / 'static')}"
    _set_up_templates(app)
    _add_routes(app)
    protect_answers(app)
    app.on_shutdown.append(_close_sockets)
    return app


def _add_routes(app: web.Application) -> None:
    app.add_routes(
        [
            web.get("/", pages.chat, name="chat"),
            web.get("/about", pages.about, name="about"),
            web.get(r"/flow/{flow:[a-z_]+}.svg", flows.picture),
            web.get(r"/flow/{flow:[a-z_]+}", flows.page),
            web.get("/t", pages.ticket_form, name="ticket"),
            web.post("/t/supplement", pages.ticket_supplement),
            web.post("/t/withdraw", pages.ticket_withdraw),
            web.post("/api/v1/chat/sessions", chat.start_session),
            web.post("/api/v1/chat/messages", chat.post_message),
            web.get("/api/v1/chat/messages", chat.get_messages),
            web.post("/api/v1/chat/return", chat.return_to_bot),
            web.get("/api/v1/chat/ws", live.chat_socket),
            web.post("/api/v1/evidence", evidence.upload),
            web.get("/api/v1/evidence/{receipt}", evidence.verify),
            web.post("/api/v1/tickets", filing.post_ticket),
            web.get("/api/v1/tickets/{number}", tickets.get_ticket),
            web.post("/api/v1/tickets/{number}/supplement", tickets.post_supplement),
            web.post("/api/v1/tickets/{number}/withdraw", tickets.post_withdraw),
            *ratings.routes(),
            web.get("/api/v1/tools", tools.list_tools),
            web.post("/api/v1/tools/{name}", tools.use_tool),
            web.get("/api/openapi.json", _openapi()),
            web.get("/healthz", health.healthz),
            web.get("/readyz", health.readyz),
            web.get("/metrics", health.metrics),
        ]
    )
    app.add_routes(documents.routes())
    app.router.add_static(app[STATIC], _HERE / "static", name="gateway_static")


def _set_up_templates(app: web.Application) -> None:
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        centre=app[DESK].settings.centre_name,
        static=app[STATIC],
        # Named in the page, the modules are fetched at once instead of one after the other.
        modules=sorted(path.name for path in (_HERE / "static" / "js").glob("*.js")),
    )
    pages.add_filters(environment, app[DESK], app[WORDS])


def _openapi() -> Handler:
    """Return the handler of the interface description, read once."""
    document = yaml.load((_HERE / "openapi.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
    body = json.dumps(document, ensure_ascii=False)

    async def describe(request: web.Request) -> web.Response:
        return web.json_response(text=body)

    return describe


def _digest(folder: Path) -> str:
    """Return a name for the present content of a folder: static addresses change with it, so
    that browsers may keep the files for ever."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


async def _close_sockets(app: web.Application) -> None:
    await app[SOCKETS].close_all()
