"""Several things in one answer: evidence, materials."""

from __future__ import annotations

import re

from bot.services.fields.result import Accepted, Outcome, rejected
from bot.services.fields.vocabulary import normalise

LIST_SEPARATOR = "、"
_MAX_ITEMS = 40
# Only punctuation and line ends part two items: 和 stands inside words too (和解协议).
_BETWEEN = re.compile(r"[、,，;；\n]+|(?:以及|还有)")
_ENUMERATION = re.compile(r"^(?:\(?\d{1,2}[).、]|[-*•])\s*")
_EDGE = " 。.!！?？"


def check_list(text: str, *, longest: int) -> Outcome:
    """Return the items of the answer, each once, in the order in which they were named.

    Args:
        longest: Most characters of all items together.
    """
    lines = "\n".join(normalise(line) for line in text.splitlines())
    parts = (_ENUMERATION.sub("", part.strip()).strip(_EDGE) for part in _BETWEEN.split(lines))
    items = list(dict.fromkeys(part for part in parts if any(c.isalnum() for c in part)))
    if not items:
        return rejected("only_symbols")
    value = LIST_SEPARATOR.join(items[:_MAX_ITEMS])
    if len(value) > longest or len(items) > _MAX_ITEMS:
        return rejected("too_long", max=longest)
    return Accepted(value, value)


def items_of(value: str) -> list[str]:
    """Return the items of a stored value."""
    return [item for item in value.split(LIST_SEPARATOR) if item]
