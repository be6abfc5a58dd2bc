"""Starting the two bots that are compared, each as its own installation tells to."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.load import EngineBot, RightsDeskBot, StockBot
from bot.ops.manager import free_port
from bot.ops.models import engine_python
from bot.ops.running import start_detached
from bot.ops.state import stop
from bot.settings import Settings, load_secrets

_STOCK_READY_SECONDS = 120
_QUIET = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}


class BenchFailed(Exception):
    """A bot did not start or did not answer; the message says which and what it printed last."""


def progress(text: str) -> None:
    """Print one line of progress."""
    print(f"bench  {text}", flush=True)


@contextmanager
def rightsdesk(folder: Path) -> Iterator[tuple[RightsDeskBot, EngineBot]]:
    """Run a RightsDesk of its own, started as `rightsdesk up --detach` does; yields it and its engine."""
    settings = Settings(data_dir=folder / "rightsdesk", port=free_port())
    progress("starting RightsDesk")
    state = start_detached(settings, lambda event: None)
    try:
        secrets = load_secrets(settings)
        desk = RightsDeskBot(state.url, secrets.operator_token.get_secret_value())
        engine_url = f"http://127.0.0.1:{state.engine_port}"
        yield desk, EngineBot(engine_url, secrets.engine_token.get_secret_value())
    finally:
        stop(state)


@contextmanager
def stock_rasa(folder: Path) -> Iterator[StockBot]:
    """Make a bot with `rasa init`, as it comes, and serve it with its REST channel."""
    project = folder / "stock"
    project.mkdir()
    python = str(engine_python(Settings()))
    progress("rasa init: making and training the stock bot (about a minute)")
    _run([python, "-m", "rasa", "init", "--no-prompt", "--init-dir", "."], project)
    port = free_port()
    progress("starting the stock bot")
    command = [python, "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(port)]
    log = folder / "stock.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=project, env=os.environ | _QUIET, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(url, process, log)
        yield StockBot(url)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(command: list[str], cwd: Path) -> None:
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | _QUIET, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise BenchFailed(f"{' '.join(command[1:])}: {(done.stdout + done.stderr)[-1500:]}")


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _STOCK_READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        # Rasa loads the model before it listens.
        with suppress(OSError), urllib.request.urlopen(f"{url}/webhooks/rest/", timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.3)
    raise BenchFailed(f"stock bot: {log.read_text(errors='replace')[-1500:]}")
