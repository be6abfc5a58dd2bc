"""Run the bench beside the peers: `python -m bench.peers [--quick] [--only opening,…] [--database …]`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.peers import crash, sockets
from bench.peers.environments import PeerFailed, environment
from bench.peers.measuring import (
    FULL,
    QUICK,
    Figures,
    Sizes,
    first_page,
    first_page_http,
    opening,
    opening_http,
)
from bench.peers.report import write
from bench.peers.sweeping import outage, sweep
from bench.peers.systems import MAKERS, System
from tests.support.database import private_cluster

CASES = ("opening", "listing", "sweep", "sockets", "crash")
PEERS = ("roundup", "django-helpdesk")
#: No case begins later than this after the start, in seconds.
_LAST_BEGINS = {True: 5 * 60, False: 36 * 60}


def main() -> int:
    """Measure and write the report; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under six minutes")
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--database", default="sqlite,postgresql")
    options = parser.parse_args()
    # Told to stop, it stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    figures, sizes, started = Figures(), QUICK if options.quick else FULL, time.monotonic()
    chosen = options.only.split(",")
    try:
        for peer in PEERS:
            environment(peer)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rightsdesk-peers-")))
            databases = options.database.split(",")
            server = stack.enter_context(private_cluster(is_durable=True)) if "postgresql" in databases else None
            for database in databases:
                if time.monotonic() - started < _LAST_BEGINS[options.quick]:
                    _compare(folder / database, server if database == "postgresql" else None, sizes, chosen, figures)
                if "crash" in chosen and time.monotonic() - started < _LAST_BEGINS[options.quick]:
                    _say(f"{database}: kill -9")
                    crash.measure(folder / f"{database}-crash", database, server, sizes, figures)
    except PeerFailed as error:
        # What was measured so far took long: it is shown, but replaces no report.
        print(write(figures, sizes, quick=True, seconds=time.monotonic() - started))
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(write(figures, sizes, quick=options.quick, seconds=time.monotonic() - started))
    return 0


def _compare(folder: Path, server: str | None, sizes: Sizes, chosen: list[str], figures: Figures) -> None:
    database = "postgresql" if server else "sqlite"
    with ExitStack() as stack:
        systems: list[System] = []
        for name, make in MAKERS.items():
            _say(f"{database}: starting {name}")
            (folder / name).mkdir(parents=True)
            systems.append(stack.enter_context(make(folder / name, server)))
        if "opening" in chosen:
            _open(systems, sizes, database, figures)
        if "listing" in chosen or "sweep" in chosen:
            _fill(systems, sizes, database, figures, list_too="listing" in chosen)
        if "sweep" in chosen:
            _sweep(systems, sizes, database, figures, folder)
        if "sockets" in chosen:
            _say(f"{database}: {sizes.sockets} sockets")
            sockets.measure(systems[0], sizes, database, figures)


def _open(systems: list[System], sizes: Sizes, database: str, figures: Figures) -> None:
    for round_ in range(sizes.rounds):
        _say(f"{database}: opening, round {round_ + 1} of {sizes.rounds}")
        for system in systems if round_ % 2 == 0 else reversed(systems):
            # Slow peers do less in a round, so that a round stays short.
            share = sizes if system.name != "django-helpdesk" else _less(sizes)
            rate, used = opening(system, share)
            figures.add("opening", database, system.name, rate)
            figures.add("opening, processor", database, system.name, used)
            figures.add("opening over HTTP", database, system.name, opening_http(system, share))


def _less(sizes: Sizes) -> Sizes:
    return replace(sizes, opened=max(4, sizes.opened // 10), opened_http=max(4, sizes.opened_http // 5))


def _fill(systems: list[System], sizes: Sizes, database: str, figures: Figures, *, list_too: bool) -> None:
    ours, *peers = systems
    for system in peers:
        _say(f"{database}: {sizes.peer_tickets} tickets into {system.name}")
        system.side.ask("load", tickets=sizes.peer_tickets, still_open=sizes.still_open)
    there = 0
    for many in (sizes.tickets // 100, sizes.tickets // 10, sizes.tickets):
        _say(f"{database}: {many} tickets into rightsdesk")
        still_open = sizes.still_open if many == sizes.tickets // 100 else 0
        ours.side.ask("load", tickets=many - there, still_open=min(still_open, many), first=there)
        there = many
        if list_too:
            figures.add(f"first page, ms, of {many:,} tickets", database, "rightsdesk", first_page(ours, sizes))
    if not list_too:
        return
    for round_ in range(sizes.rounds):
        _say(f"{database}: listing, round {round_ + 1} of {sizes.rounds}")
        for system in systems if round_ % 2 == 0 else reversed(systems):
            share = sizes if system.name != "django-helpdesk" else _few_pages(sizes)
            figures.add("first page, ms", database, system.name, first_page(system, share))
            figures.add("first page over HTTP, ms", database, system.name, first_page_http(system, share))


def _few_pages(sizes: Sizes) -> Sizes:
    return replace(sizes, pages=3)


def _sweep(systems: list[System], sizes: Sizes, database: str, figures: Figures, folder: Path) -> None:
    _say(f"{database}: {sizes.tickets} running clocks")
    systems[0].side.ask("load_clocks", first=0, count=sizes.tickets, due=0, clock="resolution")
    for round_ in range(sizes.rounds):
        _say(f"{database}: sweep, round {round_ + 1} of {sizes.rounds}")
        for system in systems if round_ % 2 == 0 else reversed(systems):
            figures.add("sweep, s", database, system.name, sweep(system, sizes, f"sw{round_:02d}", 0))
    _say(f"{database}: {sizes.overdue} overdue beside a writer, then two workers")
    outage(systems[0], sizes, figures, database, folder / "second")


def _say(text: str) -> None:
    print(f"bench  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
