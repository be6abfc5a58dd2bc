"""The words of the console: those shared with citizens, and its own."""

from __future__ import annotations

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

    @classmethod
    def load(cls, texts: Texts) -> Words:
        """Read this package's `words.yml`."""
        own = yaml.load((Path(__file__).parent / "words.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
        return cls(texts, own)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the words; for an unknown key its last part, so that a new state or clock that
        nobody has named yet does not take the page down."""
        if (own := self._find(key)) is not None:
            return own.format_map(values) if values else own
        if key in self._texts:
            return self._texts(key, **values)
        return key.rpartition(".")[2]

    def for_error(self, code: str, details: dict[str, object]) -> str:
        """Return what to tell the agent about an error code, by its `why` where that has words."""
        if specific := self._find(f"errors.{code}.{details.get('why')}"):
            return specific
        return self._find(f"errors.{code}") or self._texts.for_error(code, **details)

    @property
    def script(self) -> dict[str, Any]:
        """Return the words for the scripts, as one tree."""
        return self._own["script"]

    def _find(self, key: str) -> str | None:
        """Walk the tree; a name with a dot in it, as audit actions have, stands at the end."""
        section, _, rest = key.partition(".")
        branch = self._own.get(section)
        if isinstance(branch, dict) and isinstance(branch.get(rest), str):
            return branch[rest]
        return branch if isinstance(branch, str) and not rest else None
