"""How answers are understood: the word lists of `knowledge_base/forms/words/vocabulary.yml`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from opencc import OpenCC

_SHORT = 12  # characters; a longer sentence says more than yes
_LONGEST_WORD = 40  # characters; a test holds all words and choices to it
_EDGE = " \t\r\n\u3000。，、；：！？…~～,.;:!?\"'“”‘’()（）[]【】<>《》-—"


def normalise(text: str) -> str:
    """Return the text with half-width digits and letters, single spaces, no control characters."""
    folded = unicodedata.normalize("NFKC", text)
    if not folded.isprintable():
        folded = "".join(c for c in folded if c == "\n" or c.isprintable())
    return re.sub(r"\s+", " ", folded).strip()


@cache
def _to_simplified() -> OpenCC:
    # Reads its tables from disk, so not at import.
    return OpenCC("t2s")


def bare(text: str) -> str:
    """Return the text for comparing: lower case, simplified, no spaces, no punctuation at its ends."""
    return _bare_word(text) if len(text) <= _SHORT else _bare(text)


@lru_cache(maxsize=4096)
def _bare_word(text: str) -> str:
    # A form compares a choice with the titles of several questions, and all citizens choose among the same ones.
    return _bare(text)


def _bare(text: str) -> str:
    folded = re.sub(r"\s+", "", normalise(text)).strip(_EDGE).lower()
    return folded if folded.isascii() else _to_simplified().convert(folded)


def is_sentence(text: str) -> bool:
    """Tell whether the text is too long to be one of our words, so that `bare` need not be asked.

    Converting a whole story to simplified characters takes most of what checking a form costs.
    """
    return is_longer(text, _LONGEST_WORD)


def is_longer(text: str, length: int) -> bool:
    """Tell whether the bare text is longer than so many characters."""
    return len(text) > length and len("".join(text.split()).strip(_EDGE)) > length


@dataclass(frozen=True)
class DateWords:
    """Words for dates; numbers are offsets from today in the unit named."""

    days: Mapping[str, int]
    years: Mapping[str, int]
    months: Mapping[str, int]
    weeks: Mapping[str, int]
    weekdays: Mapping[str, int]
    named: Mapping[str, str]
    ongoing: Sequence[str]
    vague: Sequence[str]
    shown: Mapping[str, str]


@dataclass(frozen=True)
class CorrectionWords:
    """Words by which citizens change an earlier answer; longer ones first."""

    into: Sequence[str]
    linking: Sequence[str]
    wrong: Sequence[str]
    change: Sequence[str]
    last: Sequence[str]


@dataclass(frozen=True)
class Vocabulary:
    """All word lists, bare and ready to compare."""

    skip: frozenset[str]
    skip_rest: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    submit: frozenset[str]
    all: frozenset[str]
    negation: frozenset[str]
    particles: frozenset[str]
    correction: CorrectionWords
    dates: DateWords
    list_separators: Sequence[str]

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read the word lists."""
        data: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        names = ("skip", "skip_rest", "yes", "no", "submit", "all", "negation", "particles")
        sets = {name: frozenset(bare(word) for word in data[name]) for name in names}
        correction = {
            name: sorted(words, key=len, reverse=True) for name, words in data["correction"].items()
        }
        return cls(
            **sets,
            correction=CorrectionWords(**correction),
            dates=DateWords(**data["dates"]),
            list_separators=tuple(data["list_separators"]),
        )

    def is_skip(self, text: str) -> bool:
        """Tell whether the whole answer means: leave this out."""
        return not is_longer(text, self._longest_skip) and bare(text) in self.skip

    @cached_property
    def _longest_skip(self) -> int:
        return max(map(len, self.skip))

    def is_skip_rest(self, text: str) -> bool:
        """Tell whether the whole answer means: leave out all that may be left out."""
        return bare(text) in self.skip_rest

    def says_submit(self, text: str) -> bool:
        """Tell whether the answer confirms the summary: 确认, 好的提交吧, but not 先别提交."""
        said = bare(text)
        words = sorted(self.submit | self.yes, key=len, reverse=True)
        # Made of such words from end to end: a sentence that merely ends in one may say the opposite.
        whole = "(?:{}|[{}，,、。！!])+".format(
            "|".join(map(re.escape, words)), "".join(self.particles)
        )
        return len(said) <= _SHORT and re.fullmatch(whole, said) is not None
