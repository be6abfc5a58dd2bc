"""Article selector: which article (or other retrieval response) answers a question.

Citizens ask the same thing in words that no example has, so the articles themselves are searched:
three BM25 scores over runs of characters (title, short answer and body; the title alone; the example
questions) and whether the article is about the right that the question names, fused with weights learnt
from the example questions, each scored by an index that had not seen it. That makes the confidence a
fair probability: of held-out questions with a confidence around 0.5, half are right.

Measured on 1,497 held-out questions to 122 articles, right first and among the first three: fused 58 %
and 81 %, bodies alone 54 % and 75 %, example questions alone 35 % and 58 %.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Sequence, Text, Type

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY, RESPONSE_SELECTOR, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.importer import ARTICLE_BODY, ARTICLE_RIGHTS
from bot.engine.nlu.bm25 import Bm25Index
from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.fusion import fit_fusion, fused
from bot.engine.nlu.terms import character_runs
from bot.engine.nlu.text import core, normalise_document

FOLDS = 5
# Names of the patterns in nlu_data that recognise a right: right:patent, right:trademark, …
RIGHT = "right:"
_TITLE, _SHORT, _BODY = 3.0, 2.0, 1.0
_LABELS = "labels.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ArticleSelector(TrainedComponent, IntentClassifier):
    """Fills Rasa's `response_selector` property, which `utter_faq` answers from."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Words come from the tokenizer."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings.

        `retrieval_intent` is whose responses are selected; below `default_below` the response
        `default_key`, if given, is selected instead of the best one.
        """
        return {"retrieval_intent": "faq", "ranking_length": 5, "default_key": None, "default_below": 0.0}

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        self._keys: List[Text] = []
        self._exact: Dict[Text, int] = {}
        self._indexes: List[Bm25Index] = []
        self._rights = RightMatcher({}, np.zeros((0, 0)))
        self._weights = np.zeros(0)

    def learn(self, training_data: TrainingData) -> None:
        """Build the indexes, and learn how much each of them is worth."""
        prefix = f"{self._config['retrieval_intent']}/"
        examples = [e for e in training_data.response_examples if e.get(INTENT_RESPONSE_KEY, "").startswith(prefix)]
        self._keys = sorted({example.get(INTENT_RESPONSE_KEY) for example in examples})
        truth = np.array([self._keys.index(example.get(INTENT_RESPONSE_KEY)) for example in examples])
        self._exact = {core(example.get(TEXT)): int(key) for example, key in zip(examples, truth)}
        self._rights = RightMatcher.build(_patterns(training_data), examples, truth, len(self._keys))
        articles = _article_indexes(examples, truth, len(self._keys))
        signals = _held_out_signals(articles, self._rights, examples, truth, len(self._keys))
        self._weights = fit_fusion(signals, truth)
        self._indexes = [_question_index(examples, truth, len(self._keys)), *articles]

    def write(self, folder: Path) -> None:
        """Store the indexes."""
        labels = {
            "keys": self._keys,
            "exact": self._exact,
            "weights": list(self._weights),
            "patterns": self._rights.patterns,
            "about": self._rights.about.tolist(),
        }
        (folder / _LABELS).write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
        for number, index in enumerate(self._indexes):
            np.savez_compressed(folder / f"index{number}.npz", **index.to_arrays())

    def read(self, folder: Path) -> None:
        """Restore them."""
        labels = json.loads((folder / _LABELS).read_text(encoding="utf-8"))
        self._keys, self._exact = labels["keys"], labels["exact"]
        self._weights = np.array(labels["weights"])
        self._rights = RightMatcher(labels["patterns"], np.array(labels["about"]))
        # The last weight is that of the rights, which have no index.
        for number in range(len(self._weights) - 1):
            with np.load(folder / f"index{number}.npz", allow_pickle=False) as stored:
                self._indexes.append(Bm25Index.from_arrays(stored))

    def work(self, message: Message) -> None:
        """Rank the responses for a message, whatever its intent: clarifications use the ranking too."""
        if not message.get(TEXT) or not self._keys:
            return
        selected = message.get(RESPONSE_SELECTOR) or {"all_retrieval_intents": []}
        selected["all_retrieval_intents"].append(self._config["retrieval_intent"])
        selected[self._config["retrieval_intent"]] = self._selection(self._confidences(message))
        message.set(RESPONSE_SELECTOR, selected, add_to_output=True)

    def _confidences(self, message: Message) -> np.ndarray:
        exact = self._exact.get(core(message.get(TEXT)))
        confidences = fused(_signals(self._indexes, self._rights, message), self._weights)
        if exact is not None:
            confidences *= 1e-3
            confidences[exact] = 1.0
        return confidences

    def _selection(self, confidences: np.ndarray) -> Dict[Text, Any]:
        order = np.argsort(-confidences, kind="stable")[: self._config["ranking_length"]]
        ranking = [{"confidence": float(confidences[i]), "intent_response_key": self._keys[i]} for i in order]
        best = dict(ranking[0])
        if best["confidence"] < self._config["default_below"] and self._config["default_key"]:
            best["intent_response_key"] = f"{self._config['retrieval_intent']}/{self._config['default_key']}"
        best["utter_action"] = f"utter_{best['intent_response_key']}"
        return {"response": best, "ranking": ranking}


class RightMatcher:
    """Tells whether an article is about the right that a text speaks of.

    Attributes:
        about: [article, right]: 1 for its main right, 0.5 for a further one, 0 for none.
    """

    def __init__(self, patterns: Dict[Text, Text], about: np.ndarray) -> None:
        self.patterns = patterns
        self.about = about
        self._compiled = [re.compile(pattern) for pattern in patterns.values()]

    @classmethod
    def build(
        cls, patterns: Dict[Text, Text], examples: Sequence[Message], truth: np.ndarray, count: int
    ) -> RightMatcher:
        """Collect the rights of the articles from the examples that carry them."""
        names = list(patterns)
        about = np.zeros((count, len(names)))
        for example, key in zip(examples, truth):
            for position, right in enumerate(_carried(example).get(ARTICLE_RIGHTS, [])):
                if right in names:
                    about[key, names.index(right)] = 1.0 if position == 0 else 0.5
        return cls(patterns, about)

    def scores(self, text: Text) -> np.ndarray:
        """Return each article's match, 0 for all if the text names no right."""
        named = np.array([bool(pattern.search(text)) for pattern in self._compiled], dtype=float)
        if not named.any():
            return np.zeros(len(self.about))
        return (self.about * named).max(axis=1)


def _carried(example: Message) -> Dict[Text, Any]:
    return (example.get("metadata") or {}).get("example") or {}


def _article_indexes(examples: Sequence[Message], truth: np.ndarray, count: int) -> List[Bm25Index]:
    """Index what the responses themselves say; nothing for responses that are no articles."""
    parts: List[List] = [[] for _ in range(count)]
    titles: List[List] = [[] for _ in range(count)]
    for example, key in zip(examples, truth):
        body = _carried(example).get(ARTICLE_BODY)
        if body:
            short, _, details = body.partition("\n\n")
            parts[key] = [
                (example.get(TEXT), _TITLE),
                (normalise_document(short), _SHORT),
                (normalise_document(details), _BODY),
            ]
            titles[key] = [(example.get(TEXT), 1.0)]
    if not any(parts):
        return []
    return [_character_index(parts), _character_index(titles)]


def _character_index(documents: Sequence[Sequence]) -> Bm25Index:
    return Bm25Index.build([[(_characters(text), weight) for text, weight in parts] for parts in documents])


def _question_index(examples: Sequence[Message], truth: np.ndarray, count: int) -> Bm25Index:
    questions: List[List] = [[] for _ in range(count)]
    for example, key in zip(examples, truth):
        questions[key].append((example.get(TEXT), 1.0))
    return _character_index(questions)


def _held_out_signals(
    articles: List[Bm25Index], rights: RightMatcher, examples: List[Message], truth: np.ndarray, count: int
) -> np.ndarray:
    """Return the signals of every example, its own words kept out of the index of questions."""
    folds = np.arange(len(examples)) % FOLDS
    signals = np.zeros((len(examples), count, 2 + len(articles)))
    for fold in range(FOLDS):
        kept = np.flatnonzero(folds != fold)
        questions = _question_index([examples[i] for i in kept], truth[kept], count)
        for i in np.flatnonzero(folds == fold):
            signals[i] = _signals([questions, *articles], rights, examples[i])
    return signals


def _signals(indexes: Sequence[Bm25Index], rights: RightMatcher, message: Message) -> np.ndarray:
    terms = _characters(message.get(TEXT))
    scores = [index.scores(terms) for index in indexes]
    return np.stack([*scores, rights.scores(message.get(TEXT))], axis=1)


def _patterns(training_data: TrainingData) -> Dict[Text, Text]:
    """Return the patterns that tell which right a text speaks of."""
    found = {entry["name"]: entry["pattern"] for entry in training_data.regex_features}
    return {name[len(RIGHT) :]: pattern for name, pattern in sorted(found.items()) if name.startswith(RIGHT)}


def _characters(text: Text) -> List[Text]:
    return character_runs(text, 1, 2)
