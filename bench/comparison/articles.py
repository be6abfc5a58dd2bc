"""The articles, their questions in folds, and how well a ranking finds the right one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bench.comparison.data import Prepared
from bot.engine.importer import ARTICLE_BODY
from bot.engine.nlu.article_signals import Candidates
from bot.engine.nlu.labels import carried
from bot.engine.nlu.selector import candidates_of

FOLDS = 5
_PREFIX = "faq/"
# One question in so many of each fold is measured with: thousands tell as much as all.
_EVERY = 3


@dataclass
class Articles:
    """The example questions of all articles.

    Attributes:
        truth: Index of each question's article.
        folds: In which fold each question is held out.
        asked: Which questions are measured: every third but the titles, which stand in the articles themselves.
    """

    examples: list[Message]
    candidates: Candidates
    truth: np.ndarray
    folds: np.ndarray
    asked: np.ndarray

    @property
    def texts(self) -> list[str]:
        """Return the questions, normalised."""
        return [example.get(TEXT) for example in self.examples]

    def asked_in(self, folds: Sequence[int]) -> np.ndarray:
        """Return the places of the questions that are measured in these folds."""
        return np.flatnonzero(self.asked & np.isin(self.folds, folds))


@dataclass(frozen=True)
class Found:
    """The share of questions whose article came first, and among the first three; of so many questions."""

    first: float
    three: float
    count: int


def articles_of(prepared: Prepared) -> Articles:
    """Return the articles of the training data."""
    responses = prepared.training.response_examples
    examples = [e for e in responses if (e.get(INTENT_RESPONSE_KEY) or "").startswith(_PREFIX)]
    keys = sorted({example.get(INTENT_RESPONSE_KEY) for example in examples})
    places = {key: place for place, key in enumerate(keys)}
    truth = np.array([places[example.get(INTENT_RESPONSE_KEY)] for example in examples])
    number = np.arange(len(examples))
    is_title = np.array([ARTICLE_BODY in carried(example) for example in examples])
    asked = ~is_title & (number // FOLDS % _EVERY == 0)
    return Articles(examples, candidates_of(keys, examples, truth), truth, number % FOLDS, asked)


def found(articles: Articles, scores: np.ndarray, folds: Sequence[int]) -> Found:
    """Judge held-out scores, [question, article]; only rows of questions asked in these folds are looked at."""
    rows = articles.asked_in(folds)
    truth = articles.truth[rows]
    best = np.argsort(-scores[rows], axis=1, kind="stable")[:, :3]
    return Found(
        first=float((best[:, 0] == truth).mean()),
        three=float((best == truth[:, None]).any(axis=1).mean()),
        count=len(rows),
    )
