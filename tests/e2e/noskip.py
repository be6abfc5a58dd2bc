"""With RIGHTSDESK_NO_SKIP=1 a skipped test is a failed one.

A developer's machine may lack PostgreSQL or Chromium; the machine that proves a commit may not.
Hooked in by `tests/conftest.py`, so it holds for the whole tree.
"""

import os
from collections.abc import Generator

import pytest


def _fail_if_skipped(report: pytest.CollectReport | pytest.TestReport) -> None:
    # An expected failure is reported as skipped too; it has `wasxfail`.
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("RIGHTSDESK_NO_SKIP") != "1":
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"RIGHTSDESK_NO_SKIP=1 and this was skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a module that skipped itself (`importorskip`) into one that could not be read."""
    report = yield
    _fail_if_skipped(report)
    return report
