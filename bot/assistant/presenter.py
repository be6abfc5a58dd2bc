"""From what the engine returned to what the citizen sees.

The engine names articles; the words come from the knowledge base here, for the relevant date. An
article whose citations are not all in force on that date is withheld, and a person is offered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.assistant.engine import EngineReply
from bot.knowledge import Answer, KnowledgeBase
from bot.texts import Texts

#: Topic and right of what is not an article, by intent (names from DESIGN, section 5).
_LABELS = {
    "request_human": ("handoff", "none"),
    "report_urgent": ("handoff", "none"),
    "open_complaint": ("complaint", "general"),
    "open_assistance": ("assistance", "general"),
    "check_ticket": ("complaint", "general"),
    "ask_out_of_scope": ("out_of_scope", "none"),
    "greet": ("chitchat", "none"),
    "goodbye": ("chitchat", "none"),
    "thank": ("chitchat", "none"),
    "ask_bot": ("chitchat", "none"),
    "affirm": ("chitchat", "none"),
    "deny": ("chitchat", "none"),
}
_FORM_BUTTONS = {
    "form:complaint": ("buttons.complaint", "/open_complaint"),
    "form:assistance": ("buttons.assistance", "/open_assistance"),
    "human": ("buttons.human", "/request_human"),
}


@dataclass
class Shown:
    """One message ready to be stored."""

    text: str
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Presented:
    """A whole reply: messages, the handoff it asks for, and the line for evaluation."""

    messages: list[Shown] = field(default_factory=list)
    handoff_reason: str | None = None
    outcome: str = "answer"
    article_id: str | None = None
    ticket: str | None = None
    citations: list[dict[str, str]] = field(default_factory=list)


class Presenter:
    """Renders replies; holds the knowledge base and the words, keeps no state."""

    def __init__(self, knowledge: KnowledgeBase, texts: Texts) -> None:
        self._knowledge = knowledge
        self._texts = texts

    def present(self, reply: EngineReply, on: date) -> Presented:
        """Render a reply for the date on which it must be right."""
        presented = Presented(outcome="")
        for message in reply.messages:
            self._add(presented, message, on)
        if presented.handoff_reason:
            presented.outcome = "handoff"
        elif reply.active_form and not presented.article_id:
            presented.outcome = presented.outcome or "ticket_form"
        presented.outcome = presented.outcome or "answer"
        return presented

    def _add(self, presented: Presented, message: dict[str, Any], on: date) -> None:
        custom = message.get("custom") or {}
        if custom.get("effect") == "handoff":
            presented.handoff_reason = custom.get("reason", "asked")
        presented.outcome = custom.get("outcome") or presented.outcome
        if article_id := custom.get("article"):
            presented.messages.append(self._article(presented, article_id, on))
            return
        shown = Shown(message.get("text") or "", {"buttons": list(message.get("buttons") or ())})
        if candidates := custom.get("clarify"):
            shown.body["buttons"] = [*self._article_buttons(candidates), *shown.body["buttons"]]
            presented.outcome = "clarify"
        if ticket := custom.get("ticket"):
            shown.body["ticket"] = ticket
            presented.ticket = ticket["number"]
        if shown.text or shown.body.get("ticket"):
            presented.messages.append(shown)

    def _article(self, presented: Presented, article_id: str, on: date) -> Shown:
        answer = self._knowledge.answer(article_id, on=on)
        if answer is None:
            presented.outcome = "fallback"
            buttons = self._buttons(["human"])
            return Shown(self._texts("article.unavailable"), {"buttons": buttons})
        presented.article_id = article_id
        presented.outcome = "answer"
        citations = [_citation(cited) for cited in answer.citations]
        presented.citations.extend(citations)
        return Shown(answer.short, self._article_body(answer, citations))

    def _article_body(self, answer: Answer, citations: list[dict[str, str]]) -> dict[str, Any]:
        return {
            "article_id": answer.article_id,
            "title": answer.title,
            "details": answer.details,
            "citations": citations,
            "notice": answer.notice,
            "buttons": self._buttons(answer.next),
        }

    def _buttons(self, targets: Iterable[str]) -> list[dict[str, str]]:
        buttons = []
        for target in targets:
            if target in _FORM_BUTTONS:
                key, payload = _FORM_BUTTONS[target]
                buttons.append({"title": self._texts(key), "payload": payload})
            else:
                buttons.extend(self._article_buttons([target]))
        return buttons

    def _article_buttons(self, article_ids: Iterable[str]) -> list[dict[str, str]]:
        found = ((i, self._knowledge.article(i)) for i in article_ids)
        return [
            {"title": article.title, "payload": f'/show_article{{"article": "{article_id}"}}'}
            for article_id, article in found
            if article is not None
        ]

    def analysis(self, reply: EngineReply, presented: Presented) -> dict[str, Any]:
        """Return the line that `eval` and `ask` print; see DESIGN, section 6."""
        topic, right = self._labels(reply, presented)
        return {
            "intent": reply.nlu.get("intent"),
            "confidence": reply.nlu.get("confidence"),
            "topic": topic,
            "right": right,
            "outcome": presented.outcome,
            "article_id": presented.article_id,
            "citations": presented.citations,
            "reply": "\n".join(shown.text for shown in presented.messages),
            "requested_slot": reply.requested_slot,
            "ticket": presented.ticket,
        }

    def _labels(self, reply: EngineReply, presented: Presented) -> tuple[str, str]:
        """Return topic and right: of the article given, else of the intent, else of the nearest article."""
        nearest = (reply.nlu.get("articles") or [{}])[0].get("id")
        intent = reply.nlu.get("intent") or ""
        if not presented.article_id and presented.outcome == "out_of_scope":
            return "out_of_scope", "none"
        if not presented.article_id and intent in _LABELS:
            return _LABELS[intent]
        article = self._knowledge.article(presented.article_id or nearest or "")
        return (article.topic, article.rights[0]) if article else ("out_of_scope", "none")


def _citation(cited: Any) -> dict[str, str]:
    return {
        "law_id": cited.law_id,
        "law": cited.law,
        "article": cited.article,
        "effective": cited.effective.isoformat(),
        "quote": cited.quote,
    }
