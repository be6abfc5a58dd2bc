"""Search over articles: BM25 on single characters, pairs of characters, and words of other scripts.

Chinese needs no word segmentation this way, and a typo costs two pairs, not the whole word. The
constants were chosen by leaving out a fifth of the articles' own questions at a time and looking
for them: an answer's whole text helps, and repeated terms should go on counting (high saturation).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass
from operator import add

_RUN = re.compile(r"[㐀-鿿]+|[a-z0-9]+")
_SATURATION, _LENGTH_SHARE = 8.0, 0.5
_UNIGRAM_SHARE = 0.6
_COMMON = 0.5
_QUERY_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A found article; scores compare within one search only."""

    article_id: str
    score: float


def terms_of(text: str) -> Counter[str]:
    """Return the terms of a text with their counts."""
    found: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).lower()):
        if run[0].isascii():
            found.append(run)
        else:
            found += run
            found += map(add, run, run[1:])
    return Counter(found)


class SearchIndex:
    """An index over texts; it never changes.

    Args:
        documents: Id to text. What should weigh more stands in the text more than once.
    """

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._ids = list(documents)
        counted = [terms_of(text) for text in documents.values()]
        lengths = [terms.total() for terms in counted]
        average = sum(lengths) / len(lengths) if any(lengths) else 1.0
        postings: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for index, terms in enumerate(counted):
            norm = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths[index] / average)
            for term, count in terms.items():
                postings[term].append((index, count / (count + norm)))
        self._postings = postings
        self._weights = {term: _weight(term, len(found), len(counted)) for term, found in postings.items()}

    def search(self, text: str, *, limit: int, allowed: Container[str] | None = None) -> list[Hit]:
        """Return the best documents, best first; ties in order of indexing.

        Args:
            text: What a citizen typed; only the beginning of a very long text is used.
            limit: Largest number of hits.
            allowed: Ids that may be found; None for all.
        """
        scores: defaultdict[int, float] = defaultdict(float)
        for term in terms_of(text[:_QUERY_LIMIT]):
            weight = self._weights.get(term)
            if weight:
                for index, saturated in self._postings[term]:
                    scores[index] += weight * saturated
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        found = (Hit(self._ids[index], score) for index, score in best)
        return [hit for hit in found if allowed is None or hit.article_id in allowed][:limit]


def _weight(term: str, frequency: int, documents: int) -> float:
    """Return how much a term tells: rare ones more, single characters less, the commonest nothing."""
    if len(term) == 1 and documents > 10 and frequency > documents * _COMMON:
        return 0.0
    rarity = math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
    return rarity * (_UNIGRAM_SHARE if len(term) == 1 else 1.0)
