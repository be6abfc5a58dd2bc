"""Features of whole messages as sparse rows."""

from __future__ import annotations

from typing import List, Sequence

import numpy as np
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import coo_matrix, csr_matrix


def sentence_row(message: Message) -> csr_matrix:
    """Return all sentence features of a message side by side, always in the order of the pipeline.

    In single precision, as the models' weights are: SciPy would copy those into double at every product.
    """
    return sentence_rows([message]).astype(np.float32)


def sentence_rows(messages: Sequence[Message]) -> csr_matrix:
    """Return a row for each message; put together at once, since SciPy takes long to stack many small matrices."""
    rows: List[np.ndarray] = []
    columns: List[np.ndarray] = []
    values: List[np.ndarray] = []
    width = 0
    for number, message in enumerate(messages):
        start = 0
        for part in _sentence_parts(message):
            rows.append(np.full(len(part.col), number))
            columns.append(part.col + start)
            values.append(part.data)
            start += part.shape[1]
        width = max(width, start)
    found = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))) if rows else (len(messages), 0)
    return csr_matrix(found, shape=(len(messages), width))


def _sentence_parts(message: Message) -> List[coo_matrix]:
    return [
        feature.features.tocoo()
        for feature in message.features
        if feature.attribute == TEXT and feature.type == FEATURE_TYPE_SENTENCE
    ]
