"""Taking an answer or a correction to a form, and telling the citizen what came of it."""

from __future__ import annotations

import re
from datetime import date

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue import REQUEST_HUMAN, button, last_answered, rejections_before, values_of
from actions.ports import ActionPorts
from bot.services.fields.masking import masked
from bot.services.forms import Accepted, Correction, Field, Form, Outcome, Rejected, required_fields

#: After so many refused answers to one question a person is offered.
PATIENCE = 2
_PARTS = re.compile(r"[，,；;。\n]")


def take_outcome(
    ports: ActionPorts, dispatcher: CollectingDispatcher, tracker: Tracker, form: Form, field: Field,
    outcome: Outcome,
) -> EventType:  # fmt: skip
    """Keep an accepted answer; a refused one leaves the slot empty, and the citizen hears why."""
    slot = form.slot(field)
    if isinstance(outcome, Accepted):
        return SlotSet(slot, outcome.value)
    tell_rejection(ports, dispatcher, outcome)
    if rejections_before(tracker, form, slot) + 1 >= PATIENCE:
        offer_help(ports, dispatcher, field)
    return SlotSet(slot, None)


def tell_rejection(ports: ActionPorts, dispatcher: CollectingDispatcher, outcome: Rejected) -> None:
    """Say why an answer cannot be taken."""
    dispatcher.utter_message(text=ports.texts(f"rejections.{outcome.code}", **outcome.details))


def offer_help(ports: ActionPorts, dispatcher: CollectingDispatcher, field: Field) -> None:
    """Offer a person, and to skip the question where that is possible."""
    texts = ports.texts
    buttons = [button(texts("buttons.human"), REQUEST_HUMAN)]
    if field.skippable:
        buttons.insert(0, button(texts("buttons.skip")))
    key = "forms.stuck_skippable" if field.skippable else "forms.stuck"
    dispatcher.utter_message(text=texts(key), buttons=buttons)


def take_correction(
    ports: ActionPorts, dispatcher: CollectingDispatcher, tracker: Tracker, form: Form, text: str,
    *, today: date,
) -> list[EventType]:  # fmt: skip
    """Change earlier answers, or empty one so that the form asks again."""
    parts = [ports.forms.parse_correction(form, part) for part in _PARTS.split(text)]
    several = [part for part in parts if part.field and part.text]
    if len(several) < 2:
        several = [ports.forms.parse_correction(form, text)]
    return [
        event
        for found in several
        for event in _take_one(ports, dispatcher, tracker, form, found, today=today)
    ]


def _take_one(
    ports: ActionPorts, dispatcher: CollectingDispatcher, tracker: Tracker, form: Form,
    found: Correction, *, today: date,
) -> list[EventType]:  # fmt: skip
    values = values_of(tracker, form)
    field = field_meant(tracker, form, found)
    if field is None:
        ask_which_field(ports, dispatcher, form, values)
        return []
    if field not in required_fields(form, values):
        dispatcher.utter_message(text=ports.texts("forms.field_not_asked", label=field.label))
        return []
    if found.text is None:
        dispatcher.utter_message(text=ports.texts("forms.cleared", label=field.label))
        return [SlotSet(form.slot(field), None)]
    outcome = ports.forms.validate(field, found.text, today=today, values=values)
    if isinstance(outcome, Rejected):
        tell_rejection(ports, dispatcher, outcome)
        return [SlotSet(form.slot(field), None)]
    shown = masked(field, outcome.shown) or ports.texts("forms.not_given")
    dispatcher.utter_message(text=ports.texts("forms.corrected", label=field.label, shown=shown))
    values[field.name] = outcome.value
    return [SlotSet(form.slot(field), outcome.value), *_ask_again(ports, dispatcher, form, values, today)]


def field_meant(tracker: Tracker, form: Form, found: Correction) -> Field | None:
    """Return the field that a correction names, or the one answered just now if it points there."""
    return found.field or (last_answered(tracker, form) if found.is_last else None)


def ask_which_field(
    ports: ActionPorts, dispatcher: CollectingDispatcher, form: Form, values: dict[str, str]
) -> None:
    """Let the citizen choose among the answers given so far."""
    texts = ports.texts
    changeable = (field for field in required_fields(form, values) if field.must_be is None)
    answered = [field for field in changeable if field.name in values]
    buttons = [button(texts("forms.change_field", label=field.label)) for field in answered]
    text = texts("forms.which_field") if answered else texts("forms.nothing_answered")
    dispatcher.utter_message(text=text, buttons=buttons)


def _ask_again(
    ports: ActionPorts, dispatcher: CollectingDispatcher, form: Form, values: dict[str, str], today: date
) -> list[EventType]:
    """Empty the answers that the correction made wrong, as the number of another right."""
    doubtful = ports.forms.no_longer_valid(form, values, today=today)
    for field in doubtful:
        dispatcher.utter_message(text=ports.texts("forms.also_asked_again", label=field.label))
    return [SlotSet(form.slot(field), None) for field in doubtful]
