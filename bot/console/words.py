"""The words of the console: those shared with citizens, and its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bot.texts import Texts


class Words:
    """Looks words up by key, in `words.yml` first, then in the shared texts.

    Args:
        texts: The texts shared with the citizens' side.
        own: The tree of `words.yml`.
    """

    def __init__(self, texts: Texts, own: dict[str, Any]) -> None:
        self._texts = texts
        self._own = own
        self._words = dict(_leaves(own))

    @classmethod
    def load(cls, texts: Texts) -> Words:
        """Read this package's `words.yml`."""
        own = yaml.load((Path(__file__).parent / "words.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
        return cls(texts, own)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the words; for an unknown key its last part, so that a new state or clock that
        nobody has named yet does not take the page down."""
        if (own := self._words.get(key)) is not None:
            return own.format_map(values) if values else own
        if key in self._texts:
            return self._texts(key, **values)
        return key.rpartition(".")[2]

    def for_error(self, code: str, details: dict[str, object]) -> str:
        """Return what to tell the agent about an error code, by its `why`, or the step it is about, where that has words."""
        if specific := self._words.get(f"errors.{code}.{details.get('why') or details.get('to')}"):
            return specific
        return self._words.get(f"errors.{code}") or self._texts.for_error(code, **details)

    @property
    def script(self) -> dict[str, Any]:
        """Return the words for the scripts, as one tree."""
        return self._own["script"]


def _leaves(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the words of the sections, and those beside them; what lies deeper is for the scripts."""
    for section, branch in tree.items():
        if isinstance(branch, str):
            yield section, branch
        elif isinstance(branch, dict):
            yield from ((f"{section}.{name}", text) for name, text in branch.items() if isinstance(text, str))
