"""Two desk processes on one PostgreSQL database; here they share a test's process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.bootstrap import Desk, close_desk, create_desk
from tests.conftest import make_settings
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine
from tests.support.library import real_library

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is here needs PostgreSQL, unless it is refused before."""
    for item in items:
        if item.path.parent == HERE and "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)


@pytest.fixture
async def desks(
    tmp_path: Path, postgres_url: str, clock: FakeClock, engine: ScriptedEngine
) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two desks with the same engine and the same clock."""
    settings = make_settings(tmp_path, postgres_url, desk_processes=2)
    made = [await create_desk(settings, clock=clock, engine=engine, library=real_library()) for _ in range(2)]
    yield made[0], made[1]
    for desk in made:
        await close_desk(desk)
