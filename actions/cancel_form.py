"""action_cancel_form: forgets what was filled in; the rules close the form and say so."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.dialogue import active_form, forget
from actions.ports import ActionPorts


class CancelForm(Action):
    """Empties every slot of the open form: what was cancelled is not kept."""

    def __init__(self, ports: ActionPorts) -> None:
        self._ports = ports

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return "action_cancel_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Empty the slots."""
        form = active_form(tracker, self._ports)
        return forget(form) if form else []
