"""How long a search takes: `python -m bench.search`, on our articles and on many synthetic ones.

Synthetic articles are made of pieces of the real ones, so their terms are far commoner than in as many
real articles would be: the hard case for a search that reads postings.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.knowledge import KnowledgeBase
from bot.knowledge.search import SearchIndex

ROOT = Path(__file__).parents[1]
SIZES = (260, 20_000)
_LENGTH, _PIECE = 1_000, 60
_MESSAGES, _LONG_MESSAGES, _LIMIT = 300, 100, 3


def main() -> int:
    """Measure and print a table; return the exit code."""
    base = KnowledgeBase.load(ROOT / "knowledge_base")
    pieces = random.Random(1)
    questions = [question for article in base.articles.values() for question in article.questions]
    short = pieces.sample(questions, min(_MESSAGES, len(questions)))
    long = ["，".join(pieces.sample(questions, 8)) for _ in range(_LONG_MESSAGES)]
    texts = {article.id: f"{article.short}\n{article.details}" for article in base.articles.values()}
    print("| articles | index, s | message, median ms | 95 % | message of 200 characters | 95 % |")
    print("|--:|--:|--:|--:|--:|--:|")
    for size in SIZES:
        documents = synthetic(texts, size, length=_LENGTH)
        begin = time.process_time()
        index = SearchIndex(documents)
        built = time.process_time() - begin
        times = [*spread(index, documents, short), *spread(index, documents, long)]
        print(f"| {size} | {built:.1f} | " + " | ".join(f"{t:.2f}" for t in times) + " |")
    return 0


def synthetic(texts: Mapping[str, str], count: int, *, length: int) -> dict[str, str]:
    """Return `count` texts: the given ones first, then mixtures of their pieces."""
    mixing = random.Random(2)
    pieces = [text[at : at + _PIECE] for text in texts.values() for at in range(0, len(text), _PIECE)]
    made = dict(list(texts.items())[:count])
    for number in range(count - len(made)):
        made[f"synthetic_{number}"] = "".join(mixing.choices(pieces, k=max(1, length // _PIECE)))
    return made


def spread(index: SearchIndex, documents: Mapping[str, str], messages: Sequence[str]) -> tuple[float, float]:
    """Return the median and the 95th percentile in milliseconds of processor time."""
    allowed, times = frozenset(documents), []
    for message in messages:
        begin = time.process_time()
        index.search(message, limit=_LIMIT, allowed=allowed)
        times.append((time.process_time() - begin) * 1000)
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.95)]


if __name__ == "__main__":
    sys.exit(main())
