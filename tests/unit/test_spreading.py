"""How the tests are spread over several workers."""

import os
import subprocess
import sys
from pathlib import Path

from bot.settings import PROJECT_ROOT
from tests.support.spreading import scope_of

TEST = """
import os
import pytest

@pytest.mark.parametrize("number", range(20))
def test_it(number):
    with open("ran", "a") as file:
        file.write(f"{__name__} {os.environ['PYTEST_XDIST_WORKER']}\\n")
"""
HOOK = """
from tests.support.spreading import Spreading, longest_first

def pytest_xdist_make_scheduler(config, log):
    return Spreading(config, log)

def pytest_collection_modifyitems(items):
    longest_first(items)
"""


def test_what_needs_a_model_is_one_and_a_file_is_one() -> None:
    together = {scope_of(f"tests/{name}") for name in ("dialogue/test_a.py::test_x[a::b]", "e2e/test_b.py::test_y")}
    assert len(together) == 1
    assert scope_of("tests/unit/test_a.py::test_x[a::b]") == scope_of("tests/unit/test_a.py::test_y")
    assert scope_of("tests/unit/test_a.py::test_x") != scope_of("tests/unit/test_b.py::test_x")


def test_one_worker_has_the_model_and_begins_with_it(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(HOOK)
    for name in ("actions/test_a", "dialogue/test_b", "e2e/test_c", "unit/test_d"):
        path = tmp_path / "tests" / f"{name}.py"
        path.parent.mkdir(parents=True)
        path.write_text(TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--no-loadscope-reorder", "--rootdir", "."],
        cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    ran = [line.split() for line in (tmp_path / "ran").read_text().splitlines()]
    workers = {file: {worker for name, worker in ran if name == file} for file, _ in ran}
    assert len(ran) == 80 and all(len(names) == 1 for names in workers.values())
    assert workers["test_b"] == workers["test_c"]
    first = next(iter(workers["test_b"]))
    assert [name for name, worker in ran if worker == first][:40] == ["test_b"] * 20 + ["test_c"] * 20
