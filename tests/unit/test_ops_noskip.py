"""RIGHTSDESK_NO_SKIP=1 makes a skipped test a failed one, and leaves expected failures alone."""

import os
import subprocess
import sys
from pathlib import Path

from bot.settings import PROJECT_ROOT

TESTS = """
import pytest

@pytest.mark.skip(reason="no engine")
def test_marked(): pass

def test_in_the_middle(): pytest.skip("no browser")

@pytest.mark.xfail
def test_expected(): assert False

def test_runs(): pass
"""
HOOKS = "from tests.e2e.noskip import pytest_make_collect_report, pytest_runtest_makereport\n"


def run(folder: Path, no_skip: str, *options: str) -> str:
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "test_it.py").write_text(TESTS)
    (folder / "test_module.py").write_text('import pytest\npytest.importorskip("no_such_module")\n')
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors", *options, "."],
        cwd=folder, capture_output=True, text=True,
        env=os.environ | {"RIGHTSDESK_NO_SKIP": no_skip, "PYTHONPATH": str(PROJECT_ROOT)},
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


def test_skips_fail_only_under_the_variable(tmp_path: Path) -> None:
    assert run(tmp_path, "0").startswith("1 passed, 3 skipped, 1 xfailed")
    # A mark takes effect before the test runs, so pytest calls it an error; so it does for a module.
    assert run(tmp_path, "1").startswith("1 failed, 1 passed, 1 xfailed, 2 errors")


def test_so_they_do_in_the_workers_of_a_run_that_is_spread(tmp_path: Path) -> None:
    # A module that could not be read is told by each worker; one of them counts.
    assert run(tmp_path, "0", "-n", "2").startswith("1 passed, 3 skipped, 1 xfailed")
    assert run(tmp_path, "1", "-n", "2").startswith("1 failed, 1 passed, 1 xfailed, 2 errors")
