"""Spelling: legal terms written with another character of the same sound (版全, 抢住, 转人公).

Pinyin input offers many characters for one sound, and people take the first. Whoever reads the message
aloud understands it; so does this.
"""

from __future__ import annotations

import re
from typing import Dict, Iterable, List, Optional, Set, Text, Tuple

import jieba
from pypinyin import lazy_pinyin

_HAN = re.compile(r"[㐀-鿿]+")
_SHORTEST, _LONGEST = 2, 6

Sound = Tuple[Text, ...]


class SpellingCorrector:
    """Puts the right characters in place of terms that only sound right.

    A stretch is corrected if it sounds like a term, shares a character with it, and neither is a word
    itself nor reaches into one: 公正 stays, although it sounds like 公证.

    Args:
        terms: The terms worth correcting to.
    """

    def __init__(self, terms: Iterable[Text]) -> None:
        self._words = jieba.Tokenizer()
        self._words.initialize()
        self._terms: Dict[Sound, Text] = {}
        self._known: Set[Text] = set()
        for term in terms:
            self._words.add_word(term)
            if _SHORTEST <= len(term) <= _LONGEST and _HAN.fullmatch(term):
                self._terms.setdefault(tuple(lazy_pinyin(term)), term)
                self._known.add(term)
        self._lengths = sorted({len(term) for term in self._known}, reverse=True)

    def correct(self, text: Text) -> Text:
        """Return the text with such terms corrected."""
        return _HAN.sub(lambda run: self._corrected(run.group()), text)

    def _corrected(self, run: Text) -> Text:
        sounds = lazy_pinyin(run)
        if len(sounds) != len(run):
            return run
        is_taken = self._inside_words(run)
        characters = list(run)
        for length in self._lengths:
            for start in range(len(run) - length + 1):
                term = self._meant(run, sounds, start, length)
                if term and not any(is_taken[start : start + length]):
                    characters[start : start + length] = term
                    is_taken[start : start + length] = [True] * length
        return "".join(characters)

    def _meant(self, run: Text, sounds: List[Text], start: int, length: int) -> Optional[Text]:
        written = run[start : start + length]
        term = self._terms.get(tuple(sounds[start : start + length]))
        return term if term and term != written and set(term) & set(written) else None

    def _inside_words(self, run: Text) -> List[bool]:
        """Return, for each character, whether it stands in a word of two or more."""
        inside: List[bool] = []
        for word in self._words.cut(run, HMM=False):
            inside += [len(word) > 1] * len(word)
        return inside
