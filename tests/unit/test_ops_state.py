"""The process manager's notes: who runs, who holds the data folder, which model is current."""

import asyncio
import os
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.ops.manager import Manager, PortTaken, check_port
from bot.ops.models import EngineMissing, current_model, engine_python
from bot.ops.state import (
    AlreadyRunning,
    RunState,
    held,
    is_locked,
    read_state,
    stop,
    take_leftover,
    write_state,
)
from bot.settings import Settings

STATE = RunState(pid=os.getpid(), port=1, internal_port=2, engine_port=3, ready=True, staff_login="admin secret")


def test_state_is_read_back_while_its_manager_holds_the_folder(tmp_path: Path) -> None:
    with held(tmp_path):
        write_state(tmp_path, STATE)
        assert read_state(tmp_path) == STATE
        assert is_locked(tmp_path)
    assert read_state(tmp_path) is None
    assert not is_locked(tmp_path)


def test_state_holds_a_password_so_only_its_owner_reads_it(tmp_path: Path) -> None:
    with held(tmp_path):
        write_state(tmp_path, STATE)
        mode = (tmp_path / "run" / "state.json").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600


def test_second_manager_is_refused(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(AlreadyRunning), held(tmp_path):
        pass


def test_state_of_a_manager_that_was_killed_counts_for_nothing(tmp_path: Path) -> None:
    with held(tmp_path):
        write_state(tmp_path, STATE)
        left_behind = (tmp_path / "run" / "state.json").read_text()
    (tmp_path / "run" / "state.json").write_text(left_behind)
    assert read_state(tmp_path) is None
    with held(tmp_path):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "unknown": 2}'])
def test_state_that_cannot_be_read_counts_for_nothing(tmp_path: Path, content: str) -> None:
    with held(tmp_path):
        (tmp_path / "run" / "state.json").write_text(content)
        assert read_state(tmp_path) is None


def test_state_names_a_process_that_is_gone(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with held(tmp_path):
        write_state(tmp_path, replace(STATE, pid=gone.pid))
        assert read_state(tmp_path) is None


def test_stop_waits_for_the_manager_to_end() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert stop(replace(STATE, pid=process.pid), timeout=10)
    finally:
        process.kill()
        process.wait()


def test_stop_says_when_the_manager_does_not_end() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert not stop(replace(STATE, pid=process.pid), timeout=0.3)
    finally:
        process.kill()
        process.communicate()


def test_url_is_where_the_public_port_is() -> None:
    assert replace(STATE, port=12330).url == "http://127.0.0.1:12330"


def test_newest_model_is_current(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path)
    assert current_model(settings) is None
    (tmp_path / "models").mkdir()
    for name in ("20261120-090000", "20261121-080000", "20261119-230000"):
        (tmp_path / "models" / f"{name}.tar.gz").touch()
    current = current_model(settings)
    assert current and current.name == "20261121-080000.tar.gz"


def test_missing_engine_is_said_and_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=".venv-engine"):
        engine_python(Settings(root=tmp_path))


def test_a_taken_port_is_said_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTaken, match=str(taken.getsockname()[1])):
            check_port("127.0.0.1", taken.getsockname()[1])


async def test_the_desk_of_a_killed_manager_is_given_time_to_free_the_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        manager = Manager(Settings(data_dir=tmp_path, port=port), lambda event: None)
        with held(tmp_path):
            write_state(tmp_path, replace(STATE, port=port))
            waiting = asyncio.create_task(manager._port_free())
            await asyncio.sleep(0.3)
            assert not waiting.done()
            taken.close()
            await asyncio.wait_for(waiting, 10)


@pytest.mark.parametrize("leftover", [None, STATE])
async def test_a_port_that_somebody_else_has_is_said_at_once(tmp_path: Path, leftover: RunState | None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        manager = Manager(Settings(data_dir=tmp_path, port=taken.getsockname()[1]), lambda event: None)
        with held(tmp_path):
            if leftover:
                write_state(tmp_path, leftover)
            with pytest.raises(PortTaken):
                await asyncio.wait_for(manager._port_free(), 2)
            assert take_leftover(tmp_path) is None
