"""The table of a run, as Markdown, with what is needed to repeat and to judge it."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.load import TURNS_PER_CONVERSATION, Case, RightsDeskBot, Round, StockBot, p95
from bot.ops.models import engine_python
from bot.settings import Settings

Rounds = Mapping[Case, Sequence[Round]]

_HEAD = (
    "| bot | message | clients | median ms | p95 ms | medians of the rounds | messages/s | sent |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|"
)


def markdown(rounds: Rounds, *, questions: int, asked: int) -> str:
    """Return the whole report.

    Args:
        questions: How many questions of `questions.txt` were answered and so measured.
        asked: How many it has.
    """
    parts = [
        "# Answer times",
        f"Measured on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by `make bench-answers`, which writes this file anew.",
        f"{_HEAD}\n" + "\n".join(_row(case, rounds[case]) for case in rounds),
        _ratios(rounds),
        "## What is measured",
        _what(rounds, questions, asked),
        "## Machine and versions",
        _machine(),
        "## Repeating it",
        "`make bench-answers` installs what is missing, makes both bots in a temporary folder, measures and takes them "
        "down again; about four minutes on two cores. Close what else runs: both bots and the clients share "
        "the machine.",
    ]
    return "\n\n".join(parts) + "\n"


def _row(case: Case, rounds: Sequence[Round]) -> str:
    values = [value for one in rounds for value in one.latencies]
    medians = [one.median for one in rounds]
    rate = len(values) / sum(one.seconds for one in rounds)
    cells = [
        case.bot, case.title, case.clients, f"{median(values):.1f}", f"{p95(values):.1f}",
        f"{min(medians):.1f}–{max(medians):.1f}", f"{rate:.1f}", len(values),
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def _ratios(rounds: Rounds) -> str:
    """Compare within each round, where both had the same machine, then take the median."""
    ours = [case for case in rounds if case.bot == RightsDeskBot.name]
    lines = ["Stock bot's median divided by RightsDesk's, within each round; median of the rounds (lowest–highest):", ""]
    for mine in ours:
        for other in rounds:
            if other.bot != StockBot.name or other.clients != mine.clients:
                continue
            pairs = zip(rounds[mine], rounds[other], strict=True)
            values = [b.median / a.median for a, b in pairs]
            who = "1 client" if mine.clients == 1 else f"{mine.clients} clients"
            lines.append(
                f"- {who}, stock {other.title}: **{median(values):.2f} ×** ({min(values):.2f}–{max(values):.2f})"
            )
    return "\n".join(lines)


def _what(rounds: Rounds, questions: int, asked: int) -> str:
    count = len(next(iter(rounds.values())))
    return "\n".join(
        [
            "- RightsDesk: `POST /api/v1/chat/messages` with the operator's token, until the stored reply is in the "
            "answer. The path has everything a citizen's message has: stored and committed, one turn of the engine "
            "over HTTP, article and citations looked up and checked for the day, reply committed and delivered. "
            f"{questions} of the {asked} questions of `bench/questions.txt` are answered with citations and take "
            "turns; a reply that is anything else ends the run.",
            "- Stock bot: `rasa init --no-prompt` with nothing changed, `rasa run`, `POST /webhooks/rest/webhook`. "
            "It keeps conversations in memory, stores nothing and knows seven intents.",
            "- RightsDesk engine alone: the same questions to the engine's own port with the dialogue state; the rest "
            "of the first line is the desk: HTTP, store, article, citations.",
            f"- {count} rounds; in each, every line of the table has its turn. A client sends its next message when "
            f"it has the reply, and starts a new conversation every {TURNS_PER_CONVERSATION} messages. One process "
            "sends all messages; both bots run all the time.",
        ]
    )


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return "\n".join(
        [
            f"- {len(os.sched_getaffinity(0))} cores ({_cpu()}), {memory:.0f} GB memory, {platform.system()} "
            f"{platform.release()}, load average at the end {load:.1f}",
            f"- desk: Python {platform.python_version()}, aiohttp {version('aiohttp')}, "
            f"SQLAlchemy {version('sqlalchemy')}, SQLite; RightsDesk {version('rightsdesk')}",
            f"- engine and stock bot: {_engine_versions()}",
        ]
    )


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _engine_versions() -> str:
    code = (
        "import platform; from importlib.metadata import version; "
        "print(f'Python {platform.python_version()}, Rasa ' + version('rasa') + ', TensorFlow ' + version('tensorflow'))"
    )
    done = subprocess.run(
        [str(engine_python(Settings())), "-c", code], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
