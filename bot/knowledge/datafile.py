"""Reading YAML data that people edit: every mistake is reported with its file and key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

# The C parser reads 300 articles in the time the Python one needs for 30.
_BASE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DataError(ValueError):
    """A data file cannot be used; the message names file, key and what is expected.

    Attributes:
        path: The file.
        key: Dotted key inside it, or "" for the file as a whole.
        problem: What is wrong, in English, for the maintainer.
    """

    def __init__(self, path: Path, key: str, problem: str) -> None:
        super().__init__(f"{path}: {key}: {problem}" if key else f"{path}: {problem}")
        self.path, self.key, self.problem = path, key, problem


class _Loader(_BASE):
    """A safe loader that refuses a key given twice, of which YAML would silently keep the last."""


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    loader.flatten_mapping(node)
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            raise yaml.constructor.ConstructorError(None, None, f"key given twice: {key!r}", node.start_mark)
    values = (loader.construct_object(value, deep=True) for _, value in node.value)
    return dict(zip(keys, values, strict=True))


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)


def parse_mapping(text: str, path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML text holds.

    Raises:
        DataError: Not YAML, or not a mapping.
    """
    try:
        data = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise DataError(path, "", f"not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise DataError(path, "", "expected keys with values")
    return data


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds.

    Raises:
        DataError: The file is missing, not UTF-8, not YAML, or not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, "", f"cannot be read: {error}") from error
    return parse_mapping(text, path)


class Fields:
    """A mapping from a data file, read field by field with the type each must have.

    Args:
        data: The mapping.
        path: Its file, for messages.
        prefix: Key of the mapping inside the file, for messages.
    """

    def __init__(self, data: Any, path: Path, prefix: str = "") -> None:
        self.path, self.prefix = path, prefix
        if not isinstance(data, dict):
            raise DataError(path, prefix, "expected keys with values")
        self.data = data

    def fail(self, key: str, problem: str) -> DataError:
        """Return the error for a key, to be raised by the caller."""
        return DataError(self.path, f"{self.prefix}.{key}" if self.prefix else key, problem)

    def text(self, key: str, *, default: str | None = None) -> str:
        """Return a text that is not empty, or the default when the key is left out."""
        value = self._get(key, default)
        if not isinstance(value, str) or (not value.strip() and value is not default):
            raise self.fail(key, f"expected a text, got {value!r} (numbers need quotes)")
        return value.strip()

    def date(self, key: str) -> date:
        """Return a day."""
        value = self._get(key, None)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.fail(key, f"expected a day such as 2026-01-31, got {value!r}")
        return value

    def optional_date(self, key: str) -> date | None:
        """Return a day, or None when the key is left out or null."""
        return None if self.data.get(key) is None else self.date(key)

    def integer(self, key: str, *, default: int | None = None) -> int:
        """Return a whole number."""
        value = self._get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.fail(key, f"expected a whole number, got {value!r}")
        return value

    def number(self, key: str, *, default: float | None = None) -> float:
        """Return a number."""
        value = self._get(key, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self.fail(key, f"expected a number, got {value!r}")
        return float(value)

    def texts(self, key: str, *, default: list[str] | None = None) -> list[str]:
        """Return a list of texts."""
        values = self._get(key, default)
        if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
            raise self.fail(key, f"expected a list of texts, got {values!r}")
        return [value.strip() for value in values]

    def children(self, key: str, *, default: list | None = None) -> list[Fields]:
        """Return a list of mappings."""
        values = self._get(key, default)
        if not isinstance(values, list):
            raise self.fail(key, "expected a list")
        at = f"{self.prefix}.{key}" if self.prefix else key
        return [Fields(value, self.path, f"{at}[{index}]") for index, value in enumerate(values)]

    def child(self, key: str) -> Fields:
        """Return a mapping."""
        return Fields(self._get(key, None), self.path, f"{self.prefix}.{key}" if self.prefix else key)

    def build[T](self, key: str, make: Callable[[], T]) -> T:
        """Return what ``make`` returns, with its ValueError turned into one naming file and key."""
        try:
            return make()
        except DataError:
            raise
        except ValueError as error:
            raise self.fail(key, str(error)) from error

    def only(self, *keys: str) -> None:
        """Refuse keys that are not listed; a misspelt one would otherwise be ignored.

        Raises:
            DataError: Naming the first unknown key.
        """
        for key in self.data:
            if key not in keys:
                raise self.fail(str(key), f"unknown key; known here: {', '.join(keys)}")

    def _get(self, key: str, default: Any) -> Any:
        value = self.data.get(key, default)
        if value is None:
            raise self.fail(key, "is missing")
        return value
