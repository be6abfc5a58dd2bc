"""Steps of tools as messages: a question with its buttons, or a result in the shape of an article."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.knowledge import Cited
from bot.texts import Texts
from bot.tools.box import ToolBox
from bot.tools.dialogue import Taken, decode, payload, take_step
from bot.tools.model import Question, Result, ToolInputError

PREFIX = "tool:"

Buttons = Callable[[Iterable[str]], list[dict[str, str]]]


@dataclass(frozen=True)
class ToolMessage:
    """One step, ready to be shown.

    Attributes:
        labels: Topic and right.
    """

    text: str
    body: dict[str, Any]
    citations: list[dict[str, str]]
    outcome: str
    labels: tuple[str, str]


class ToolMessages:
    """Renders tools; keeps no state.

    Args:
        buttons: Makes the buttons of what may come next.
    """

    def __init__(self, tools: ToolBox, texts: Texts, buttons: Buttons) -> None:
        self._tools, self._texts, self._buttons = tools, texts, buttons

    def button(self, target: str) -> dict[str, str] | None:
        """Return the button for `tool:<name>`; None if there is no such tool."""
        name = target.removeprefix(PREFIX)
        if not target.startswith(PREFIX) or name not in self._tools:
            return None
        return {"title": self._texts(f"tools.names.{name}"), "payload": payload(name)}

    def render(self, custom: Mapping[str, Any], today: date) -> ToolMessage | None:
        """Return the step that an action took; None if it cannot be taken any more."""
        tool = self._tools.get(str(custom["tool"]))
        if tool is None:
            return None
        day = date.fromisoformat(custom["today"]) if custom.get("today") else today
        try:
            taken = take_step(tool, decode(str(custom.get("given") or "")), self._texts, today=day)
        except ToolInputError:
            return None
        taken = Taken(taken.outcome, taken.given, custom.get("problem") or taken.problem)
        if isinstance(taken.outcome, Question):
            return self._question(tool.name, taken, taken.outcome)
        return self._result(tool.name, taken.outcome)

    def _question(self, tool: str, taken: Taken, question: Question) -> ToolMessage:
        text = question.text
        if taken.problem:
            text = self._texts("tools.errors.again", problem=taken.problem, question=question.text)
        buttons = [
            {
                "title": choice.title,
                "payload": payload(tool, {**taken.given, question.field: choice.value}),
            }
            for choice in question.choices
        ]
        body = {"buttons": buttons, "tool": {"name": tool, "asks": question.kind}}
        return ToolMessage(text, body, [], "clarify", (question.topic, question.right))

    def _result(self, tool: str, result: Result) -> ToolMessage:
        citations = [citation_json(cited) for cited in result.citations]
        body = {
            "tool": {"name": tool, "asks": None},
            "details": result.details,
            "citations": citations,
            "notice": result.notice,
            "picture": result.picture,
            "buttons": self._buttons(result.next),
        }
        return ToolMessage(result.short, body, citations, "answer", (result.topic, result.right))


def citation_json(cited: Cited) -> dict[str, str]:
    """Return a provision as the HTTP interface shows it."""
    return {
        "law_id": cited.law_id,
        "law": cited.law,
        "article": cited.article,
        "effective": cited.effective.isoformat(),
        "quote": cited.quote,
    }
