"""The articles, their questions in folds, and how well a ranking finds the right one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bench.comparison.data import Prepared
from bot.engine.importer import ARTICLE_BODY, ARTICLE_RIGHTS, ARTICLE_TOPIC
from bot.engine.nlu.article_signals import Candidates
from bot.engine.nlu.labels import carried

FOLDS = 5
_PREFIX = "faq/"


@dataclass
class Articles:
    """The example questions of all articles.

    Attributes:
        truth: Index of each question's article.
        folds: In which fold each question is held out.
        asked: Which questions are measured: all but the titles, which stand in the articles themselves.
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

    def questions_without(self, fold: int | None) -> list[list[str]]:
        """Return each article's questions that are not held out in a fold."""
        kept: list[list[str]] = [[] for _ in self.candidates.keys]
        for text, article, its_fold in zip(self.texts, self.truth, self.folds):  # noqa: B905
            if its_fold != fold:
                kept[article].append(text)
        return kept


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
    candidates = Candidates(keys)
    for example, place in zip(examples, truth):  # noqa: B905
        about = carried(example)
        candidates.questions[place].append(example.get(TEXT))
        candidates.rights[place], candidates.topics[place] = about[ARTICLE_RIGHTS], about[ARTICLE_TOPIC]
        if ARTICLE_BODY in about:
            candidates.titles[place], candidates.bodies[place] = example.get(TEXT), about[ARTICLE_BODY]
    asked = np.array([ARTICLE_BODY not in carried(example) for example in examples])
    return Articles(examples, candidates, truth, np.arange(len(examples)) % FOLDS, asked)


def found(articles: Articles, scores: np.ndarray, folds: Sequence[int]) -> Found:
    """Judge held-out scores, [question, article]; rows of other folds are not looked at."""
    rows = np.flatnonzero(articles.asked & np.isin(articles.folds, folds))
    truth = articles.truth[rows]
    best = np.argsort(-scores[rows], axis=1, kind="stable")[:, :3]
    return Found(
        first=float((best[:, 0] == truth).mean()),
        three=float((best == truth[:, None]).any(axis=1).mean()),
        count=len(rows),
    )
