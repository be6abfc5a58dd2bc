"""Article selector: which article answers a question.

Citizens ask the same thing in words that no example has, so the articles themselves are searched, and
what was recognised of right and topic counts as well (article_signals). The signals are fused with
weights learnt from every fifth example question, scored by indexes and models that had not seen it. That
makes the confidence a fair probability: of held-out questions with a confidence around 0.5, half are right.

What was tried and what each signal is worth: docs/MODELS.md.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Text, Type

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY, RESPONSE_SELECTOR, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

from bot.engine.importer import ARTICLE_BODY, ARTICLE_RIGHTS, ARTICLE_TOPIC
from bot.engine.nlu.article_signals import ArticleSignals, Candidates, Learnt
from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.fusion import fit_fusion, fused
from bot.engine.nlu.labels import LABELS, carried, example_labels, fit_labels, labels_of, right_patterns
from bot.engine.nlu.rows import sentence_row, sentence_rows
from bot.engine.nlu.text import core, sentences

# One example in so many is held out to weigh the signals, and no more than tell as much as all.
_HELD_OUT, _MOST_WEIGHED = 5, 3000
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

        `retrieval_intent` is whose responses are selected. `label_strength` is the strength of the models
        that stand in for the LabelClassifier in training, so the same as its own. Of a message with several
        questions each is answered by its own response, from the confidence `several` up.
        """
        return {
            "retrieval_intent": "faq",
            "ranking_length": 5,
            "label_strength": 20.0,
            "several": 0.5,
        }

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        self._keys: List[Text] = []
        self._exact: Dict[Text, int] = {}
        self._weights = np.zeros(0)
        self._part_weights = np.zeros(0)
        self._signals: Optional[ArticleSignals] = None

    def learn(self, training_data: TrainingData) -> None:
        """Build the indexes, and learn how much each signal is worth."""
        prefix = f"{self._config['retrieval_intent']}/"
        examples = [e for e in training_data.response_examples if e.get(INTENT_RESPONSE_KEY, "").startswith(prefix)]
        self._keys = sorted({example.get(INTENT_RESPONSE_KEY) for example in examples})
        places = {key: place for place, key in enumerate(self._keys)}
        truth = np.array([places[example.get(INTENT_RESPONSE_KEY)] for example in examples])
        rows = sentence_rows(examples)
        self._exact = {core(example.get(TEXT)): int(key) for example, key in zip(examples, truth)}
        learnt = Learnt.of(_texts(examples), rows, truth, len(self._keys))
        self._signals = ArticleSignals.build(candidates_of(self._keys, examples, truth), learnt)
        asked = held_out(examples)
        signals = self._held_out_signals(examples, rows, truth, asked, right_patterns(training_data))
        self._weights = fit_fusion(signals, truth[asked])
        self._part_weights = fit_fusion(signals[:, :, :-1], truth[asked])

    def _held_out_signals(
        self,
        examples: List[Message],
        rows: csr_matrix,
        truth: np.ndarray,
        asked: np.ndarray,
        patterns: Dict[Text, re.Pattern],
    ) -> np.ndarray:
        """Return the signals of the examples asked, [example, article, signal], by what was learnt from the others."""
        kept = np.setdiff1d(np.arange(len(examples)), np.arange(0, len(examples), _HELD_OUT))
        others = [examples[i] for i in kept]
        learnt = Learnt.of(_texts(others), rows[kept], truth[kept], len(self._keys))
        labels = {kind: names for kind, names in example_labels(others, patterns).items() if len(set(names)) > 1}
        models = fit_labels(rows[kept], labels, self._config["label_strength"])
        return np.stack(
            [
                self._signals.of(examples[i].get(TEXT), rows[i], labels_of(models, rows[i]), learnt)
                for i in asked
            ]
        )

    def write(self, folder: Path) -> None:
        """Store what was learnt."""
        weights = {"weights": list(self._weights), "part_weights": list(self._part_weights)}
        stored = {"keys": self._keys, "exact": self._exact, **weights}
        (folder / _STORED).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        self._signals.write(folder)

    def read(self, folder: Path) -> None:
        """Restore it."""
        stored = json.loads((folder / _STORED).read_text(encoding="utf-8"))
        self._keys, self._exact = stored["keys"], stored["exact"]
        self._weights, self._part_weights = np.array(stored["weights"]), np.array(stored["part_weights"])
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
        signals = self._signals.of(text, sentence_row(message), message.get(LABELS) or {})
        confidences = fused(signals, self._weights)
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
            confidences = fused(self._signals.of(question, None, message.get(LABELS) or {}), self._part_weights)
            if confidences.max() >= self._config["several"]:
                found[int(confidences.argmax())] = None
        return list(found)

    def _selection(self, confidences: np.ndarray) -> Dict[Text, Any]:
        order = np.argsort(-confidences, kind="stable")[: self._config["ranking_length"]]
        ranking = [{"confidence": float(confidences[i]), "intent_response_key": self._keys[i]} for i in order]
        best = dict(ranking[0])
        best["utter_action"] = f"utter_{best['intent_response_key']}"
        return {"response": best, "ranking": ranking}


def candidates_of(keys: Sequence[Text], examples: Sequence[Message], truth: np.ndarray) -> Candidates:
    """Return what the examples carry along about the articles that they ask for."""
    candidates = Candidates(keys)
    for example, key in zip(examples, truth):
        about = carried(example)
        candidates.rights[key] = about.get(ARTICLE_RIGHTS, [])
        candidates.topics[key] = about.get(ARTICLE_TOPIC, "")
        if ARTICLE_BODY in about:
            candidates.titles[key], candidates.bodies[key] = example.get(TEXT), about[ARTICLE_BODY]
    return candidates


def held_out(examples: Sequence[Message]) -> np.ndarray:
    """Return which examples the signals are weighed with; titles stand in the articles themselves and tell nothing."""
    asked = [i for i in range(0, len(examples), _HELD_OUT) if ARTICLE_BODY not in carried(examples[i])]
    return np.array(asked[:: max(1, -(-len(asked) // _MOST_WEIGHED))], dtype=int)


def _texts(examples: Sequence[Message]) -> List[Text]:
    return [example.get(TEXT) for example in examples]
