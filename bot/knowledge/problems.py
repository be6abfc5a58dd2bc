"""What the checker finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """An error must be put right before the article may be published; a warning wants a look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    Attributes:
        path: The file, relative to the knowledge base.
        code: Stable key, such as ``quote_not_verbatim``.
        message: What is wrong, in Chinese, for the maintainer.
        severity: Whether it stops publication.
    """

    path: Path
    code: str
    message: str
    severity: Severity = Severity.ERROR


WARNINGS = frozenset({"answer_ends", "mention_uncited", "text_missing"})
"""Codes of findings that do not stop publication."""

Report = Callable[..., None]
"""Called as ``report(code, **values)`` by each check."""
