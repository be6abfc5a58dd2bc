"""Words: jieba with the legal dictionary, without spaces and punctuation."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any, Dict, List, Optional, Text

import jieba
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import dump_obj_as_json_to_file, read_json_file

from bot.engine.runtime import REPOSITORY

jieba.setLogLevel(logging.WARNING)

TERMS_FILE = "legal_terms.txt"
SYNONYMS_FILE = "synonyms.txt"
_STORED = "dictionary.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class LegalTokenizer(Tokenizer):
    """Splits Chinese text into words, keeping legal terms whole and naming synonyms alike.

    Unlike Rasa's JiebaTokenizer it has its own jieba instance, so the dictionary that counts is the one
    stored with the model; it drops spaces and punctuation; and a token's lemma is the standard word of
    its synonyms, which is what Rasa's featurizers count.
    """

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings; `dictionary` is a folder with legal_terms.txt and synonyms.txt, relative to the repository."""
        return {
            "dictionary": None,
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    def __init__(
        self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource, dictionary: Dict[Text, Any]
    ) -> None:
        """Create the tokenizer from a dictionary as `read_dictionary` returns it."""
        super().__init__(config)
        self._storage = storage
        self._resource = resource
        self._dictionary = dictionary
        self._lemmas: Dict[Text, Text] = dictionary["lemmas"]
        self._jieba = jieba.Tokenizer()
        for term in dictionary["terms"]:
            self._jieba.add_word(term)

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> LegalTokenizer:
        """Create an untrained component (see parent class)."""
        return cls(config, model_storage, resource, read_dictionary(config["dictionary"]))

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LegalTokenizer:
        """Load the component with the dictionary it was trained with."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, read_json_file(folder / _STORED))

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Train anew when the dictionary changes, which Rasa cannot see from the settings."""
        return hashlib.sha256(repr(read_dictionary(config["dictionary"])).encode()).hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Store the dictionary with the model."""
        with self._storage.write_to(self._resource) as folder:
            dump_obj_as_json_to_file(folder / _STORED, self._dictionary)
        return self._resource

    def tokenize(self, message: Message, attribute: Text) -> List[Token]:
        """Return the words of an attribute of a message."""
        words = self._jieba.tokenize(message.get(attribute))
        return [
            Token(word, start, end, lemma=self._lemmas.get(word, word))
            for word, start, end in words
            if any(character.isalnum() for character in word)
        ]


def read_dictionary(folder: Optional[Text]) -> Dict[Text, Any]:
    """Return the terms to keep whole, and the standard word of each synonym, from a dictionary folder."""
    if folder is None:
        return {"terms": [], "lemmas": {}}
    files = REPOSITORY / folder
    synonyms = [line.split() for line in _lines(files / SYNONYMS_FILE)]
    lemmas = {variant: standard for standard, *variants in synonyms for variant in variants}
    known = dict.fromkeys([*_lines(files / TERMS_FILE), *(word for group in synonyms for word in group)])
    return {"terms": [term for term in known if len(term) > 1], "lemmas": lemmas}


def _lines(path: Path) -> List[Text]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
