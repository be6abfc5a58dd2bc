"""The sentences that understanding is measured with: of known intents, and never trained on."""

from collections import Counter

import yaml

from tests.dialogue.driver import ROOT
from tests.dialogue.test_data import article_examples, bare, written_examples


def held_out() -> list[tuple[str, str]]:
    """Return every held-out sentence as (intent, text)."""
    file = yaml.safe_load((ROOT / "tests" / "dialogue" / "held_out.yml").read_text(encoding="utf-8"))
    sections = [file["intents"], file["traps"], file["ours"]]
    return [(intent, text) for section in sections for intent, texts in section.items() for text in texts]


def test_no_held_out_sentence_is_trained_on() -> None:
    trained = {bare(text) for _, text in written_examples() + article_examples()}
    assert not [text for _, text in held_out() if bare(text) in trained]


def test_no_held_out_sentence_is_written_twice() -> None:
    assert not [text for text, count in Counter(bare(text) for _, text in held_out()).items() if count > 1]


def test_held_out_intents_are_trained() -> None:
    trained = {intent for intent, _ in written_examples()} | {"faq"}
    assert not {intent for intent, _ in held_out()} - trained
