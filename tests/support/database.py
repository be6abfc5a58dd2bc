"""A private PostgreSQL cluster for the length of a test run."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def postgres_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((p for p in places if (p / "initdb").exists() and (p / "pg_ctl").exists()), None)


def _demoted() -> dict[str, object]:
    """PostgreSQL refuses to run as root; its own account runs it then."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def private_cluster(*, is_durable: bool = False) -> Iterator[str]:
    """Start a cluster in a temporary folder and yield the URL of its first database, without name.

    Args:
        is_durable: Wait for the disk at each commit, as a server does; tests need not.
    """
    programs = postgres_programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="rightsdesk-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    port, run = _free_port(), {"check": True, "capture_output": True, "cwd": folder, **_demoted()}
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "rightsdesk", "-A", "trust", "-E", "UTF8",
         "--locale=C.UTF-8", "--no-sync"], **run,
    )  # fmt: skip
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync={'on' if is_durable else 'off'} -c max_connections=200"
    start = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"]
    # The server inherits the pipes of `capture_output` and would keep them open for ever.
    subprocess.run(start, **{**run, "capture_output": False}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"postgresql+psycopg://rightsdesk@127.0.0.1:{port}"
    finally:
        subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **run)
        shutil.rmtree(folder, ignore_errors=True)
