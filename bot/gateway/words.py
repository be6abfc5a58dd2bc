"""The words and entries of the citizen pages, from `words.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml


class Words:
    """What `words.yml` holds; immutable.

    Args:
        tree: The parsed file.
    """

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree

    @classmethod
    def load(cls) -> Words:
        """Read the file of this package."""
        path = Path(__file__).parent / "words.yml"
        return cls(yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader))

    def __getitem__(self, key: str) -> Any:
        return self._tree[key]

    def day(self, at: datetime, zone: ZoneInfo) -> str:
        """Return the day as people say it, 2026年11月27日（周五）, in the given zone."""
        local = at.astimezone(zone)
        return str(self._tree["day"]).format(
            year=local.year, month=local.month, day=local.day,
            weekday=self._tree["weekdays"][local.weekday()],
        )  # fmt: skip

    def moment(self, at: datetime, zone: ZoneInfo) -> str:
        """Return day and time of day."""
        return f"{self.day(at, zone)} {at.astimezone(zone):%H:%M}"
