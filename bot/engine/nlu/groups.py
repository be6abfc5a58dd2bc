"""Group selector: which of a few kinds of answer a retrieval intent gets, as the hotline for what is not ours.

The groups have no texts to search, only examples; so they are told apart like intents.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Type

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY, RESPONSE_SELECTOR, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.labels import LabelModel
from bot.engine.nlu.rows import sentence_row, sentence_rows
from bot.engine.nlu.text import core

_LABELS, _WEIGHTS = "groups.json", "groups.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class GroupSelector(TrainedComponent, IntentClassifier):
    """Fills Rasa's `response_selector` property for one retrieval intent."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """It works on whatever the featurizers found."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings: the retrieval intent, scikit-learn's C, and the group for what is less sure than `default_below`."""
        return {"retrieval_intent": None, "strength": 3.0, "default_key": None, "default_below": 0.0}

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        self._model: Optional[LabelModel] = None
        self._exact: Dict[Text, Text] = {}

    def learn(self, training_data: TrainingData) -> None:
        """Fit the model."""
        prefix = f"{self._config['retrieval_intent']}/"
        examples = [e for e in training_data.response_examples if e.get(INTENT_RESPONSE_KEY, "").startswith(prefix)]
        keys = [example.get(INTENT_RESPONSE_KEY) for example in examples]
        self._exact = {core(example.get(TEXT)): key for example, key in zip(examples, keys)}
        rows = sentence_rows(examples)
        self._model = LabelModel.fit(rows, keys, self._config["strength"])

    def write(self, folder: Path) -> None:
        """Store the model."""
        assert self._model is not None
        stored = {"names": self._model.names, "exact": self._exact}
        (folder / _LABELS).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        np.savez(folder / _WEIGHTS, weights=self._model.weights, bias=self._model.bias)

    def read(self, folder: Path) -> None:
        """Restore it."""
        stored = json.loads((folder / _LABELS).read_text(encoding="utf-8"))
        self._exact = stored["exact"]
        with np.load(folder / _WEIGHTS, allow_pickle=False) as arrays:
            self._model = LabelModel(stored["names"], arrays["weights"], arrays["bias"])

    def work(self, message: Message) -> None:
        """Select the group."""
        text = message.get(TEXT)
        if not text or self._model is None:
            return
        selected = message.get(RESPONSE_SELECTOR) or {"all_retrieval_intents": []}
        selected["all_retrieval_intents"].append(self._config["retrieval_intent"])
        selected[self._config["retrieval_intent"]] = {"response": self._response(message), "ranking": []}
        message.set(RESPONSE_SELECTOR, selected, add_to_output=True)

    def _response(self, message: Message) -> Dict[Text, Any]:
        key = self._exact.get(core(message.get(TEXT)))
        confidence = 1.0
        if key is None:
            key, confidence = self._likeliest(message)
        if confidence < self._config["default_below"]:
            key = f"{self._config['retrieval_intent']}/{self._config['default_key']}"
        return {"confidence": confidence, "intent_response_key": key, "utter_action": f"utter_{key}"}

    def _likeliest(self, message: Message) -> Any:
        row = sentence_row(message)
        if row.shape[1] != len(self._model.weights):
            return "", 0.0
        probabilities = self._model.probabilities(row)[0]
        best = int(probabilities.argmax())
        return self._model.names[best], float(probabilities[best])
