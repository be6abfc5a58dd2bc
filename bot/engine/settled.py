"""What a person settled while the bot was silent, as part of the dialogue.

The desk gives it in the metadata of the first turn after a hand-back:

    {"question": "发明专利保护多久？", "topic": "law", "right": "patent", "article_id": …, "note": "…"}

The question then stands in the dialogue as if it had been asked and answered here, so that 那外观设计呢
is understood with it; topic, right and the agent's note are slots. It becomes part of the state that
the turn returns.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.nlu_report import FAQ

KEY = "settled"
_SLOTS = {"topic": "settled_topic", "right": "settled_right", "note": "agent_settled"}
_ANSWERED = "utter_faq"


def absorb(tracker: DialogueStateTracker, settled: Optional[Dict[str, Any]], domain: Domain) -> None:
    """Add what was settled to the end of a dialogue.

    A model that was trained before these slots existed goes without them. While a form asks, only the
    slots are set: a question in between would look like an answer to the form.
    """
    if not isinstance(settled, dict):
        return
    known = {slot.name for slot in domain.slots}
    events: List[Event] = [
        SlotSet(slot, settled[name]) for name, slot in _SLOTS.items() if settled.get(name) and slot in known
    ]
    question = settled.get("question")
    if question and isinstance(question, str) and tracker.active_loop_name is None:
        said = [UserUttered(question, {"name": FAQ, "confidence": 1.0}), ActionExecuted(_ANSWERED)]
        events = [*said, *events, ActionExecuted(ACTION_LISTEN_NAME)]
    for event in events:
        tracker.update(event, domain)
