"""Ticket lists as files, for supervisors."""

from __future__ import annotations

import asyncio

import structlog
from aiohttp import web

from bot.console import lists, roles
from bot.console.keys import AGENT, DESK, WORDS
from bot.console.moments import ZONE
from bot.console.sheets import Cell, Sheet, download, to_csv, to_xlsx
from bot.console.tickets import queues_of
from bot.console.words import Words
from bot.services import staff_audit
from bot.services.ticket_cards import TicketCard

log = structlog.get_logger()

ROWS_MAX = 10_000
_BATCH = 500


async def tickets(request: web.Request) -> web.Response:
    """Return the list on the screen, all its pages, as a file; who took it is recorded.

    What citizens told us beyond the subject is not in it: a file is soon somewhere else. A list that is too long says so
    in its last row.

    Raises:
        Forbidden: Lists are exported by supervisors.
    """
    agent, desk, words = request[AGENT], request.config_dict[DESK], request.config_dict[WORDS]
    roles.check(agent, "list.export")
    wish = lists.wish_of(request.query, agent, queues_of(desk))
    rows: list[list[Cell]] = []
    after = None
    while len(rows) < ROWS_MAX:
        # A transaction a batch: writers and the log of SQLite do not wait for a long export.
        async with desk.read() as session:
            page = await lists.page_of(desk, session, wish, limit=_BATCH, after=after)
        rows += [_row(card, words) for card in page.items]
        after = page.next
        if after is None:
            break
    kind, is_cut = request.match_info["kind"], after is not None or len(rows) > ROWS_MAX
    rows = rows[:ROWS_MAX]
    async with desk.begin() as session:
        await staff_audit.record(
            session, actor=agent.id, action="tickets.exported", now=desk.clock(), new={"rows": len(rows), "format": kind}
        )
    log.info("tickets.exported", agent_id=agent.id, rows=len(rows))
    if is_cut:
        rows.append([words("export.cut", rows=ROWS_MAX)])
    sheet = Sheet(words("export.tickets"), words("export.head").split("|"), rows)
    body = await asyncio.to_thread(to_csv if kind == "csv" else to_xlsx, [sheet])
    return download(body, f"tickets-{desk.clock().astimezone(ZONE):%Y%m%d}", kind)


def _row(card: TicketCard, words: Words) -> list[Cell]:
    return [
        card.number, card.subject, words(f"kinds.{card.kind}"), words(f"queues.{card.queue}"),
        words(f"states.{card.status}"), words(f"life_cycle.priorities.{card.priority}"), card.assignee_name, words(f"channels.{card.channel}"), card.opened_at,
        words(f"clocks.{card.clock}") if card.clock else None, card.due_at, card.updated_at,
    ]  # fmt: skip


def routes() -> list[web.RouteDef]:
    """Return the pages' routes."""
    return [web.get("/exports/tickets.{kind:csv|xlsx}", tickets, name="tickets_export")]
