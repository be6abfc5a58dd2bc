"""A process that the manager keeps running."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.ops import manager
from bot.ops.manager import Child
from bot.settings import PROJECT_ROOT

SLEEPS = "import time; time.sleep(60)"
IGNORES_SIGTERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "_RESTART_DELAYS", (0.0,))
    monkeypatch.setattr(manager, "_STOP_TIMEOUT", 0.3)


@pytest.fixture
def child(tmp_path: Path) -> Callable[[str], Child]:
    def make(code: str) -> Child:
        return Child("child", [sys.executable, "-c", code], dict(os.environ), tmp_path / "child.log", tmp_path)

    return make


async def until(look: Callable[[], object]) -> None:
    """Poll for at most ten seconds."""
    async with asyncio.timeout(10):
        while not look():
            await asyncio.sleep(0.01)


async def kept_running(child: Child, during: Callable[[], Awaitable[None]]) -> None:
    """Keep a child running while something happens, then stop it; nothing is left behind."""
    task = asyncio.create_task(child.keep_running())
    try:
        await until(lambda: child.pid)
        await during()
    finally:
        await child.stop()
        await asyncio.wait_for(task, 10)
    assert child.pid and not Path(f"/proc/{child.pid}").exists()


async def test_process_that_is_killed_is_started_again(child: Callable[[str], Child]) -> None:
    kept = child(SLEEPS)

    async def during() -> None:
        first = kept.pid
        assert first
        os.kill(first, signal.SIGKILL)
        await until(lambda: kept.pid != first)
        assert kept.restarts == 1

    await kept_running(kept, during)


async def test_process_that_ignores_sigterm_is_ended_by_force(child: Callable[[str], Child]) -> None:
    kept = child(IGNORES_SIGTERM)

    async def during() -> None:
        await until(lambda: "up" in kept.last_words())

    await kept_running(kept, during)
    assert kept.restarts == 0


async def test_stop_between_two_runs_starts_no_other(child: Callable[[str], Child], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "_RESTART_DELAYS", (0.1,))
    ended = child("")
    task = asyncio.create_task(ended.keep_running())
    await until(lambda: ended.restarts)
    runs = ended.restarts

    await ended.stop()
    await asyncio.wait_for(task, 10)

    assert ended.restarts == runs
    assert ended.pid and not Path(f"/proc/{ended.pid}").exists()


async def test_stop_while_another_is_being_started_ends_that_one_too(
    child: Callable[[str], Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = child(SLEEPS)
    start = kept._start

    async def slowly() -> None:
        await kept.stop()
        await start()

    monkeypatch.setattr(kept, "_start", slowly)
    await asyncio.wait_for(kept.keep_running(), 10)
    assert kept.pid and not Path(f"/proc/{kept.pid}").exists()


def test_process_ends_when_its_manager_is_killed(tmp_path: Path) -> None:
    """Whatever kills the manager: what it started must not hold on to the port and the store."""
    code = f"""
import asyncio, os, sys
from pathlib import Path
from bot.ops.manager import Child
from bot.settings import PROJECT_ROOT
folder = Path({str(tmp_path)!r})
child = Child("child", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ), folder / "log", folder)
async def run():
    task = asyncio.create_task(child.keep_running())
    while not child.pid:
        await asyncio.sleep(0.01)
    print(child.pid, flush=True)
    await task
asyncio.run(run())
"""
    killed = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=PROJECT_ROOT)
    assert killed.stdout
    pid = int(killed.stdout.readline())
    handle = os.pidfd_open(pid)
    killed.kill()
    killed.communicate()
    ended, _, _ = select.select([handle], [], [], 10)
    os.close(handle)
    assert ended


async def test_last_words_are_what_the_process_printed(child: Callable[[str], Child]) -> None:
    kept = child("import sys; print('to out'); sys.exit('to err')")
    assert kept.last_words() == ""
    task = asyncio.create_task(kept.keep_running())
    await until(lambda: "to err" in kept.last_words())
    await kept.stop()
    await asyncio.wait_for(task, 10)
    assert "to out" in kept.last_words()


async def test_process_that_hangs_is_started_again_on_demand(child: Callable[[str], Child]) -> None:
    kept = child(SLEEPS)

    async def during() -> None:
        first = kept.pid
        kept.restart("no answer")
        await until(lambda: kept.restarts == 1 and kept.pid != first)

    await kept_running(kept, during)
    assert "no answer" in kept.last_words()


async def test_process_that_is_renewed_ends_politely_and_comes_back(child: Callable[[str], Child]) -> None:
    kept = child("import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print('up', flush=True); time.sleep(60)")

    async def during() -> None:
        await until(lambda: "up" in kept.last_words())
        first = kept.pid
        await kept.renew()
        await until(lambda: kept.restarts == 1 and kept.pid != first)
        assert kept.exit_code == 7

    await kept_running(kept, during)


async def test_program_that_is_away_for_a_while_is_tried_again(tmp_path: Path) -> None:
    program = tmp_path / "program"
    kept = Child("child", [str(program)], dict(os.environ), tmp_path / "child.log", tmp_path)
    task = asyncio.create_task(kept.keep_running())
    await until(lambda: kept.restarts >= 1)
    assert "cannot start" in kept.last_words()
    program.symlink_to("/bin/cat")
    try:
        await until(lambda: kept.pid)
    finally:
        await kept.stop()
        await asyncio.wait_for(task, 10)
