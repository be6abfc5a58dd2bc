"""action_correct_field: changes an earlier answer of the form that is open."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answers import take_correction
from actions.dialogue import active_form, text_of, today_of
from actions.ports import ActionPorts


class CorrectField(Action):
    """Takes “电话写错了，改成…”; the form then asks for what is missing."""

    def __init__(self, ports: ActionPorts) -> None:
        self._ports = ports

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return "action_correct_field"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Correct the field that the message names, or ask which one is meant."""
        form = active_form(tracker, self._ports)
        if form is None:
            return []
        today = today_of(tracker, self._ports)
        return take_correction(self._ports, dispatcher, tracker, form, text_of(tracker), today=today)
