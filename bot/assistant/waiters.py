"""Who waits for the reply to a message in this process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable

_FORGET_AFTER_SECONDS = 120.0


class Waiters:
    """What tells that a message is settled, by message and by conversation; forgotten after a while."""

    def __init__(self) -> None:
        self._settled: dict[str, asyncio.Event] = {}
        self._messages: dict[str, set[str]] = defaultdict(set)

    def event(self, inbound_id: str, conversation_id: str | None = None) -> asyncio.Event:
        """Return what is set once the message is settled.

        Args:
            conversation_id: With it the message is among those that `of` finds.
        """
        is_known = inbound_id in self._settled
        if conversation_id:
            is_known = is_known and inbound_id in self._messages[conversation_id]
            self._messages[conversation_id].add(inbound_id)
        if not is_known:
            asyncio.get_running_loop().call_later(_FORGET_AFTER_SECONDS, self._forget, inbound_id, conversation_id)
        return self._settled.setdefault(inbound_id, asyncio.Event())

    def of(self, conversation_id: str) -> set[str]:
        """Return the messages of a conversation for whose replies somebody may wait."""
        return set(self._messages.get(conversation_id, ()))

    def wake(self, inbound_ids: Iterable[str]) -> None:
        """Wake those who wait for these messages."""
        for inbound_id in inbound_ids:
            if event := self._settled.get(inbound_id):
                event.set()

    def _forget(self, inbound_id: str, conversation_id: str | None) -> None:
        self._settled.pop(inbound_id, None)
        if conversation_id:
            self._messages[conversation_id].discard(inbound_id)
            if not self._messages[conversation_id]:
                del self._messages[conversation_id]
