"""Labels: which right a message is about and which topic it belongs to, whatever answers it.

An article is about one right; a question may be about another (怎么起诉 has one article for all rights).
So right and topic are recognised on their own, from the same features as the intent. The article selector
prefers articles with the same labels, the scope gate asks how likely a message is about none of our
rights, and the desk reports them.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Text, Type

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.engine.importer import ARTICLE_RIGHTS, ARTICLE_TOPIC
from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.patterns import NOTHING, patterns_of
from bot.engine.nlu.rows import sentence_row, sentence_rows

# Message property: {"right": {name: probability}, "topic": {…}}, all names.
LABELS = "labels"
NONE, OUT_OF_SCOPE, GENERAL = "none", "out_of_scope", "general"
# Names of the patterns in nlu_data that recognise a right: right:patent, right:trademark, …
RIGHT = "right:"

_TOPICS = {
    "ask_out_of_scope": OUT_OF_SCOPE,
    "request_human": "handoff",
    "report_urgent": "handoff",
    "open_complaint": "complaint",
    "open_assistance": "assistance",
    "check_ticket": "complaint",
    "add_to_ticket": "complaint",
    "withdraw_ticket": "complaint",
    "lost_ticket_number": "complaint",
}
_CHITCHAT = "chitchat"
_ABOUT_A_RIGHT = frozenset({"open_complaint", "open_assistance", "check_ticket"})
# Name of the pattern that recognises several rights side by side (专利和商标): then it is about no single one.
_SEVERAL = "several_rights"
_STORED, _WEIGHTS = "labels.json", "labels.npz"


class LabelModel:
    """Logistic regression from a sentence's features to the probabilities of labels."""

    def __init__(self, names: Sequence[Text], weights: np.ndarray, bias: np.ndarray) -> None:
        self.names = list(names)
        self.weights = weights
        self.bias = bias

    @classmethod
    def fit(cls, rows: csr_matrix, labels: Sequence[Text], strength: float) -> LabelModel:
        """Learn from rows of features; `strength` is scikit-learn's C.

        The stochastic solver is as good after two seconds as the usual one after twenty: the rows are short and many.
        """
        settings = {"solver": "sag", "max_iter": 60, "tol": 3e-3, "random_state": 0}
        model = LogisticRegression(C=strength, **settings).fit(rows, labels)
        weights, bias = model.coef_, model.intercept_
        if len(model.classes_) == 2:
            weights, bias = np.vstack([-weights, weights]), np.r_[-bias, bias]
        return cls([str(name) for name in model.classes_], np.ascontiguousarray(weights.T, np.float32), bias)

    def probabilities(self, rows: csr_matrix) -> np.ndarray:
        """Return [row, label]."""
        scores = np.asarray(rows @ self.weights) + self.bias
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LabelClassifier(TrainedComponent, IntentClassifier):
    """Sets the message property `labels`."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """It works on whatever the featurizers found."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings: scikit-learn's C."""
        return {"strength": 20.0}

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        self._models: Dict[Text, LabelModel] = {}
        self._several = re.compile(NOTHING)

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Nothing to check beyond the defaults."""

    def learn(self, training_data: TrainingData) -> None:
        """Fit one model for the rights and one for the topics."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        rows = sentence_rows(examples)
        self._several = re.compile(patterns_of(training_data).get(_SEVERAL, NOTHING))
        labels = example_labels(examples, right_patterns(training_data))
        self._models = fit_labels(rows, labels, self._config["strength"])

    def write(self, folder: Path) -> None:
        """Store the models."""
        names = {kind: model.names for kind, model in self._models.items()}
        stored = {"names": names, "several": self._several.pattern}
        (folder / _STORED).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        arrays = {f"{kind}_{part}": getattr(m, part) for kind, m in self._models.items() for part in ("weights", "bias")}
        np.savez(folder / _WEIGHTS, **arrays)

    def read(self, folder: Path) -> None:
        """Restore them."""
        stored_texts = json.loads((folder / _STORED).read_text(encoding="utf-8"))
        names, self._several = stored_texts["names"], re.compile(stored_texts["several"])
        with np.load(folder / _WEIGHTS, allow_pickle=False) as stored:
            for kind in names:
                self._models[kind] = LabelModel(names[kind], stored[f"{kind}_weights"], stored[f"{kind}_bias"])

    def work(self, message: Message) -> None:
        """Set the probabilities of all labels; none for a message without a single word."""
        if not message.get(TEXT):
            return
        found = labels_of(self._models, sentence_row(message))
        if found.get("right") and self._several.search(message.get(TEXT)):
            found["right"] = _about_all(found["right"])
        message.set(LABELS, found, add_to_output=True)


def fit_labels(rows: csr_matrix, labels: Mapping[Text, Sequence[Text]], strength: float) -> Dict[Text, LabelModel]:
    """Fit a model for each kind of label at the same time: the solver works without Python's lock."""
    with ThreadPoolExecutor(max(1, len(labels))) as pool:
        fitted = pool.map(lambda names: LabelModel.fit(rows, names, strength), labels.values())
        return dict(zip(labels, fitted))


def labels_of(models: Mapping[Text, LabelModel], row: csr_matrix) -> Dict[Text, Dict[Text, float]]:
    """Return the probabilities of the labels of each kind; none of features that the models do not know."""
    return {
        kind: dict(zip(model.names, model.probabilities(row)[0].tolist()))
        for kind, model in models.items()
        if row.shape[1] == len(model.weights)
    }


def _about_all(rights: Dict[Text, float]) -> Dict[Text, float]:
    """Give what the single rights have to the label for all of them, up to what is out of scope."""
    return dict.fromkeys(rights, 0.0) | {NONE: rights.get(NONE, 0.0), GENERAL: 1.0 - rights.get(NONE, 0.0)}


def right_patterns(training_data: TrainingData) -> Dict[Text, re.Pattern]:
    """Return the patterns of nlu_data that tell which right a text names, by right."""
    found = patterns_of(training_data)
    rights = {name[len(RIGHT) :]: pattern for name, pattern in sorted(found.items()) if name.startswith(RIGHT)}
    return {right: re.compile(pattern) for right, pattern in rights.items()}


def example_labels(
    examples: Sequence[Message], patterns: Mapping[Text, re.Pattern]
) -> Dict[Text, List[Text]]:
    """Return right and topic of each example."""
    return {
        "right": [_right(example, patterns) for example in examples],
        "topic": [_topic(example) for example in examples],
    }


def _right(example: Message, patterns: Mapping[Text, re.Pattern]) -> Text:
    """Return the right that the words name, as far as that fits; else what the example stands for."""
    named = [right for right, pattern in patterns.items() if pattern.search(example.get(TEXT))]
    rights = carried(example).get(ARTICLE_RIGHTS)
    if rights is None:
        fits = example.get(INTENT) in _ABOUT_A_RIGHT
        return _only(named) or GENERAL if fits else NONE
    if rights[0] in named:
        return rights[0]
    only = _only(named)
    return only if only and (only in rights or rights[0] == GENERAL) else rights[0]


def _only(named: Sequence[Text]) -> Optional[Text]:
    return named[0] if len(named) == 1 else None


def _topic(example: Message) -> Text:
    return carried(example).get(ARTICLE_TOPIC) or _TOPICS.get(example.get(INTENT), _CHITCHAT)


def carried(example: Message) -> Dict[Text, Any]:
    """Return what the importer gave an example along: the article's rights, topic and words."""
    return (example.get("metadata") or {}).get("example") or {}
