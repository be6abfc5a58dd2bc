"""The page of what waits for somebody: extensions to decide, late corrections, transfers, follow-ups, tickets without a region."""

from __future__ import annotations

from datetime import date, datetime

from aiohttp import web

from bot.console.keys import AGENT, DESK
from bot.console.moments import ZONE
from bot.console.pages import render
from bot.helpdesk.permissions import Permission
from bot.services import access
from bot.services.life_cycle.looking import tasks
from bot.services.placing import unplaced_tasks


async def tasks_page(request: web.Request) -> web.Response:
    """Show the oldest of each kind."""
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        found = await tasks(session, desk.office, request[AGENT], now=desk.clock())
        if access.may(request[AGENT], Permission.SUPERVISE) and (unplaced := await unplaced_tasks(session, desk.forms)):
            found["unplaced"] = unplaced
    groups = {
        kind: [{"task": task, "on": _local_day(task.on)} for task in items] for kind, items in found.items()
    }
    return render(request, "tasks.html", section="tasks", groups=groups)


def _local_day(on: date | datetime) -> date:
    return on.astimezone(ZONE).date() if isinstance(on, datetime) else on
