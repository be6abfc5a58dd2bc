"""action_show_article: a button that names an article was pressed."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.dialogue import REQUEST_HUMAN, button, today_of
from actions.ports import ActionPorts


class ShowArticle(Action):
    """Answers with the article; the desk adds its citations for the day."""

    def __init__(self, ports: ActionPorts) -> None:
        self._ports = ports

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return "action_show_article"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Show the article, or say that it cannot be given today."""
        ports, article_id = self._ports, next(tracker.get_latest_entity_values("article"), None)
        answer = ports.knowledge.answer(str(article_id), on=today_of(tracker, ports))
        if answer is None:
            buttons = [button(ports.texts("buttons.human"), REQUEST_HUMAN)]
            text = ports.texts("article.unavailable")
            dispatcher.utter_message(text=text, buttons=buttons, json_message={"outcome": "fallback"})
        else:
            dispatcher.utter_message(text=answer.short, json_message={"article": answer.article_id})
        return []
