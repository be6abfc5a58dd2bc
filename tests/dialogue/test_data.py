"""The training data: complete, without contradictions, and clean of what it is measured with."""

import json
import os
import re
import subprocess
import unicodedata
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from tests.dialogue.driver import ROOT

ARTICLES = ROOT / "knowledge_base" / "articles"
#: Rasa's validator knows no forms, and no intents that a component sets or a button sends.
EXPECTED_WARNINGS = re.compile(
    r"The utterance 'utter_ask_\w+' is not used|The intent '(answer_field|request_human_urgent|show_article|use_tool)' is listed in"
)


def written_examples() -> list[tuple[str, str]]:
    """Return every example in nlu_data as (intent, text)."""
    examples = []
    for path in sorted((ROOT / "nlu_data").glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            lines = entry["examples"].splitlines() if "intent" in entry else []
            examples += [(entry["intent"], line.removeprefix("- ").strip()) for line in lines if line.strip()]
    return examples


def article_examples() -> list[tuple[str, str]]:
    """Return title and questions of every article, its later versions left out, as (intent, text)."""
    examples = []
    for path in sorted(ARTICLES.glob("**/*.md")):
        front = yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])
        if "version_of" in front:
            continue
        texts = dict.fromkeys([front["title"], *front["questions"]])
        examples += [(f"faq/{front['id']}", str(text)) for text in texts]
    return examples


def bare(text: str) -> str:
    """Return a sentence without width, spaces, punctuation and case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


def test_no_sentence_is_under_two_intents() -> None:
    intents = defaultdict(set)
    for intent, text in written_examples() + article_examples():
        intents[bare(text)].add(intent)
    assert not {text: found for text, found in intents.items() if len(found) > 1}


def test_no_sentence_is_written_twice() -> None:
    texts = [bare(text) for _, text in written_examples()]
    assert not {text for text in texts if texts.count(text) > 1}


@pytest.mark.parametrize(("intent", "least"), [("ask_out_of_scope", 120), ("request_human", 60)])
def test_what_matters_most_has_many_examples(intent: str, least: int) -> None:
    assert sum(found.partition("/")[0] == intent for found, _ in written_examples()) >= least


def test_every_intent_has_enough_examples() -> None:
    counts: dict[str, int] = defaultdict(int)
    for intent, _ in written_examples():
        counts[intent.partition("/")[0]] += 1
    assert not {intent: count for intent, count in counts.items() if count < 25}


def test_every_buttons_words_are_an_example() -> None:
    known = {bare(text) for _, text in written_examples()}
    for path in (ROOT / "bot" / "engine" / "domain").glob("*.yml"):
        for responses in (yaml.safe_load(path.read_text(encoding="utf-8")).get("responses") or {}).values():
            payloads = [button["payload"] for response in responses for button in response.get("buttons", [])]
            assert not [payload for payload in payloads if bare(payload) not in known], path.name


def trained() -> set[str]:
    """Everything that is learnt from, bare; greetings are the same everywhere."""
    return {bare(text) for intent, text in written_examples() + article_examples() if not intent.startswith("greet")}


def bare_questions(file: Path) -> set[str]:
    return {bare(json.loads(line)["text"]) for line in file.read_text(encoding="utf-8").splitlines()}


def test_measured_questions_are_not_in_the_training_data() -> None:
    folder = Path(os.environ.get("RIGHTSDESK_SAMPLES") or ROOT.parent / "shared" / "samples")
    if not (file := folder / "questions-dev.jsonl").exists():
        pytest.skip(f"no sample questions at {file} (set RIGHTSDESK_SAMPLES)")
    assert not bare_questions(file) & trained()


def test_our_own_test_questions_are_not_in_the_training_data() -> None:
    assert not bare_questions(ROOT / "tests" / "dialogue" / "questions.jsonl") & trained()


@pytest.mark.engine
def test_rasa_finds_nothing_wrong_with_the_data(engine_python: Path) -> None:
    done = subprocess.run(
        [
            str(engine_python.with_name("rasa")), "data", "validate", "--fail-on-warnings",
            "--domain", "bot/engine/domain", "--data", "nlu_data", "bot/engine/rules",
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=250,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false", "LOG_LEVEL": "WARNING"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    warned = re.findall(r"UserWarning: (.*)", done.stdout + done.stderr)
    assert not [warning for warning in warned if not EXPECTED_WARNINGS.search(warning)]


def test_the_selector_weighs_its_signals_with_labels_as_the_label_classifier_finds_them() -> None:
    pipeline = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    settings = {item["name"].rpartition(".")[2]: item for item in pipeline}
    assert settings["ArticleSelector"]["label_strength"] == settings["LabelClassifier"]["strength"]
