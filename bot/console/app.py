"""The two applications of the console, and their routes."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from weakref import WeakSet

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.bootstrap import Desk
from bot.console import (
    accounts,
    bulk,
    colleagues,
    conversations,
    dashboards,
    deliveries,
    downloads,
    escalation,
    exports,
    floor,
    handoffs,
    hearts,
    intake,
    knowledge,
    life_cycle,
    lists,
    live,
    macros,
    moments,
    notices,
    office_hours,
    own_account,
    pages,
    rules,
    staff_pages,
    tasks,
    telling_others,
    tickets,
    webhooks,
    writing,
)
from bot.console.errors import json_errors, page_errors
from bot.console.keys import DESK, ONLOOKERS, PASSWORDS, PRESENT, SOCKETS, STAFF_API, WORDS
from bot.console.looking import Onlookers
from bot.console.security import guard, harden
from bot.console.words import Words
from bot.services.access import may
from bot.services.staff import Passwords

_HERE = Path(__file__).parent


def create_console_app(desk: Desk) -> web.Application:
    """Return the pages, to be mounted at `/console`."""
    app = web.Application(middlewares=[harden, page_errors, guard])
    app[DESK], app[WORDS], app[PASSWORDS] = desk, Words.load(desk.texts), Passwords()
    app.add_routes(rules.routes())
    _set_up_templates(app)
    app.router.add_static("/static", _HERE / "static", name="static")
    app.add_routes(
        [
            web.get("/login", accounts.login_page, name="login"),
            web.post("/login", accounts.log_in, name="login"),
            web.post("/logout", accounts.log_out, name="logout"),
            web.get("/password", accounts.password_page, name="password"),
            web.post("/password", accounts.change_password, name="password"),
            *floor.page_routes(),
            web.get("", pages.front_door, name="home"),
            web.get("/", pages.workbench, name="workbench"),
            web.get("/tasks", tasks.tasks_page, name="tasks"),
            # Before the pages of a ticket: their addresses would be taken for ids.
            *(route for area in (lists, macros, writing, dashboards, exports, knowledge) for route in area.routes()),
            web.get("/tickets/{id}", pages.ticket_page, name="ticket"),
            web.get("/tickets/{id}/clocks", pages.ticket_clocks, name="ticket_clocks"),
            web.get("/tickets/{id}/audit", pages.ticket_audit, name="ticket_audit"),
        ]
    )
    for module in (notices, deliveries, webhooks, escalation):
        app.add_routes(module.routes())
    app.add_routes(own_account.routes() + staff_pages.routes())
    return app


def _set_up_templates(app: web.Application) -> None:
    env = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(moment=moments.moment, day_time=moments.day_time, near=moments.near)
    env.filters.update(view_address=lists.view_address)
    env.filters.update(calendar_name=functools.partial(rules.calendar_name, app[DESK], app[WORDS]))
    env.globals["words"] = app[WORDS]
    env.globals["may"] = may
    env.globals["step_in_words"] = macros.step_in_words


def add_staff_api(app: web.Application, desk: Desk) -> None:
    """Mount the staff API on the application that serves citizens too."""
    app.add_subapp(STAFF_API, create_staff_api(desk))


def create_staff_api(desk: Desk) -> web.Application:
    """Return the staff API, to be mounted at `STAFF_API`."""
    app = web.Application(middlewares=[harden, json_errors, guard])
    app[DESK], app[WORDS], app[SOCKETS] = desk, Words.load(desk.texts), WeakSet()
    app[ONLOOKERS] = Onlookers(desk.hub, has_others=desk.database.process is not None)
    app.on_shutdown.append(live.hang_up)
    app[PRESENT] = Counter()
    app.cleanup_ctx.extend((hearts.beating, telling_others.telling_others))
    app.add_routes(
        [
            *floor.routes(),
            *handoffs.routes(),
            web.get("/me", office_hours.me),
            web.get("/calendar", office_hours.frames),
            web.get("/ws", live.connect),
            web.get("/conversations", conversations.list_view),
            web.get("/conversations/{id}", conversations.show),
            web.post("/conversations/{id}/claim", conversations.claim),
            web.post("/conversations/{id}/replies", conversations.reply),
            web.post("/conversations/{id}/notes", conversations.add_note),
            web.post("/conversations/{id}/hand-back", conversations.hand_back),
            web.post("/conversations/{id}/close", conversations.close),
            *(route for area in (lists, bulk, macros, writing, colleagues) for route in area.api_routes()),
            web.post("/tickets/{id}/transitions", tickets.change_status),
            web.post("/tickets/{id}/assignment", tickets.assign),
            web.post("/tickets/{id}/notes", tickets.add_note),
            web.post("/tickets/{id}/replies", tickets.reply),
            web.get("/tickets/{id}/clocks", tickets.clocks),
            *life_cycle.routes(),
            web.post("/tickets/{id}/reveal", tickets.reveal),
            web.get("/evidence/receipts/{receipt}", downloads.verification),
            web.get("/evidence/{id}", downloads.download),
        ]
    )
    app.add_routes(intake.api_routes())
    return app
