"""action_use_tool: one step of a tool; its words are made by the desk, from the same answers."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.dialogue import REQUEST_HUMAN, button, text_of, today_of
from actions.ports import ActionPorts
from bot.tools.dialogue import decode, encode, take_step
from bot.tools.model import Question, ToolInputError

STATE = "tool_state"


class UseTool(Action):
    """Takes what a button carries, or what the sentence tells, to the next question or the result."""

    def __init__(self, ports: ActionPorts) -> None:
        self._ports = ports

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return "action_use_tool"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Take the step; remember what was asked, so that a typed answer finds its way here."""
        ports, today = self._ports, today_of(tracker, self._ports)
        tool = ports.tools.get(str(next(tracker.get_latest_entity_values("tool"), "")))
        if tool is None:
            return self._unavailable(dispatcher)
        carried = next(tracker.get_latest_entity_values("given"), None)
        given = tool.read(text_of(tracker), today=today) if carried is None else decode(str(carried))
        try:
            taken = take_step(tool, given, ports.texts, today=today)
        except ToolInputError:
            return self._unavailable(dispatcher)
        shown = {
            "tool": tool.name,
            "given": encode(taken.given),
            "problem": taken.problem,
            "today": today.isoformat(),
        }
        dispatcher.utter_message(text=taken.problem or tool.name, json_message=shown)
        asked = taken.outcome if isinstance(taken.outcome, Question) else None
        return [SlotSet(STATE, asked and _state(tool.name, shown["given"], asked))]

    def _unavailable(self, dispatcher: CollectingDispatcher) -> list[EventType]:
        texts = self._ports.texts
        buttons = [button(texts("buttons.human"), REQUEST_HUMAN)]
        text = texts("article.unavailable")
        dispatcher.utter_message(text=text, buttons=buttons, json_message={"outcome": "fallback"})
        return [SlotSet(STATE, None)]


def _state(tool: str, given: Any, question: Question) -> dict[str, Any]:
    answers = [[choice.value, choice.title, *choice.aliases] for choice in question.choices]
    return {
        "tool": tool,
        "given": given,
        "asks": {"field": question.field, "kind": question.kind, "answers": answers},
    }
