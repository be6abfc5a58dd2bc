"""Who owns a conversation, and what a change of owner means.

`owner_epoch` grows by one with every change. A reply is worth sending only while the epoch
in which it was written is still the current one: that is what keeps the bot from talking
over a person, whatever the timing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class Owner(StrEnum):
    """Who answers next."""

    BOT = "bot"
    QUEUED = "queued"
    HUMAN = "human"
    WRAP_UP = "wrap_up"
    OFFLINE_TICKET = "offline_ticket"


#: Allowed changes of owner. `wrap_up` is an episode that an agent closed: the citizen's next
#: message belongs to the bot again. `offline_ticket` is a request made outside office hours.
#: `human` to `human` is another person: a transfer, or a supervisor who takes over.
OWNER_CHANGES: Mapping[Owner, frozenset[Owner]] = {
    Owner.BOT: frozenset({Owner.QUEUED, Owner.OFFLINE_TICKET}),
    Owner.QUEUED: frozenset({Owner.HUMAN, Owner.BOT}),
    Owner.OFFLINE_TICKET: frozenset({Owner.HUMAN, Owner.BOT}),
    Owner.HUMAN: frozenset({Owner.BOT, Owner.WRAP_UP, Owner.QUEUED, Owner.HUMAN}),
    Owner.WRAP_UP: frozenset({Owner.BOT, Owner.QUEUED, Owner.OFFLINE_TICKET}),
}

WAITING = frozenset({Owner.QUEUED, Owner.OFFLINE_TICKET})

_HANDLED_BY = {
    Owner.BOT: "bot",
    Owner.WRAP_UP: "bot",
    Owner.QUEUED: "queued",
    Owner.OFFLINE_TICKET: "queued",
    Owner.HUMAN: "human",
}


class QueueRank(IntEnum):
    """Who is served first; within a rank, who has waited longest."""

    NORMAL = 0
    HIGH = 1
    URGENT = 2
    #: Had a person and lost them through no fault of their own.
    REQUEUED = 3


def check_owner_change(old: Owner, new: Owner) -> None:
    """Allow a change of owner that the table holds.

    Raises:
        ValueError: The table has no such change: a mistake in our code, never in what people do.
    """
    if new not in OWNER_CHANGES[old]:
        raise ValueError(f"no change of owner from {old} to {new}")


def handled_by(owner: Owner) -> str:
    """Return the owner as the outside interfaces name it: `bot`, `queued` or `human`."""
    return _HANDLED_BY[owner]


def may_send(reply_epoch: int | None, current_epoch: int) -> bool:
    """Tell whether a stored reply may still go out.

    Args:
        reply_epoch: Epoch in which the reply was written; None for what people and the
            system itself say, which always goes out.
        current_epoch: Epoch of the conversation at this instant.
    """
    return reply_epoch is None or reply_epoch == current_epoch
