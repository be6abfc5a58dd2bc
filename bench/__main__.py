"""Run the comparison: `python -m bench`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bench.bots import BenchFailed, progress, rightsdesk, stock_rasa
from bench.load import (
    Bot,
    Case,
    EngineBot,
    NotAnswered,
    RightsDeskBot,
    Round,
    StockBot,
    answered_of,
    measure,
)
from bench.report import Rounds, markdown
from bot.ops.client import Unreachable
from bot.ops.manager import StartFailed
from bot.ops.models import EngineMissing, TrainingFailed

HERE = Path(__file__).parent
ROUNDS = 8
MIN_ROUNDS = 2
#: No round begins later than this after the start, in seconds: `make bench` stays under six minutes.
LAST_ROUND_BEGINS = 300.0
MESSAGES = {1: 24, 8: 12}
#: A short message of the stock bot's own examples, and one as long as our questions.
STOCK_TEXTS = ("hello", "I am feeling very sad today, can you show me something that cheers me up")


def main() -> int:
    """Measure, print the table, write RESULTS.md; return the exit code."""
    started = time.monotonic()
    questions = (HERE / "questions.txt").read_text("utf-8").split()
    try:
        with tempfile.TemporaryDirectory(prefix="rightsdesk-bench-") as folder:
            with stock_rasa(Path(folder)) as stock, rightsdesk(Path(folder)) as (ours, engine):
                answered, rounds = asyncio.run(_compare(ours, engine, stock, questions, started))
    except (BenchFailed, EngineMissing, NotAnswered, StartFailed, TrainingFailed, Unreachable) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    report = markdown(rounds, questions=len(answered), asked=len(questions))
    (HERE / "RESULTS.md").write_text(report, "utf-8")
    print(report)
    return 0


async def _compare(
    ours: RightsDeskBot, engine: EngineBot, stock: StockBot, questions: list[str], started: float
) -> tuple[list[str], Rounds]:
    rounds: dict[Case, list[Round]] = defaultdict(list)
    async with ours, engine, stock:
        answered = await answered_of(ours, questions)
        if len(answered) * 2 < len(questions):
            raise BenchFailed(f"RightsDesk answers only {len(answered)} of {len(questions)} questions")
        await answered_of(stock, STOCK_TEXTS)
        plan = _plan(ours, engine, stock, answered)
        for number in range(ROUNDS):
            if number >= MIN_ROUNDS and time.monotonic() - started > LAST_ROUND_BEGINS:
                break
            progress(f"round {number + 1} of {ROUNDS}")
            # Every other round in the opposite order, so that nobody is always first.
            for case, bot, texts in plan if number % 2 == 0 else reversed(plan):
                measured = await measure(bot, texts, clients=case.clients, messages=MESSAGES[case.clients])
                rounds[case].append(measured)
    return answered, {case: rounds[case] for case, _, _ in plan}


def _plan(
    ours: Bot, engine: Bot, stock: Bot, questions: Sequence[str]
) -> list[tuple[Case, Bot, Sequence[str]]]:
    """Return what is measured in each round, in the order of the table."""
    asked: list[tuple[Bot, str, Sequence[str]]] = [
        (ours, "FAQ", questions),
        *((stock, _short(text), [text]) for text in STOCK_TEXTS),
        (engine, "FAQ", questions),
    ]
    return [(Case(bot.name, title, clients), bot, texts) for clients in MESSAGES for bot, title, texts in asked]


def _short(text: str) -> str:
    return f"“{text}”" if len(text) < 30 else f"“{text[:28]}…” ({len(text.split())} words)"


if __name__ == "__main__":
    sys.exit(main())
