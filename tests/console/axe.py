"""axe-core, as the package axe-playwright-python brings it; the rules by which pages are judged."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

#: Findings of these weights fail a test.
SERIOUS = ("serious", "critical")


@cache
def axe_script() -> str:
    """Return axe's source."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


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
