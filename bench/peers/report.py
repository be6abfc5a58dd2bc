"""The report of a run, as Markdown."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.peers.environments import version_of
from bench.peers.measuring import Figures, Sizes

_FILE = Path(__file__).parent.parent / "PEERS.md"
_SYSTEMS = ("rightsdesk", "roundup", "django-helpdesk")
#: What is compared, its unit, whether more is better, and what was wished for on each database.
_COMPARED = (
    ("opening", "tickets/s, 8 clients, in process", True, {"sqlite": 4, "postgresql": 3}),
    ("opening, processor", "ms a ticket, without PostgreSQL's own", False, {"sqlite": None, "postgresql": None}),
    ("opening over HTTP", "tickets/s, 8 clients", True, {"sqlite": 8, "postgresql": 8}),
    ("first page, ms", "in process", False, {"sqlite": 15, "postgresql": 15}),
    ("first page over HTTP, ms", "", False, {"sqlite": 100, "postgresql": 100}),
    ("sweep, s", "1,000 due", False, {"sqlite": 20, "postgresql": 20}),
)


def write(figures: Figures, sizes: Sizes, *, quick: bool, seconds: float) -> str:
    """Return the report; a run of full size replaces `bench/PEERS.md`."""
    parts = [
        "# Beside Roundup and django-helpdesk",
        f"Measured on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by `python -m bench.peers{' --quick' if quick else ''}` "
        f"in {seconds / 60:.0f} minutes; load average at the end {os.getloadavg()[0]:.1f}. Where other work runs on "
        "the machine only the ratios mean something: in each round every system has its turn.",
        "\n".join(_table(figures)),
        "\n".join(_own(figures)),
        _words(sizes),
    ]
    text = "\n\n".join(parts) + "\n"
    if not quick:
        _FILE.write_text(text, "utf-8")
    return text


def _table(figures: Figures) -> list[str]:
    lines = [
        "| what | database | RightsDesk | Roundup | django-helpdesk | ratio to the best | goal |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for what, unit, more, goals in _COMPARED:
        for database, goal in goals.items():
            ratio = figures.ratio(what, database, more_is_better=more)
            if ratio is None:
                continue
            values = " | ".join(_number(figures.median(what, database, system)) for system in _SYSTEMS)
            title = f"{what} ({unit})" if unit else what
            lines.append(f"| {title} | {database} | {values} | **{ratio:.1f} ×** | {f'{goal} ×' if goal else ''} |")
    return lines


def _own(figures: Figures) -> list[str]:
    compared = {what for what, *_ in _COMPARED}
    lines = ["| RightsDesk alone | database | figure |", "|---|---|--:|"]
    for (what, database, system), values in figures.rounds.items():
        if what not in compared and system == "rightsdesk":
            lines.append(f"| {what} | {database} | {_number(sum(values) / len(values))} |")
    return lines


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _words(sizes: Sizes) -> str:
    return f"""## What is measured

- Each peer runs in an environment of its own under `var/bench`, as its installation guide tells, mail off, on one
  gunicorn with four workers; every SQLite and PostgreSQL commit waits for the disk, as is each one's default.
- Opening: ours checks a whole complaint form, opens the ticket with its clocks and sealed audit entry and writes the
  confirmation through the outbox, durable before anybody is told (`services.filing`, `POST /api/v1/tickets`). On
  PostgreSQL ours has one process a core (`RIGHTSDESK_DESK_PROCESSES`), on SQLite one, while eight processes of a peer use all cores.
  Roundup creates message and issue in one transaction (eight processes; its web form over HTTP); django-helpdesk takes its
  public form (eight processes; the same form over HTTP).
- First page: 50 open tickets of a queue, ours among {sizes.tickets:,} tickets, the peers' among {sizes.peer_tickets:,}, of which
  {sizes.still_open:,} are open everywhere. Over HTTP: our staff API's page; Roundup's index page (its REST interface is slower);
  the lines that django-helpdesk's list fetches.
- Sweep: {sizes.due:,} due among {sizes.tickets:,} running clocks of ours; among {sizes.peer_tickets:,} tickets of the peers: a script over
  Roundup's own interface in one transaction, django-helpdesk's `escalate_tickets` in one transaction.
- Outage: {sizes.overdue:,} overdue at once, caught up while another use case commits all the time in the same process; a quarter
  as many then by two workers at once, each event exactly once.
- Sockets: half of staff, half of citizens, all connected to the same desk processes; from the request that sends a message to its
  arrival at the other side's socket.
- Crash: a desk under load of tickets, messages and sweeps is killed (`kill -9`) at random instants; after each start all that was
  acknowledged must be there once, and the audit chains must hold.

## Machine and versions

{os.cpu_count()} cores, {platform.system()} {platform.release()}; Python {platform.python_version()}; Roundup {version_of("roundup", "roundup")},
django-helpdesk {version_of("django-helpdesk", "django-helpdesk")} on Django {version_of("django-helpdesk", "Django")}; SQLAlchemy {version("sqlalchemy")},
aiohttp {version("aiohttp")}.

## Repeating it

`make bench-peers` (about 40 minutes; `python -m bench.peers --quick` about six with small sizes, `--only opening,listing` for parts).
"""
