"""Article selector: which article answers a question.

Citizens ask the same thing in words that no example has, so the articles themselves are searched, and
what was recognised of right and topic counts as well (article_signals). The signals are fused with
weights learnt from the example questions, each scored by indexes and models that had not seen it. That
makes the confidence a fair probability: of held-out questions with a confidence around 0.5, half are right.

What was tried and what each signal is worth: docs/MODELS.md.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Sequence, Text, Type

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY, RESPONSE_SELECTOR, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import vstack

from bot.engine.importer import ARTICLE_BODY, ARTICLE_RIGHTS, ARTICLE_TOPIC
from bot.engine.nlu.article_signals import ArticleSignals, Candidates, question_index
from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.fusion import fit_fusion, fused
from bot.engine.nlu.labels import LABELS, LabelModel, carried, example_labels, right_patterns
from bot.engine.nlu.rows import sentence_row
from bot.engine.nlu.text import core, sentences

FOLDS = 5
# The labels' models are what takes time in training; seeing half of the examples is enough for them here.
_LABEL_FOLDS = 2
# So many examples tell the weights of five signals as well as all.
_MOST_WEIGHED = 3000
_STORED = "selector.json"
# A sentence that asks; a message with more of them is a story.
_ASKS = re.compile(r"\?|吗|呢|怎么|如何|什么|多久|多少|哪|是否|能不能|可不可以|是不是|要不要")
_MOST_QUESTIONS = 3


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ArticleSelector(TrainedComponent, IntentClassifier):
    """Fills Rasa's `response_selector` property, which `utter_faq` answers from."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """The labels are recognised from whatever the featurizers found."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings.

        `retrieval_intent` is whose responses are selected. `label_strength` is the strength of the models that stand in for the LabelClassifier in training. Of a message with several questions
        each is answered by its own response, from the confidence `several` up.
        """
        return {
            "retrieval_intent": "faq",
            "ranking_length": 5,
            "label_strength": 3.0,
            "several": 0.5,
        }

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        self._keys: List[Text] = []
        self._exact: Dict[Text, int] = {}
        self._weights = np.zeros(0)
        self._signals = ArticleSignals.build(Candidates([]))

    def learn(self, training_data: TrainingData) -> None:
        """Build the indexes, and learn how much each signal is worth."""
        prefix = f"{self._config['retrieval_intent']}/"
        examples = [e for e in training_data.response_examples if e.get(INTENT_RESPONSE_KEY, "").startswith(prefix)]
        self._keys = sorted({example.get(INTENT_RESPONSE_KEY) for example in examples})
        truth = np.array([self._keys.index(example.get(INTENT_RESPONSE_KEY)) for example in examples])
        self._exact = {core(example.get(TEXT)): int(key) for example, key in zip(examples, truth)}
        self._signals = ArticleSignals.build(_candidates(self._keys, examples, truth))
        signals = self._held_out_signals(examples, truth, right_patterns(training_data))
        step = -(-len(examples) // _MOST_WEIGHED)
        self._weights = fit_fusion(signals[::step], truth[::step])

    def _held_out_signals(
        self, examples: List[Message], truth: np.ndarray, patterns: Dict[Text, re.Pattern]
    ) -> np.ndarray:
        """Return the signals of every example, its own words unknown to questions and labels."""
        folds = np.arange(len(examples)) % FOLDS
        labels = _held_out_labels(examples, folds % _LABEL_FOLDS, patterns, self._config["label_strength"])
        found: List[Any] = [None] * len(examples)
        for fold in range(FOLDS):
            kept = np.flatnonzero(folds != fold)
            index = question_index(_questions(len(self._keys), [examples[i] for i in kept], truth[kept]))
            for i in np.flatnonzero(folds == fold):
                found[i] = self._signals.held_out(index, examples[i].get(TEXT), labels[i])
        return np.stack(found)

    def write(self, folder: Path) -> None:
        """Store what was learnt."""
        stored = {"keys": self._keys, "exact": self._exact, "weights": list(self._weights)}
        (folder / _STORED).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        self._signals.write(folder)

    def read(self, folder: Path) -> None:
        """Restore it."""
        stored = json.loads((folder / _STORED).read_text(encoding="utf-8"))
        self._keys, self._exact = stored["keys"], stored["exact"]
        self._weights = np.array(stored["weights"])
        self._signals = ArticleSignals.read(folder)

    def work(self, message: Message) -> None:
        """Rank the responses for a message, whatever its intent: clarifications use the ranking too."""
        if not message.get(TEXT) or not self._keys:
            return
        selected = message.get(RESPONSE_SELECTOR) or {"all_retrieval_intents": []}
        selected["all_retrieval_intents"].append(self._config["retrieval_intent"])
        confidences, further = self._confidences(message), []
        answers = self._answers(message)
        if len(answers) > 1:
            confidences[answers[0]], further = max(confidences.max(), self._config["several"]), answers[1:]
        selection = self._selection(confidences)
        selection["further"] = [self._keys[i] for i in further]
        selected[self._config["retrieval_intent"]] = selection
        message.set(RESPONSE_SELECTOR, selected, add_to_output=True)

    def _confidences(self, message: Message) -> np.ndarray:
        text = message.get(TEXT)
        confidences = fused(self._signals.of(text, message.get(LABELS) or {}), self._weights)
        exact = self._exact.get(core(text))
        if exact is not None:
            confidences *= 1e-3
            confidences[exact] = 1.0
        return confidences

    def _answers(self, message: Message) -> List[int]:
        """Return the responses to the questions of a message, in their order, each once."""
        text = message.get(TEXT)
        asked = [text[start:end] for start, end in sentences(text) if _ASKS.search(text[start:end])]
        if not 1 < len(asked) <= _MOST_QUESTIONS or core(text) in self._exact:
            return []
        found: Dict[int, None] = {}
        for question in asked:
            confidences = fused(self._signals.of(question, message.get(LABELS) or {}), self._weights)
            if confidences.max() >= self._config["several"]:
                found[int(confidences.argmax())] = None
        return list(found)

    def _selection(self, confidences: np.ndarray) -> Dict[Text, Any]:
        order = np.argsort(-confidences, kind="stable")[: self._config["ranking_length"]]
        ranking = [{"confidence": float(confidences[i]), "intent_response_key": self._keys[i]} for i in order]
        best = dict(ranking[0])
        best["utter_action"] = f"utter_{best['intent_response_key']}"
        return {"response": best, "ranking": ranking}


def _candidates(keys: Sequence[Text], examples: Sequence[Message], truth: np.ndarray) -> Candidates:
    candidates = Candidates(keys)
    for example, key in zip(examples, truth):
        about = carried(example)
        candidates.questions[key].append(example.get(TEXT))
        candidates.rights[key] = about.get(ARTICLE_RIGHTS, [])
        candidates.topics[key] = about.get(ARTICLE_TOPIC, "")
        if ARTICLE_BODY in about:
            candidates.titles[key], candidates.bodies[key] = example.get(TEXT), about[ARTICLE_BODY]
    return candidates


def _questions(count: int, examples: Sequence[Message], truth: np.ndarray) -> List[List[Text]]:
    questions: List[List[Text]] = [[] for _ in range(count)]
    for example, key in zip(examples, truth):
        questions[key].append(example.get(TEXT))
    return questions


def _held_out_labels(
    examples: Sequence[Message], folds: np.ndarray, patterns: Dict[Text, re.Pattern], strength: float
) -> List[Dict[Text, Dict[Text, float]]]:
    """Return the labels' probabilities of every example, by models that have not seen it."""
    rows = vstack([sentence_row(example) for example in examples], format="csr")
    found: List[Dict[Text, Dict[Text, float]]] = [{} for _ in examples]
    for kind, labels in example_labels(examples, patterns).items():
        names = np.array(labels)
        if len(set(labels)) < 2:
            continue
        for fold in range(_LABEL_FOLDS):
            seen, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            model = LabelModel.fit(rows[seen], names[seen], strength, tolerance=1e-2)
            for i, probabilities in zip(unseen, model.probabilities(rows[unseen])):
                found[i][kind] = dict(zip(model.names, probabilities.tolist()))
    return found
