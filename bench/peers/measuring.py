"""What is measured of each system, and what is kept of it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import aiohttp
from yarl import URL

from bench.peers.environments import PeerFailed
from bench.peers.ours_side import filing
from bench.peers.systems import HttpCall, System

CLIENTS = 8


@dataclass(frozen=True)
class Sizes:
    """How much of everything.

    Attributes:
        tickets: Of ours in the list and the sweep; the peers have `peer_tickets`.
    """

    rounds: int
    opened: int
    opened_http: int
    tickets: int
    peer_tickets: int
    still_open: int
    due: int
    overdue: int
    pages: int
    sockets: int
    kills: int


FULL = Sizes(3, 100, 40, 1_000_000, 100_000, 10_000, 1_000, 100_000, 30, 1_000, 200)
QUICK = Sizes(2, 30, 15, 50_000, 10_000, 2_000, 1_000, 5_000, 15, 100, 10)


@dataclass
class Figures:
    """What was measured: (what, database, system) → one number a round."""

    rounds: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)

    def add(self, what: str, database: str, system: str, value: float) -> None:
        """Keep one number."""
        self.rounds.setdefault((what, database, system), []).append(value)

    def median(self, what: str, database: str, system: str) -> float | None:
        """Return the median of the rounds, None if there is none."""
        values = self.rounds.get((what, database, system))
        return median(values) if values else None

    def ratio(self, what: str, database: str, *, more_is_better: bool) -> float | None:
        """Return how many times better ours is than the best peer: the median of the rounds' own ratios."""
        ours = self.rounds.get((what, database, "rightsdesk"))
        peers = [v for (w, d, s), v in self.rounds.items() if (w, d) == (what, database) and s != "rightsdesk"]
        if not ours or not peers:
            return None
        best = [max(values) if more_is_better else min(values) for values in zip(*peers, strict=False)]
        pairs = zip(ours, best, strict=False)
        return median(mine / other if more_is_better else other / mine for mine, other in pairs)


def opening(system: System, sizes: Sizes) -> tuple[float, float]:
    """Return tickets opened per second in process, and the processor time of each in milliseconds.

    What a PostgreSQL server uses is not in it.
    """
    sides = (system.side, *system.others)
    for side in sides:
        side.send("open", clients=CLIENTS // len(sides), each=sizes.opened)
    done = [side.answer() for side in sides]
    count = sum(part["count"] for part in done)
    used = sum(part["cpu"] for part in done)
    return count / max(part["seconds"] for part in done), used / count * 1000


def opening_http(system: System, sizes: Sizes) -> float:
    """Return tickets opened per second over HTTP."""
    assert system.opening
    count = CLIENTS * sizes.opened_http
    if system.name == "rightsdesk":
        tokens = enumerate(system.side.ask("conversations", count=count)["tokens"])
        return asyncio.run(_posted(system.opening, count, lambda: {"json": _filed(*next(tokens))}))
    numbers, form = itertools.count(), system.opening.form or {}
    return asyncio.run(
        _posted(system.opening, count, lambda: {"data": form | {"title": f"Complaint {next(numbers)}"}})
    )


def _filed(number: int, session: str) -> dict[str, Any]:
    return {"form": "complaint", "values": filing(number), "session": session}


async def _posted(call: HttpCall, count: int, make: Callable[[], dict[str, Any]]) -> float:
    async with _client(call) as client:
        await asyncio.gather(*(_one(client, call, make()) for _ in range(CLIENTS)))
        began = time.perf_counter()
        share = count // CLIENTS - 1
        await asyncio.gather(*(_several(client, call, make, share) for _ in range(CLIENTS)))
        return share * CLIENTS / (time.perf_counter() - began)


def _client(call: HttpCall) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers=call.headers, cookie_jar=aiohttp.DummyCookieJar())


async def _several(client: aiohttp.ClientSession, call: HttpCall, make: Callable[[], dict[str, Any]], times: int) -> None:
    for _ in range(times):
        await _one(client, call, make())


async def _one(client: aiohttp.ClientSession, call: HttpCall, content: dict[str, Any]) -> None:
    url = URL(call.url, encoded=True)
    async with client.request(call.method, url, allow_redirects=False, **content) as answer:
        body = await answer.read()
        if answer.status != call.expect:
            raise PeerFailed(f"{call.url}: {answer.status} {body[:500]!r}")


def first_page(system: System, sizes: Sizes) -> float:
    """Return the milliseconds that the first page of a queue takes in process."""
    took = system.side.ask("first_page", times=sizes.pages, size=50)["took"]
    return median(took) * 1000


def first_page_http(system: System, sizes: Sizes) -> float:
    """Return the milliseconds that the first page of a queue takes over HTTP."""
    assert system.listing
    return asyncio.run(_fetched(system.listing, max(5, sizes.pages // 2))) * 1000


async def _fetched(call: HttpCall, times: int) -> float:
    took = []
    async with _client(call) as client:
        for _ in range(times + 1):
            began = time.perf_counter()
            await _one(client, call, {})
            took.append(time.perf_counter() - began)
    return median(took[1:])


def p(values: Sequence[float], share: int) -> float:
    """Return a percentile."""
    return quantiles(values, n=100, method="inclusive")[share - 1] if len(values) > 1 else values[0]
