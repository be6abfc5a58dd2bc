"""validate_<form>_form: checks answers, says why one is refused, decides what is asked next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT
from rasa_sdk.types import DomainDict

from actions.answers import take_correction, take_outcome
from actions.dialogue import text_of, today_of, values_of
from actions.ports import ActionPorts
from bot.services.forms import CONFIRM, SKIPPED, Field, Form, required_fields

CONFIRMED = "yes"


class ValidateForm(Action):
    """One form's checks.

    `rasa_sdk.FormValidationAction` reads the required slots from the domain, which the engine does
    not send; here the form's own file says what is required. The engine may check a slot again that
    holds a normal form already: then nothing changes and nothing is said.
    """

    def __init__(self, ports: ActionPorts, form: Form) -> None:
        self._ports, self._form = ports, form

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return f"validate_{self._form.form_name}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Check every answer that came in, then request the next slot that is due."""
        form, today = self._form, today_of(tracker, self._ports)
        state = values_of(tracker, form) | {CONFIRM: tracker.slots.get(form.confirm_slot)}
        if events := self._skip_rest(dispatcher, tracker, state):
            state |= {event["name"].removeprefix(f"{form.id}_"): event["value"] for event in events}
            return [*events, SlotSet(REQUESTED_SLOT, self._next_slot(state))]
        for slot, text in tracker.slots_to_validate().items():
            if text is None:
                continue
            if slot == form.confirm_slot:
                checked = self._confirm(dispatcher, tracker, str(text), today)
            elif field := form.field_of_slot(slot):
                checked = self._answer(dispatcher, tracker, field, str(text), state, today)
            else:
                continue
            state |= {event["name"].removeprefix(f"{form.id}_"): event["value"] for event in checked}
            events += checked
        return [*events, SlotSet(REQUESTED_SLOT, self._next_slot(state))]

    def _skip_rest(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, state: dict[str, str | None]
    ) -> list[EventType]:
        """Leave out at once all that may be left out; the question that was asked is put again if it may not."""
        if not self._ports.forms.words.is_skip_rest(text_of(tracker)):
            return []
        given = [slot for slot in tracker.slots_to_validate() if self._form.field_of_slot(slot)]
        # What the engine put into the slot is the command itself, not an answer.
        state |= {slot.removeprefix(f"{self._form.id}_"): None for slot in given}
        left_out = self._ports.forms.left_out(self._form, state)
        is_due = any(field in left_out for field in required_fields(self._form, state))
        dispatcher.utter_message(text=self._ports.texts("forms.rest_skipped" if is_due else "forms.rest_needed"))
        emptied = [SlotSet(slot, None) for slot in given]
        return [*emptied, *(SlotSet(self._form.slot(field), SKIPPED) for field in left_out)]

    def _answer(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, field: Field, text: str,
        state: Mapping[str, str | None], today: date,
    ) -> list[EventType]:  # fmt: skip
        """Take the answer to a question; what an earlier answer made needless is dropped unsaid."""
        if field not in required_fields(self._form, state):
            return [SlotSet(self._form.slot(field), None)]
        outcome = self._ports.forms.validate(field, text, today=today, values=state)
        return [take_outcome(self._ports, dispatcher, tracker, self._form, field, outcome)]

    def _confirm(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, today: date
    ) -> list[EventType]:
        """Take the answer to the summary: yes, a correction, or neither."""
        slot, forms = self._form.confirm_slot, self._ports.forms
        if forms.words.says_submit(text):
            return [SlotSet(slot, CONFIRMED)]
        if forms.asks_correction(text) or forms.parse_correction(self._form, text).field:
            changed = take_correction(self._ports, dispatcher, tracker, self._form, text, today=today)
            return [*changed, SlotSet(slot, None)]
        dispatcher.utter_message(text=self._ports.texts("forms.confirm_unclear"))
        return [SlotSet(slot, None)]

    def _next_slot(self, state: Mapping[str, str | None]) -> str | None:
        due = next((f for f in required_fields(self._form, state) if state.get(f.name) is None), None)
        if due is not None:
            return self._form.slot(due)
        return None if state[CONFIRM] == CONFIRMED else self._form.confirm_slot
