"""The pieces of a text that are counted and compared: words, word pairs and runs of characters."""

from __future__ import annotations

import re
from typing import List, Sequence, Text

from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

# A long number says that there is one, not which; registration numbers must not become features.
_LONG_NUMBER = re.compile(r"\d{5,}")
_GAP = re.compile(r"[\s,.!;:\"'()\[\]<>|…—-]+")
_BREAK = "|"


def character_runs(text: Text, shortest: int, longest: int) -> List[Text]:
    """Return all runs of characters of these lengths; none reaches across spaces or punctuation.

    Unlike n-grams inside words they do not depend on where the tokenizer cut, so a typo spoils few.
    """
    text = _GAP.sub(_BREAK, _LONG_NUMBER.sub("#", text))
    runs = (text[i : i + n] for n in range(shortest, longest + 1) for i in range(len(text) - n + 1))
    return [run for run in runs if _BREAK not in run]


def word_runs(words: Sequence[Text], longest: int) -> List[Text]:
    """Return all runs of up to so many words."""
    runs = list(words)
    for n in range(2, longest + 1):
        runs += ["_".join(words[i : i + n]) for i in range(len(words) - n + 1)]
    return runs


def words_of(message: Message) -> List[Text]:
    """Return the standard words of a message (see LegalTokenizer)."""
    return [token.lemma for token in tokens_of(message)]


def tokens_of(message: Message) -> List[Token]:
    """Return the tokens of a message's text."""
    return message.get(TOKENS_NAMES[TEXT]) or []
