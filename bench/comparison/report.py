"""docs/MODELS.md: the tables of a run, between the words of notes.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

NOTES = Path(__file__).parent / "notes.md"
UNDERSTANDING = {
    "linear": "logistic regression, ours (chosen)",
    "one-vs-rest": "logistic regression, one against the rest for right and topic as well, same features",
    "svc": "LinearSVC, same features",
    "rasa-linear": "Rasa's LogisticRegressionClassifier, same features",
    "diet": "Rasa's DIETClassifier, Rasa's usual features",
    "keywords": "keywords: the patterns of nlu_data alone",
}
_SIGNALS = ("questions", "whole", "passages", "right", "topic", "classifier")
_UNMEASURED = "not measured"
_COST = "| train s | ms | peak MB | of it own |"
_COST_LINE = "--:|--:|--:|--:|"


def retrieval_titles() -> dict[str, str]:
    """Return the title of every way to find an article, by name."""
    return {
        "selector": "Rasa's ResponseSelector (DIET), Rasa's usual features",
        **{f"signal-{name}": f"signal *{name}* alone" for name in _SIGNALS},
        "bm25-words": "BM25 over words, article and questions as one document",
        "bm25-chars": "BM25 over runs of 1–2 characters, likewise",
        "ranks": "these two, reciprocal-rank fusion",
        "fusion": "learnt fusion of the six signals (chosen)",
        "fusion-five": "learnt fusion of the first five, without the linear classifier",
    }


def markdown(figures: Mapping[str, Any]) -> str:
    """Return the page.

    Args:
        figures: `whole` and `share`, each with `understanding` and `retrieval` by method, `prepared`, `run` and
            `every`; as `__main__` keeps them. What was not measured yet is said to be so.
    """
    text = NOTES.read_text("utf-8")
    for part in ("whole", "share"):
        for name, value in _values(figures.get(part) or {}).items():
            text = text.replace(f"{{{{{part}.{name}}}}}", value)
    return text


def _values(figures: Mapping[str, Any]) -> dict[str, str]:
    """Return what the notes' placeholders of one part stand for."""
    prepared, run = figures.get("prepared", {}), figures.get("run", {})
    return {
        "when": run.get("when", _UNMEASURED),
        "machine": run.get("machine", _UNMEASURED),
        "every": str(figures.get("every", _UNMEASURED)),
        "examples": str(prepared.get("examples", _UNMEASURED)),
        "articles": str(prepared.get("articles", _UNMEASURED)),
        "features_train": f"{prepared.get('train_seconds', 0):.0f}",
        "features_ms": f"{prepared.get('latency_ms', 0):.1f}",
        "understanding": _understanding(_marked(figures, "understanding")),
        "retrieval": _retrieval(_marked(figures, "retrieval")),
    }


def machine() -> str:
    """Say what the figures were taken on, and how busy it was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{len(os.sched_getaffinity(0))} cores, {memory:.0f} GB memory, load average (1/5/15 min) at the end {load}; "
        f"Python {platform.python_version()}, Rasa {version('rasa')}, TensorFlow {version('tensorflow')}, "
        f"scikit-learn {version('scikit-learn')}"
    )


def _marked(figures: Mapping[str, Any], group: str) -> dict[str, Mapping[str, Any]]:
    """Return the figures of a group; those of an earlier run on other data say so in their note."""
    now = figures.get("prepared", {}).get("examples")
    return {
        name: found
        if "failed" in found or found.get("examples") == now
        else {**found, "note": "; ".join(filter(None, [found["note"], "**earlier run, other data**"]))}
        for name, found in figures.get(group, {}).items()
    }


def _understanding(methods: Mapping[str, Mapping[str, Any]]) -> str:
    asked = max((found.get("questions", 0) for found in methods.values()), default=0)
    sentences = max((found.get("held_out_count", 0) for found in methods.values()), default=0)
    head = (
        f"| method | intent ({sentences} sentences) | of them out of scope | right ({asked} questions) | topic "
        f"| out of scope recognised | in scope refused {_COST} notes |"
    )
    lines = [head, f"|---|--:|--:|--:|--:|--:|--:|{_COST_LINE}---|"]
    names = ("held_out", "held_out_foreign", "right", "topic", "outside", "refused")
    for name, title in UNDERSTANDING.items():
        cells = lambda found: [_percent(found[key]) for key in names]  # noqa: E731
        lines.append(_line(title, methods.get(name), cells, width=len(names)))
    return "\n".join(lines)


def _retrieval(methods: Mapping[str, Mapping[str, Any]]) -> str:
    asked = max((found.get("questions", 0) for found in methods.values()), default=0)
    folds = [found["all_folds"]["count"] for found in methods.values() if found.get("all_folds")]
    first = [found["first_fold"]["count"] for found in methods.values() if found.get("first_fold")]
    head = (
        f"| method | top 1, five folds ({max(folds, default=0)} questions) | top 3 "
        f"| top 1, first fold ({max(first, default=0)}) | top 3 | right ({asked} questions) | topic {_COST} notes |"
    )
    lines = [head, f"|---|--:|--:|--:|--:|--:|--:|{_COST_LINE}---|"]
    for name, title in retrieval_titles().items():
        lines.append(_line(title, methods.get(name), _found_cells, width=6))
    return "\n".join(lines)


def _found_cells(found: Mapping[str, Any]) -> list[str]:
    cells = []
    for part in (found["all_folds"], found["first_fold"]):
        cells += [_percent(part["first"]), _percent(part["three"])] if part else ["–", "–"]
    return [*cells, _percent(found["right"]), _percent(found["topic"])]


def _line(title: str, found: Mapping[str, Any] | None, cells: Any, *, width: int) -> str:
    if found is None or "failed" in found:
        why = _UNMEASURED if found is None else found["failed"].splitlines()[0]
        return _row([title, *["–"] * (width + 4), why])
    cost = [
        f"{found['train_seconds']:.1f}",
        f"{found['latency_ms']:.1f}",
        f"{found['peak_mb']:.0f}",
        f"{found['peak_mb'] - found['base_mb']:.0f}",
    ]
    return _row([title, *cells(found), *cost, found["note"]])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
