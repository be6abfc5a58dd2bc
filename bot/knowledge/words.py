"""Chinese words of this package, kept in `messages.yml` beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.knowledge.datafile import DataError, read_mapping


class Words:
    """Words by dotted key, with places for values."""

    def __init__(self, words: Mapping[str, Any], path: Path) -> None:
        self._words, self._path = words, path

    @classmethod
    def load(cls) -> Words:
        """Return the words of this package.

        Raises:
            DataError: `messages.yml` cannot be read.
        """
        path = Path(__file__).with_name("messages.yml")
        return cls(read_mapping(path), path)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the words for a key with values filled in.

        Raises:
            DataError: No such key.
        """
        found: Any = self._words
        for part in key.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if not isinstance(found, str):
            raise DataError(self._path, key, "is missing")
        return found.format(**values)
