"""Reading the dialogue that the engine sends with every call."""

from __future__ import annotations

from datetime import date
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.forms import REQUESTED_SLOT

from actions.ports import ActionPorts
from bot.services.forms import Field, Form, required_fields

#: Slot with the number of the draft that this conversation took up.
DRAFT_NUMBER = "draft_number"
SAVE_FORM = "/save_form"
CORRECT_FIELD, CANCEL_FORM, REQUEST_HUMAN = "/correct_field", "/cancel_form", "/request_human"


def text_of(tracker: Tracker) -> str:
    """Return what the citizen wrote; empty for a pressed button that carries an intent.

    The engine's own text of a message is normalised for understanding: links cut, numerals and
    repetitions rewritten.
    """
    text = str(metadata_of(tracker).get("written") or tracker.latest_message.get("text") or "").strip()
    return "" if text.startswith("/") else text


def intent_of(tracker: Tracker) -> str | None:
    """Return the intent of the message."""
    return (tracker.latest_message.get("intent") or {}).get("name")


def metadata_of(tracker: Tracker) -> dict[str, Any]:
    """Return what came with the message: from the desk the day, from the engine the slot it asked for."""
    return tracker.latest_message.get("metadata") or {}


def today_of(tracker: Tracker, ports: ActionPorts) -> date:
    """Return the local day for which the message is answered; operators may set another."""
    given = metadata_of(tracker).get("today")
    return date.fromisoformat(given) if given else ports.clock().astimezone(ports.office.calendar.zone).date()


def nearest_articles(tracker: Tracker) -> list[str]:
    """Return the ids of the articles that the engine found nearest to the message, best first."""
    selected = (tracker.latest_message.get("response_selector") or {}).get("faq") or {}
    return [str(found["intent_response_key"]).partition("/")[2] for found in selected.get("ranking") or []]


def values_of(tracker: Tracker, form: Form) -> dict[str, str]:
    """Return the answers so far: field name to value, `""` for a skipped question."""
    values = {field.name: tracker.slots.get(form.slot(field)) for field in form.fields}
    return {name: str(value) for name, value in values.items() if value is not None}


def active_form(tracker: Tracker, ports: ActionPorts) -> Form | None:
    """Return the form that is being filled in, None if none is."""
    name = (tracker.active_loop or {}).get("name")
    return next((form for form in ports.forms.forms if form.form_name == name), None)


def forget(form: Form) -> list[EventType]:
    """Return what empties every slot of a form."""
    slots = [*(form.slot(field) for field in form.fields), form.confirm_slot, DRAFT_NUMBER]
    return [SlotSet(slot, None) for slot in slots]


def last_answered(tracker: Tracker, form: Form) -> Field | None:
    """Return the field answered just before the one that is asked now."""
    values = values_of(tracker, form)
    asked = tracker.slots.get(REQUESTED_SLOT)
    before: Field | None = None
    for field in required_fields(form, values):
        if form.slot(field) == asked:
            break
        before = field if field.name in values else before
    return before


def rejections_before(tracker: Tracker, form: Form, slot: str) -> int:
    """Count how often the form has refused an answer to this question since it last changed hands.

    The engine keeps the last few turns, which is enough to know that this is the second time.
    """
    count, action = 0, ""
    for event in tracker.events:
        if event.get("event") == "action":
            action = str(event.get("name"))
        elif event.get("event") == "slot" and event.get("name") == slot and event.get("value") is None:
            count = count + 1 if action == form.form_name else 0
    return count


def button(title: str, payload: str | None = None) -> dict[str, str]:
    """Return a button that sends its title, or the payload."""
    return {"title": title, "payload": payload or title}
