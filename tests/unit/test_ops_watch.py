"""A running installation is watched: what no longer answers is started again."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web

from bot.ops import manager
from bot.ops.manager import Child, Manager, free_port
from bot.ops.state import RunState
from bot.settings import Settings


class Watched(Child):
    """A process that only notes that it should be started again."""

    loading = False

    def restart(self, why: str) -> None:
        self.restarts += 1

    @property
    def is_loading(self) -> bool:
        return self.loading


@pytest.fixture
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Watched, Watched]:
    monkeypatch.setattr(manager, "_HEALTH_INTERVAL", 0.01)
    return tuple(Watched(name, [sys.executable], dict(os.environ), tmp_path / name, tmp_path) for name in ("engine", "desk"))


async def watched(folder: Path, port: int, children: tuple[Watched, Watched], polls: float) -> None:
    """Watch an installation on this port until something is restarted, or for some polls."""
    state = RunState(pid=os.getpid(), port=port, internal_port=1, engine_port=2)
    stop = asyncio.Event()
    task = asyncio.create_task(Manager(Settings(data_dir=folder), lambda event: None)._watch(state, *children, stop))
    try:
        async with asyncio.timeout(polls):
            while not any(child.restarts for child in children):
                await asyncio.sleep(0.005)
    except TimeoutError:
        pass
    stop.set()
    await task


def desk_that_says(**checks: object) -> web.Application:
    async def readyz(request: web.Request) -> web.Response:
        return web.json_response(checks)

    app = web.Application()
    app.router.add_get("/readyz", readyz)
    return app


async def test_a_desk_that_does_not_answer_is_restarted(tmp_path: Path, children) -> None:
    engine, desk = children
    await watched(tmp_path, free_port(), children, 10)
    assert (engine.restarts, desk.restarts) == (0, 1)


async def test_an_engine_that_the_desk_cannot_reach_is_restarted(tmp_path: Path, children, aiohttp_server) -> None:
    engine, desk = children
    server = await aiohttp_server(desk_that_says(status="degraded", store=True, engine=False))
    await watched(tmp_path, server.port, children, 10)
    assert (engine.restarts, desk.restarts) == (1, 0)


async def test_what_is_still_loading_is_left_alone(tmp_path: Path, children) -> None:
    children[1].loading = True
    await watched(tmp_path, free_port(), children, 0.3)
    assert not any(child.restarts for child in children)


async def test_what_is_well_is_left_alone(tmp_path: Path, children, aiohttp_server) -> None:
    server = await aiohttp_server(desk_that_says(status="ready", store=True, engine=True))
    await watched(tmp_path, server.port, children, 0.3)
    assert not any(child.restarts for child in children)
