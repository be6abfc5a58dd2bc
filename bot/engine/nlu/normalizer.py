"""First component: one spelling for everything the NLU compares, in training and in use alike."""

from __future__ import annotations

import copy
from typing import Any, Dict, List, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.nlu.spelling import SpellingCorrector
from bot.engine.nlu.text import normalise
from bot.engine.nlu.tokenizer import read_dictionary

_PAYLOAD_START = f"{INTENT_MESSAGE_PREFIX} "


# Registered as a featurizer because only tokenizers and featurizers also run on training data,
# and a pipeline may have one tokenizer only.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class TextNormalizer(GraphComponent):
    """Rewrites the text that later components read.

    The tracker keeps the citizen's own words: Rasa logs a message with the text of the request, not of
    the parse, and forms fill their slots from there.
    """

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings; `dictionary` is the folder whose terms misspelt words are corrected to, None for none."""
        return {"dictionary": None}

    def __init__(self, config: Dict[Text, Any]) -> None:
        self._spelling = SpellingCorrector(read_dictionary(config["dictionary"])["terms"])

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> TextNormalizer:
        """Create the component (see parent class)."""
        return cls(config)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Return a copy of the data with normalised texts; the importer's own stays as written."""
        examples = [_copied(example) for example in training_data.training_examples]
        self.process(examples)
        return TrainingData(
            examples,
            training_data.entity_synonyms,
            training_data.regex_features,
            training_data.lookup_tables,
            training_data.responses,
        )

    def process(self, messages: List[Message]) -> List[Message]:
        """Normalise messages in place; button payloads (`/intent{…}`) are not language and stay.

        Rasa looks for payloads after the pipeline: words must not have become one here, as ／ or what follows
        a greeting would.
        """
        for message in messages:
            text = message.get(TEXT)
            if text and not text.startswith(INTENT_MESSAGE_PREFIX):
                message.set(TEXT, self._spelling.correct(normalise(text)).lstrip(_PAYLOAD_START))
        return messages


def _copied(example: Message) -> Message:
    """Return a copy to which components may add: deep enough for that, and no deeper, for there are many."""
    copied = copy.copy(example)
    copied.data, copied.features = dict(example.data), list(example.features)
    copied.output_properties = set(example.output_properties)
    return copied
