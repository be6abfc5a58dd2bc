"""Who owns a conversation, and what a change of owner means.

`owner_epoch` grows by one with every change. A reply is worth sending only while the epoch
in which it was written is still the current one: that is what keeps the bot from talking
over a person, whatever the timing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Owner(StrEnum):
    """Who answers next."""

    BOT = "bot"
    QUEUED = "queued"
    HUMAN = "human"
    WRAP_UP = "wrap_up"
    OFFLINE_TICKET = "offline_ticket"


#: Allowed changes of owner. `wrap_up` is an episode that an agent closed: the citizen's next
#: message belongs to the bot again. `offline_ticket` is a request made outside office hours.
OWNER_CHANGES: Mapping[Owner, frozenset[Owner]] = {
    Owner.BOT: frozenset({Owner.QUEUED, Owner.OFFLINE_TICKET}),
    Owner.QUEUED: frozenset({Owner.HUMAN, Owner.BOT}),
    Owner.OFFLINE_TICKET: frozenset({Owner.HUMAN, Owner.BOT}),
    Owner.HUMAN: frozenset({Owner.BOT, Owner.WRAP_UP, Owner.QUEUED}),
    Owner.WRAP_UP: frozenset({Owner.BOT}),
}

WAITING = frozenset({Owner.QUEUED, Owner.OFFLINE_TICKET})

_HANDLED_BY = {
    Owner.BOT: "bot",
    Owner.WRAP_UP: "bot",
    Owner.QUEUED: "queued",
    Owner.OFFLINE_TICKET: "queued",
    Owner.HUMAN: "human",
}


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
