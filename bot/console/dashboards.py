"""The supervisors' dashboard: load, waiting, promises kept, what the bot settles alone, how satisfied citizens are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import structlog
from aiohttp import web

from bot.console import charts, roles
from bot.console.charts import Figure, Tile
from bot.console.keys import AGENT, DESK, WORDS
from bot.console.pages import render
from bot.console.responses import deflection_tables, response_tables
from bot.console.satisfaction import satisfaction_view
from bot.console.sheets import Cell, Sheet, download, to_csv, to_xlsx
from bot.console.words import Words
from bot.helpdesk.errors import BadRequest
from bot.services.figures import (
    Bar,
    DeflectionFigures,
    Period,
    PeriodFigures,
    PresentFigures,
    ResponseFigures,
    SatisfactionFigures,
    deflection_figures,
    period_figures,
    present_figures,
    response_figures,
    satisfaction_figures,
)

log = structlog.get_logger()

PRESETS = (7, 30, 90)
DAYS_MAX = 400


@dataclass(frozen=True)
class Figures:
    """All that the page and its files show."""

    present: PresentFigures
    past: PeriodFigures
    answered: ResponseFigures
    deflection: DeflectionFigures
    rated: SatisfactionFigures


async def dashboard(request: web.Request) -> web.Response:
    """Show the figures of a period.

    Raises:
        Forbidden: The figures are for supervisors.
        BadRequest: The days cannot be read, or are too many.
    """
    roles.check(request[AGENT], "dashboard")
    words = request.config_dict[WORDS]
    period = period_of(request)
    figures = await _figures(request, period)
    past, satisfaction = figures.past, satisfaction_view(figures.rated, words)
    chart = charts.line_chart(
        [bar.key[5:] if bar.key else "" for bar in past.tickets_by_day],
        [
            (words("dashboard.tickets"), [bar.count for bar in past.tickets_by_day]),
            (words("dashboard.handoffs"), [bar.count for bar in past.handoffs_by_day]),
        ],
    )
    return render(
        request, "dashboard.html", section="dashboard", period=period, presets=_presets(request), chart=chart,
        days=list(zip(past.tickets_by_day, past.handoffs_by_day, strict=True)),
        tiles=[*tiles_of(figures, words), satisfaction.tile], satisfaction=satisfaction,
        present_figures=present_tables(figures.present, words), past_figures=past_tables(figures, words),
        response_figures=response_tables(figures.answered, words),
        deflection_figures=deflection_tables(figures.deflection, words),
    )  # fmt: skip


def period_of(request: web.Request) -> Period:
    """Return the period in the address; the last 30 days when it names none."""
    desk = request.config_dict[DESK]
    zone = desk.office.calendar.zone
    today = desk.clock().astimezone(zone).date()
    try:
        last = date.fromisoformat(request.query.get("to") or today.isoformat())
        first = date.fromisoformat(request.query.get("from") or (last - timedelta(days=29)).isoformat())
    except (ValueError, OverflowError) as error:
        raise BadRequest(field="from") from error
    if not 0 <= (last - first).days < DAYS_MAX or not 2000 <= first.year <= last.year < 2200:
        raise BadRequest(field="from")
    return Period(first, last, zone)


def _presets(request: web.Request) -> list[tuple[int, date, date]]:
    desk = request.config_dict[DESK]
    today = desk.clock().astimezone(desk.office.calendar.zone).date()
    return [(days, today - timedelta(days=days - 1), today) for days in PRESETS]


async def _figures(request: web.Request, period: Period) -> Figures:
    desk = request.config_dict[DESK]
    now = desk.clock()
    async with desk.read() as session:
        return Figures(
            present=await present_figures(session, now=now),
            past=await period_figures(session, period, now=now),
            answered=await response_figures(session, period),
            deflection=await deflection_figures(session, period),
            rated=await satisfaction_figures(session, period, now=now),
        )


def tiles_of(figures: Figures, words: Words) -> list[Tile]:
    """Return the numbers that a supervisor looks at first."""
    present, past, alone, waits = figures.present, figures.past, figures.deflection, figures.answered.handoffs.total
    met, missed = (sum(bar.parts[at] for bar in past.clocks) for at in (0, 1))
    median, slow = waits.median_seconds, waits.slow_seconds
    tile = "dashboard.tiles"

    def one(name: str, value: str, **values: object) -> Tile:
        return Tile(words(f"{tile}.{name}"), value, words(f"{tile}.{name}_note", **values))

    return [
        one("open", str(sum(bar.count for bar in present.by_queue)), late=_oldest(present)),
        one("opened", str(sum(bar.count for bar in past.tickets_by_day)), handoffs=waits.asked),
        one("sla", _percent(met, met + missed, words), met=met, missed=missed),
        one("first_response", _minutes(median, words), slow=_minutes(slow, words), replied=waits.replied, asked=waits.asked),
        one("deflection", _percent(alone.alone, alone.conversations, words), alone=alone.alone, all=alone.conversations),
    ]  # fmt: skip


def _oldest(present: PresentFigures) -> int:
    return present.by_age[-1].count


def _percent(part: int, whole: int, words: Words) -> str:
    share = charts.share(part, whole)
    return words("dashboard.none") if share is None else f"{share:g}%"


def _minutes(seconds: float | None, words: Words) -> str:
    return words("dashboard.none") if seconds is None else words("dashboard.minutes", minutes=f"{seconds / 60:.1f}")


def present_tables(present: PresentFigures, words: Words) -> list[Figure]:
    """Return what lies open, as tables."""
    return [
        _figure("by_queue", present.by_queue, words, "queues"),
        _figure("by_age", [Bar(words(f"dashboard.ages.{bar.key}"), bar.count) for bar in present.by_age], words),
        _figure("by_agent", present.by_agent, words),
    ]


def past_tables(figures: Figures, words: Words) -> list[Figure]:
    """Return what became of the period, as tables."""
    past = figures.past
    return [
        _clocks(past.clocks, words),
        _opened("opened_by_queue", past.by_queue, words, "queues"),
        _opened("opened_by_right", past.by_right, words, "rights"),
        _opened("opened_by_region", past.by_region, words),
        _opened("opened_by_channel", past.by_channel, words, "channels"),
        _figure("load_by_channel", _load(figures), words, "channels"),
    ]


def _load(figures: Figures) -> list[Bar]:
    """Return all that came in by each channel: conversations; handoffs, tickets and those finished as parts."""
    talks = {bar.key: bar.count for bar in figures.deflection.by_channel}
    asked = {waits.key: waits.asked for waits in figures.answered.handoffs.by_channel}
    tickets = {bar.key: (bar.count, bar.parts[0]) for bar in figures.past.by_channel}
    channels = dict.fromkeys([*talks, *asked, *tickets])
    return [Bar(key, talks.get(key, 0), (asked.get(key, 0), *tickets.get(key, (0, 0)))) for key in channels]


def _figure(key: str, bars: Sequence[Bar], words: Words, names: str = "") -> Figure:
    def name(bar: Bar) -> str:
        if bar.key is None:
            return words(f"dashboard.without_{key}" if key == "by_agent" else "dashboard.without")
        return words(f"{names}.{bar.key}") if names else bar.key

    return Figure(
        key=key, title=words(f"dashboard.figures.{key}"), head=words(f"dashboard.heads.{key}").split("|"),
        rows=[[name(bar), bar.count, *bar.parts] for bar in bars], bars=charts.shares([bar.count for bar in bars]),
    )  # fmt: skip


def _opened(key: str, bars: Sequence[Bar], words: Words, names: str = "") -> Figure:
    """Return tickets opened, with the share of their promises that were kept."""
    figure = _figure(key, bars, words, names)
    rows = [[*row[:3], charts.share(bar.parts[1], sum(bar.parts[1:])), *row[3:]] for row, bar in zip(figure.rows, bars, strict=True)]
    return replace(figure, rows=rows)


def _clocks(clocks: Sequence[Bar], words: Words) -> Figure:
    rows: list[list[Cell]] = []
    for bar in clocks:
        handoff = (bar.key or "").removeprefix("handoff_")
        name = words(f"clocks.{handoff}")
        if handoff != bar.key:
            name = words("dashboard.of_handoff", clock=name)
        rows.append([name, charts.share(bar.parts[0], bar.count), *bar.parts])
    return Figure(
        key="clocks", title=words("dashboard.figures.clocks"), head=words("dashboard.heads.clocks").split("|"),
        rows=rows, bars=[charts.share(bar.parts[0], bar.count) or 0.0 for bar in clocks],
    )  # fmt: skip


async def export(request: web.Request) -> web.Response:
    """Return the same figures as a file."""
    roles.check(request[AGENT], "dashboard")
    kind, words, period = request.match_info["kind"], request.config_dict[WORDS], period_of(request)
    figures = await _figures(request, period)
    past, satisfaction = figures.past, satisfaction_view(figures.rated, words)
    tables = [
        *present_tables(figures.present, words), *past_tables(figures, words),
        *response_tables(figures.answered, words), *deflection_tables(figures.deflection, words),
    ]  # fmt: skip
    days = [[one.key, one.count, other.count] for one, other in zip(past.tickets_by_day, past.handoffs_by_day, strict=True)]
    sheets = [
        Sheet(words("dashboard.figures.tiles"), words("dashboard.heads.tiles").split("|"),
              [[tile.title, tile.value, tile.note] for tile in (*tiles_of(figures, words), satisfaction.tile)]),
        Sheet(words("dashboard.figures.days"), words("dashboard.heads.days").split("|"), days),
        *(Sheet(table.title, table.head, table.rows) for table in tables),
        *satisfaction.sheets,
    ]  # fmt: skip
    log.info("dashboard.exported", agent_id=request[AGENT].id, kind=kind)
    body = to_csv(sheets) if kind == "csv" else to_xlsx(sheets)
    return download(body, f"figures-{period.first}-{period.last}", kind)


def routes() -> list[web.RouteDef]:
    """Return the pages' routes."""
    return [
        web.get("/dashboard", dashboard, name="dashboard"),
        web.get("/exports/dashboard.{kind:csv|xlsx}", export, name="dashboard_export"),
    ]


