"""The peers' own environments, under `var/bench`, made once; processes that answer lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.settings import PROJECT_ROOT

HERE = Path(__file__).parent
_ROOT = PROJECT_ROOT / "var" / "bench" / "peers"
#: What each peer needs: itself, PostgreSQL's driver, and one WSGI server for both.
_NEEDS = {
    "roundup": ("roundup==2.6.*", "psycopg2-binary", "gunicorn"),
    "django-helpdesk": ("django-helpdesk==2.6.*", "psycopg2-binary", "gunicorn"),
}


class PeerFailed(Exception):
    """A peer could not be set up or did not answer; the message holds what it printed last."""


def environment(peer: str) -> Path:
    """Return the folder of a peer's programs, set up if it is not there yet."""
    home = _ROOT / peer
    ready = home / "ready"
    if not ready.exists():
        run([sys.executable, "-m", "venv", str(home)])
        run([str(home / "bin" / "pip"), "install", "--quiet", *_NEEDS[peer]])
        ready.write_text("\n".join(_NEEDS[peer]))
    return home / "bin"


def version_of(peer: str, package: str) -> str:
    """Return the version that is installed."""
    script = f"from importlib.metadata import version; print(version({package!r}))"
    return run([str(environment(peer) / "python"), "-c", script]).strip()


def run(command: Sequence[str], **options: Any) -> str:
    """Run a command to its end and return what it printed.

    Raises:
        PeerFailed: It failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
    if done.returncode != 0:
        raise PeerFailed(f"{' '.join(command[:3])}: {(done.stdout + done.stderr)[-1500:]}")
    return done.stdout



class Side:
    """A process that does what it is told, one line of JSON at a time.

    Args:
        command: What to run.
        log: Where its errors go.
        env: Added to the environment.
    """

    def __init__(self, command: Sequence[str], log: Path, env: dict[str, str] | None = None) -> None:
        self._log = log
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log.open("ab"), text=True,
            env=os.environ | (env or {}), cwd=PROJECT_ROOT,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Let it do something and return what came of it.

        Raises:
            PeerFailed: It died.
        """
        self.send(do, **arguments)
        return self.answer()

    def send(self, do: str, **arguments: Any) -> None:
        """Tell it to do something; `answer` waits for it."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Return what came of what was sent last."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailed(self._log.read_text(errors="replace")[-2000:])
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        """End it."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
