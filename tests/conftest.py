"""Fixtures that every folder shares: settings, clock, engine, and a desk on each database."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.bootstrap import Desk, close_desk, create_desk
from bot.settings import Settings
from tests.e2e.noskip import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401  (hooks)
from tests.support.clock import FakeClock
from tests.support.database import postgres_programs, private_cluster
from tests.support.engine import ScriptedEngine
from tests.support.library import real_library


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a private server without a database name."""
    if postgres_programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with private_cluster() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database of its own."""
    name = f"t{uuid.uuid4().hex[:12]}"
    admin = create_engine(f"{postgres_server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield f"{postgres_server}/{name}"
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    return request.getfixturevalue("postgres_url")


def make_settings(tmp_path: Path, database_url: str | None = None, **changes: object) -> Settings:
    """Settings of a throw-away installation, where a clock that jumps leaves nobody idle."""
    values = {"staff_idle_minutes": 7 * 24 * 60, **changes}
    return Settings(data_dir=tmp_path / "var", database_url=database_url, **values)


@pytest.fixture
async def desk(
    tmp_path: Path, database_url: str, clock: FakeClock, engine: ScriptedEngine
) -> AsyncIterator[Desk]:
    """A desk on a real database with a scripted engine and a clock that stands still."""
    desk = await create_desk(
        make_settings(tmp_path, database_url), clock=clock, engine=engine, library=real_library()
    )
    yield desk
    await close_desk(desk)
