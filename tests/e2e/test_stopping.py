"""Stopping and starting again. `conftest.py` puts this last: it takes the common system down."""

import json
import time

import pytest

from tests.e2e.citizen import HttpCitizen, texts_of
from tests.e2e.system import System, children_of, is_running, kill
from tests.e2e.waiting import until

pytestmark = pytest.mark.engine

#: `make up` the second time: what the design promises is for the whole command.
SECOND_START_SECONDS = 40


async def test_killed_manager_takes_everything_along_and_the_next_start_has_it_all(
    system: System, citizen: HttpCitizen
) -> None:
    await citizen.say("外观设计专利权的保护期限是多少年？")
    before = await citizen.log()
    assert system.state
    pids = children_of(system.state.pid)
    assert len(pids) == 2

    kill(system.state.pid)

    async def all_gone() -> bool:
        return not any(map(is_running, pids))

    await until(all_gone, what="the end of desk and engine")
    assert system.cli("status").returncode == 1

    login, started = system.first_login, time.monotonic()
    done = system.up()
    took = time.monotonic() - started

    assert done.returncode == 0, done.stdout
    # No second account: until the first password is changed the same one is shown again.
    assert "一次性密码" not in done.stdout or system.first_login == login
    assert took < SECOND_START_SECONDS
    assert texts_of(await citizen.log()) == texts_of(before)
    assert (await citizen.say("你好"))["settled"]


def test_down_stops_everything(system: System) -> None:
    assert system.state
    pids = [system.state.pid, *children_of(system.state.pid)]
    assert len(pids) == 3

    done = system.down()

    assert done.returncode == 0 and "已停止" in done.stdout
    assert not any(map(is_running, pids))
    assert not system.listens()
    status = system.cli("status", "--json")
    assert status.returncode == 1 and json.loads(status.stdout) == {"running": False, "ready": False}
    again = system.down()
    assert again.returncode == 1 and "没有运行" in again.stderr
