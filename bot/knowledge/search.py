"""Search over articles: BM25 on single characters, pairs of characters, and words of other scripts.

Chinese needs no word segmentation this way, and a typo costs two pairs, not the whole word. The
constants were chosen by leaving out a fifth of the articles' own questions at a time and looking
for them: an answer's whole text helps, and repeated terms should go on counting (high saturation).

What a search costs is the number of postings it reads. Up to a thousand articles all are read. Beyond,
the rarest terms choose the candidates, and the common ones, which tell little and stand nearly
everywhere, only rank these: measured on 20,000 synthetic articles, see `bench/search.py`.
"""

from __future__ import annotations

import heapq
import math
import re
import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from operator import add

_RUN = re.compile(r"[㐀-鿿]+|[a-z0-9]+")
_SATURATION, _LENGTH_SHARE = 8.0, 0.5
_UNIGRAM_SHARE = 0.6
_COMMON = 0.5
_QUERY_LIMIT = 200
_POSTINGS_READ, _CANDIDATES = 40_000, 100


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


@dataclass(slots=True)
class _Term:
    """Where a term stands.

    Attributes:
        weight: How much it tells.
        documents: Numbers of the documents, ascending.
        saturated: What its occurrences count in each of them.
    """

    weight: float = 0.0
    documents: array[int] = field(default_factory=partial(array, "i"))
    saturated: array[float] = field(default_factory=partial(array, "d"))

    def score_in(self, document: int) -> float:
        """Return what the term adds to a document's score."""
        at = bisect_left(self.documents, document)
        is_there = at < len(self.documents) and self.documents[at] == document
        return self.weight * self.saturated[at] if is_there else 0.0


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
        self._terms: defaultdict[str, _Term] = defaultdict(_Term)
        for index, terms in enumerate(counted):
            norm = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths[index] / average)
            for name, count in terms.items():
                term = self._terms[name]
                term.documents.append(index)
                term.saturated.append(count / (count + norm))
        for name, term in self._terms.items():
            term.weight = _weight(name, len(term.documents), len(counted))

    def search(self, text: str, *, limit: int, allowed: Container[str] | None = None) -> list[Hit]:
        """Return the best documents, best first; ties in order of indexing.

        Args:
            text: What a citizen typed; only the beginning of a very long text is used.
            limit: Largest number of hits.
            allowed: Ids that may be found; None for all.
        """
        known = (self._terms.get(term) for term in terms_of(text[:_QUERY_LIMIT]))
        telling = [term for term in known if term is not None and term.weight]
        read, left = _split(sorted(telling, key=lambda term: len(term.documents)))
        scores = self._scored(read)
        found = [index for index, score in enumerate(scores) if score]
        hits = self._best(found, scores, left, limit=limit, allowed=allowed)
        if len(hits) < limit and len(found) > _CANDIDATES and allowed is not None:
            # The candidates may not be given; look among those that may.
            found = [index for index in found if self._ids[index] in allowed]
            hits = self._best(found, scores, left, limit=limit, allowed=allowed)
        return hits

    def _scored(self, terms: Iterable[_Term]) -> list[float]:
        """Return the score of every document by some terms."""
        scores = [0.0] * len(self._ids)
        for term in terms:
            weight = term.weight
            for index, saturated in zip(term.documents, term.saturated, strict=True):
                scores[index] += weight * saturated
        return scores

    def _best(
        self,
        found: Iterable[int],
        scores: Sequence[float],
        left: Sequence[_Term],
        *,
        limit: int,
        allowed: Container[str] | None,
    ) -> list[Hit]:
        """Return the best of the documents found, ranked by all terms."""
        candidates = heapq.nlargest(max(_CANDIDATES, limit), found, key=scores.__getitem__)
        whole = {index: scores[index] + sum(term.score_in(index) for term in left) for index in candidates}
        ranked = sorted(whole.items(), key=lambda item: (-item[1], item[0]))
        hits = (Hit(self._ids[index], score) for index, score in ranked)
        return list(islice((hit for hit in hits if allowed is None or hit.article_id in allowed), limit))


def _split(terms: Sequence[_Term]) -> tuple[Sequence[_Term], Sequence[_Term]]:
    """Return the terms to read through, and those that are left because they stand nearly everywhere.

    Args:
        terms: Rarest first; the first is always read.
    """
    total = 0
    for position, term in enumerate(terms):
        total += len(term.documents)
        if position and total > _POSTINGS_READ:
            return terms[:position], terms[position:]
    return terms, ()


def _weight(term: str, frequency: int, documents: int) -> float:
    """Return how much a term tells: rare ones more, single characters less, the commonest nothing."""
    if len(term) == 1 and documents > 10 and frequency > documents * _COMMON:
        return 0.0
    rarity = math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
    return rarity * (_UNIGRAM_SHARE if len(term) == 1 else 1.0)
