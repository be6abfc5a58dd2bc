"""Around a running system: starting it in the background, asking how it is, borrowing one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.ops.manager import StartFailed, free_port
from bot.ops.state import RunState, read_state, stop
from bot.ops.words import words
from bot.settings import Secrets, Settings

_START_TIMEOUT = 600.0
_PROCESSES = "RIGHTSDESK_DESK_PROCESSES"

Say = Callable[[str], None]


def start_detached(settings: Settings, say: Say) -> RunState:
    """Start a manager in the background, pass on what it says, return when it is ready.

    Raises:
        StartFailed: It ended instead; its last words are in the message.
    """
    logs = settings.data_dir / "log"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / "manager.log"
    command = [sys.executable, "-m", "bot", "up", "--port", str(settings.port), "--data", str(settings.data_dir)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=settings.root, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, env=_environment(settings),
        )  # fmt: skip
    state = _wait_ready(settings, process, log, say)
    say(f"detached {process.pid}")
    return state


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment less what the settings took back: a temporary system must not open
    the database, or use the secrets, that the environment names."""
    names = ("database_url", *Secrets.model_fields)
    dropped = {f"RIGHTSDESK_{name.upper()}" for name in names if getattr(settings, name) is None} | {_PROCESSES}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in dropped}
    return kept | {"PYTHONUNBUFFERED": "1", _PROCESSES: str(settings.desk_processes)}


def _wait_ready(settings: Settings, process: subprocess.Popen[bytes], log: Path, say: Say) -> RunState:
    shown, deadline = 0, time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        text = log.read_text(errors="replace")
        if text[shown:].strip():
            print(text[shown:], end="", flush=True)
            shown = len(text)
        if process.poll() is not None:
            raise StartFailed(text[-2000:])
        state = read_state(settings.data_dir)
        if state and state.ready and (state.staff_login or f"{state.url}/console/") in text:
            return state
        time.sleep(0.2)
    process.terminate()
    raise StartFailed(log.read_text(errors="replace")[-2000:])


@contextmanager
def running_system(settings: Settings, say: Say) -> Iterator[tuple[Settings, RunState]]:
    """Yield the running system, or a temporary one with a data folder of its own.

    Raises:
        StartFailed: None runs, and the temporary one did not start.
    """
    state = read_state(settings.data_dir)
    if state and state.ready:
        yield settings, state
        return
    say("eval_starting")
    with tempfile.TemporaryDirectory(prefix="rightsdesk-eval-") as folder:
        own = dict.fromkeys(("database_url", *Secrets.model_fields))
        place = {"data_dir": Path(folder), "port": free_port(), "desk_processes": 1}
        temporary = settings.model_copy(update=own | place)
        state = start_detached(temporary, say)
        try:
            yield temporary, state
        finally:
            stop(state)


async def report(settings: Settings, state: RunState | None) -> dict[str, Any]:
    """Return what `status` shows: whether it runs, where, and what its own check says."""
    if state is None:
        return {"running": False, "ready": False}
    result: dict[str, Any] = {
        "running": True, "ready": False, "url": state.url, "pid": state.pid,
        "model": state.model, "data": str(settings.data_dir), "checks": {},
    }  # fmt: skip
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client:
        answers = await asyncio.gather(*(_checks(client, url) for url in state.desk_urls))
    unwell = [checks for checks in answers if checks.get("status") != "ready"]
    result["ready"], result["checks"] = not unwell, (unwell or answers)[0]
    if len(answers) > 1:
        result["desks"] = [{"url": url, **checks} for url, checks in zip(state.desk_urls, answers, strict=True)]
    return result


async def _checks(client: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    try:
        async with client.get(f"{url}/readyz") as response:
            return dict(await response.json())
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return {"desk": str(error) or type(error).__name__}


def table(report: dict[str, Any]) -> str:
    """Return the report for people."""
    if not report["running"]:
        return words("not_running")
    lines = [f"{name:<8} {report[name]}" for name in ("ready", "url", "pid", "model", "data")]
    for desk in report.get("desks") or [report["checks"]]:
        lines += [f"  {name:<10} {value}" for name, value in desk.items()]
    return "\n".join(lines)
