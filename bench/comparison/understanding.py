"""Methods that tell a message's intent, right and topic."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer import CountVectorsFeaturizer
from rasa.nlu.featurizers.sparse_featurizer.regex_featurizer import RegexFeaturizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bench.comparison.bounded import Bounds, bounded_epochs
from bench.comparison.data import Prepared, make_component
from bot.engine.nlu.classifier import LinearIntentClassifier
from bot.engine.nlu.labels import LABELS, LabelClassifier, example_labels, right_patterns
from bot.engine.nlu.patterns import patterns_of
from bot.engine.nlu.rows import sentence_row, sentence_rows

KINDS = ("intent", "right", "topic")
_JOINT = "+"
_FAQ, _FOREIGN, _HUMAN = "faq", "ask_out_of_scope", "request_human"


class Method(Protocol):
    """One way to understand a message."""

    def train(self, prepared: Prepared) -> None:
        """Learn from the repository's data."""

    def understand(self, prepared: Prepared, text: str) -> dict[str, str]:
        """Return what a new message is, by kind of label."""

    @property
    def note(self) -> str:
        """Say what a reader of the figures must know."""


class Ours:
    """LinearIntentClassifier and LabelClassifier, as config.yml sets them."""

    note = ""

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        self._folder = folder
        self._parts: list[Any] = []

    def train(self, prepared: Prepared) -> None:
        for component in (LinearIntentClassifier, LabelClassifier):
            made = make_component(component, prepared.settings[component.__name__], self._folder)
            made.learn(prepared.training)
            self._parts.append(made)

    def understand(self, prepared: Prepared, text: str) -> dict[str, str]:
        message = prepared.featurised(text)
        for part in self._parts:
            part.work(message)
        labels = message.get(LABELS) or {}
        best = {kind: max(found, key=found.get) for kind, found in labels.items()}
        return {"intent": (message.get(INTENT) or {}).get("name", ""), **best}


class OnFeatures:
    """A classifier of scikit-learn on the same features, one for each kind of label."""

    note = ""

    def __init__(self, make: Callable[[str | None], Any]) -> None:
        self._make = make
        self._models: dict[str, Any] = {}

    def train(self, prepared: Prepared) -> None:
        examples = _examples(prepared.training)
        rows = sentence_rows(examples)
        for kind, labels in all_labels(prepared.training, examples).items():
            weight = "balanced" if kind == "intent" else None
            self._models[kind] = self._make(weight).fit(rows, labels)

    def understand(self, prepared: Prepared, text: str) -> dict[str, str]:
        row = sentence_row(prepared.featurised(text))
        return {kind: str(model.predict(row)[0]) for kind, model in self._models.items()}


class RasaLinear:
    """Rasa's LogisticRegressionClassifier on the same features, one for each kind of label."""

    note = "with its own settings"

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        self._folder = folder
        self._models: dict[str, Any] = {}

    def train(self, prepared: Prepared) -> None:
        for kind, data in _relabelled(prepared.training).items():
            self._models[kind] = make_component(LogisticRegressionClassifier, {}, self._folder / kind)
            self._models[kind].train(data)

    def understand(self, prepared: Prepared, text: str) -> dict[str, str]:
        message, found = prepared.featurised(text), {}
        for kind, model in self._models.items():
            model.process([message])
            found[kind] = (message.get(INTENT) or {}).get("name") or ""
        return found


class Diet:
    """Rasa's DIETClassifier on Rasa's usual features: counts of words and of runs of 1–4 characters.

    One network for all kinds of label, which are joined to one: three would take three times as long.
    """

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        self._folder = folder
        self._bounds = bounds
        self._found: list[Any] = []
        self._model: Any
        self.note = ""

    def train(self, prepared: Prepared) -> None:
        data, self._found = usual_features(prepared, self._folder)
        examples = _examples(data)
        labels = zip(*all_labels(data, examples).values())  # noqa: B905
        pairs = zip(examples, map(_JOINT.join, labels))  # noqa: B905
        joined = [_with_intent(example, label) for example, label in pairs]
        settings = self._bounds.settings | {"entity_recognition": False}
        self._model = make_component(DIETClassifier, settings, self._folder)
        with bounded_epochs(self._bounds.seconds) as clock:
            self._model.train(TrainingData(joined, regex_features=data.regex_features))
        self.note = clock.note

    def understand(self, prepared: Prepared, text: str) -> dict[str, str]:
        message = usual_message(self._found, prepared, text)
        self._model.process([message])
        parts = ((message.get(INTENT) or {}).get("name") or _JOINT * 2).split(_JOINT)
        return dict(zip(KINDS, parts))  # noqa: B905


class Keywords:
    """The patterns of nlu_data alone; nothing is learnt."""

    note = "nothing is learnt; the patterns were written by people who knew some of the labelled questions"

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        self._rights: Mapping[str, re.Pattern[str]] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}

    def train(self, prepared: Prepared) -> None:
        self._rights = right_patterns(prepared.training)
        for name in ("ip_term", "ip_hint", "foreign_term", "human_word"):
            self._patterns[name] = re.compile(patterns_of(prepared.training)[name])

    def understand(self, prepared: Prepared, text: str) -> dict[str, str]:
        return self._judge(prepared.tokenized(text).get(TEXT))

    def _judge(self, text: str) -> dict[str, str]:
        counts = {right: len(pattern.findall(text)) for right, pattern in self._rights.items()}
        right = max(counts, key=lambda name: counts[name])
        found = {name: bool(pattern.search(text)) for name, pattern in self._patterns.items()}
        if found["human_word"] and not found["ip_term"]:
            return {"intent": _HUMAN, "right": "none", "topic": "handoff"}
        hinted = (found["ip_hint"] or any(counts.values())) and not found["foreign_term"]
        if not found["ip_term"] and not hinted:
            return {"intent": _FOREIGN, "right": "none", "topic": "out_of_scope"}
        return {"intent": _FAQ, "right": right if counts[right] else "general", "topic": "law"}


METHODS: dict[str, Callable[[Path, Bounds], Method]] = {
    "linear": Ours,
    "one-vs-rest": lambda folder, bounds: OnFeatures(_one_against_the_rest),
    "svc": lambda folder, bounds: OnFeatures(_support_vectors),
    "rasa-linear": RasaLinear,
    "diet": Diet,
    "keywords": Keywords,
}


def _support_vectors(weight: str | None) -> LinearSVC:
    return LinearSVC(C=0.5, class_weight=weight, random_state=0)


def _one_against_the_rest(weight: str | None) -> LogisticRegression:
    return LogisticRegression(C=10.0, class_weight=weight, solver="liblinear", random_state=0)


def all_labels(training: TrainingData, examples: Sequence[Message]) -> dict[str, list[str]]:
    """Return intent, right and topic of each example."""
    intents = [example.get(INTENT) for example in examples]
    return {"intent": intents, **example_labels(examples, right_patterns(training))}


def usual_features(prepared: Prepared, folder: Path) -> tuple[TrainingData, list[Any]]:
    """Return the training data with the features that Rasa recommends, and what finds them in a message."""
    plain = [Message(dict(example.data)) for example in prepared.training.training_examples]
    data = TrainingData(plain, regex_features=prepared.training.regex_features)
    found = []
    usual = [
        (RegexFeaturizer, {"case_sensitive": False, "use_word_boundaries": False}),
        (CountVectorsFeaturizer, {}),
        (CountVectorsFeaturizer, {"analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4}),
    ]
    for place, (component, settings) in enumerate(usual):
        made = make_component(component, settings, folder / f"usual{place}")
        made.train(data)
        made.process_training_data(data)
        found.append(made)
    return data, found


def usual_message(found: Sequence[Any], prepared: Prepared, text: str) -> Message:
    """Return a new message with those features."""
    message = prepared.tokenized(text)
    for component in found:
        component.process([message])
    return message


def _examples(training: TrainingData) -> list[Message]:
    return [example for example in training.intent_examples if example.get(TEXT)]


def _relabelled(training: TrainingData) -> dict[str, TrainingData]:
    """Return the data once for each kind of label, the label in the place of the intent."""
    examples = _examples(training)
    return {
        kind: TrainingData(
            [_with_intent(example, label) for example, label in zip(examples, labels)],  # noqa: B905
            regex_features=training.regex_features,
        )
        for kind, labels in all_labels(training, examples).items()
    }


def _with_intent(example: Message, label: str) -> Message:
    """Return the example with another label; features of the old one would stand for the new one in DIET."""
    kept = {name: value for name, value in example.data.items() if not name.startswith("intent")}
    of_text = [feature for feature in example.features if feature.attribute == TEXT]
    return Message({**kept, INTENT: label}, features=of_text)
