"""action_ask_<form>_confirm: the summary, and what can be done with it."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT
from rasa_sdk.types import DomainDict

from actions.answers import field_meant
from actions.dialogue import (
    CANCEL_FORM,
    CORRECT_FIELD,
    SAVE_FORM,
    button,
    intent_of,
    metadata_of,
    text_of,
    values_of,
)
from actions.ports import ActionPorts
from bot.services.forms import Form, Line

#: Longer answers are shown with their beginning; the ticket holds them whole.
SHOWN_CHARS = 160


class AskConfirm(Action):
    """Shows what was answered and asks to submit, correct or cancel."""

    def __init__(self, ports: ActionPorts, form: Form) -> None:
        self._ports, self._form = ports, form

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return f"action_ask_{self._form.confirm_slot}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Show the summary, unless the citizen was asked just now which answer to change."""
        texts, form = self._ports.texts, self._form
        if self._is_choosing(tracker):
            return []
        lines = [self._line(line) for line in self._ports.forms.summary(form, values_of(tracker, form))]
        text = "\n".join([texts("forms.summary_intro", form=form.title), *lines, texts("forms.summary_ask")])
        buttons = [
            button(texts("buttons.confirm")),
            button(texts("buttons.correct"), CORRECT_FIELD),
            button(texts("buttons.save"), SAVE_FORM),
            button(texts("buttons.cancel"), CANCEL_FORM),
        ]
        dispatcher.utter_message(text=text, buttons=buttons)
        return []

    def _is_choosing(self, tracker: Tracker) -> bool:
        """Tell whether the message asked for a change without naming a field.

        The question which one it is has its own buttons; the summary would bury them.
        """
        if metadata_of(tracker).get(REQUESTED_SLOT) != self._form.confirm_slot:
            return False
        text, forms = text_of(tracker), self._ports.forms
        if intent_of(tracker) != "correct_field" and not forms.asks_correction(text):
            return False
        return field_meant(tracker, self._form, forms.parse_correction(self._form, text)) is None

    def _line(self, line: Line) -> str:
        texts, shown = self._ports.texts, line.shown
        if shown is None:
            shown = texts("forms.not_given")
        elif len(shown) > SHOWN_CHARS:
            shown = texts("forms.shortened", start=shown[:SHOWN_CHARS], length=len(shown))
        return texts("forms.summary_line", label=line.label, shown=shown)
