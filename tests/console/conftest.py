"""The console on a real desk, and agents who use it over HTTP."""

import functools
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from bot import bootstrap
from bot.bootstrap import Desk
from bot.console import add_staff_api, create_console_app
from tests.console.driver import StaffClient
from tests.support.builders import make_agent

Enter = Callable[..., Awaitable[StaffClient]]


@pytest.fixture(scope="package", autouse=True)
def quick_start() -> Iterator[None]:
    """Read what is immutable once for all tests here."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (bootstrap.KnowledgeBase, bootstrap.FormCatalogue):
            patch.setattr(kind, "load", functools.cache(kind.load))
        yield


@pytest.fixture
def database_url(tmp_path: Path, migrated_file: Path) -> str:
    """SQLite only: what the console adds does not depend on the database."""
    shutil.copy(migrated_file, tmp_path / "test.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def console(desk: Desk) -> web.Application:
    """The application as the desk process mounts it."""
    app = web.Application()
    app.add_subapp("/console", create_console_app(desk))
    add_staff_api(app, desk)
    return app


@pytest.fixture
def stranger(console: web.Application, aiohttp_client) -> Callable[[], Awaitable[StaffClient]]:
    """Make browsers in which nobody is signed in."""

    async def make() -> StaffClient:
        return StaffClient(await aiohttp_client(console))

    return make


@pytest.fixture
def enter(desk: Desk, stranger) -> Enter:
    """Make agents with an own password, signed in, each in a browser of their own."""

    async def make(name: str = "李坐席", role: str = "agent", regions: Sequence[str] = ()) -> StaffClient:
        agent = await make_agent(desk, name, role, regions=regions)
        async with desk.begin() as session:
            (await session.get_one(type(agent), agent.id)).must_change_password = False
        client = await stranger()
        client.agent = agent
        await client.log_in(agent.login)
        return client

    return make
