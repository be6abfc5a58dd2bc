"""The words that citizens and staff read, by key, from the YAML files of this folder.

`citizen.yml`, `staff.yml`, `notices.yml`, `errors.yml`, `life_cycle.yml`, `intake.yml` and those of the tools, `tools*.yml`, hold nested mappings; a
key is the path through them, `handoff.queued` for instance. `{name}` in a text is filled in by the
caller. A file may not repeat a key of another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

FILES = ("citizen.yml", "staff.yml", "notices.yml", "errors.yml", "life_cycle.yml", "intake.yml")


class Texts:
    """All words, looked up by key; immutable.

    Args:
        words: Key to text, with `{placeholders}`.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = dict(words)

    @classmethod
    def load(cls, folder: Path | None = None) -> Texts:
        """Read the files.

        Args:
            folder: Where they are; this package's own folder when left out.
        Raises:
            ValueError: A key stands in two files, or a leaf is not text.
        """
        words: dict[str, str] = {}
        folder = folder or Path(__file__).parent
        for path in (*(folder / name for name in FILES), *sorted(folder.glob("tools*.yml"))):
            for key, text in _leaves(yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)):
                if key in words:
                    raise ValueError(f"{path.name}: {key} stands in another file as well")
                words[key] = text
        return cls(words)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text with its placeholders filled in.

        Raises:
            KeyError: No such key, or a placeholder without a value: a mistake in our code.
        """
        text = self._words[key]
        return text.format_map(values) if values or "{" in text else text

    def __contains__(self, key: str) -> bool:
        return key in self._words

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def for_error(self, code: str, **details: object) -> str:
        """Return the words for an error code; the general ones when the code is not known."""
        key = f"errors.{code}"
        try:
            return self(key, **details)
        except KeyError:
            return self("errors.error")

    def section(self, prefix: str) -> dict[str, str]:
        """Return the texts directly under a key, by their last part: `section("states")`."""
        start = f"{prefix}."
        found = {key.removeprefix(start): text for key, text in self._words.items() if key.startswith(start)}
        return {key: text for key, text in found.items() if "." not in key}


def _leaves(tree: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        key = f"{path}{name}"
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{key}.")
        elif isinstance(value, str):
            yield key, value.strip()
        else:
            raise ValueError(f"{key}: text expected, quote it: {value!r}")
