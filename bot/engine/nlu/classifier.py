"""Intent classifier: a linear model over all sentence features, and exact recognition of the examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Text, Type

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression

from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.rows import sentence_row, sentence_rows
from bot.engine.nlu.text import core

# Message property: the whole message is a training example, so the intent is certain.
EXACT = "exact_example"

_LABELS, _WEIGHTS = "labels.json", "weights.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(TrainedComponent, IntentClassifier):
    """Logistic regression, as Rasa's LogisticRegressionClassifier, with three differences.

    Its strength is a setting; it predicts with one product of a sparse row and a matrix; and a message
    that is a training example word for word, as a pressed button is, gets that example's intent.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """It works on whatever the featurizers found."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings: `strength` is scikit-learn's C, `ranking_length` how many intents are reported."""
        return {"strength": 10.0, "ranking_length": 10}

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        self._intents: List[Text] = []
        self._examples: Dict[Text, Text] = {}
        self._weights = np.zeros((0, 0))
        self._bias = np.zeros(0)

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Nothing to check beyond the defaults."""

    def learn(self, training_data: TrainingData) -> None:
        """Fit one model for each intent against all others: as good as one for all, in a sixth of the time."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        model = LogisticRegression(C=self._config["strength"], solver="liblinear", class_weight="balanced", random_state=0)
        model.fit(sentence_rows(examples), [example.get(INTENT) for example in examples])
        self._intents = [str(intent) for intent in model.classes_]
        self._weights = np.ascontiguousarray(model.coef_.T, np.float32)
        self._bias = model.intercept_
        self._examples = {core(example.get(TEXT)): example.get(INTENT) for example in examples}

    def write(self, folder: Path) -> None:
        """Store the model."""
        labels = {"intents": self._intents, "examples": self._examples}
        (folder / _LABELS).write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
        np.savez(folder / _WEIGHTS, weights=self._weights, bias=self._bias)

    def read(self, folder: Path) -> None:
        """Restore it."""
        labels = json.loads((folder / _LABELS).read_text(encoding="utf-8"))
        self._intents, self._examples = labels["intents"], labels["examples"]
        with np.load(folder / _WEIGHTS, allow_pickle=False) as stored:
            self._weights, self._bias = stored["weights"], stored["bias"]

    def work(self, message: Message) -> None:
        """Set the intent and the ranking of intents."""
        text = message.get(TEXT)
        if not text:
            return
        exact = self._examples.get(core(text)) if core(text) else None
        confidences = self._confidences(message)
        if exact is not None:
            confidences = (np.array(self._intents) == exact).astype(float)
        order = np.argsort(-confidences, kind="stable")[: self._config["ranking_length"]]
        ranking = [{"name": self._intents[i], "confidence": float(confidences[i])} for i in order]
        message.set(EXACT, exact is not None)
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)

    def _confidences(self, message: Message) -> np.ndarray:
        row = sentence_row(message)
        if row.shape[1] != len(self._weights) or not any(map(str.isalpha, message.get(TEXT))):
            # A bare number says nothing by itself; without a word some featurizers even add nothing.
            return np.full(len(self._intents), 1.0 / len(self._intents))
        scores = np.asarray(row @ self._weights)[0] + self._bias
        shares = 1.0 / (1.0 + np.exp(-scores))
        return shares / shares.sum()
