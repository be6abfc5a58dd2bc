"""Fixtures that every folder shares: settings, clock, engine, and a desk on each database."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Connection, create_engine, text

from bot.bootstrap import Desk, close_desk, create_desk
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import upgrade
from tests.e2e.noskip import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401  (hooks)
from tests.support.clock import FakeClock
from tests.support.database import postgres_programs, private_cluster
from tests.support.engine import ScriptedEngine
from tests.support.library import real_library
from tests.support.shortcuts import shortcuts


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spread a run over several workers, if pytest is told to use them."""
    from tests.support.spreading import Spreading

    return Spreading(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, if there are several workers."""
    if hasattr(config, "workerinput"):
        from tests.support.spreading import longest_first

        longest_first(items)


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """Log errors without the values of all locals, which take seconds to draw and hold up what is waited for."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


@pytest.fixture(scope="session", autouse=True)
def quick_starts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Do once a run what every desk would do again with the same outcome."""
    with shortcuts(tmp_path_factory.mktemp("templates")):
        yield


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


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the newest schema, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "template.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> str:
    """The name of a PostgreSQL database with the newest schema, to be copied."""
    with administrator(postgres_server) as admin:
        admin.execute(text("CREATE DATABASE template_migrated"))
    asyncio.run(migrate(f"{postgres_server}/template_migrated"))
    return "template_migrated"


async def migrate(url: str) -> None:
    database = Database(url)
    await upgrade(database.engine)
    await database.close()


@contextmanager
def administrator(server: str) -> Iterator[Connection]:
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def postgres_database(server: str, template: str | None = None) -> Iterator[str]:
    """The URL of a database of its own, empty or a copy."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with administrator(server) as admin:
        admin.execute(text(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else "")))
    yield f"{server}/{name}"
    with administrator(server) as admin:
        admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def postgres_url(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """The URL of a migrated database of its own."""
    with postgres_database(postgres_server, migrated_template) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    with postgres_database(postgres_server) as url:
        yield url


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each test that asks for it runs on SQLite and on PostgreSQL, with the newest schema."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "test.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Likewise, with no table in it."""
    if request.param == "postgres":
        return request.getfixturevalue("empty_postgres_url")
    return f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"


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
