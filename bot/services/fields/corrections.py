"""Which earlier answer a citizen wants to change, and to what: “电话写错了，改成13900139000”."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.services.fields.model import Field, Form
from bot.services.fields.vocabulary import Vocabulary

_MARKS = " ,.。，、:：;；!！?？“”\"'"


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be changed.

    Attributes:
        field: None when the sentence names no field.
        text: The new answer as typed, None when it was not given yet.
        is_last: The sentence points at the answer given just now.
    """

    field: Field | None
    text: str | None
    is_last: bool = False


def parse_correction(form: Form, text: str, words: Vocabulary) -> Correction:
    """Find the field and the new answer in a sentence; either may be missing."""
    said = " ".join(text.split())
    head, new = _split(said, words)
    field = _field_in(head, form.fields) or (_field_in(said, form.fields) if new is None else None)
    if field and new is None:
        new = _after_name(said, field, words)
    is_last = any(word in head for word in words.correction.last)
    return Correction(field, new, is_last)


def asks_correction(text: str, words: Vocabulary) -> bool:
    """Tell whether a sentence sounds like a correction at all."""
    known = words.correction
    return any(word in text for group in (known.into, known.wrong, known.change) for word in group)


def _split(said: str, words: Vocabulary) -> tuple[str, str | None]:
    """Return what stands before the word that introduces the new answer, and the answer."""
    found = [(said.index(word), -len(word), word) for word in words.correction.into if word in said]
    if not found:
        return said, None
    start, _, word = min(found)
    new = _trimmed(said[start + len(word) :], words)
    return said[:start], new or None


def _after_name(said: str, field: Field, words: Vocabulary) -> str | None:
    """Return the new answer of “电话不对，是139…” or “电话：139…”."""
    name = next(n for n in _names(field) if n in said)
    rest = said[said.index(name) + len(name) :]
    for word in (*words.correction.wrong, *words.correction.change):
        rest = rest.replace(word, " ", 1)
    rest = rest.lstrip(_MARKS)
    linked = next((word for word in words.correction.linking if rest.startswith(word)), None)
    if linked is None and not re.match(r"[:：]", said[said.index(name) + len(name) :]):
        return None
    return _trimmed(rest[len(linked or "") :], words) or None


def _field_in(text: str, fields: Iterable[Field]) -> Field | None:
    """Return the field named in the text; the longest name wins, then the first one named."""
    found = [
        (-len(name), text.index(name), index, field)
        for index, field in enumerate(fields)
        for name in _names(field)
        if name in text
    ]
    return min(found, key=lambda item: item[:3])[3] if found else None


def _names(field: Field) -> list[str]:
    return sorted(set(field.aliases), key=len, reverse=True)


def _trimmed(text: str, words: Vocabulary) -> str:
    return text.lstrip(_MARKS).rstrip(_MARKS + "".join(words.particles))
