"""The three systems, each on SQLite or PostgreSQL: made, started, asked, stopped."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import create_engine, text

from bench.peers.environments import HERE, PeerFailed, Side, environment, run
from bot.ops.manager import free_port

TEXT = "An online shop sells cups under our registered trade mark without a licence. " * 5
_WORKERS = "4"
_CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class HttpCall:
    """One request, as often as wanted; what is in braces is filled in anew each time.

    Attributes:
        expect: The status that means that it was done.
    """

    method: str
    url: str
    expect: int
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] | None = None


@dataclass
class System:
    """One installation.

    Attributes:
        side: Does what is measured in process.
        others: Further processes of the same installation, which share what many clients ask for.
        opening, listing: What is measured over HTTP, None where nothing listens.
    """

    name: str
    side: Side
    opening: HttpCall | None = None
    listing: HttpCall | None = None
    others: tuple[Side, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def new_database(server: str) -> str:
    """Make an empty database and return its URL."""
    name = f"b{uuid.uuid4().hex[:12]}"
    admin = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return f"{server}/{name}"


@contextmanager
def roundup(folder: Path, server: str | None) -> Iterator[System]:
    """A tracker of the template `classic`; only addresses, database and the mail switch are set."""
    bin_ = environment("roundup")
    home, port = folder / "tracker", free_port()
    url = f"http://127.0.0.1:{port}"
    run([str(bin_ / "roundup-admin"), "-i", str(home), "install", "classic", "postgresql" if server else "sqlite"])
    values = {("tracker", "web"): f"{url}/", ("mail", "domain"): "bench.invalid", ("mail", "host"): "localhost",
              ("mail", "debug"): os.devnull}  # fmt: skip
    if server:
        # It makes its database itself, and asks before it takes one that is there.
        parts = urlsplit(server)
        values |= {("rdbms", "name"): f"b{uuid.uuid4().hex[:12]}", ("rdbms", "host"): str(parts.hostname),
                   ("rdbms", "port"): str(parts.port), ("rdbms", "user"): str(parts.username)}  # fmt: skip
    _configure(home / "config.ini", values)
    run([str(bin_ / "roundup-admin"), "-i", str(home), "initialise", "secret"])
    side = Side([str(bin_ / "python"), str(HERE / "roundup_side.py"), str(home)], folder / "side.log")
    with _served(bin_, "roundup_site:application", port, folder, {"BENCH_ROUNDUP_HOME": str(home)}):
        own = {"Referer": f"{url}/", "Origin": url, "Cookie": _roundup_login(url)}
        form = {"title": "Complaint {n}", "@note": TEXT, "status": "1", "priority": "2", "@action": "new",
                "@required": "title,priority"}  # fmt: skip
        columns = "id,activity,title,creator,status,assignedto"
        query = f"@columns={columns}&@sort=activity&@filter=status&status=1&@pagesize=50&@startwith=0"
        try:
            yield System(
                "roundup", side, HttpCall("POST", f"{url}/issue", 302, own, form),
                HttpCall("GET", f"{url}/issue?{query}", 200, own),
            )  # fmt: skip
        finally:
            side.stop()


def _configure(path: Path, values: dict[tuple[str, str], str]) -> None:
    content = path.read_text()
    for (section, key), value in values.items():
        before, head, after = content.partition(f"[{section}]\n")
        after, changed = re.subn(rf"^#?{key} ?=.*$", f"{key} = {value}", after, count=1, flags=re.M)
        assert head and changed, (section, key)
        content = before + head + after
    path.write_text(content)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any, **options: Any) -> None:
        return None


def _roundup_login(url: str) -> str:
    body = f"__login_name=admin&__login_password=secret&@action=login&__came_from={url}/".encode()
    request = urllib.request.Request(f"{url}/", body, {"Referer": f"{url}/", "Origin": url})
    try:
        answer = urllib.request.build_opener(_NoRedirect).open(request)
    except urllib.error.HTTPError as redirect:
        answer = redirect
    return str(answer.headers["Set-Cookie"]).split(";")[0]


@contextmanager
def django_helpdesk(folder: Path, server: str | None) -> Iterator[System]:
    """A project as its installation guide tells, with one public queue that escalates."""
    bin_, port = environment("django-helpdesk"), free_port()
    url = f"http://127.0.0.1:{port}"
    env = {"BENCH_HELPDESK_HOME": str(folder), "BENCH_HELPDESK_POSTGRES": new_database(server) if server else ""}
    side = Side([str(bin_ / "python"), str(HERE / "helpdesk_side.py")], folder / "side.log", env)
    try:
        made = side.ask("set_up")
        with _served(bin_, "helpdesk_wsgi:application", port, folder, env | {"DJANGO_SETTINGS_MODULE": "helpdesk_site"}):
            token = "b" * 32
            own = {"Cookie": f"sessionid={made['session']}; csrftoken={token}", "X-CSRFToken": token}
            form = {"queue": str(made["queue"]), "title": "Complaint {n}", "body": TEXT, "priority": "3",
                    "submitter_email": "citizen@bench.invalid"}  # fmt: skip
            yield System(
                "django-helpdesk", side,
                # Signed-in staff are sent to another form; the public one is for strangers.
                HttpCall("POST", f"{url}/tickets/submit/", 302, {"Cookie": f"csrftoken={token}", "X-CSRFToken": token}, form),
                HttpCall("GET", url + side.ask("list_address", size=50)["path"], 200, own),
            )  # fmt: skip
    finally:
        side.stop()


@contextmanager
def rightsdesk(folder: Path, server: str | None) -> Iterator[System]:
    """Desk processes with both applications, as `serve` makes them, without engine and worker.

    On PostgreSQL one for each core behind one port, on SQLite one.
    """
    port, url = free_port(), new_database(server) if server else f"sqlite+aiosqlite:///{folder / 'desk.db'}"
    processes = _CORES if server else 1
    command = [sys.executable, "-m", "bench.peers.ours_side", str(folder), url, str(port), str(processes)]
    sides = [Side(command, folder / "side.log")]
    try:
        made = sides[0].ask("set_up")
        sides += [Side(command, folder / f"side{number}.log") for number in range(1, processes)]
        for side in sides:
            side.ask("verify_ready")
        base = f"http://127.0.0.1:{port}"
        yield System(
            "rightsdesk", sides[0], HttpCall("POST", f"{base}/api/v1/tickets", 201),
            HttpCall("GET", f"{base}/api/v1/staff/tickets?queue=trademark", 200, {"Cookie": made["cookie"]}),
            tuple(sides[1:]), {"database": url, "base": base},
        )  # fmt: skip
    finally:
        for side in sides:
            side.stop()


@contextmanager
def _served(bin_: Path, application: str, port: int, folder: Path, env: dict[str, str]) -> Iterator[None]:
    """Serve a peer's WSGI application with gunicorn."""
    command = [str(bin_ / "gunicorn"), "-w", _WORKERS, "-b", f"127.0.0.1:{port}", "--chdir", str(HERE),
               "--no-control-socket", application]  # fmt: skip
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=os.environ | env | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(HERE)},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        _wait_until_up(port, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(urllib.error.URLError, ConnectionError):
            with suppress(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20).close()
            return
        time.sleep(0.2)
    raise PeerFailed(log.read_text(errors="replace")[-2000:])


MAKERS = {"rightsdesk": rightsdesk, "roundup": roundup, "django-helpdesk": django_helpdesk}
