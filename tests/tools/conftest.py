"""Tools on the real knowledge base, read once."""

from datetime import date
from pathlib import Path

import pytest

from bot.tools.sources import Sources
from tests.support.library import real_library

ROOT = Path(__file__).parents[2] / "knowledge_base"
TODAY, LAST_OLD_DAY, FIRST_NEW_DAY = date(2026, 11, 21), date(2026, 12, 31), date(2027, 1, 1)


@pytest.fixture(scope="package")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """Everything tools are made from."""
    return Sources.load(ROOT, tmp_path_factory.mktemp("laws"), knowledge=real_library().knowledge)
