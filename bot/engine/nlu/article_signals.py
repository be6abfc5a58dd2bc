"""Signals: what speaks for each article as the answer to a message, [article, signal].

Three BM25 scores over runs of characters (the article as a whole, its best passage, its example
questions), each relative to the best article's; how well the article's labels agree with those
recognised in the message (its probable right and topic); and on which side of a linear classifier the
message lies. The example questions and the classifier are what is learnt: to weigh the signals, each is
computed by what has not seen the message.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Text

import numpy as np
from scipy.sparse import csr_matrix

from bot.engine.nlu.article_classifier import ArticleClassifier
from bot.engine.nlu.bm25 import Bm25Index
from bot.engine.nlu.labels import GENERAL, NONE
from bot.engine.nlu.terms import character_runs
from bot.engine.nlu.text import normalise_document

_TITLE, _SHORT, _BODY = 3.0, 2.0, 1.0
# A label that was never thought of counts like one of a hundred, so that it cannot outweigh all else.
_LEAST_PROBABILITY = 0.01
# What an article's further rights count beside its main one, and what one for all rights counts at least.
_FURTHER_RIGHT, _ANY_RIGHT = 0.6, 0.03
_SHORTEST_PASSAGE = 5
_INDEXES = ("questions", "whole", "passages")
_CLASSIFIER = "classifier.npz"
#: Columns of the signals; the last one needs the message's features.
SIGNALS = ("questions", "whole", "passages", "right", "topic", "classifier")

# Kind of label (right, topic) to probabilities by name.
Labels = Mapping[Text, Mapping[Text, float]]


class Candidates:
    """What is known of the responses to choose from.

    Attributes:
        keys: Their names.
        bodies: Title and body; empty for what is no article.
        rights, topics: Their labels; the main right comes first.
    """

    def __init__(self, keys: Sequence[Text]) -> None:
        self.keys = list(keys)
        self.titles: List[Text] = ["" for _ in keys]
        self.bodies: List[Text] = ["" for _ in keys]
        self.rights: List[List[Text]] = [[] for _ in keys]
        self.topics: List[Text] = ["" for _ in keys]


@dataclass(frozen=True)
class Learnt:
    """What is learnt from example questions."""

    questions: Bm25Index
    classifier: ArticleClassifier

    @classmethod
    def of(cls, texts: Sequence[Text], rows: csr_matrix, truth: np.ndarray, count: int) -> Learnt:
        """Learn from questions: their texts, their features, and the index of the article of each."""
        questions: List[List[Text]] = [[] for _ in range(count)]
        for text, article in zip(texts, truth):
            questions[article].append(text)
        return cls(question_index(questions), ArticleClassifier.fit(rows, truth, count))


class ArticleSignals:
    """The indexes and tables the signals come from."""

    def __init__(self, indexes: Dict[Text, Bm25Index], classifier: ArticleClassifier, tables: Dict[Text, List]) -> None:
        self._indexes = indexes
        self._learnt = Learnt(indexes["questions"], classifier)
        self._tables = tables
        owners = np.array(tables["owners"], dtype=int)
        # Passages of one article follow each other: where each article's begin, and whose they are.
        self._begins = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]][: len(owners)])
        self._owners, self._passages = owners[self._begins], len(owners)
        names = sorted({right for rights in tables["rights"] for right in rights})
        self._rights = {name: np.array([_share(name, rights) for rights in tables["rights"]]) for name in names}
        self._is_general = np.array([GENERAL in rights for rights in tables["rights"]], dtype=bool)

    @classmethod
    def build(cls, candidates: Candidates, learnt: Learnt) -> ArticleSignals:
        """Index the candidates' own words; what their questions tell is learnt already."""
        passages = [(own, text) for own, body in enumerate(candidates.bodies) for text in _passages(body)]
        indexes = {
            "questions": learnt.questions,
            "whole": Bm25Index.build(_whole(candidates, i) for i in range(len(candidates.keys))),
            "passages": Bm25Index.build([(_runs(text), 1.0)] for _, text in passages),
        }
        owners = [own for own, _ in passages]
        tables = {"owners": owners, "rights": candidates.rights, "topics": candidates.topics}
        return cls(indexes, learnt.classifier, tables)

    def of(
        self, text: Text, row: Optional[csr_matrix], labels: Labels, learnt: Optional[Learnt] = None
    ) -> np.ndarray:
        """Return the signals of a message, [article, signal].

        Args:
            text: Normalised.
            row: The message's features; without them (part of a message) the last signal is left out.
            labels: As `LabelClassifier` sets them.
            learnt: What to ask instead of all that was learnt.
        """
        learnt = learnt or self._learnt
        terms = _runs(text)
        passages = np.zeros(len(self._is_general))
        if self._passages:
            found = self._indexes["passages"].scores(terms)[: self._passages]
            passages[self._owners] = np.maximum.reduceat(found, self._begins)
        scores = (learnt.questions.scores(terms), self._indexes["whole"].scores(terms), passages)
        signals = [*map(_relative, scores), self._right(labels), self._topic(labels)]
        if row is not None:
            signals.append(learnt.classifier.scores(row))
        return np.stack(signals, axis=1)

    def _right(self, labels: Labels) -> np.ndarray:
        """Return how well each article's rights agree."""
        probabilities = labels.get("right") or {}
        agreement = np.where(self._is_general, _ANY_RIGHT * (1.0 - probabilities.get(NONE, 0.0)), 0.0)
        for name, shares in self._rights.items():
            agreement = np.maximum(agreement, shares * probabilities.get(name, 0.0))
        return np.log(agreement + _LEAST_PROBABILITY)

    def _topic(self, labels: Labels) -> np.ndarray:
        probabilities = labels.get("topic") or {}
        return np.log(np.array([probabilities.get(name, 0.0) for name in self._tables["topics"]]) + _LEAST_PROBABILITY)

    def write(self, folder: Path) -> None:
        """Store indexes and tables."""
        (folder / "tables.json").write_text(json.dumps(self._tables), encoding="utf-8")
        for name, index in self._indexes.items():
            np.savez_compressed(folder / f"{name}.npz", **index.to_arrays())
        np.savez_compressed(folder / _CLASSIFIER, **self._learnt.classifier.to_arrays())

    @classmethod
    def read(cls, folder: Path) -> ArticleSignals:
        """Restore them."""
        tables = json.loads((folder / "tables.json").read_text(encoding="utf-8"))
        indexes = {}
        for name in _INDEXES:
            with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
                indexes[name] = Bm25Index.from_arrays(stored)
        with np.load(folder / _CLASSIFIER, allow_pickle=False) as stored:
            return cls(indexes, ArticleClassifier.from_arrays(stored), tables)


def question_index(questions: Sequence[Sequence[Text]]) -> Bm25Index:
    """Index example questions, all of one candidate as one document."""
    return Bm25Index.build([[(_runs(text), 1.0) for text in texts] for texts in questions])


def _whole(candidates: Candidates, i: int) -> List:
    short, _, details = candidates.bodies[i].partition("\n\n")
    return [
        (_runs(normalise_document(candidates.titles[i])), _TITLE),
        (_runs(normalise_document(short)), _SHORT),
        (_runs(normalise_document(details)), _BODY),
    ]


def _passages(body: Text) -> List[Text]:
    lines = (normalise_document(line) for line in body.splitlines())
    return [line for line in lines if len(line) >= _SHORTEST_PASSAGE]


def _share(right: Text, rights: Sequence[Text]) -> float:
    if right not in rights:
        return 0.0
    return 1.0 if rights[0] == right else _FURTHER_RIGHT


def _relative(scores: np.ndarray) -> np.ndarray:
    """Return scores as shares of the best: how far an article leads says more than how much was found."""
    best = scores.max(initial=0.0)
    return scores / best if best > 0 else scores


def _runs(text: Text) -> List[Text]:
    return character_runs(text, 1, 2)
