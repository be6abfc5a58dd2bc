"""Run the comparison: `python -m bench.comparison` with the engine's Python.

    .venv-engine/bin/python -m bench.comparison [--questions FILE] [--only NAME …] [--epochs N] [--seconds N] [--every N]

Figures are kept in var/bench-models.json, so that a run of some methods (`--only`) renews their lines alone;
the page marks lines that were measured on other data. With `--every 8` everything is trained on an eighth of the
examples, for neural networks that on all of them would need a day; the page has these figures in tables of their own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.comparison.report import UNDERSTANDING, machine, markdown, retrieval_titles

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "var" / "bench-models.json"
REPORT = ROOT / "docs" / "MODELS.md"
#: No process runs longer than this and three times what a neural training may take of the processor, in seconds;
#: what does is reported as not finished.
LIMIT = 1200.0
#: On all examples an epoch takes them more than ten minutes: there they are measured only if asked for by name.
NEURAL = frozenset({"diet", "selector"})


def main() -> int:
    """Measure, write the figures and the page; return the exit code."""
    options = _options()
    figures = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    part = "whole" if options.every == 1 else "share"
    kept = figures[part] = figures.get(part, {}) if options.only else {}
    kept["every"] = options.every
    jobs = [("understanding", name) for name in UNDERSTANDING]
    jobs += [("retrieval", name) for name in retrieval_titles()]
    left_out = NEURAL if options.every == 1 else frozenset()
    wanted = [job for job in jobs if (job[1] in options.only if options.only else job[1] not in left_out)]
    with tempfile.TemporaryDirectory(prefix="rightsdesk-models-") as folder:
        kept["prepared"] = _run("prepare", "all", Path(folder), options)
        if "failed" in kept["prepared"]:
            print(kept["prepared"]["failed"], file=sys.stderr)
            return 1
        for group, name in wanted:
            found = _run(group, name, Path(folder), options)
            kept.setdefault(group, {})[name] = found | {"examples": kept["prepared"]["examples"]}
            kept["run"] = {"when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "machine": machine()}
            _keep(figures)
            _say(f"{name}: {found.get('failed') or json.dumps(found)}")
    options.out.write_text(markdown(figures), "utf-8")
    _say(f"written: {options.out}")
    return 0


def _keep(figures: dict[str, Any]) -> None:
    """Store what was measured after each method: a run that is cut off has not been for nothing."""
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(figures, ensure_ascii=False, indent=1), "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.comparison", description="Compare ways to understand and to find.")
    parser.add_argument("--questions", type=Path, help="labelled questions, JSON lines, to measure with as well")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="methods to measure anew")
    parser.add_argument("--epochs", type=int, default=100, help="of a neural training, at most")
    parser.add_argument("--seconds", type=float, default=480, help="of the processor for a neural training, about")
    parser.add_argument("--every", type=int, default=1, help="train on one example in so many")
    parser.add_argument("--out", type=Path, default=REPORT, help="the page")
    return parser.parse_args()


def _run(group: str, name: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return a method's figures, or why there are none."""
    _say(f"{group}: {name}")
    result = folder / f"{name}.json"
    command = [sys.executable, "-m", "bench.comparison.worker", group, name, "--folder", str(folder)]
    command += ["--result", str(result), "--epochs", str(options.epochs), "--seconds", str(options.seconds)]
    command += ["--every", str(options.every)]
    if options.questions:
        command += ["--questions", str(options.questions.resolve())]
    limit = 3 * options.seconds + LIMIT
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"not finished after {limit / 60:.0f} minutes"}
    if done.returncode != 0:
        return {"failed": f"ended with {done.returncode}: {done.stderr[-600:]}"}
    return json.loads(result.read_text("utf-8"))


def _say(text: str) -> None:
    print(f"bench.comparison  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
