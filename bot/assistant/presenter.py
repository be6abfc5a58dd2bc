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
from bot.assistant.labels import labels_of
from bot.assistant.tool_messages import ToolMessages, citation_json
from bot.knowledge import Answer, KnowledgeBase
from bot.texts import Texts
from bot.tools.box import ToolBox

#: An article less sure than this is given together with the next ones, one press away.
_SURE = 0.6
_NEIGHBOURS = 2
#: The next article is given in full as well if it is asked for with this probability.
_AS_WELL = 0.15
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
            if not reply.active_form:
                # The question of the form is what comes last, with its buttons.
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
        for article_id in self._not_given(presented, article_ids, on):
            presented.messages.append(self._further_article(presented, article_id, on))

    def _add_neighbours(self, presented: Presented, reply: EngineReply, on: date) -> None:
        """Give the next article as well where that may be what was asked; offer those after it.

        A citizen who is answered beside the point does not know it; two short answers side by side show
        the difference, and asking back would only cost a turn.
        """
        found = reply.nlu.get("articles") or []
        if reply.nlu.get("article_id") is None or not found:
            return
        likely = {near["id"]: near["confidence"] for near in found}
        names = self._not_given(presented, likely, on)
        as_well = [name for name in names[:1] if likely[name] >= _AS_WELL and not reply.nlu.get("further")]
        near = names[len(as_well) :][:_NEIGHBOURS] if found[0]["confidence"] < _SURE else []
        offered = self._article_buttons(near, presented.asked_day)
        for name in as_well:
            second = self._further_article(presented, name, on)
            second.body["buttons"] = [*offered, *self._buttons(["human"])]
            presented.messages += [Shown(self._texts("article.as_well")), second]
        if offered and not as_well:
            presented.messages.append(Shown(self._texts("article.neighbours"), {"buttons": offered}))

    def _not_given(self, presented: Presented, article_ids: Iterable[str], on: date) -> list[str]:
        """Return those that the reply does not hold yet and that can be answered for the day."""
        given = {shown.body.get("article_id") for shown in presented.messages}
        day = presented.asked_day or on
        return [name for name in article_ids if name not in given and self._knowledge.answer(name, day)]

    def _further_article(self, presented: Presented, article_id: str, on: date) -> Shown:
        """Render an article beside the one that counts as the answer."""
        first = presented.article_id, presented.outcome
        shown = self._article(presented, article_id, on)
        presented.article_id, presented.outcome = first
        return shown

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
        article_id = presented.article_id
        found = labels_of(reply, self._knowledge, article_id=article_id, outcome=presented.outcome)
        topic, right = found if article_id else presented.labels or found
        return {
            "intent": reply.nlu.get("intent"),
            "confidence": reply.nlu.get("confidence"),
            "topic": topic,
            "right": right,
            "outcome": presented.outcome,
            "article_id": article_id,
            "citations": presented.citations,
            "reply": "\n".join(shown.text for shown in presented.messages),
            "requested_slot": reply.requested_slot,
            "ticket": presented.ticket,
            "candidates": list(reply.nlu.get("articles") or ()),
        }
