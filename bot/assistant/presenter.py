"""From what the engine returned to what the citizen sees.

The engine names articles; the words come from the knowledge base here, for the relevant date. An
article whose citations are not all in force on that date is withheld, and a person is offered. If
the citizen named another day than today, the answer says that it is for that day; if it is not known
what held then, today's rule is given as nothing more than that, and a person offered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.assistant.days import answer_for, article_payload
from bot.assistant.engine import EngineReply
from bot.assistant.tool_messages import ToolMessages, citation_json
from bot.knowledge import Answer, KnowledgeBase
from bot.texts import Texts
from bot.tools.box import ToolBox

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
    "ask_capabilities": ("chitchat", "none"),
    "ask_office": ("chitchat", "none"),
    "complain_about_bot": ("chitchat", "none"),
    "wait": ("chitchat", "none"),
    "add_to_ticket": ("complaint", "general"),
    "withdraw_ticket": ("complaint", "general"),
    "lost_ticket_number": ("complaint", "general"),
    "affirm": ("chitchat", "none"),
    "deny": ("chitchat", "none"),
}
#: A wish to complain or for help names its right, or none in particular.
_ABOUT_A_RIGHT = frozenset({"open_complaint", "open_assistance"})
#: What the topic of an article found counts beside the topic that the words have.
_ARTICLE_SHARE = 0.5
#: An article less sure than this is given together with the next ones, one press away.
_SURE = 0.6
_NEIGHBOURS = 2
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
    asked_day: date | None = None
    labels: tuple[str, str] | None = None


class Presenter:
    """Renders replies; holds the knowledge base, the words and the tools, keeps no state."""

    def __init__(self, knowledge: KnowledgeBase, texts: Texts, tools: ToolBox | None = None) -> None:
        self._knowledge = knowledge
        self._texts = texts
        self._tools = ToolMessages(tools or ToolBox(()), texts, self._buttons)

    def present(self, reply: EngineReply, on: date, *, asked_day: date | None = None) -> Presented:
        """Render a reply.

        Args:
            on: Today, where the citizen is.
            asked_day: Another day for whose rules the citizen asks.
        """
        presented = Presented(outcome="", asked_day=asked_day)
        for message in reply.messages:
            self._add(presented, message, on)
        if presented.article_id:
            self._add_further(presented, reply.nlu.get("further") or (), on)
            self._add_neighbours(presented, reply, on)
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
        if custom.get("tool"):
            presented.messages.append(self._tool(presented, custom, on))
            return
        shown = Shown(message.get("text") or "", {"buttons": list(message.get("buttons") or ())})
        if candidates := custom.get("clarify"):
            offered = self._article_buttons(candidates, presented.asked_day)
            shown.body["buttons"] = [*offered, *shown.body["buttons"]]
            presented.outcome = "clarify"
        if ticket := custom.get("ticket"):
            shown.body["ticket"] = ticket
            presented.ticket = ticket["number"]
        if shown.text or shown.body.get("ticket"):
            presented.messages.append(shown)

    def _add_further(self, presented: Presented, article_ids: Iterable[str], on: date) -> None:
        """Answer the further questions of the message; what cannot be answered that day is left out."""
        first = presented.article_id
        for article_id in article_ids:
            if self._knowledge.answer(article_id, on=presented.asked_day or on):
                presented.messages.append(self._article(presented, article_id, on))
        presented.article_id = first

    def _add_neighbours(self, presented: Presented, reply: EngineReply, on: date) -> None:
        """Offer the next articles where it is not sure that the one given is what was asked."""
        found = reply.nlu.get("articles") or []
        if reply.nlu.get("article_id") is None or not found or found[0]["confidence"] >= _SURE:
            return
        given = {shown.body.get("article_id") for shown in presented.messages}
        day = presented.asked_day or on
        names = [near["id"] for near in found if near["id"] not in given and self._knowledge.answer(near["id"], day)]
        buttons = self._article_buttons(names[:_NEIGHBOURS], presented.asked_day)
        if buttons:
            presented.messages.append(Shown(self._texts("article.neighbours"), {"buttons": buttons}))

    def _tool(self, presented: Presented, custom: dict[str, Any], on: date) -> Shown:
        step = self._tools.render(custom, on)
        if step is None:
            presented.outcome = "fallback"
            return Shown(self._texts("article.unavailable"), {"buttons": self._buttons(["human"])})
        presented.outcome, presented.labels = step.outcome, step.labels
        presented.citations.extend(step.citations)
        return Shown(step.text, step.body)

    def _article(self, presented: Presented, article_id: str, on: date) -> Shown:
        dated = answer_for(
            self._knowledge, self._texts, article_id, today=on, asked_day=presented.asked_day
        )
        if dated is None:
            presented.outcome = "fallback"
            buttons = self._buttons(["human"])
            return Shown(self._texts("article.unavailable"), {"buttons": buttons})
        presented.article_id = article_id
        presented.outcome = "answer"
        citations = [citation_json(cited) for cited in dated.answer.citations]
        presented.citations.extend(citations)
        body = self._article_body(dated.answer, citations)
        if dated.needs_person and "human" not in dated.answer.next:
            body["buttons"] = [*self._buttons(["human"]), *body["buttons"]]
        return Shown(dated.text, body)

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
            elif button := self._tools.button(target):
                buttons.append(button)
            else:
                buttons.extend(self._article_buttons([target]))
        return buttons

    def _article_buttons(
        self, article_ids: Iterable[str], day: date | None = None
    ) -> list[dict[str, str]]:
        found = ((i, self._knowledge.article(i)) for i in article_ids)
        return [
            {"title": article.title, "payload": article_payload(article_id, day)}
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
        """Return topic and right of the message; what answers it may be about less or more.

        The engine recognises both in the words. Where it has not (a pressed button), the article tells.
        """
        if presented.labels and not presented.article_id:
            return presented.labels
        intent = reply.nlu.get("intent") or ""
        if not presented.article_id and presented.outcome == "out_of_scope":
            return "out_of_scope", "none"
        right = _likeliest(reply, "right")
        if not presented.article_id and intent in _LABELS:
            topic, usual = _LABELS[intent]
            return topic, (right or usual) if intent in _ABOUT_A_RIGHT else usual
        nearest = (reply.nlu.get("articles") or [{}])[0].get("id")
        article = self._knowledge.article(presented.article_id or nearest or "")
        if article is None:
            return "out_of_scope", "none"
        return self._topic(reply) or article.topic, right or article.rights[0]

    def _topic(self, reply: EngineReply) -> str | None:
        """Return the likeliest topic: what the words say counts for more than what the articles found are."""
        shares = dict((reply.nlu.get("labels") or {}).get("topic") or {})
        if not shares:
            return None
        for found in reply.nlu.get("articles") or ():
            if article := self._knowledge.article(found["id"]):
                shares[article.topic] = shares.get(article.topic, 0.0) + _ARTICLE_SHARE * found["confidence"]
        return max(shares, key=lambda name: shares[name])


def _likeliest(reply: EngineReply, kind: str) -> str | None:
    shares = (reply.nlu.get("labels") or {}).get(kind) or {}
    return max(shares, key=lambda name: shares[name]) if shares else None
