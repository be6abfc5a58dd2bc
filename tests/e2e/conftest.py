"""One system for all journeys, a browser for those that need one, citizens without a browser."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.e2e.citizen import HttpCitizen
from tests.e2e.system import System
from tests.support.models import missing_engine, train_if_stale

CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic",
    "--no-first-run", "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: A browser on a busy machine with two cores; a condition that holds is seen at once.
_PATIENCE_MS = 20_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the common system down after everything that needs it."""
    items.sort(key=lambda item: item.path.name == "test_stopping.py")


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A running system, started by `rightsdesk up --detach` and stopped by `rightsdesk down`."""
    if reason := missing_engine():
        pytest.skip(reason)
    train_if_stale()
    system = System(tmp_path_factory.mktemp("system"))
    done = system.up()
    assert done.returncode == 0, done.stdout + done.stderr
    yield system
    if system.state:
        system.down()


@pytest.fixture(autouse=True)
def logs_on_failure(system: System, request: pytest.FixtureRequest) -> Iterator[None]:
    """Print the ends of the logs after a test that failed (pytest shows what failing tests print)."""
    before = request.session.testsfailed
    yield
    if request.session.testsfailed > before:
        for name in ("manager", "desk", "engine"):
            print(f"--- {name}.log\n{system.words_of(name)}")


@pytest.fixture
async def citizen(system: System) -> AsyncIterator[HttpCitizen]:
    """A citizen over HTTP, with the operator's token: answers carry their analysis."""
    async with HttpCitizen(system.url, system.operator_token) as citizen:
        yield citizen


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium, with Chinese fonts installed."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium fonts-noto-cjk)")
    fonts = shutil.which("fc-list") and subprocess.run(["fc-list", ":lang=zh"], capture_output=True).stdout
    if not fonts:
        pytest.skip("no Chinese fonts (Debian: apt-get install fonts-noto-cjk fontconfig)")
    return path


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A browser of its own for each test, without a window."""
    expect.set_options(timeout=_PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        yield browser
        await browser.close()
