"""The patterns of nlu_data: read in one place, and which of them a message matches, as features."""

from __future__ import annotations

import json
import re
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

NOTHING = "(?!)"
_STORED = "patterns.json"


def patterns_of(training_data: TrainingData) -> Dict[Text, Text]:
    """Return the patterns by name; several lines under one name are alternatives."""
    found: Dict[Text, List[Text]] = {}
    for entry in training_data.regex_features:
        found.setdefault(entry["name"], []).append(entry["pattern"])
    return {name: "|".join(f"(?:{line})" for line in lines) for name, lines in found.items()}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class PatternFeaturizer(TrainedComponent, SparseFeaturizer):
    """Adds one sentence feature for each pattern that matches.

    Rasa's RegexFeaturizer also marks every single token, which nothing here reads and which took a
    quarter of the training.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """As all featurizers."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """No settings but those of every featurizer."""
        return SparseFeaturizer.get_default_config()

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        SparseFeaturizer.__init__(self, name, config)
        self._patterns: List[re.Pattern] = []

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Nothing to check beyond the defaults."""

    def learn(self, training_data: TrainingData) -> None:
        """Take over the patterns, in the order of their names."""
        self._compile([pattern for _, pattern in sorted(patterns_of(training_data).items())])

    def write(self, folder: Path) -> None:
        """Store them."""
        stored = [pattern.pattern for pattern in self._patterns]
        (folder / _STORED).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")

    def read(self, folder: Path) -> None:
        """Restore them."""
        self._compile(json.loads((folder / _STORED).read_text(encoding="utf-8")))

    def work(self, message: Message) -> None:
        """Add the features of one message."""
        text = message.get(TEXT)
        if not text:
            return
        columns = [i for i, pattern in enumerate(self._patterns) if pattern.search(text)]
        places = ([0] * len(columns), columns)
        row = coo_matrix((np.ones(len(columns)), places), shape=(1, len(self._patterns)))
        message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))

    def _compile(self, patterns: List[Text]) -> None:
        self._patterns = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
