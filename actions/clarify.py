"""action_clarify: the message was not understood; offer the nearest questions, then a person."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.dialogue import REQUEST_HUMAN, button, metadata_of, nearest_articles, text_of, today_of
from actions.ports import ActionPorts

CANDIDATES = 3


class Clarify(Action):
    """Offers up to three articles; after a failed try before this one, a person as well."""

    def __init__(self, ports: ActionPorts) -> None:
        self._ports = ports

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return "action_clarify"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Offer the articles that the engine found nearest."""
        ports = self._ports
        today = today_of(tracker, ports)
        nearest = nearest_articles(tracker) if text_of(tracker) else []
        hits = [name for name in nearest if ports.knowledge.answer(name, on=today)][:CANDIDATES]
        failed_before = int(metadata_of(tracker).get("failed_tries") or 0) > 0
        custom: dict[str, object] = {"outcome": "clarify" if hits else "fallback"}
        if hits:
            custom["clarify"] = hits
        key = ("which" if hits else "rephrase") + ("_or_human" if failed_before else "")
        buttons = [button(ports.texts("buttons.human"), REQUEST_HUMAN)] if failed_before else []
        dispatcher.utter_message(text=ports.texts(f"clarify.{key}"), buttons=buttons, json_message=custom)
        return []
