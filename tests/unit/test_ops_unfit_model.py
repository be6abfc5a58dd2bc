"""A model that the engine cannot load is replaced by a new one, once."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.ops import manager
from bot.ops.manager import Child, Manager, ModelUnfit, StartFailed
from bot.ops.state import RunState
from bot.settings import Settings


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Models that were trained, in place of real training."""
    made: list[Path] = []

    def train(settings: Settings, say: manager.Say) -> Path:
        made.append(Path("new.tar.gz"))
        return made[-1]

    monkeypatch.setattr(manager, "train", train)
    monkeypatch.setattr(manager, "current_model", lambda settings: Path("old.tar.gz"))
    return made


async def run(monkeypatch: pytest.MonkeyPatch, folder: Path, unfit: set[str]) -> tuple[list[str], list[str]]:
    """Run a manager whose engine cannot load the models named; return models served and what was said."""
    served, said = [], []

    async def supervise(self: Manager, model: Path, state: RunState) -> None:
        served.append(model.name)
        assert state.model == model.name
        if model.name in unfit:
            raise ModelUnfit("engine: KeyError")

    monkeypatch.setattr(Manager, "_supervise", supervise)
    try:
        await Manager(Settings(data_dir=folder, port=manager.free_port()), said.append).run()
    except StartFailed:
        said.append("start_failed")
    return served, said


async def test_unfit_model_is_trained_anew(monkeypatch, tmp_path, trained) -> None:
    assert await run(monkeypatch, tmp_path, {"old.tar.gz"}) == (["old.tar.gz", "new.tar.gz"], ["retraining"])


async def test_fitting_model_is_left_alone(monkeypatch, tmp_path, trained) -> None:
    assert await run(monkeypatch, tmp_path, set()) == (["old.tar.gz"], [])
    assert trained == []


async def test_new_model_that_does_not_load_either_ends_the_start(monkeypatch, tmp_path, trained) -> None:
    served, said = await run(monkeypatch, tmp_path, {"old.tar.gz", "new.tar.gz"})
    assert (len(served), said) == (2, ["retraining", "start_failed"])


@pytest.mark.parametrize(("code", "error"), [(3, ModelUnfit), (1, StartFailed)])
async def test_exit_code_of_the_engine_tells_an_unfit_model(monkeypatch, tmp_path, code, error) -> None:
    monkeypatch.setattr(manager, "_RESTART_DELAYS", (0.0,))
    command = [sys.executable, "-c", f"print('KeyError'); raise SystemExit({code})"]
    engine = Child("engine", command, dict(os.environ), tmp_path / "engine.log", tmp_path)
    desk = Child("desk", command, dict(os.environ), tmp_path / "desk.log", tmp_path)
    task = asyncio.create_task(engine.keep_running())
    state = RunState(pid=os.getpid(), port=manager.free_port(), internal_port=1, engine_port=2)
    try:
        with pytest.raises(StartFailed, match="KeyError") as raised:
            await Manager(Settings(data_dir=tmp_path), print)._until_ready(
                state, engine, [desk], asyncio.Event()
            )
        assert type(raised.value) is error
    finally:
        await engine.stop()
        await asyncio.wait_for(task, 10)
