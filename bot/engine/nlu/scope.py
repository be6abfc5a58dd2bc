"""Featurizer: how much a message speaks of intellectual property at all.

No list of examples can show every question that is *not* about it, so word features alone call most of
them an FAQ. Two numbers generalise: how typical the words are of our own articles compared with Chinese
at large (jieba's dictionary counts how common its words are), and how many of the subject's own terms
appear. Together they raised the recall of questions out of scope, on questions never seen, from 0.13
to 0.6 without losing one that is in scope.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Text, Type

import jieba
import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import coo_matrix

from bot.engine.importer import ARTICLE_BODY
from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.patterns import NOTHING, patterns_of
from bot.engine.nlu.terms import tokens_of
from bot.engine.nlu.text import normalise_document

_STORED = "scope.json"
# Share of Chinese at large in the mixture: it keeps the ratio finite for words our articles lack.
_BACKGROUND = 0.1
_LEAST_COUNT = 3
_HIGHEST = 6.0
_MOST_TERMS = 3


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class ScopeFeaturizer(TrainedComponent, SparseFeaturizer):
    """Adds the two numbers; `terms_pattern` names the regex of the subject's terms in nlu_data."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Words come from the tokenizer."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings: the name of the pattern, and how much the numbers weigh against the n-grams."""
        return {**SparseFeaturizer.get_default_config(), "terms_pattern": "ip_term", "weight": 1.0}

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        SparseFeaturizer.__init__(self, name, config)
        self._ratios: Dict[Text, float] = {}
        self._terms = re.compile(NOTHING)

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Nothing to check beyond the defaults."""

    def learn(self, training_data: TrainingData) -> None:
        """Learn from the articles' bodies, not the questions: those are what it is tried on."""
        bodies = [_body(message) for message in training_data.training_examples]
        chinese = jieba.Tokenizer()
        chinese.initialize()
        counts = Counter(word for body in bodies for word in chinese.cut(normalise_document(body)))
        total = sum(counts.values()) or 1
        self._ratios = {
            word: round(_log_ratio(count / total, max(chinese.FREQ.get(word) or 0, _LEAST_COUNT) / chinese.total), 3)
            for word, count in sorted(counts.items())
        }
        self._terms = re.compile(patterns_of(training_data).get(self._config["terms_pattern"], NOTHING))

    def write(self, folder: Path) -> None:
        """Store the words' ratios and the pattern."""
        stored = {"ratios": self._ratios, "terms": self._terms.pattern}
        (folder / _STORED).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")

    def read(self, folder: Path) -> None:
        """Restore them."""
        stored = json.loads((folder / _STORED).read_text(encoding="utf-8"))
        self._ratios, self._terms = stored["ratios"], re.compile(stored["terms"])

    def work(self, message: Message) -> None:
        """Add the two numbers of one message."""
        text = message.get(TEXT)
        if not text:
            return
        unknown = math.log(_BACKGROUND)
        ratios = [self._ratios.get(token.text, unknown) for token in tokens_of(message)] or [unknown]
        terms = min(len(set(self._terms.findall(text))), _MOST_TERMS)
        values = self._config["weight"] * np.array([float(np.mean(ratios)) / 2.0, float(terms)])
        row = coo_matrix((values, ([0, 0], [0, 1])), shape=(1, 2))
        message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))


def _log_ratio(ours: float, chinese: float) -> float:
    return min(_HIGHEST, math.log(((1 - _BACKGROUND) * ours + _BACKGROUND * chinese) / chinese))


def _body(message: Message) -> Text:
    return ((message.get("metadata") or {}).get("example") or {}).get(ARTICLE_BODY, "")
