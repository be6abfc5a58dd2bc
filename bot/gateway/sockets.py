"""Open WebSockets: how many an address has, and closing them all when the process stops."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import WSCloseCode, web
from prometheus_client import Gauge

from bot.gateway.problems import RateLimited

#: Schools and offices put many people behind one address.
MAX_PER_ADDRESS = 60
_RETRY_SECONDS = 30


class Sockets:
    """Register of the open sockets.

    Args:
        gauge: Follows how many are open.
    """

    def __init__(self, gauge: Gauge, max_per_address: int = MAX_PER_ADDRESS) -> None:
        self._gauge = gauge
        self._max = max_per_address
        self._open: set[web.WebSocketResponse] = set()
        self._per_address: Counter[str] = Counter()

    @contextmanager
    def place(self, address: str) -> Iterator[None]:
        """Hold one of the address's places.

        Raises:
            RateLimited: The address has used up its places.
        """
        if self._per_address[address] >= self._max:
            raise RateLimited(seconds=_RETRY_SECONDS)
        self._per_address[address] += 1
        try:
            yield
        finally:
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    @contextmanager
    def opened(self, socket: web.WebSocketResponse) -> Iterator[None]:
        """Know of the socket while the block runs."""
        self._open.add(socket)
        self._gauge.inc()
        try:
            yield
        finally:
            self._open.discard(socket)
            self._gauge.dec()

    def open_count(self) -> int:
        """Return how many are open."""
        return len(self._open)

    async def close_all(self) -> None:
        """Tell every client to connect again later: this process stops."""
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in self._open))
