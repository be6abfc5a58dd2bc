"""Keeps the record while somebody reads along in a colleague's conversation."""

from __future__ import annotations

from bot.bootstrap import Desk
from bot.services import handoff
from bot.store.tables import Agent


class Eavesdropping:
    """One agent who watches one conversation: noted while a colleague has it, and only then.

    Args:
        agent: Who watches.
    """

    def __init__(self, desk: Desk, agent: Agent, conversation_id: str) -> None:
        self._desk = desk
        self._agent = agent
        self._conversation_id = conversation_id
        self._event_id: int | None = None

    async def look(self, *, is_colleagues: bool) -> None:
        """Begin or end the note, as it stands now."""
        if is_colleagues and self._event_id is None:
            async with self._desk.begin() as session:
                self._event_id = await handoff.start_listening(
                    session, self._agent, self._conversation_id, now=self._desk.clock()
                )
        elif not is_colleagues:
            await self.end()

    async def end(self) -> None:
        """End the note, if there is one."""
        if self._event_id is None:
            return
        event_id, self._event_id = self._event_id, None
        async with self._desk.begin() as session:
            await handoff.stop_listening(session, event_id, now=self._desk.clock())
