"""Featurizer: words and runs of characters, weighted by how rare they are."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Text, Type

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import coo_matrix

from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.terms import character_runs, word_runs, words_of

_STORED = "terms.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class NgramFeaturizer(TrainedComponent, SparseFeaturizer):
    """Adds TF-IDF sentence features of words or of characters (setting `analyzer`).

    Rasa's CountVectorsFeaturizer also computes features for every single token, which nothing here
    reads, and its character n-grams stop at the tokenizer's cuts.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """Words come from the tokenizer."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings: `analyzer` word or char, the longest run that is counted, and in how many examples at least."""
        return {**SparseFeaturizer.get_default_config(), "analyzer": "word", "max_ngram": 2, "min_examples": 2}

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        SparseFeaturizer.__init__(self, name, config)
        self._weights: Dict[Text, float] = {}
        self._columns: Dict[Text, int] = {}

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Nothing to check beyond the defaults."""

    def learn(self, training_data: TrainingData) -> None:
        """Learn which terms there are, and how rare each is."""
        texts = [self._terms(message) for message in training_data.training_examples if message.get(TEXT)]
        found = Counter(term for terms in texts for term in set(terms))
        kept = sorted(term for term, count in found.items() if count >= self._config["min_examples"])
        self._weights = {term: math.log((1 + len(texts)) / (1 + found[term])) + 1 for term in kept}
        self._number_columns()

    def write(self, folder: Path) -> None:
        """Store the terms with their weights."""
        (folder / _STORED).write_text(json.dumps(self._weights, ensure_ascii=False), encoding="utf-8")

    def read(self, folder: Path) -> None:
        """Restore them."""
        self._weights = json.loads((folder / _STORED).read_text(encoding="utf-8"))
        self._number_columns()

    def work(self, message: Message) -> None:
        """Add the features of one message."""
        if not message.get(TEXT):
            return
        counts = Counter(term for term in self._terms(message) if term in self._columns)
        values = np.array([(1 + math.log(count)) * self._weights[term] for term, count in counts.items()])
        length = np.linalg.norm(values) or 1.0
        columns = [self._columns[term] for term in counts]
        row = coo_matrix((values / length, ([0] * len(columns), columns)), shape=(1, len(self._columns)))
        message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))

    def _terms(self, message: Message) -> List[Text]:
        if self._config["analyzer"] == "word":
            return word_runs(words_of(message), self._config["max_ngram"])
        # The marks make "how it begins" and "how it ends" features of their own: 吗$, ^怎么.
        return character_runs(f"^{message.get(TEXT)}$", 1, self._config["max_ngram"])

    def _number_columns(self) -> None:
        self._columns = {term: column for column, term in enumerate(self._weights)}
