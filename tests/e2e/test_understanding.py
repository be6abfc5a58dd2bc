"""What the whole system makes of 1,251 questions that nobody trained on (tests/dialogue/questions.jsonl).

They were written and labelled by people who had seen neither training data nor answers while writing. The bounds
are a little below what was reached when they were set; README says what that was.
"""

import json
from pathlib import Path

import pytest

from bot.ops.eval.scoring import Headline, headline
from bot.settings import PROJECT_ROOT
from tests.e2e.system import System

pytestmark = pytest.mark.engine

QUESTIONS = PROJECT_ROOT / "tests" / "dialogue" / "questions.jsonl"
#: At least this share, except where the name says `most`.
RIGHT, TOPIC, ARTICLE, OUTSIDE, PERSON, REFUSED_AT_MOST = 0.91, 0.94, 0.91, 0.92, 0.97, 0.02


@pytest.fixture(scope="module")
def found(system: System, tmp_path_factory: pytest.TempPathFactory) -> Headline:
    results = tmp_path_factory.mktemp("measured") / "results.jsonl"
    done = system.cli("eval", str(QUESTIONS), "--out", str(results), timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    return headline([json.loads(line) for line in Path(results).read_text("utf-8").splitlines()])


@pytest.mark.parametrize(
    ("name", "least"),
    [("right", RIGHT), ("topic", TOPIC), ("article", ARTICLE), ("outside", OUTSIDE), ("person", PERSON)],
)
def test_understanding_is_as_good_as_it_was(found: Headline, name: str, least: float) -> None:
    share = getattr(found, name)
    assert share.value is not None and share.value >= least, f"{name}: {share.hits} of {share.total}"


def test_few_questions_of_ours_are_refused(found: Headline) -> None:
    assert found.refused.value is not None and found.refused.value <= REFUSED_AT_MOST
