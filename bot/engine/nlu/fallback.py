"""Fallback: better to ask back than to answer another question than the one that was asked."""

from __future__ import annotations

from typing import Any, Dict, List, Text, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, RESPONSE_SELECTOR
from rasa.shared.nlu.training_data.message import Message

from bot.engine.nlu.classifier import EXACT
from bot.engine.nlu_report import FAQ

FOREIGN = "ask_out_of_scope"
FORMS = frozenset({"open_complaint", "open_assistance"})


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class DoubtFallback(GraphComponent, IntentClassifier):
    """Sets `nlu_fallback` when intent or article are in doubt.

    Rasa's FallbackClassifier looks at the intent only; most doubt here is about the article.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """It judges what a classifier found."""
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings.

        Least confidence in the intent and in the article, and least lead over the second intent. Out of
        scope needs less: `foreign_threshold`, if it is so many times (`foreign_ratio`) likelier than a
        question of ours. The model spreads its doubt over the commands then, which no sentence is.
        A form is opened only above `form_threshold`: who tells of a complaint may as well be its target.
        """
        return {
            "threshold": 0.3,
            "ambiguity_threshold": 0.05,
            "article_threshold": 0.08,
            "foreign_threshold": 0.15,
            "foreign_ratio": 3.0,
            "form_threshold": 0.7,
        }

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
                message.set(INTENT, {"name": name, "confidence": intent["confidence"]}, add_to_output=True)
        return messages

    def _settled(self, message: Message) -> Text:
        """Return the intent to act on."""
        ranking = message.get(INTENT_RANKING_KEY)
        best, second = ranking[0], ranking[1]
        if best["name"] == FOREIGN and self._is_foreign(ranking):
            return FOREIGN
        if best["confidence"] < self._config["threshold"]:
            return DEFAULT_NLU_FALLBACK_INTENT_NAME
        if best["name"] in FORMS and best["confidence"] < self._config["form_threshold"]:
            return self._if_answerable(message, second["name"])
        if best["confidence"] - second["confidence"] < self._config["ambiguity_threshold"]:
            return DEFAULT_NLU_FALLBACK_INTENT_NAME
        return self._if_answerable(message, FAQ) if best["name"] == FAQ else best["name"]

    def _if_answerable(self, message: Message, name: Text) -> Text:
        """Return `faq` if that is the intent and an article fits, else the fallback."""
        selected = (message.get(RESPONSE_SELECTOR) or {}).get(FAQ)
        fits = selected and selected["response"]["confidence"] >= self._config["article_threshold"]
        return FAQ if name == FAQ and fits else DEFAULT_NLU_FALLBACK_INTENT_NAME

    def _is_foreign(self, ranking: List[Dict[Text, Any]]) -> bool:
        confidence = ranking[0]["confidence"]
        ours = next((found["confidence"] for found in ranking if found["name"] == FAQ), 0.0)
        return confidence >= max(self._config["foreign_threshold"], ours * self._config["foreign_ratio"])
