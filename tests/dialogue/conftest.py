"""One trained model and one engine for all dialogues, with a desk that only pretends."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dialogue.driver import PYTHON, ROOT, Citizen, EngineProcess
from tests.dialogue.fake_desk import FakeDesk
from tests.support.models import train_if_stale


@pytest.fixture(scope="session")
def engine_python() -> Path:
    """The interpreter of the engine's environment."""
    if not PYTHON.exists():
        pytest.skip("the engine's environment is missing (make install)")
    return PYTHON


@pytest.fixture(scope="session")
def model(engine_python: Path) -> Path:
    """A model trained from the data as they are; RIGHTSDESK_TEST_MODEL names one that is already there."""
    if given := os.environ.get("RIGHTSDESK_TEST_MODEL"):
        return Path(given).resolve()
    return train_if_stale()


@pytest.fixture(scope="session")
def running_desk() -> Iterator[FakeDesk]:
    desk = FakeDesk(ROOT / "knowledge_base" / "forms")
    desk.start()
    yield desk
    desk.stop()


@pytest.fixture(scope="session")
def engine(model: Path, running_desk: FakeDesk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """The engine process."""
    engine = EngineProcess(model, running_desk.url, tmp_path_factory.mktemp("engine") / "engine.log")
    try:
        engine.wait_until_ready()
        yield engine
    finally:
        engine.stop()


@pytest.fixture
def desk(running_desk: FakeDesk) -> FakeDesk:
    """The desk, as new."""
    running_desk.reset()
    return running_desk


@pytest.fixture
def citizen(engine: EngineProcess, desk: FakeDesk) -> Citizen:
    """A citizen who begins a conversation."""
    return Citizen(engine)
