"""Features of whole messages as sparse rows."""

from __future__ import annotations

from typing import List, Sequence

import numpy as np
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix

# Attribute of a message: how many features it had, and the row of them.
_KEPT = "_sentence_row"


def sentence_row(message: Message) -> csr_matrix:
    """Return all sentence features of a message side by side, always in the order of the pipeline.

    In single precision, as the models' weights are: SciPy would copy those into double at every product.
    The row stays with the message, because every classifier asks for it; nobody may change it.
    """
    count, row = getattr(message, _KEPT, (0, None))
    if row is None or count != len(message.features):
        row = sentence_rows([message]).astype(np.float32)
        setattr(message, _KEPT, (len(message.features), row))
    return row


def sentence_rows(messages: Sequence[Message]) -> csr_matrix:
    """Return a row for each message; put together at once, since SciPy takes long to stack many small matrices."""
    columns: List[np.ndarray] = []
    values: List[np.ndarray] = []
    ends, width = [0], 0
    for message in messages:
        start, count = 0, 0
        for part in _sentence_parts(message):
            columns.append(part.indices + start)
            values.append(part.data)
            start += part.shape[1]
            count += len(part.data)
        width = max(width, start)
        ends.append(ends[-1] + count)
    if not values:
        return csr_matrix((len(messages), width))
    return csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=(len(messages), width))


def _sentence_parts(message: Message) -> List[csr_matrix]:
    return [
        feature.features.tocsr()
        for feature in message.features
        if feature.attribute == TEXT and feature.type == FEATURE_TYPE_SENTENCE
    ]
