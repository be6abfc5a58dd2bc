"""Features of a whole message as one sparse row."""

from __future__ import annotations

from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix, hstack


def sentence_row(message: Message) -> csr_matrix:
    """Return all sentence features of a message side by side, always in the order of the pipeline."""
    found = [feature for feature in message.features if feature.attribute == TEXT]
    return hstack([feature.features for feature in found if feature.type == FEATURE_TYPE_SENTENCE], format="csr")
