"""Several real desk processes behind one port, under the real process manager; only the engine is a small one."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.ops import running
from bot.ops.manager import Child, Manager, free_port
from bot.ops.state import RunState, read_state
from bot.settings import PROJECT_ROOT
from tests.conftest import make_settings
from tests.e2e.system import children_of, command_of, kill

#: Answers every turn with the port that it was told to call for actions, and writes down what it answered.
ENGINE = """
import json, sys
from pathlib import Path
from aiohttp import web

async def turn(request):
    body = await request.json()
    with Path(sys.argv[2]).open("a") as log:
        log.write(json.dumps([body["message_id"], body["text"], body["action_port"]]) + "\\n")
    said = {"text": "收到：" + body["text"], "buttons": [], "custom": None}
    return web.json_response({"messages": [said], "state": {}, "nlu": {"intent": "greet", "confidence": 1.0, "articles": []}})

async def health(request):
    return web.json_response({"status": "ok"})

app = web.Application()
app.router.add_post("/webhooks/desk/turn", turn)
app.router.add_get("/webhooks/desk/health", health)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


class Running:
    """An installation with two desk processes."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.settings = make_settings(folder, database_url, desk_processes=2, port=free_port())
        self.said: list[str] = []
        self.turns = folder / "turns"

    @property
    def state(self) -> RunState:
        state = read_state(self.settings.data_dir)
        assert state
        return state

    def manager(self) -> Manager:
        manager = Manager(self.settings, self.said.append)

        def engine(model: Path, state: RunState) -> Child:
            command = [sys.executable, "-c", ENGINE, str(state.engine_port), str(self.turns)]
            return Child("engine", command, dict(os.environ), self.settings.data_dir / "log/engine.log", PROJECT_ROOT)

        async def model() -> Path:
            return Path("none.tar.gz")

        manager._engine, manager._model = engine, model
        return manager

    def desk_pids(self) -> list[int]:
        return [pid for pid in children_of(os.getpid()) if "bot serve" in command_of(pid)]

    async def sockets(self, client: aiohttp.ClientSession) -> list[float]:
        """Return how many citizens' sockets each process has."""
        found = []
        for url in self.state.desk_urls:
            async with client.get(f"{url}/metrics") as answer:
                lines = (await answer.text()).splitlines()
            found += [float(line.split()[1]) for line in lines if line.startswith("rightsdesk_gateway_sockets ")]
        return found


async def until(look: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(60):
        while not await look():
            await asyncio.sleep(0.05)


@pytest.fixture
async def installation(tmp_path: Path, postgres_url: str, monkeypatch) -> AsyncIterator[Running]:
    """It runs in this process, whose children the desks are."""
    monkeypatch.setenv("RIGHTSDESK_DATABASE_URL", postgres_url)
    for name in ("SESSION_MESSAGES_PER_MINUTE", "ADDRESS_MESSAGES_PER_MINUTE", "ADDRESS_SESSIONS_PER_HOUR"):
        monkeypatch.setenv(f"RIGHTSDESK_{name}", "10000")
    installation = Running(tmp_path, postgres_url)
    managing = asyncio.create_task(installation.manager().run())

    async def is_ready() -> bool:
        if managing.done():
            managing.result()
        state = read_state(installation.settings.data_dir)
        return state is not None and state.ready

    await until(is_ready)
    yield installation
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(managing, 30)
    assert installation.desk_pids() == []


class Caller:
    """A citizen who opens a connection of its own for everything, so that any process may answer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.session = ""

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession(headers={"Connection": "close"}) as client,
            client.post(self._url + path, json=body) as answer,
        ):
            assert answer.status in (200, 201), await answer.text()
            return await answer.json()

    async def arrives(self) -> None:
        self.session = (await self.post("/api/v1/chat/sessions", {}))["session"]

    async def says(self, text: str) -> dict[str, Any]:
        return await self.post("/api/v1/chat/messages", {"session": self.session, "text": text, "id": text})


async def test_two_processes_serve_one_port(installation: Running) -> None:
    url = installation.state.url
    first_pids = installation.desk_pids()
    assert len(first_pids) == 2
    report = await running.report(installation.settings, installation.state)
    assert report["ready"] and [desk["others"] for desk in report["desks"]] == [True, True]
    assert running.table(report).count("others") == 2
    logs = {path.name for path in (installation.settings.data_dir / "log").iterdir()}
    assert {"desk-1.log", "desk-2.log"} <= logs

    caller = Caller(url)
    await caller.arrives()
    async with aiohttp.ClientSession() as client:
        # One page after the other, until each process has one.
        pages = []
        while 0 in await installation.sockets(client):
            page = await client.ws_connect(f"{url}/api/v1/chat/ws")
            await page.send_json({"type": "auth", "session": caller.session, "after": 1})
            assert (await page.receive_json(timeout=10))["type"] == "ready"
            pages.append(page)
        told = await asyncio.gather(*(caller.says(f"第{number}句") for number in range(12)))
        assert [one["messages"][0]["text"] for one in told] == [f"收到：第{number}句" for number in range(12)]
        for page in pages:
            seen = Counter()
            while seen.total() < 24:
                frame = await page.receive_json(timeout=10)
                if frame["type"] == "message":
                    seen[frame["message"]["text"]] += 1
            assert set(seen.values()) == {1}
            await page.close()
    turns = [json.loads(line) for line in installation.turns.read_text().splitlines()]
    assert len({message for message, _, _ in turns}) == len(turns) == 12
    assert {port for _, _, port in turns} <= set(installation.state.internal_ports)

    # One dies: the other goes on.
    kill(first_pids[0])
    assert all(await asyncio.gather(*(_serves(caller, f"还在吗{number}") for number in range(3))))
    await until(lambda: _has_two(installation, not_this=first_pids[0]))


async def _serves(caller: Caller, text: str) -> bool:
    """Tell whether a message was answered; a connection cut by an ending process is tried once more, as the page does."""
    for _ in range(2):
        try:
            return bool((await caller.says(text))["messages"])
        except aiohttp.ClientError:
            continue
    return False


async def _has_two(installation: Running, *, not_this: int) -> bool:
    pids = installation.desk_pids()
    return len(pids) == 2 and not_this not in pids
