"""Reading the slots out of the engine's dialogue state.

The state belongs to the engine (`bot/engine/state.py`: `slots` at a cut, then the events since). Only what a
form was told is read here, to be shown; a state of another shape shows nothing, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def filled_slots(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the slots at the end of the dialogue that have a value."""
    if not isinstance(state, Mapping) or not isinstance(state.get("slots"), Mapping):
        return {}
    slots = dict(state["slots"])
    for event in state.get("events") or ():
        match event:
            case ["slot", str(name), value]:
                slots[name] = value
            case ["reset"]:
                slots.clear()
    return {name: value for name, value in slots.items() if value is not None}
