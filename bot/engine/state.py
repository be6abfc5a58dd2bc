"""Dialogue state as plain JSON: small, bounded, and enough to go on exactly where the turn ended.

The state has two parts. `slots` and `loop` describe the conversation at a cut some turns back;
`events` are the turns since then, so that actions and rules can still look back a little. Rebuilding
replays the second on the first. Each new turn moves the cut forward, therefore the size is bounded
by the slot values plus `KEPT_TURNS` short turns, however long the conversation lasts.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException

VERSION = 1
KEPT_TURNS = 3
# Old messages only serve as context for actions; what a citizen told a form is kept whole, in its slot.
KEPT_TEXT = 200

# Events that reach back into history; after one of them the cut moves to the end, where all is settled.
_REWRITING = frozenset({"undo", "rewind", "restart"})


class BadState(RasaException):
    """The state in the request was not written by this engine; send null to start anew."""


def restore(conversation: str, state: Optional[Dict[str, Any]], domain: Domain) -> DialogueStateTracker:
    """Rebuild the tracker of a conversation.

    Slots and forms that the loaded model no longer knows are left out, so a conversation survives a
    change of model in its middle.

    Args:
        conversation: Its id, handed to the desk's actions as `sender_id`.
        state: What `compact` returned after the previous turn; None for a new conversation.
        domain: Domain of the loaded model.

    Raises:
        BadState: `state` has another shape or version.
    """
    state = _checked(state)
    known = {slot.name for slot in domain.slots}
    loop = state["loop"] if state["loop"] in domain.form_names else None
    slots = {name: value for name, value in state["slots"].items() if name in known}
    if loop is None:
        slots.pop(REQUESTED_SLOT, None)
    events: List[Event] = [SlotSet(name, value) for name, value in slots.items()]
    if loop is not None:
        events.append(ActiveLoop(loop))
    past = [_unpack(item) for item in state["events"]]
    events += [event for event in past if _is_known(event, known, domain)] or [ActionExecuted(ACTION_LISTEN_NAME)]
    return DialogueStateTracker.from_events(conversation, events, domain.slots)


def compact(tracker: DialogueStateTracker, domain: Domain) -> Dict[str, Any]:
    """Return the state to hand out at the end of a turn (see the module's docstring)."""
    events = list(tracker.events)
    cut = _cut(events)
    before = DialogueStateTracker.from_events(tracker.sender_id, events[:cut], domain.slots)
    packed = [_pack(event) for event in events[cut:]]
    return {
        "v": VERSION,
        "slots": filled_slots(before, domain),
        "loop": before.active_loop_name,
        "events": [item for item in packed if item is not None],
    }


def filled_slots(tracker: DialogueStateTracker, domain: Domain) -> Dict[str, Any]:
    """Return the slots that differ from their initial value, by name."""
    initial = {slot.name: slot.initial_value for slot in domain.slots}
    values = tracker.current_slot_values()
    return {name: value for name, value in values.items() if value != initial.get(name)}


def _checked(state: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    if state is None:
        return {"slots": {}, "loop": None, "events": []}
    if not isinstance(state, dict) or state.get("v") != VERSION:
        raise BadState("unknown version of the dialogue state")
    if not (isinstance(state.get("slots"), dict) and isinstance(state.get("events"), list)):
        raise BadState("malformed dialogue state")
    return {"slots": state["slots"], "loop": state.get("loop"), "events": state["events"]}


def _cut(events: List[Event]) -> int:
    """Return the index of the listening action before the oldest turn that is kept."""
    if any(event.type_name in _REWRITING for event in events):
        return len(events)
    turns = [index for index, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(turns) < KEPT_TURNS:
        return 0 if not turns else max(turns[0] - 1, 0)
    return max(turns[-KEPT_TURNS] - 1, 0)


def _pack(event: Event) -> Optional[List[Any]]:
    """Return a short form of an event, or None for one that says nothing about a past turn.

    A rejected or interrupted form is left out on purpose: both marks only steer the rest of their own
    turn. Kept, the rejection would block the form after a handoff in its middle.
    """
    if isinstance(event, UserUttered):
        return ["user", event.intent_name, (event.text or "")[:KEPT_TEXT]]
    if isinstance(event, ActionExecuted):
        return ["action", event.action_name]
    if isinstance(event, SlotSet):
        return ["slot", event.key, event.value]
    if isinstance(event, ActiveLoop):
        return ["loop", event.name]
    if isinstance(event, AllSlotsReset):
        return ["reset"]
    return None


def _unpack(item: Any) -> Event:
    try:
        kind, values = item[0], item[1:]
        if kind == "user":
            intent, text = values
            return UserUttered(text, {"name": intent, "confidence": 1.0})
        return {"action": ActionExecuted, "slot": SlotSet, "loop": ActiveLoop, "reset": AllSlotsReset}[kind](*values)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BadState("malformed event in the dialogue state") from error


def _is_known(event: Event, slots: set, domain: Domain) -> bool:
    if isinstance(event, SlotSet):
        return event.key in slots
    if isinstance(event, ActiveLoop):
        return event.name is None or event.name in domain.form_names
    if isinstance(event, ActionExecuted):
        return event.action_name in domain.action_names_or_texts
    return True
