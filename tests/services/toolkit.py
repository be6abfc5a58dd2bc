"""The tools on the real knowledge base, without a desk."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from bot.settings import PROJECT_ROOT
from bot.tools.model import Question, Result, Tool
from bot.tools.sources import Sources
from tests.support.library import real_library

ROOT = PROJECT_ROOT / "knowledge_base"
TODAY = date(2026, 11, 21)


@cache
def real_sources(laws_dir: Path = Path("/nonexistent")) -> Sources:
    return Sources.load(ROOT, laws_dir, knowledge=real_library().knowledge)


def result(tool: Tool, today: date = TODAY, /, **given: str) -> Result:
    """The result, which must come without another question; `from_` stands for `from`."""
    step = tool.step(named(given), today=today)
    assert isinstance(step, Result), step
    return step


def question(tool: Tool, today: date = TODAY, /, **given: str) -> Question:
    """The question that must come next."""
    step = tool.step(named(given), today=today)
    assert isinstance(step, Question), step
    return step


def named(given: Mapping[str, str]) -> dict[str, str]:
    return {name.rstrip("_"): value for name, value in given.items()}
