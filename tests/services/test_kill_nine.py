"""A desk that is killed under load loses nothing it acknowledged and does nothing twice.

The bench does the same at two hundred instants (`python -m bench.peers --only crash`).
"""

import json
import subprocess
import sys
from pathlib import Path

from bot.settings import PROJECT_ROOT

KILLS = 5


def test_a_desk_killed_under_load_loses_and_doubles_nothing(tmp_path: Path, database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.peers.crash", str(tmp_path), database_url, str(KILLS), "7"],
        cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["broken"] == []
    assert found["kills"] == KILLS and found["tickets"] > 0 and found["messages"] > 0
