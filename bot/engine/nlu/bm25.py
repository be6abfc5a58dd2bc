"""BM25: how well documents answer a query, by the terms they share and how rare those are."""

from __future__ import annotations

from collections import Counter
from typing import Dict, Iterable, List, Mapping, Sequence, Text, Tuple

import numpy as np
from scipy.sparse import csc_matrix

# The usual constants: how fast a repeated term stops to count, and how much length is held against a document.
_SATURATION = 1.2
_LENGTH = 0.75

WeightedTerms = Sequence[Tuple[Sequence[Text], float]]


class Bm25Index:
    """An index over documents made of weighted parts (a title counts more than a body)."""

    def __init__(self, columns: Dict[Text, int], weights: csc_matrix, rarity: np.ndarray) -> None:
        self._columns = columns
        self._weights = weights
        self._rarity = rarity

    @classmethod
    def build(cls, documents: Iterable[WeightedTerms]) -> Bm25Index:
        """Index documents, each a list of (terms, weight)."""
        counts = [_counted(parts) for parts in documents]
        columns = {term: i for i, term in enumerate(sorted({term for count in counts for term in count}))}
        found = Counter(term for count in counts for term in count)
        rarity = np.array([np.log(1 + (len(counts) - found[t] + 0.5) / (found[t] + 0.5)) for t in columns])
        lengths = np.array([sum(count.values()) for count in counts])
        average = lengths.mean() if lengths.any() else 1.0
        rows, cols, values = [], [], []
        for row, count in enumerate(counts):
            norm = _SATURATION * (1 - _LENGTH + _LENGTH * lengths[row] / average)
            for term, frequency in count.items():
                column = columns[term]
                rows.append(row)
                cols.append(column)
                values.append(rarity[column] * frequency * (_SATURATION + 1) / (frequency + norm))
        return cls(columns, csc_matrix((values, (rows, cols)), shape=(len(counts), len(columns))), rarity)

    def scores(self, terms: Iterable[Text]) -> np.ndarray:
        """Return each document's score for a query, relative to what the query's terms are worth in all.

        Terms that no document has count as the rarest: a query of which little is known scores low.
        """
        asked = Counter(terms)
        counts = {term: count for term, count in asked.items() if term in self._columns}
        if not counts:
            return np.zeros(self._weights.shape[0])
        columns = np.array([self._columns[term] for term in counts])
        worth = 1 + np.log(np.fromiter(counts.values(), float, len(columns)))
        whole = float(worth @ self._rarity[columns]) + (len(asked) - len(counts)) * self._rarity.max()
        return self._summed(columns, worth) / whole

    def _summed(self, columns: np.ndarray, worth: np.ndarray) -> np.ndarray:
        """Return the weights of some terms, times what each is worth, by document; SciPy's own slicing takes twice as long."""
        weights = self._weights
        starts, ends = weights.indptr[columns], weights.indptr[columns + 1]
        spans = [slice(start, end) for start, end in zip(starts, ends)]
        documents = np.concatenate([weights.indices[span] for span in spans])
        values = np.concatenate([weights.data[span] for span in spans])
        return np.bincount(documents, values * np.repeat(worth, ends - starts), weights.shape[0])

    def to_arrays(self) -> Dict[Text, np.ndarray]:
        """Return what `from_arrays` takes, for storing."""
        weights = self._weights
        return {
            "terms": np.array(list(self._columns), dtype=np.str_),
            "data": weights.data.astype(np.float32),
            "indices": weights.indices,
            "indptr": weights.indptr,
            "documents": np.array(weights.shape[0]),
            "rarity": self._rarity,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[Text, np.ndarray]) -> Bm25Index:
        """Restore an index."""
        terms: List[Text] = [str(term) for term in arrays["terms"]]
        shape = (int(arrays["documents"]), len(terms))
        weights = csc_matrix((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)
        return cls({term: i for i, term in enumerate(terms)}, weights, arrays["rarity"])


def _counted(parts: WeightedTerms) -> Counter:
    count: Counter = Counter()
    for terms, weight in parts:
        for term in terms:
            count[term] += weight
    return count
