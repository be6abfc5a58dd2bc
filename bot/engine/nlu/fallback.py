"""Fallback: what a message is taken for, once intent, labels and article are known.

Better to ask back than to answer another question than the one that was asked, and better to say that
something is not ours than to answer it as if it were.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Text, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, RESPONSE_SELECTOR, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.engine.nlu.classifier import EXACT
from bot.engine.nlu.labels import LABELS, OUT_OF_SCOPE
from bot.engine.nlu.text import core
from bot.engine.nlu_report import FAQ

FOREIGN = "ask_out_of_scope"
FORMS = frozenset({"open_complaint", "open_assistance"})
# What is said to a form; outside of one it is rarely meant.
FORM_WORDS = frozenset({"correct_field", "cancel_form", "skip_field", "resume_form"})
_HAN = re.compile(r"[㐀-鿿]")
TALK_TOPICS = ("chitchat", "handoff")
UNSURE = DEFAULT_NLU_FALLBACK_INTENT_NAME


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class DoubtFallback(GraphComponent, IntentClassifier):
    """Settles the intent: `nlu_fallback` when intent or article are in doubt.

    Rasa's FallbackClassifier looks at the intent only; most doubt here is about the article. Whether a
    question is ours at all, the topics tell better than the intents: they know what ours look like.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """It judges what a classifier found."""
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings.

        `command` is the least confidence in anything but a question, with a lead over the second by the
        factor `command_lead`; for less, it is taken for a question. `form_word` is that for words to a
        form, `form` for opening one in more than `short` characters: who tells of a complaint may as well
        be its target. A question is out of scope if its topic is so with probability `foreign`, and so is a
        command less sure than `plain`. An article is given from the confidence `article` up (the desk gives
        the next one along where that may be meant as well); never if the message is talk with probability `talk`.
        """
        return {
            "command": 0.3, "command_lead": 1.3, "form_word": 0.7, "form": 0.7, "short": 16, "plain": 0.6,
            "foreign": 0.2, "article": 0.15, "talk": 0.5,
        }  # fmt: skip

    def __init__(self, config: Dict[Text, Any]) -> None:
        self._config = config

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> DoubtFallback:
        """Create the component (see parent class)."""
        return cls(config)

    def process(self, messages: List[Message]) -> List[Message]:
        """Replace the intent of doubtful messages; the ranking keeps what was found."""
        for message in messages:
            intent = message.get(INTENT)
            if intent and not message.get(EXACT):
                name = self._settled(message)
                message.set(INTENT, {"name": name, "confidence": self._confidence(message, name)}, add_to_output=True)
        return messages

    def _settled(self, message: Message) -> Text:
        """Return the intent to act on."""
        if not core(message.get(TEXT)):
            return UNSURE
        best, second = message.get(INTENT_RANKING_KEY)[:2]
        # Of what holds no Chinese there is nothing to say but that it was not understood.
        is_chinese = bool(_HAN.search(message.get(TEXT)))
        is_foreign = is_chinese and _topic(message, OUT_OF_SCOPE) >= self._config["foreign"]
        is_plain = best["confidence"] >= self._config["plain"] or not is_foreign
        if is_plain and self._is_command(best, second, len(message.get(TEXT))):
            return best["name"]
        if is_foreign:
            return FOREIGN
        return FAQ if self._is_answerable(message) else UNSURE

    def _is_command(self, best: Dict[Text, Any], second: Dict[Text, Any], length: int) -> bool:
        name, confidence = best["name"], best["confidence"]
        if name in (FAQ, FOREIGN):
            return False
        if name in FORM_WORDS:
            return confidence >= self._config["form_word"]
        if name in FORMS and length > self._config["short"]:
            return confidence >= self._config["form"]
        return confidence >= self._config["command"] and confidence >= second["confidence"] * self._config["command_lead"]

    def _is_answerable(self, message: Message) -> bool:
        ranking = _articles(message)
        if sum(_topic(message, name) for name in TALK_TOPICS) >= self._config["talk"]:
            return False
        return bool(ranking) and ranking[0]["confidence"] >= self._config["article"]

    def _confidence(self, message: Message, name: Text) -> float:
        """Return how sure the intent to act on is: an answer is as sure as its article."""
        ranking = message.get(INTENT_RANKING_KEY)
        if name in (FAQ, UNSURE):
            articles = _articles(message)
            return articles[0]["confidence"] if articles else ranking[0]["confidence"]
        if name == FOREIGN:
            return _topic(message, OUT_OF_SCOPE)
        return ranking[0]["confidence"]


def _topic(message: Message, name: Text) -> float:
    return ((message.get(LABELS) or {}).get("topic") or {}).get(name, 0.0)


def _articles(message: Message) -> List[Dict[Text, Any]]:
    selected = (message.get(RESPONSE_SELECTOR) or {}).get(FAQ) or {}
    return selected.get("ranking") or []
