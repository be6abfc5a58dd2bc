"""Tool gate: an answer to a tool's question, or a plain request for a tool, becomes `use_tool`.

A tool asks no harder than this: what is no answer is handled as ever, and the tool's question is dropped
(the channel empties the slot `tool_state`). Requests are recognised by the patterns
`tool:<name>` of nlu_data/patterns.yml alone, so a general question (复审期限是多久) stays one for an article.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Type
from urllib.parse import parse_qsl, urlencode

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.nlu.classifier import EXACT
from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.patterns import NOTHING, patterns_of
from bot.engine.nlu.text import core

USE_TOOL = "use_tool"
PREFIX = "tool:"
# What a citizen says with these is never meant for a tool.
COMMANDS = frozenset(
    {
        "check_ticket", "request_human", "request_human_urgent", "report_urgent", "back_to_bot", "cancel_form", "correct_field",
        "show_article",
    }
)  # fmt: skip
TALK = frozenset({"greet", "goodbye", "thank", "affirm", "deny", "ask_bot"})

_STORED = "patterns.json"
_ORDINAL = re.compile(r"(?:选|第|选第)?(\d{1,2})(?:个|项|号)?")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ToolGate(TrainedComponent, IntentClassifier):
    """Sets intent and entities (`tool`, `given`) of messages for a tool; silent while a form asks.

    The channel puts `tool_state` into the message's metadata.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """None that Rasa could check: it learns no more than the patterns."""
        return []

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings.

        Longest answer with a date, longest free answer, longest request, in characters; the pattern of a
        day; and above which confidence a command is one while a tool asks.
        """
        return {
            "day_pattern": "day",
            "asks_pattern": "asks",
            "date_length": 40,
            "text_length": 40,
            "request_length": 90,
            "command": 0.5,
        }

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        self._set_patterns({})

    def learn(self, training_data: TrainingData) -> None:
        """Take over the patterns of nlu_data."""
        wanted = {self._config["day_pattern"], self._config["asks_pattern"]}
        found = patterns_of(training_data)
        self._set_patterns({name: found[name] for name in found if name in wanted or name.startswith(PREFIX)})

    def _set_patterns(self, patterns: Dict[Text, Text]) -> None:
        self._patterns = patterns
        self._day = re.compile(patterns.get(self._config["day_pattern"], NOTHING))
        self._asks = re.compile(patterns.get(self._config["asks_pattern"], NOTHING))
        self._requests = {
            name[len(PREFIX) :]: re.compile(pattern)
            for name, pattern in patterns.items()
            if name.startswith(PREFIX)
        }

    def write(self, folder: Path) -> None:
        """Store them."""
        (folder / _STORED).write_text(json.dumps(self._patterns, ensure_ascii=False), encoding="utf-8")

    def read(self, folder: Path) -> None:
        """Restore them."""
        self._set_patterns(json.loads((folder / _STORED).read_text(encoding="utf-8")))

    def work(self, message: Message) -> None:
        """Set the intent of a message that answers a tool, or asks for one."""
        text = message.get(TEXT) or ""
        metadata = message.get("metadata") or {}
        if text.startswith(INTENT_MESSAGE_PREFIX) or metadata.get("requested_slot"):
            return
        state = metadata.get("tool_state")
        if state:
            value = self._answer(state.get("asks") or {}, message, text)
            if value is not None:
                given = {**dict(parse_qsl(state.get("given") or "")), state["asks"]["field"]: value}
                self._use(message, state["tool"], urlencode(given))
                return
        tool = self._requested(message, text)
        if tool:
            self._use(message, tool, None)

    def _answer(self, asks: Dict[Text, Any], message: Message, text: Text) -> Optional[Text]:
        """Return the answer to what a tool asks, as the desk reads it; None if it is none."""
        chosen = _chosen(asks.get("answers") or [], text)
        if chosen is not None:
            return chosen
        kind, written = asks.get("kind"), _written(message, text)
        if kind == "choice" or self._is_command(message):
            return None
        if kind == "date":
            return written if self._day.search(text) and len(text) <= self._config["date_length"] else None
        if len(text) > self._config["text_length"] or self._asks.search(text):
            return None
        return written

    def _is_command(self, message: Message) -> bool:
        """Tell whether a message is plainly something else: a command, small talk, a question we know."""
        intent = message.get(INTENT) or {}
        name, confidence = intent.get("name"), float(intent.get("confidence") or 0.0)
        if message.get(EXACT):
            return True
        return name in COMMANDS | TALK and confidence >= self._config["command"]

    def _requested(self, message: Message, text: Text) -> Optional[Text]:
        """Return the tool that a message asks for in so many words."""
        intent = message.get(INTENT) or {}
        if len(text) > self._config["request_length"] or intent.get("name") in COMMANDS or message.get(EXACT):
            return None
        return next((tool for tool, pattern in self._requests.items() if pattern.search(text)), None)

    @staticmethod
    def _use(message: Message, tool: Text, given: Optional[Text]) -> None:
        values = {"tool": tool} if given is None else {"tool": tool, "given": given}
        entities = [
            {"entity": name, "value": value, "start": 0, "end": 0, "extractor": ToolGate.__name__}
            for name, value in values.items()
        ]
        message.set(INTENT, {"name": USE_TOOL, "confidence": 1.0}, add_to_output=True)
        message.set(ENTITIES, entities, add_to_output=True)


def _chosen(answers: List[List[Text]], text: Text) -> Optional[Text]:
    """Return the value of the choice that a message names by title, alias or number."""
    said = core(text)
    for value, *names in answers:
        if said and said in {core(name) for name in (value, *names)}:
            return value
    match = _ORDINAL.fullmatch(said)
    if match and 1 <= int(match[1]) <= len(answers):
        return answers[int(match[1]) - 1][0]
    return None


def _written(message: Message, text: Text) -> Text:
    return str((message.get("metadata") or {}).get("written") or text).strip()
