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
    task = asyncio.create_task(Manager(Settings(data_dir=folder), lambda event: None)._watch(state, children[0], children[1:], stop))
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


class Renewed(Watched):
    """A desk process of several, started anew at once."""

    def __init__(self, order: list[str], name: str, folder: Path) -> None:
        super().__init__(name, [sys.executable], dict(os.environ), folder / name, folder)
        self.order = order

    async def renew(self) -> None:
        self.order.append(self.name)


async def renewed(folder: Path, ports: list[int], monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """Tell a manager to renew two desks on these ports; return the order, and what it said."""
    monkeypatch.setattr(manager, "_READY_TIMEOUT", 0.3)
    state = RunState(pid=os.getpid(), port=1, internal_port=ports[0], engine_port=2, other_internal_ports=ports[1:])
    order, said = [], []
    renew = asyncio.Event()
    renew.set()
    desks = [Renewed(order, name, folder) for name in ("desk-1", "desk-2")]
    renewing = asyncio.create_task(Manager(Settings(data_dir=folder), said.append)._renew_when_told(state, desks, renew))
    async with asyncio.timeout(10):
        while len(said) < 2:
            await asyncio.sleep(0.01)
    renewing.cancel()
    return order, said


async def test_desks_are_renewed_one_after_the_other(tmp_path: Path, monkeypatch, aiohttp_server) -> None:
    servers = [await aiohttp_server(desk_that_says(status="ready")) for _ in range(2)]
    done = await renewed(tmp_path, [server.port for server in servers], monkeypatch)
    assert done == (["desk-1", "desk-2"], ["renewing", "renewed"])


async def test_the_others_are_left_alone_when_one_does_not_come_back(tmp_path: Path, monkeypatch) -> None:
    done = await renewed(tmp_path, [free_port(), free_port()], monkeypatch)
    assert done == (["desk-1"], ["renewing", "renewing_failed desk-1"])


async def test_of_several_desks_only_the_silent_one_is_restarted(
    tmp_path: Path, children, monkeypatch, aiohttp_server
) -> None:
    engine, silent = children
    well = Watched("desk-2", [sys.executable], dict(os.environ), tmp_path / "desk-2", tmp_path)
    server = await aiohttp_server(desk_that_says(status="ready", store=True, engine=True))
    state = RunState(
        pid=os.getpid(), port=1, internal_port=free_port(), engine_port=2, other_internal_ports=[server.port]
    )
    stop = asyncio.Event()
    watching = asyncio.create_task(
        Manager(Settings(data_dir=tmp_path), lambda event: None)._watch(state, engine, [silent, well], stop)
    )
    async with asyncio.timeout(10):
        while not silent.restarts:
            await asyncio.sleep(0.005)
    stop.set()
    await watching
    assert (engine.restarts, well.restarts) == (0, 0)
