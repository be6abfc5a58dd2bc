"""Live fan-out: who listens to a topic hears what was committed, here and in other desk processes.

Topics: `conversation:<id>`, `staff` and a few more. Nothing is kept: a listener that was away reads what it
missed from the store, by `seq`.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bot.store.notifying import LOOK

Announcement = dict[str, Any]
_BACKLOG = 1000


def spread(seconds: float) -> float:
    """Return a wait of this or somewhat less, drawn anew each time.

    Connections that began together, as after a restart, would otherwise be served together ever after: a thousand
    of them in one breath, in which no message gets through.
    """
    return seconds * random.uniform(0.6, 1)


class Hub:
    """Delivers announcements to the queues of those who listen."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Queue[Announcement]]] = defaultdict(set)

    def publish(self, announcements: Sequence[tuple[str, Announcement]]) -> None:
        """Hand each announcement to every listener of its topic; a full queue loses its oldest,
        since its reader catches up from the store by `seq` anyway."""
        for topic, payload in announcements:
            for queue in self._listeners.get(topic, ()):
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(payload)

    def look(self) -> None:
        """Let every listener look at the store: what other processes announced may have been lost."""
        self.publish([(topic, LOOK) for topic in self._listeners])

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[asyncio.Queue[Announcement]]:
        """Give a queue that receives what is published on the topics while the block runs."""
        queue: asyncio.Queue[Announcement] = asyncio.Queue(_BACKLOG)
        for topic in topics:
            self._listeners[topic].add(queue)
        try:
            yield queue
        finally:
            for topic in topics:
                self._listeners[topic].discard(queue)
                if not self._listeners[topic]:
                    del self._listeners[topic]

    def listener_count(self) -> int:
        """Return how many queues listen, for the metrics."""
        return len({id(queue) for queues in self._listeners.values() for queue in queues})
