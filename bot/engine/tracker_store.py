"""A tracker store that keeps nothing: state comes with the request and leaves with the response.

Why not Rasa's in-memory store: it would remember a conversation in one process only, and a crash
between the engine's answer and the desk's commit would leave the two sides with different states. The
desk saves the state in the same transaction as the reply, so a repeated turn starts from the old
state. It is also the fastest store there is: Rasa's SQL store costs 7 ms a turn and grows.
"""

from __future__ import annotations

from typing import Iterable, Optional, Text

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.turn import CURRENT_TURN


class TurnTrackerStore(TrackerStore):
    """Serves the tracker of the turn that the running task is handling (see `turn.py`)."""

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """Return the tracker that `DeskInput` rebuilt for this request; None outside a request."""
        turn = CURRENT_TURN.get()
        return turn.tracker if turn is not None else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Leave the tracker with the current request, for the channel to answer from."""
        turn = CURRENT_TURN.get()
        if turn is not None:
            turn.tracker = tracker

    async def keys(self) -> Iterable[Text]:
        """Return no conversations: there are none between requests."""
        return []
