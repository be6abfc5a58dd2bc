"""What belongs to the one turn that is being handled, carried by the running task.

Rasa passes a conversation around by its id and looks it up in a tracker store. Here the dialogue
state arrives with the request and leaves with the response, so the store needs to know *which
request* it is serving. A context variable says that without any table keyed by conversation: two
turns that run at once can never see each other's state.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Optional

from rasa.shared.core.trackers import DialogueStateTracker


@dataclass
class Turn:
    """One request: the tracker rebuilt from its state, replaced by the one Rasa saves at the end.

    Attributes:
        action_port: Port of the desk process whose turn this is; None where there is only one.
    """

    tracker: DialogueStateTracker
    action_port: Optional[int] = None


CURRENT_TURN: ContextVar[Optional[Turn]] = ContextVar("rightsdesk_turn", default=None)


class TurnAborted(BaseException):
    """A desk action failed, so this turn must not go on and its state must not be kept.

    Rasa logs any `Exception` of an action and carries on predicting, which would answer the citizen
    as if the action had run. Deriving from `BaseException`, as `asyncio.CancelledError` does, is what
    gets past those handlers. `DeskInput` catches it and tells the desk, which still has the state
    from before the turn and may repeat it.
    """

    def __init__(self, action: str, reason: str) -> None:
        super().__init__(f"{action}: {reason}")
        self.action = action
        self.reason = reason
