"""One method in a process of its own: `python -m bench.comparison.worker GROUP METHOD …` writes JSON.

What is only measured (held-out folds) comes after the peak of memory was read.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from bot.engine.runtime import prepare_environment

_LATENCY_MESSAGES = 120


def main() -> int:
    """Measure one method; return the exit code."""
    options = _options()
    prepare_environment("ERROR")
    warnings.simplefilter("ignore")
    figures = _prepare(options) if options.group == "prepare" else _measure(options)
    options.result.write_text(json.dumps(figures, ensure_ascii=False), "utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.comparison.worker")
    parser.add_argument("group", choices=["prepare", "understanding", "retrieval"])
    parser.add_argument("method")
    parser.add_argument("--folder", type=Path, required=True, help="where the prepared data is")
    parser.add_argument("--result", type=Path, required=True)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--every", type=int, required=True)
    return parser.parse_args()


def _prepare(options: argparse.Namespace) -> dict[str, Any]:
    from bench.comparison.data import load, prepare

    began = time.monotonic()
    prepare(options.folder, options.every)
    seconds = time.monotonic() - began
    prepared = load(options.folder)
    texts = [example.get("text") for example in prepared.training.training_examples]
    return {
        "train_seconds": seconds,
        "latency_ms": _latency(prepared.featurised, texts),
        "examples": len(texts),
        "articles": len({e.get("intent_response_key") for e in prepared.training.response_examples}),
        "base_mb": _memory(),
    }


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from bench.comparison.bounded import Bounds
    from bench.comparison.data import held_out, load, read_questions

    prepared = load(options.folder)
    bounds = Bounds(options.epochs, options.seconds)
    folder = options.folder / options.method
    questions = read_questions(options.questions)
    texts = [text for _, text in held_out()]
    base = _base_memory()
    if options.group == "understanding":
        from bench.comparison.understanding import METHODS

        method: Any = METHODS[options.method](folder, bounds)
        ask: Callable[[str], Any] = lambda text: method.understand(prepared, text)  # noqa: E731
    else:
        from bench.comparison.retrieval import make_methods

        method = make_methods(folder, bounds)[options.method]()
        ask = lambda text: method.rank(prepared, text)  # noqa: E731
    began = time.monotonic()
    method.train(prepared)
    trained = time.monotonic() - began
    latency = _latency(ask, texts)
    figures = {"train_seconds": trained, "latency_ms": latency, "base_mb": base, "peak_mb": _memory()}
    if options.group == "understanding":
        measures = _understanding(ask, questions)
    else:
        measures = _retrieval(prepared, method, ask, questions)
    return {**figures, "note": method.note, **measures}


def _understanding(ask: Callable[[str], dict[str, str]], questions: Sequence[Any]) -> dict[str, Any]:
    from bench.comparison.data import held_out

    sentences = [(intent, ask(text)["intent"]) for intent, text in held_out()]
    foreign = [pair for pair in sentences if pair[0] == "ask_out_of_scope"]
    answers = [(question, ask(question.text)) for question in questions]
    outside = [(q, a) for q, a in answers if q.topic == "out_of_scope"]
    inside = [(q, a) for q, a in answers if q.topic != "out_of_scope"]
    return {
        "held_out": _share(a == b for a, b in sentences),
        "held_out_foreign": _share(a == b for a, b in foreign),
        "held_out_count": len(sentences),
        "right": _share(answer["right"] == question.right for question, answer in answers),
        "topic": _share(answer["topic"] in question.topics for question, answer in answers),
        "outside": _share(answer["intent"] == "ask_out_of_scope" for _, answer in outside),
        "refused": _share(answer["intent"] == "ask_out_of_scope" for _, answer in inside),
        "questions": len(questions),
    }


def _retrieval(
    prepared: Any, method: Any, ask: Callable[[str], str], questions: Sequence[Any]
) -> dict[str, Any]:
    from bench.comparison.articles import articles_of, found

    articles = articles_of(prepared)
    about = {
        key: (articles.candidates.topics[place], articles.candidates.rights[place])
        for place, key in enumerate(articles.candidates.keys)
    }
    # What is about none of our rights has no article.
    answered = [(question, about[ask(question.text)]) for question in questions if question.right != "none"]
    scores = method.held_out(prepared, articles)
    return {
        "topic": _share(topic in question.topics for question, (topic, _) in answered),
        "right": _share(question.right in rights for question, (_, rights) in answered),
        "questions": len(answered),
        "first_fold": asdict(found(articles, scores, [0])),
        "all_folds": asdict(found(articles, scores, method.folds)) if len(method.folds) > 1 else None,
    }


def _latency(ask: Callable[[str], Any], texts: Sequence[str]) -> float:
    """Return the median milliseconds of one message, from its text on."""
    ask(texts[0])
    times = []
    for text in texts[:: max(1, len(texts) // _LATENCY_MESSAGES)]:
        began = time.perf_counter()
        ask(text)
        times.append((time.perf_counter() - began) * 1000)
    return median(times)


def _share(hits: Any) -> float | None:
    values = list(hits)
    return sum(values) / len(values) if values else None


def _memory(line: str = "VmHWM") -> float:
    """Return the process's memory (Linux) in megabytes: `VmHWM` is the peak, `VmRSS` what is used now."""
    found = re.search(rf"^{line}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _base_memory() -> float:
    """Return the memory used now, and let the peak begin anew: loading the data has one of its own."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


if __name__ == "__main__":
    sys.exit(main())
