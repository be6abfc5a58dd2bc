"""Linear classifier over articles: what the words of the example questions of each have that others' do not.

BM25 weighs a term by how rare it is; this weighs it by how well it tells one article from the others.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Mapping, Text

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

# scikit-learn's C, and where it stops: twice or half as much finds no more held-out questions.
_STRENGTH, _TOLERANCE = 0.5, 0.3
# What speaks for an article without examples: as much as for one that the words tell nothing of.
_ABSENT = -1.0
_STEPS = 127
# liblinear works without Python's lock: each thread tells a part of the articles from the rest.
_THREADS = 2
_REST = -1


class ArticleClassifier:
    """One article against the rest, for each; weights are kept as steps of a byte, [feature, article]."""

    def __init__(self, steps: np.ndarray, step: np.ndarray, bias: np.ndarray) -> None:
        self._steps = steps
        self._step = step
        self._bias = bias

    @classmethod
    def fit(cls, rows: csr_matrix, truth: np.ndarray, count: int) -> ArticleClassifier:
        """Learn from example questions; of a handful of articles nothing is learnt.

        Args:
            rows: Their features, [example, feature].
            truth: Index of the article of each.
            count: How many articles there are.
        """
        weights = np.zeros((rows.shape[1], count), np.float32)
        bias = np.full(count, _ABSENT, np.float32)
        known = np.unique(truth)
        if len(known) > 2 * _THREADS:
            with ThreadPoolExecutor(_THREADS) as pool:
                parts = np.array_split(known, _THREADS)
                for model in pool.map(lambda part: _against_the_rest(rows, truth, part), parts):
                    ours = model.classes_ != _REST
                    weights[:, model.classes_[ours]] = model.coef_[ours].T
                    bias[model.classes_[ours]] = model.intercept_[ours]
        step = np.abs(weights).max(axis=0, initial=0.0) / _STEPS
        return cls(np.round(weights / np.where(step > 0, step, 1)).astype(np.int8), step, bias)

    def scores(self, row: csr_matrix) -> np.ndarray:
        """Return how far a message lies on each article's side; `row` is [1, feature]."""
        if row.shape[1] != len(self._steps):
            return self._bias
        found = row.data.astype(np.float32) @ self._steps[row.indices].astype(np.float32)
        return found * self._step + self._bias

    def to_arrays(self) -> Dict[Text, np.ndarray]:
        """Return what `from_arrays` takes, for storing."""
        return {"steps": self._steps, "step": self._step, "bias": self._bias}

    @classmethod
    def from_arrays(cls, arrays: Mapping[Text, np.ndarray]) -> ArticleClassifier:
        """Restore a classifier."""
        return cls(arrays["steps"], arrays["step"], arrays["bias"])


def _against_the_rest(rows: csr_matrix, truth: np.ndarray, part: np.ndarray) -> LinearSVC:
    return LinearSVC(C=_STRENGTH, tol=_TOLERANCE, random_state=0).fit(rows, np.where(np.isin(truth, part), truth, _REST))
