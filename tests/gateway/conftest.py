"""A gateway with a real desk behind it: SQLite, a scripted engine, a clock that is moved by hand."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, async_playwright, expect

from bot import bootstrap
from bot.bootstrap import Desk, close_desk, create_desk
from bot.gateway import app, create_gateway_app
from tests.conftest import make_settings
from tests.gateway.site import ARGS, CHROMIUM, PATIENCE_MS, Site
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine
from tests.support.library import real_library

MakeClient = Callable[..., Awaitable[TestClient]]


@pytest.fixture(scope="package", autouse=True)
def data_read_once() -> Iterator[None]:
    """Reading the knowledge base and the forms is half of making a desk; neither ever changes."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (bootstrap.KnowledgeBase, bootstrap.FormCatalogue):
            patch.setattr(kind, "load", cache(kind.load))
        patch.setattr(app, "_openapi", cache(app._openapi))
        yield


@pytest.fixture
def database_url(tmp_path: Path, migrated_file: Path) -> str:
    """SQLite only: what differs between databases is tested with the services."""
    shutil.copy(migrated_file, tmp_path / "test.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
async def client(desk: Desk, aiohttp_client: Any) -> TestClient:
    """A client of the gateway."""
    return await aiohttp_client(create_gateway_app(desk))


@pytest.fixture
async def make_client(
    tmp_path: Path, migrated_file: Path, clock: FakeClock, engine: ScriptedEngine, aiohttp_client: Any
) -> AsyncIterator[MakeClient]:
    """Clients of gateways with other settings than the usual ones."""
    desks: list[Desk] = []

    async def make(**settings: object) -> TestClient:
        file = tmp_path / f"other{len(desks)}.db"
        shutil.copy(migrated_file, file)
        url = f"sqlite+aiosqlite:///{file}"
        desk = await create_desk(
            make_settings(tmp_path, url, **settings), clock=clock, engine=engine, library=real_library()
        )
        desks.append(desk)
        return await aiohttp_client(create_gateway_app(desk))

    yield make
    for desk in desks:
        await close_desk(desk)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser of its own for each test; what it waits for may take long while other tests run beside."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        await browser.close()


@pytest.fixture
async def site(desk: Desk, browser: Browser) -> AsyncIterator[Site]:
    served = create_gateway_app(desk)
    server = TestServer(served)
    await server.start_server()
    site = Site(browser, server, served)
    yield site
    for context in browser.contexts:
        await context.close()
    await server.close()
    assert site.complaints == []
