"""Who else looks at a ticket or conversation, live.

Kept in memory: it is about who has a page open now. Each desk process knows its own browsers and tells the others
(`telling_others`). Who is *writing* is a lease in the store.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from bot.bootstrap import Desk
from bot.helpdesk.errors import HelpdeskError
from bot.services import access, leases
from bot.services.live import Announcement, Hub
from bot.store.tables import Agent

#: What can be looked at → its door.
SUBJECTS = {"ticket": access.access_ticket, "conversation": access.access_conversation}
#: What another process has told is forgotten after so long, unless it tells it again.
BELIEVED_FOR = timedelta(seconds=50)

Send = Callable[..., Awaitable[None]]


class Onlookers:
    """Who looks at what; an agent with two pages open looks once.

    Args:
        has_others: There are other desk processes to be told.
    """

    def __init__(self, hub: Hub, *, has_others: bool = False) -> None:
        self._hub = hub
        self._has_others = has_others
        self._here: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self._elsewhere: dict[tuple[str, str], tuple[set[tuple[str, str]], datetime]] = {}
        self._untold: set[str] = set()
        #: Set while there is something that the other processes have not been told.
        self.has_news = asyncio.Event()

    @contextmanager
    def looking(self, topic: str, agent: Agent) -> Iterator[None]:
        """Count the agent among those who look, while the block runs, and tell the others."""
        who = (agent.id, agent.name)
        self._here[topic][who] += 1
        self._changed(topic)
        try:
            yield
        finally:
            self._here[topic][who] -= 1
            self._here[topic] += Counter()
            if not self._here[topic]:
                del self._here[topic]
            self._changed(topic)

    def at(self, topic: str) -> list[dict[str, str]]:
        """Return those who look, by name."""
        found = set(self._here.get(topic, ()))
        for (told_topic, _), (who, _) in self._elsewhere.items():
            if told_topic == topic:
                found |= who
        return [{"id": agent_id, "name": name} for agent_id, name in sorted(found, key=lambda who: (who[1], who[0]))]

    def untold(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return who looks here at what has changed since the last call."""
        topics, self._untold = sorted(self._untold), set()
        self.has_news.clear()
        return [(topic, sorted(self._here.get(topic, ()))) for topic in topics]

    def tell_all(self) -> None:
        """Let everything be told again."""
        self._untold.update(self._here)
        self.has_news.set()

    def hear(self, told: Announcement, now: datetime) -> None:
        """Note what another process has told."""
        place = (str(told["at"]), str(told["process"]))
        who = {(str(agent_id), str(name)) for agent_id, name in told["who"]}
        known, _ = self._elsewhere.pop(place, (set(), now))
        if who:
            self._elsewhere[place] = (who, now)
        if who != known:
            self._show(place[0])

    def forget_old(self, now: datetime) -> None:
        """Forget what nobody has told for so long that its process must be gone."""
        for place, (_, told_at) in list(self._elsewhere.items()):
            if now - told_at > BELIEVED_FOR:
                del self._elsewhere[place]
                self._show(place[0])

    def _changed(self, topic: str) -> None:
        if self._has_others:
            self._untold.add(topic)
            self.has_news.set()
        self._show(topic)

    def _show(self, topic: str) -> None:
        self._hub.publish([(topic, {"type": "looking"})])


async def follow(desk: Desk, onlookers: Onlookers, agent: Agent, subject: str, subject_id: str, send: Send) -> None:
    """Send who looks and who writes, now and whenever it changes, until cancelled; nothing of what is not for the agent."""
    try:
        async with desk.read() as session:
            await SUBJECTS[subject](session, agent, subject_id)
    except HelpdeskError:
        return
    topic = leases.topic(subject, subject_id)
    told = None
    async with desk.hub.listen(topic) as news:
        with onlookers.looking(topic, agent):
            while True:
                while not news.empty():
                    news.get_nowait()
                state, lasts = await _state(desk, onlookers, agent, subject, subject_id)
                if state != told:
                    await send("lookers", subject=subject, id=subject_id, **state)
                    told = state
                # A lease that runs out is no news: nobody does anything then.
                with suppress(TimeoutError):
                    async with asyncio.timeout(lasts):
                        await news.get()


async def _state(
    desk: Desk, onlookers: Onlookers, agent: Agent, subject: str, subject_id: str
) -> tuple[dict[str, Any], float | None]:
    """Return who looks and who writes, and for how many seconds the lease lasts; None if there is none."""
    now = desk.clock()
    async with desk.read() as session:
        holder = await leases.holder(session, subject, subject_id, now=now)
    others = [who for who in onlookers.at(leases.topic(subject, subject_id)) if who["id"] != agent.id]
    writer = {"id": holder.agent_id, "name": holder.agent_name, "until": holder.until.isoformat()} if holder else None
    return {"others": others, "writer": writer}, (holder.until - now).total_seconds() if holder else None
