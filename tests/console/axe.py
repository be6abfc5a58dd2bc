"""axe-core, fetched by its name from the package registry once and kept; the rules by which pages are judged."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

PACKAGE = "axe-core@4.10.3"
_CACHE = Path(__file__).resolve().parents[2] / "var" / "axe-core.js"
#: Findings of these weights fail a test.
SERIOUS = ("serious", "critical")


def axe_script() -> str | None:
    """Return axe's source; None where it cannot be had: no npm, no registry."""
    if not _CACHE.exists():
        npm = shutil.which("npm")
        if npm is None:
            return None
        _CACHE.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "pack", PACKAGE, "--silent"], cwd=_CACHE.parent, capture_output=True, text=True, timeout=120
        )
        if done.returncode != 0:
            return None
        packed = _CACHE.parent / done.stdout.strip().splitlines()[-1]
        with tarfile.open(packed) as archive:
            source = archive.extractfile("package/axe.min.js")
            assert source is not None
            _CACHE.write_bytes(source.read())
        packed.unlink()
    return _CACHE.read_text("utf-8")


async def findings(page: Any, script: str) -> list[str]:
    """Return what axe finds serious on the page: the rule and where."""
    # Through the debugger, which the page's policy against foreign scripts does not hold back.
    await page.evaluate(f"() => {{ {script} }}")
    result = await page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:240]})"
        for found in result["violations"]
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]
