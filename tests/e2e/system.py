"""A whole system under the real process manager, and its processes, so that tests can hurt them."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from bot.ops.manager import free_port
from bot.ops.state import RunState, read_state
from bot.settings import PROJECT_ROOT, Settings, load_secrets
from tests.e2e.office import make_root

_START_SECONDS = 240
#: All citizens of a test run come from one address.
_ROOMY_LIMITS = {
    f"RIGHTSDESK_{name}": "10000"
    for name in (
        "SESSION_MESSAGES_PER_MINUTE",
        "ADDRESS_MESSAGES_PER_MINUTE",
        "ADDRESS_SESSIONS_PER_HOUR",
        "ADDRESS_LOOKUPS_PER_MINUTE",
    )
}


class System:
    """One installation of its own: address, data folder, command line, processes.

    Args:
        folder: A new folder for data and root.
    """

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self._env = os.environ | _ROOMY_LIMITS | {"RIGHTSDESK_ROOT": str(make_root(folder / "root"))}
        self.first_login: tuple[str, str] | None = None

    @property
    def url(self) -> str:
        """The public address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "rightsdesk.db"

    @property
    def operator_token(self) -> str:
        return load_secrets(Settings(data_dir=self.data)).operator_token.get_secret_value()

    @property
    def state(self) -> RunState | None:
        """What the manager wrote down; None while none runs."""
        return read_state(self.data)

    def cli(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run `rightsdesk …` in this installation; the caller looks at the exit code."""
        program = Path(sys.executable).with_name("rightsdesk")
        return subprocess.run(
            [str(program), *arguments, "--data", str(self.data)],
            env=self._env, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip

    def up(self) -> subprocess.CompletedProcess[str]:
        """Start it in the background; the first time, remember the login that is printed."""
        done = self.cli("up", "--detach", "--port", str(self.port), timeout=_START_SECONDS)
        if found := re.search(r"\b(admin) (\S{8,})", done.stdout):
            self.first_login = (found[1], found[2])
        return done

    def down(self) -> subprocess.CompletedProcess[str]:
        """Stop it."""
        return self.cli("down")

    def add_agent(self, login: str, name: str) -> tuple[str, str]:
        """Add an account; returns login and one-time password."""
        done = self.cli("staff", "add", login, "--name", name)
        assert done.returncode == 0, done.stderr
        found = re.search(r"一次性密码：(\S+)", done.stdout)
        assert found, done.stdout
        return login, found[1]

    def desk_pid(self) -> int:
        """The desk process that serves now."""
        return self._child("bot serve")

    def engine_pid(self) -> int:
        """The engine process that serves now."""
        return self._child("-m bot.engine")

    def _child(self, words: str) -> int:
        state = self.state
        assert state, "no manager runs"
        pids = [pid for pid in children_of(state.pid) if words in command_of(pid)]
        assert len(pids) == 1, f"{words}: {pids}"
        return pids[0]

    def listens(self) -> bool:
        """Whether anybody takes connections on the public port."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill_desk(self) -> None:
        """kill -9 of the desk process; returns when it is gone."""
        kill(self.desk_pid())

    def kill_engine(self) -> None:
        """kill -9 of the engine process; returns when it is gone."""
        kill(self.engine_pid())

    def words_of(self, log: str) -> str:
        """The end of a process's log, to show why a test failed."""
        path = self.data / "log" / f"{log}.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""


def children_of(pid: int) -> list[int]:
    """Return the processes that a process started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def command_of(pid: int) -> str:
    """Return a process's command line; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_running(pid: int) -> bool:
    """Tell whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    """kill -9; returns when the process is gone."""
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline, f"{pid} does not end"
        time.sleep(0.01)


class stopped:
    """Hold a process still in a `with` block (SIGSTOP, SIGCONT): it takes connections, answers none."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def __enter__(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def __exit__(self, *error: object) -> None:
        if is_running(self.pid):
            os.kill(self.pid, signal.SIGCONT)
