"""Methods that find the article that answers a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

import numpy as np
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY, RESPONSE_SELECTOR, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bench.comparison.articles import FOLDS, Articles, articles_of
from bench.comparison.bounded import Bounds, bounded_epochs
from bench.comparison.data import Prepared, make_component
from bench.comparison.understanding import usual_features, usual_message
from bot.engine.nlu.article_classifier import ArticleClassifier
from bot.engine.nlu.article_signals import SIGNALS, ArticleSignals, Learnt
from bot.engine.nlu.bm25 import Bm25Index
from bot.engine.nlu.fusion import fit_fusion, fused
from bot.engine.nlu.labels import (
    LABELS,
    LabelClassifier,
    LabelModel,
    example_labels,
    fit_labels,
    labels_of,
    right_patterns,
)
from bot.engine.nlu.rows import sentence_row, sentence_rows
from bot.engine.nlu.selector import ArticleSelector
from bot.engine.nlu.terms import character_runs, words_of
from bot.engine.nlu.text import normalise_document

_TITLE, _SHORT, _BODY, _QUESTION = 3.0, 2.0, 1.0, 1.0
_RANK_OFFSET = 60
ALL_FOLDS = tuple(range(FOLDS))

Terms = Callable[[Message], list[str]]


class Method(Protocol):
    """One way to find the article.

    Attributes:
        folds: In which folds it is measured: dear ones in the first alone.
    """

    folds: Sequence[int]
    note: str

    def held_out(self, prepared: Prepared, articles: Articles) -> np.ndarray:
        """Return scores, [question, article], each by what has not seen the question; of those asked only."""

    def train(self, prepared: Prepared) -> None:
        """Learn from all questions."""

    def rank(self, prepared: Prepared, text: str) -> str:
        """Return the best article for a new message."""


class Bm25:
    """BM25 over each article with its questions as one document."""

    folds, note = ALL_FOLDS, ""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.keys: list[str]
        self._index: Bm25Index

    def held_out(self, prepared: Prepared, articles: Articles) -> np.ndarray:
        scores = np.zeros((len(articles.examples), len(articles.candidates.keys)))
        for fold in self.folds:
            index = self._indexed(prepared, articles, fold)
            for i in articles.asked_in([fold]):
                scores[i] = index.scores(self._terms(articles.examples[i]))
        return scores

    def train(self, prepared: Prepared) -> None:
        articles = articles_of(prepared)
        self.keys = articles.candidates.keys
        self._index = self._indexed(prepared, articles, None)

    def scores(self, prepared: Prepared, text: str) -> np.ndarray:
        """Return the scores of all articles."""
        return self._index.scores(self._terms(prepared.tokenized(text)))

    def rank(self, prepared: Prepared, text: str) -> str:
        return self.keys[int(self.scores(prepared, text).argmax())]

    def _indexed(self, prepared: Prepared, articles: Articles, fold: int | None) -> Bm25Index:
        about, documents = articles.candidates, []
        questions: list[list[Message]] = [[] for _ in about.keys]
        for i in np.flatnonzero(articles.folds != fold) if fold is not None else range(len(articles.examples)):
            questions[articles.truth[i]].append(articles.examples[i])
        for place in range(len(about.keys)):
            short, _, details = about.bodies[place].partition("\n\n")
            parts = ((about.titles[place], _TITLE), (short, _SHORT), (details, _BODY))
            document = [(self._of(prepared, text), weight) for text, weight in parts]
            documents.append(document + [(self._terms(example), _QUESTION) for example in questions[place]])
        return Bm25Index.build(documents)

    def _of(self, prepared: Prepared, text: str) -> list[str]:
        return self._terms(prepared.tokenized(normalise_document(text)))


class ReciprocalRanks:
    """BM25 over words and over characters, fused by their ranks."""

    folds, note = ALL_FOLDS, ""

    def __init__(self) -> None:
        self._parts = [Bm25(words_of), Bm25(_characters)]

    def held_out(self, prepared: Prepared, articles: Articles) -> np.ndarray:
        return np.sum([_by_rank(part.held_out(prepared, articles)) for part in self._parts], axis=0)

    def train(self, prepared: Prepared) -> None:
        for part in self._parts:
            part.train(prepared)

    def rank(self, prepared: Prepared, text: str) -> str:
        total = np.sum([_by_rank(part.scores(prepared, text)[None]) for part in self._parts], axis=0)
        return self._parts[0].keys[int(total[0].argmax())]


class Signal:
    """One of the signals that are fused, alone."""

    folds, note = ALL_FOLDS, ""

    def __init__(self, name: str, folder: Path) -> None:
        self._column = SIGNALS.index(name)
        self._folder = folder
        self._labels: Any = None
        self._signals: ArticleSignals
        self.keys: list[str]

    def held_out(self, prepared: Prepared, articles: Articles) -> np.ndarray:
        return held_out_signals(prepared, articles)[:, :, self._column]

    def train(self, prepared: Prepared) -> None:
        articles = articles_of(prepared)
        self.keys = articles.candidates.keys
        with nullcontext() if SIGNALS[self._column] == "classifier" else _no_classifier():
            learnt = _learnt(articles, np.arange(len(articles.examples)))
        self._signals = ArticleSignals.build(articles.candidates, learnt)
        if SIGNALS[self._column] in ("right", "topic"):
            self._labels = make_component(LabelClassifier, prepared.settings["LabelClassifier"], self._folder)
            self._labels.learn(prepared.training)

    def signals(self, message: Message) -> np.ndarray:
        """Return all signals of a featurised message, [article, signal]."""
        if self._labels:
            self._labels.work(message)
        return self._signals.of(message.get(TEXT), sentence_row(message), message.get(LABELS) or {})

    def rank(self, prepared: Prepared, text: str) -> str:
        return self.keys[int(self.signals(prepared.featurised(text))[:, self._column].argmax())]


class Fusion:
    """ArticleSelector, as config.yml sets it."""

    folds, note = ALL_FOLDS, ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[Any] = []

    def held_out(self, prepared: Prepared, articles: Articles) -> np.ndarray:
        return _fused_by_fold(held_out_signals(prepared, articles), articles)

    def train(self, prepared: Prepared) -> None:
        for component in (LabelClassifier, ArticleSelector):
            made = make_component(component, prepared.settings[component.__name__], self._folder)
            made.learn(prepared.training)
            self._parts.append(made)

    def rank(self, prepared: Prepared, text: str) -> str:
        message = prepared.featurised(text)
        for part in self._parts:
            part.work(message)
        return message.get(RESPONSE_SELECTOR)["faq"]["ranking"][0]["intent_response_key"]


class FusionWithoutClassifier(Fusion):
    """The same without the linear classifier: what that one adds, and what it costs."""

    def held_out(self, prepared: Prepared, articles: Articles) -> np.ndarray:
        return _fused_by_fold(held_out_signals(prepared, articles)[:, :, :-1], articles)

    def train(self, prepared: Prepared) -> None:
        with _no_classifier():
            super().train(prepared)


class Selector:
    """Rasa's ResponseSelector, on the features that Rasa recommends."""

    folds = (0,)

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        self._folder = folder
        self._bounds = bounds
        self._found: list[Any] = []
        self._model: Any
        self.note = ""

    def held_out(self, prepared: Prepared, articles: Articles) -> np.ndarray:
        scores = np.zeros((len(articles.examples), len(articles.candidates.keys)))
        places = {key: place for place, key in enumerate(articles.candidates.keys)}
        for i in articles.asked_in(self.folds):
            for entry in self._ranking(prepared, articles.texts[i]):
                scores[i, places[entry[INTENT_RESPONSE_KEY]]] = entry["confidence"]
        return scores

    def train(self, prepared: Prepared) -> None:
        articles = articles_of(prepared)
        held = {articles.texts[i] for i in np.flatnonzero(np.isin(articles.folds, self.folds))}
        data, self._found = usual_features(prepared, self._folder)
        examples = [example for example in data.training_examples if example.get(TEXT) not in held]
        keys = {example.get(INTENT_RESPONSE_KEY) for example in examples} - {None}
        responses = {f"utter_{key}": [{"text": key}] for key in keys}
        # Rasa's default; with constrained similarities it was no better.
        settings = self._bounds.settings | {"retrieval_intent": "faq", "constrain_similarities": False}
        self._model = make_component(ResponseSelector, settings, self._folder)
        with bounded_epochs(self._bounds.seconds) as clock:
            self._model.train(
                TrainingData(examples, regex_features=data.regex_features, responses=responses)
            )
        self.note = f"{clock.note}; one training, without the first fold, for all columns"

    def rank(self, prepared: Prepared, text: str) -> str:
        return self._ranking(prepared, text)[0][INTENT_RESPONSE_KEY]

    def _ranking(self, prepared: Prepared, text: str) -> list[dict[str, Any]]:
        message = usual_message(self._found, prepared, text)
        self._model.process([message])
        return message.get(RESPONSE_SELECTOR)["faq"]["ranking"]


def held_out_signals(prepared: Prepared, articles: Articles) -> np.ndarray:
    """Return [question, article, signal], the question unknown to all that is learnt; of those asked only.

    They are the same for every method that uses them, so they are kept for the next one.
    """
    stored = prepared.folder / "held_out_signals.npy"
    if not stored.exists():
        np.save(stored, _held_out_signals(prepared, articles))
    return np.load(stored)


def _held_out_signals(prepared: Prepared, articles: Articles) -> np.ndarray:
    shape = (len(articles.examples), len(articles.candidates.keys), len(SIGNALS))
    found = np.zeros(shape, np.float32)
    rows, texts = sentence_rows(articles.examples), articles.texts
    signals = None
    for fold in ALL_FOLDS:
        seen = np.flatnonzero(articles.folds != fold)
        learnt, models = _learnt(articles, seen), _label_models(prepared, articles, seen)
        # Of the articles' own words only: what was learnt is given with each question.
        signals = signals or ArticleSignals.build(articles.candidates, learnt)
        for i in articles.asked_in([fold]):
            found[i] = signals.of(texts[i], rows[i], labels_of(models, rows[i]), learnt)
    return found


def _learnt(articles: Articles, seen: np.ndarray) -> Learnt:
    examples = [articles.examples[i] for i in seen]
    texts, rows = [example.get(TEXT) for example in examples], sentence_rows(examples)
    return Learnt.of(texts, rows, articles.truth[seen], len(articles.candidates.keys))


def _label_models(prepared: Prepared, articles: Articles, seen: np.ndarray) -> dict[str, LabelModel]:
    """Return what stands in for the LabelClassifier, as ArticleSelector makes it in training."""
    examples = [articles.examples[i] for i in seen]
    strength = ArticleSelector.get_default_config()["label_strength"]
    rows = sentence_rows(examples)
    labels = example_labels(examples, right_patterns(prepared.training))
    return fit_labels(rows, labels, strength)


def _no_classifier() -> AbstractContextManager[Any]:
    """Let what is learnt inside hold a classifier to which all articles are equal, at no cost."""

    def fit(rows: Any, truth: np.ndarray, count: int) -> ArticleClassifier:
        return ArticleClassifier(np.zeros((rows.shape[1], count), np.int8), np.zeros(count), np.zeros(count))

    return mock.patch.object(ArticleClassifier, "fit", fit)


def _fused_by_fold(signals: np.ndarray, articles: Articles) -> np.ndarray:
    """Return probabilities, each fold's with weights learnt from the other folds."""
    scores = np.zeros(signals.shape[:2])
    for fold in ALL_FOLDS:
        others = articles.asked_in([other for other in ALL_FOLDS if other != fold])
        weights = fit_fusion(signals[others].astype(float), articles.truth[others])
        for i in articles.asked_in([fold]):
            scores[i] = fused(signals[i], weights)
    return scores


def _by_rank(scores: np.ndarray) -> np.ndarray:
    """Return 1/(60 + rank) of each score in its row."""
    ranks = np.empty_like(scores)
    order = np.argsort(-scores, axis=1, kind="stable")
    np.put_along_axis(ranks, order, np.arange(1.0, scores.shape[1] + 1)[None].repeat(len(scores), 0), axis=1)
    return 1.0 / (_RANK_OFFSET + ranks)


def _characters(message: Message) -> list[str]:
    return character_runs(message.get(TEXT), 1, 2)


def make_methods(folder: Path, bounds: Bounds) -> dict[str, Callable[[], Method]]:
    """Return how every method is made, by name."""
    return {
        "selector": lambda: Selector(folder, bounds),
        **{f"signal-{name}": _signal(name, folder) for name in SIGNALS},
        "bm25-words": lambda: Bm25(words_of),
        "bm25-chars": lambda: Bm25(_characters),
        "ranks": ReciprocalRanks,
        "fusion": lambda: Fusion(folder),
        "fusion-five": lambda: FusionWithoutClassifier(folder),
    }


def _signal(name: str, folder: Path) -> Callable[[], Method]:
    return lambda: Signal(name, folder)
