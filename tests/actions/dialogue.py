"""Builds trackers as the engine sends them, and plays the engine's part in filling in a form."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.services.forms import Form

REQUESTED = "requested_slot"
_ids = itertools.count(1)


def make_tracker(
    text: str = "",
    *,
    slots: dict[str, Any] | None = None,
    loop: str | None = None,
    events: list[dict[str, Any]] | None = None,
    sender: str = "web:citizen",
    metadata: dict[str, Any] | None = None,
    entities: list[dict[str, Any]] | None = None,
    nearest: Sequence[str] = (),
) -> Tracker:
    """A tracker with valid defaults: one message, nothing known yet; `nearest` are the articles found."""
    message = {
        "text": text,
        "intent": {"name": "answer_field"},
        "entities": entities or [],
        "metadata": {"message_id": f"m{next(_ids)}"} | (metadata or {}),
        "response_selector": {"faq": {"ranking": [{"intent_response_key": f"faq/{name}"} for name in nearest]}},
    }
    return Tracker(
        sender, dict(slots or {}), message, list(events or []), False, None,
        {"name": loop} if loop else {}, "action_listen",
    )  # fmt: skip


async def run(action: Action, tracker: Tracker) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run an action; returns its events and its messages. The engine sends no domain."""
    dispatcher = CollectingDispatcher()
    events = await action.run(dispatcher, tracker, {})
    return events, dispatcher.messages


def slots_set(events: list[dict[str, Any]]) -> dict[str, Any]:
    """What the events leave in the slots."""
    return {event["name"]: event["value"] for event in events if event["event"] == "slot"}


@dataclass
class FilledIn:
    """What one message to the form led to."""

    messages: list[dict[str, Any]]
    asked: str | None

    @property
    def text(self) -> str:
        return "\n".join(message["text"] for message in self.messages if message.get("text"))

    @property
    def payloads(self) -> list[str]:
        return [button["payload"] for message in self.messages for button in message["buttons"]]


@dataclass
class FormPlayer:
    """The engine's form loop without the engine: extract, validate, request.

    Attributes:
        asked: Field that is asked now, `confirm` for the summary, None when the form has ended.
    """

    form: Form
    validate: Action
    sender: str = "web:citizen"
    metadata: dict[str, Any] = field(default_factory=dict)
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def asked(self) -> str | None:
        slot = self.slots.get(REQUESTED)
        return slot.removeprefix(f"{self.form.id}_") if slot else None

    def tracker(self, text: str = "") -> Tracker:
        return make_tracker(
            text, slots=self.slots, loop=self.form.form_name, events=self.events, sender=self.sender,
            metadata=self.metadata,
        )  # fmt: skip

    async def start(self) -> FilledIn:
        """Activate the form; answers that the slots hold already are checked again, as Rasa does."""
        held = {s: v for s, v in self.slots.items() if s.startswith(f"{self.form.id}_") and v is not None}
        return await self._validate("", held)

    async def says(self, text: str) -> FilledIn:
        """Answer the question that is asked."""
        self.events.append({"event": "user", "text": text})
        return await self._validate(text, {self.slots[REQUESTED]: text})

    async def fills_in(self, **answers: str) -> FilledIn:
        """Answer question after question; each answer goes to the field of its name."""
        said = FilledIn([], self.asked)
        for name, text in answers.items():
            assert self.asked == name, f"{self.asked} is asked, not {name}"
            said = await self.says(text)
        return said

    async def acts(self, action: Action, text: str = "") -> FilledIn:
        """Run another action in the middle of the form, then let the form go on."""
        self.events += [{"event": "user", "text": text}]
        events, messages = await run(action, self.tracker(text))
        self.applies(action.name(), events)
        went_on = await self._validate(text, {})
        return FilledIn(messages + went_on.messages, self.asked)

    async def _validate(self, text: str, candidates: dict[str, Any]) -> FilledIn:
        self._set(candidates)
        events, messages = await run(self.validate, self.tracker(text))
        self.applies(self.form.form_name, events)
        return FilledIn(messages, self.asked)

    def applies(self, action: str, events: list[dict[str, Any]]) -> None:
        """Put down what an action did."""
        self.events.append({"event": "action", "name": action})
        self._set({event["name"]: event["value"] for event in events if event["event"] == "slot"})

    def _set(self, slots: dict[str, Any]) -> None:
        self.slots |= slots
        self.events += [{"event": "slot", "name": name, "value": value} for name, value in slots.items()]
