"""Pairs of characters: what is indexed, and what a search asks for.

Names and terms in Chinese are often two characters long, which an index of three (PostgreSQL's `pg_trgm`,
SQLite's `trigram`) cannot find. Pairs find them, on both databases alike, without a dictionary of words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from opencc import OpenCC

#: A ticket with very long papers is found by the first of them.
TEXT_MAX_CHARS = 20_000
_SPACE = re.compile(r"\s+")
_RUN = re.compile(r"[^\W_]+")
_BEFORE, _AFTER = 24, 56


def readable(text: str) -> str:
    """Return the text in half width, its white space made one blank."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip()[:TEXT_MAX_CHARS]


@cache
def _simplified_signs() -> Mapping[int, str]:
    """Return the simplified form of each traditional character; made when it is first needed, in a fifth of a second."""
    signs = [chr(code) for code in range(0x4E00, 0xA000)]
    # One a line: so each is converted by itself, in a search as in a text.
    simple = OpenCC("t2s").convert("\n".join(signs)).split("\n")
    return {ord(sign): to for sign, to in zip(signs, simple, strict=True) if sign != to}


def simplified(text: str) -> str:
    """Return the text in simplified characters, each for itself: to compare, not to read."""
    return text.translate(_simplified_signs())


def grams_of(text: str) -> list[str]:
    """Return every pair of neighbouring letters or figures, each once, in lower case."""
    runs = _RUN.findall(readable(text).lower())
    return list(dict.fromkeys(run[at : at + 2] for run in runs for at in range(len(run) - 1)))


def terms_of(query: str) -> list[str]:
    """Return the words that must all be found: what blanks separate."""
    return list(dict.fromkeys(readable(query).lower().split()))


def highlights(text: str, terms: Sequence[str]) -> list[tuple[str, bool]]:
    """Return the part of the text around the first hit, in pieces; the hits are marked True.

    Empty when nothing was hit.
    """
    pattern = re.compile("|".join(re.escape(term) for term in terms) or r"(?!)", re.IGNORECASE)
    first = pattern.search(text)
    if first is None:
        return []
    start, end = max(0, first.start() - _BEFORE), min(len(text), first.end() + _AFTER)
    return list(_pieces(text[start:end], pattern, is_cut=start > 0, is_cut_after=end < len(text)))


def _pieces(
    part: str, pattern: re.Pattern[str], *, is_cut: bool, is_cut_after: bool
) -> Iterator[tuple[str, bool]]:
    if is_cut:
        yield "…", False
    at = 0
    for hit in pattern.finditer(part):
        if hit.start() > at:
            yield part[at : hit.start()], False
        yield hit.group(), True
        at = hit.end()
    if at < len(part):
        yield part[at:], False
    if is_cut_after:
        yield "…", False
