"""Who else looks at a ticket or conversation, live.

Kept in this process's memory: it is about who has a page open now. Several desk processes each know their own
browsers only; who is *writing* is a lease in the store and known to all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.bootstrap import Desk
from bot.helpdesk.errors import HelpdeskError
from bot.services import access, leases
from bot.services.live import Hub
from bot.store.tables import Agent

#: What can be looked at → its door.
SUBJECTS = {"ticket": access.access_ticket, "conversation": access.access_conversation}
Send = Callable[..., Awaitable[None]]


class Onlookers:
    """Who looks at what; an agent with two pages open looks once."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._looking: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)

    @contextmanager
    def looking(self, topic: str, agent: Agent) -> Iterator[None]:
        """Count the agent among those who look, while the block runs, and tell the others."""
        who = (agent.id, agent.name)
        self._looking[topic][who] += 1
        self._tell(topic)
        try:
            yield
        finally:
            self._looking[topic][who] -= 1
            self._looking[topic] += Counter()
            if not self._looking[topic]:
                del self._looking[topic]
            self._tell(topic)

    def at(self, topic: str) -> list[dict[str, str]]:
        """Return those who look, by name."""
        found = sorted(self._looking.get(topic, ()), key=lambda who: (who[1], who[0]))
        return [{"id": agent_id, "name": name} for agent_id, name in found]

    def _tell(self, topic: str) -> None:
        self._hub.publish([(topic, {"type": "looking"})])


async def follow(desk: Desk, onlookers: Onlookers, agent: Agent, subject: str, subject_id: str, send: Send) -> None:
    """Send who looks and who writes, now and whenever it changes, until cancelled; nothing of what is not for the agent."""
    try:
        async with desk.read() as session:
            await SUBJECTS[subject](session, agent, subject_id)
    except HelpdeskError:
        return
    topic = leases.topic(subject, subject_id)
    async with desk.hub.listen(topic) as news:
        with onlookers.looking(topic, agent):
            while True:
                while not news.empty():
                    news.get_nowait()
                await send("lookers", subject=subject, id=subject_id, **await _state(desk, onlookers, agent, subject, subject_id))
                await news.get()


async def _state(
    desk: Desk, onlookers: Onlookers, agent: Agent, subject: str, subject_id: str
) -> dict[str, Any]:
    async with desk.read() as session:
        holder = await leases.holder(session, subject, subject_id, now=desk.clock())
    others = [who for who in onlookers.at(leases.topic(subject, subject_id)) if who["id"] != agent.id]
    writer = {"id": holder.agent_id, "name": holder.agent_name, "until": holder.until.isoformat()} if holder else None
    return {"others": others, "writer": writer}
