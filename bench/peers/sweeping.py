"""The sweep: what is due among many clocks, an outage beside a writer, two workers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.environments import Side
from bench.peers.loading import counted
from bench.peers.measuring import Figures, Sizes
from bench.peers.systems import System
from bot.ops.manager import free_port

_EVENTS = "SELECT count(*) FROM sla_event WHERE kind = 'breached'"
_DOUBLED = (
    "SELECT count(*) FROM (SELECT clock_id FROM sla_event WHERE kind = 'breached' GROUP BY clock_id"
    " HAVING count(*) > 1) AS doubled"
)


def sweep(system: System, sizes: Sizes, clock: str, first: int) -> float:
    """Return the seconds in which what is due is noticed."""
    if system.name == "rightsdesk":
        url = system.extra["database"]
        system.side.ask("load_clocks", first=first, count=sizes.due, due=sizes.due, clock=clock)
        before = counted(url, _EVENTS)
        seconds = system.side.ask("sweep")["seconds"]
        assert counted(url, _EVENTS) - before == sizes.due
        return float(seconds)
    system.side.ask("make_due", due=sizes.due)
    done = system.side.ask("sweep")
    assert done["count"] == sizes.due, done
    return float(done["seconds"])


def outage(system: System, sizes: Sizes, figures: Figures, database: str, folder: Path) -> None:
    """Let many clocks be overdue at once: caught up beside a writer, then by two workers."""
    url = system.extra["database"]
    before = counted(url, _EVENTS)
    system.side.ask("load_clocks", first=0, count=sizes.overdue, due=sizes.overdue, clock="out1")
    done = system.side.ask("sweep_beside_writer")
    assert counted(url, _EVENTS) - before == sizes.overdue
    figures.add("outage, seconds", database, "rightsdesk", done["seconds"])
    figures.add("outage, longest wait of a writer, ms", database, "rightsdesk", max(done["took"]) * 1000)
    system.side.ask("load_clocks", first=0, count=sizes.overdue // 4, due=sizes.overdue // 4, clock="out2")
    before = counted(url, _EVENTS)
    with _another(folder, url) as other:
        other.ask("verify_ready")
        for worker in (system.side, other):
            worker.send("sweep")
        for worker in (system.side, other):
            worker.answer()
    found, doubled = counted(url, _EVENTS) - before, counted(url, _DOUBLED)
    assert found == sizes.overdue // 4, found
    assert doubled == 0, doubled
    figures.add("two workers, events missing or doubled", database, "rightsdesk", 0)


@contextmanager
def _another(folder: Path, url: str) -> Iterator[Side]:
    """A second desk on the same database."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "bench.peers.ours_side", str(folder), url, str(free_port()), "1"]
    side = Side(command, folder / "side.log")
    try:
        yield side
    finally:
        side.stop()
