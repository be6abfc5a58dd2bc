"""Provisions that an answer names in its text, such as （专利法第四十二条）."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.knowledge.laws import Law
from bot.knowledge.numerals import NUMERAL, article_number

_ONE = rf"第(?:{NUMERAL}|\d+)条(?:之{NUMERAL})?"
_PLACE = rf"(?:第(?:{NUMERAL}|\d+)款)?(?:第[（(]?(?:{NUMERAL}|\d+)[）)]?项)?"
_AND = "[、，,和及与]|以及|或者?"
_PROVISIONS = rf"({_ONE}{_PLACE}(?:(?:{_AND})?{_ONE}{_PLACE})*)"
_SHORT_FORMS = re.compile(rf"《?(实施细则|细则|实施条例|条例|办法|解释|规定)》?{_PROVISIONS}")
_VERSION_NOTE = re.compile(r"（[^（）]*）$")


@dataclass(frozen=True, slots=True)
class Mention:
    """A provision named in a text.

    Attributes:
        law_ids: The versions of the law that the name may mean.
        name: As written.
        article: Its number.
        label: As written.
    """

    law_ids: frozenset[str]
    name: str
    article: str
    label: str


class MentionFinder:
    """Finds provisions of registered laws by the names of the laws."""

    def __init__(self, laws: Iterable[Law]) -> None:
        self._names = _names(laws)
        longest_first = sorted(self._names, key=len, reverse=True)
        names = "|".join(map(re.escape, longest_first))
        self._pattern = re.compile(rf"《?({names})》?(?:（[^（）]{{1,12}}）)?{_PROVISIONS}")

    def find(self, text: str, cited: Iterable[Law]) -> Iterator[Mention]:
        """Yield every provision that a text names together with its law.

        Args:
            text: Markdown of an answer.
            cited: Laws the answer cites; 细则 or 条例 alone means the one of them called so.
        """
        for match in self._pattern.finditer(text):
            yield from _mentions(match, self._names[match[1]])
        cited = list(cited)
        for match in _SHORT_FORMS.finditer(self._pattern.sub("", text)):
            meant = frozenset(law.id for law in cited if law.title.endswith(match[1]))
            if len(meant) == 1:
                yield from _mentions(match, meant)


def _mentions(match: re.Match[str], law_ids: frozenset[str]) -> Iterator[Mention]:
    for label in re.findall(_ONE, match[2]):
        number = article_number(label)
        if number is not None:
            yield Mention(law_ids, match[1], number, label)


def _names(laws: Iterable[Law]) -> Mapping[str, frozenset[str]]:
    """Return every name of a law, with and without a note such as （2026修订）, and the ids it may mean."""
    names: dict[str, set[str]] = {}
    for law in laws:
        for name in (law.title, law.short_title):
            for spelling in (name, _VERSION_NOTE.sub("", name)):
                names.setdefault(spelling, set()).add(law.id)
    return {name: frozenset(ids) for name, ids in names.items()}
