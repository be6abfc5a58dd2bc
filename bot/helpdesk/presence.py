"""Who is at their desk, what they can take, and the rules of handing a conversation to them.

An agent says whether they take conversations; their open console says that they are still there. Both are
needed: a conversation given to a closed laptop waits for nobody. So presence is worked out from the last
sign of life whenever it matters, never kept as a state that somebody would have to correct.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DEFAULT_CAPACITY = 5
MAX_CAPACITY = 50
#: So long after the last sign of life an agent counts as present, unless the operator says otherwise.
PRESENT_FOR = timedelta(seconds=60)
#: After a gap this long a new shift begins: what was chosen before it no longer counts.
SHIFT_GAP = timedelta(hours=4)


class Presence(StrEnum):
    """Whether an agent takes conversations."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class Assignment(StrEnum):
    """How a waiting conversation finds its agent."""

    #: Agents take what they want.
    CLAIM = "claim"
    #: Of the present agents with the skills who has the largest part of their places free, then who has been free longest.
    LONGEST_FREE = "longest_free"
    #: Who has the fewest conversations in hand, then who was given the fewest in a day.
    LEAST_BUSY = "least_busy"
    #: In turn: who was given one longest ago, however many they have.
    ROUND_ROBIN = "round_robin"

    @property
    def is_automatic(self) -> bool:
        """Tell whether conversations are given out; a place must be free in any case."""
        return self is not Assignment.CLAIM


@dataclass(frozen=True)
class HandoffRules:
    """The standing rules of this installation.

    Attributes:
        nudge_after: Office time without an answer after which the agent is reminded.
        requeue_after: Office time after the reminder in which the citizen goes back to the queue.
        return_within: So long a citizen comes back to the agent who helped them, if that one is present.
        present_for: So long after the last sign of life an agent still counts as present.
        anyone_after: Office time after which a conversation may also be given to who lacks a skill for it.
    """

    nudge_after: timedelta = timedelta(minutes=3)
    requeue_after: timedelta = timedelta(minutes=3)
    return_within: timedelta = timedelta(days=7)
    present_for: timedelta = PRESENT_FOR
    assignment: Assignment = Assignment.CLAIM
    anyone_after: timedelta = timedelta(minutes=5)


@dataclass(frozen=True)
class Skills:
    """What an agent can take; an empty list stands for everything."""

    queues: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @classmethod
    def read(cls, stored: Mapping[str, Sequence[str]] | None) -> Skills:
        """Return skills from their stored form."""
        stored = stored or {}
        return cls(*(tuple(stored.get(name, ())) for name in ("queues", "rights", "languages")))

    def to_json(self) -> dict[str, list[str]]:
        """Return the stored form."""
        return {"queues": [*self.queues], "rights": [*self.rights], "languages": [*self.languages]}

    def has(self, wanted: str) -> bool:
        """Tell whether the agent has one skill.

        Args:
            wanted: As `helpdesk.routing` writes it: `queue:patent`, `language:en`; `right:gi|patent` for one of them.
        """
        kind, _, names = wanted.partition(":")
        held = {"queue": self.queues, "right": self.rights, "language": self.languages}.get(kind, ())
        return not held or any(name in held for name in names.split("|"))


def presence_now(
    chosen: Presence, last_seen_at: datetime | None, *, now: datetime, present_for: timedelta
) -> Presence:
    """Return the presence that counts: without a recent sign of life nobody is online."""
    if chosen is not Presence.ONLINE:
        return chosen
    is_seen = last_seen_at is not None and now - last_seen_at <= present_for
    return Presence.ONLINE if is_seen else Presence.AWAY


def presence_on_arrival(
    chosen: Presence, last_seen_at: datetime | None, *, now: datetime, present_for: timedelta
) -> Presence:
    """Return what to note when an agent opens the console.

    Opening it after having been gone begins work: offline becomes online. A break (away) outlasts a closed
    lid, unless a whole shift has passed since.
    """
    gap = now - last_seen_at if last_seen_at else SHIFT_GAP
    if gap >= SHIFT_GAP or (chosen is Presence.OFFLINE and gap > present_for):
        return Presence.ONLINE
    return chosen
