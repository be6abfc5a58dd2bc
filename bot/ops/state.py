"""What a running installation leaves in its data folder, so that other commands find it.

`run/state.json` names the manager's process and the ports; `run/lock` is held while a manager
runs, so that two never share a data folder (SQLite has one desk process).
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

#: Tells a manager to start its desk processes anew. Not SIGHUP, which comes when a terminal is closed.
RENEW = signal.SIGUSR1


class AlreadyRunning(Exception):
    """Another manager holds this data folder; `rightsdesk status` says where it listens."""


@dataclass(frozen=True)
class RunState:
    """A running installation.

    Attributes:
        internal_port: That of the first desk process, whose number is 1.
        other_internal_ports: Those of the others, if there are several.
    """

    pid: int
    port: int
    internal_port: int
    engine_port: int
    host: str = "127.0.0.1"
    ready: bool = False
    staff_login: str | None = None
    model: str | None = None
    other_internal_ports: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the address of the public port."""
        return f"http://{self.host}:{self.port}"

    @property
    def internal_ports(self) -> list[int]:
        """Return the internal ports of all desk processes."""
        return [self.internal_port, *self.other_internal_ports]

    @property
    def desk_urls(self) -> list[str]:
        """Return where each desk process says how it is; if there is one only, that is where citizens reach it."""
        if not self.other_internal_ports:
            return [self.url]
        return [f"http://127.0.0.1:{port}" for port in self.internal_ports]


def read_state(data_dir: Path) -> RunState | None:
    """Return the running installation of this data folder, None if none runs."""
    state = _parse(data_dir / "run" / "state.json")
    return state if state and is_locked(data_dir) and _is_alive(state.pid) else None


def write_state(data_dir: Path, state: RunState) -> None:
    """Write the state all at once; it holds the one-time login, so only its owner can read it."""
    path = data_dir / "run" / "state.json"
    draft = path.with_suffix(".tmp")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(state), file)
    draft.replace(path)


def take_leftover(data_dir: Path) -> RunState | None:
    """Remove and return what a manager left behind that was killed; None after an orderly end.

    Only for who holds the data folder: then the manager that wrote it cannot be running.
    """
    path = data_dir / "run" / "state.json"
    state = _parse(path)
    path.unlink(missing_ok=True)
    return state


@contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for one manager.

    Raises:
        AlreadyRunning: Another one holds it.
    """
    (data_dir / "run").mkdir(parents=True, exist_ok=True)
    with (data_dir / "run" / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(str(data_dir)) from error
        try:
            yield
        finally:
            (data_dir / "run" / "state.json").unlink(missing_ok=True)


def is_locked(data_dir: Path) -> bool:
    """Tell whether a manager holds the data folder."""
    path = data_dir / "run" / "lock"
    if not path.exists():
        return False
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def stop(state: RunState, timeout: float = 30.0) -> bool:
    """Ask the manager to end and wait for it; tells whether it did."""
    os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if not _is_alive(state.pid):
            return True
        time.sleep(0.1)
    return False


def renew(state: RunState) -> None:
    """Ask the manager to start the desk processes anew, one after the other."""
    os.kill(state.pid, RENEW)


def _parse(path: Path) -> RunState | None:
    try:
        return RunState(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A dead child of ours that nobody waited for still answers to signal 0.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True
