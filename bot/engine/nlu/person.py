"""Person gate: a wish for a person is heard wherever it stands, at the end of a long story too.

The intent of a message is what most of its words are about; 麻烦找个老师跟我讲 after ten lines on a patent
is a question on patents to it. So each clause, and each two that follow one another, is asked on its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List, Sequence, Text, Type

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from bot.engine.nlu.classifier import EXACT
from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.fallback import FOREIGN, UNSURE
from bot.engine.nlu.terms import character_runs
from bot.engine.nlu_report import FAQ

WISH, URGENT, URGENT_WISH = "request_human", "report_urgent", "request_human_urgent"
_STORED = "person.npz"
# What is settled otherwise, but may hold a wish all the same; anything else is a command of its own.
_OPEN = frozenset({WISH, URGENT, FAQ, FOREIGN, UNSURE})
# 不用转人工, 别给我找客服: the words of a wish, and its opposite.
_REFUSED = re.compile(r"(?:不要|不用|不必|不想|不需要|无需|不找|先不|别|甭)[^,.!?]{0,4}(?:人工|真人|客服)")
_PAUSE = re.compile(r"[,.!?;:~…\s]+")
# Places for runs of up to three characters; two that share one do little harm, and no vocabulary need be kept.
_PLACES = 2**18
_STRENGTH = 30.0
# In an example of several clauses only one is the wish; after so many rounds it is settled which.
_ROUNDS = 3


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class PersonGate(TrainedComponent, IntentClassifier):
    """Sets `request_human` where a clause asks for a person, `request_human_urgent` if the matter is urgent as well."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """None that Rasa could check: classifiers do not run in training."""
        return []

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings.

        From which probability up a clause asks for a person: `wish`, or `command` where the message is
        settled to be a command; `urgent` is that of an urgent matter beside the wish, in no less than `short`
        characters.
        """
        return {"wish": 0.15, "command": 0.4, "urgent": 0.15, "short": 6}

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        self._weights = np.zeros(_PLACES, np.float32)
        self._bias = -np.inf

    def learn(self, training_data: TrainingData) -> None:
        """Learn what a clause that asks for a person looks like, against the clauses of all other messages."""
        examples = [(e.get(INTENT), e.get(TEXT)) for e in training_data.intent_examples if e.get(TEXT)]
        wishes = [_features(found) for intent, text in examples if intent == WISH and (found := clauses(text))]
        others = (clause for intent, text in examples if intent not in (WISH, URGENT) for clause in clauses(text))
        against = _features(list(dict.fromkeys(others)))
        if not wishes or not against.shape[0]:
            return
        chosen = [rows[:1] for rows in wishes if rows.shape[0] == 1] or [rows[-1:] for rows in wishes]
        for _ in range(_ROUNDS):
            rows = vstack([against, *chosen], format="csr")
            model = LogisticRegression(C=_STRENGTH, solver="liblinear", random_state=0)
            model.fit(rows, np.arange(rows.shape[0]) >= against.shape[0])
            self._weights, self._bias = model.coef_[0].astype(np.float32), float(model.intercept_[0])
            chosen = [rows[int(self._probabilities(rows).argmax())] for rows in wishes]

    def write(self, folder: Path) -> None:
        """Store it."""
        np.savez_compressed(folder / _STORED, weights=self._weights, bias=self._bias)

    def read(self, folder: Path) -> None:
        """Restore it."""
        with np.load(folder / _STORED, allow_pickle=False) as stored:
            self._weights, self._bias = stored["weights"], float(stored["bias"])

    def work(self, message: Message) -> None:
        """Settle the intent; the words of an example and the questions of a form have their own rules."""
        text, intent = message.get(TEXT) or "", message.get(INTENT) or {}
        name = intent.get("name")
        if not text or text.startswith(INTENT_MESSAGE_PREFIX) or (message.get("metadata") or {}).get("requested_slot"):
            return
        if message.get(EXACT) and name != URGENT:
            return
        wish = self._wish(text)
        if wish >= self._config["wish" if name in _OPEN else "command"]:
            found = URGENT_WISH if self._is_urgent(message, text) else WISH
            confidence = max(wish, intent["confidence"]) if name in (WISH, URGENT) else wish
            message.set(INTENT, {"name": found, "confidence": confidence}, add_to_output=True)
        elif name == WISH and _REFUSED.search(text):
            message.set(INTENT, {"name": FAQ, "confidence": intent["confidence"]}, add_to_output=True)

    def _wish(self, text: Text) -> float:
        asked = [clause for clause in clauses(text) if not _REFUSED.search(clause)]
        return float(self._probabilities(_features(asked)).max()) if asked else 0.0

    def _is_urgent(self, message: Message, text: Text) -> bool:
        """Tell whether the rest of the message is an urgent matter: the wish takes a share of the intent for itself."""
        others = [found for found in message.get(INTENT_RANKING_KEY) or [] if found["name"] != WISH]
        is_urgent = bool(others) and others[0]["name"] == URGENT and others[0]["confidence"] >= self._config["urgent"]
        return is_urgent and len(text) >= self._config["short"]

    def _probabilities(self, rows: csr_matrix) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-(rows @ self._weights + self._bias)))


def clauses(text: Text) -> List[Text]:
    """Return the clauses of a normalised text, and each two in a row; none of a text without a word."""
    found = [clause for clause in _PAUSE.split(text) if clause]
    return [*found, *map(",".join, zip(found, found[1:]))]


def _features(texts: Sequence[Text]) -> csr_matrix:
    if not texts:
        return csr_matrix((0, _PLACES), dtype=np.float32)
    hashing = HashingVectorizer(analyzer=_runs, n_features=_PLACES, alternate_sign=False, binary=True, dtype=np.float32)
    return hashing.transform(texts)


def _runs(text: Text) -> List[Text]:
    return character_runs(f"^{text}$", 1, 3)
