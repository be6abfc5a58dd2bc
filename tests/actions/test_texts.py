"""The words: complete for what the program can say, and safe to look up."""

import string
from pathlib import Path

import pytest

from bot.helpdesk import errors
from bot.helpdesk.ticket import TicketKind, TicketStatus
from bot.knowledge.routing import load_routing
from bot.settings import PROJECT_ROOT
from bot.texts import FILES, Texts

TEXTS = Texts.load()


def error_codes(kind: type[errors.HelpdeskError] = errors.HelpdeskError) -> set[str]:
    return {kind.code}.union(*(error_codes(child) for child in kind.__subclasses__()))


def write(folder: Path, **files: str) -> Path:
    for name in FILES:
        (folder / name).write_text(files.get(name.removesuffix(".yml"), "{}"), "utf-8")
    return folder


def test_every_state_kind_and_queue_has_a_name() -> None:
    assert set(TEXTS.section("states")) == {status.value for status in TicketStatus}
    assert set(TEXTS.section("state_hints")) == {status.value for status in TicketStatus}
    assert set(TEXTS.section("kinds")) == {kind.value for kind in TicketKind}
    assert set(TEXTS.section("queues")) == set(load_routing(PROJECT_ROOT / "knowledge_base").queues)


def test_every_error_has_words() -> None:
    assert {code for code in error_codes() if f"errors.{code}" not in TEXTS} == set()


def test_an_error_is_told_with_its_details() -> None:
    assert "20 MB" in TEXTS.for_error("file_too_large", limit_mb=20)


def test_an_error_without_words_or_without_details_is_told_in_general_words() -> None:
    assert TEXTS.for_error("never_heard_of") == TEXTS("errors.error")
    assert TEXTS.for_error("file_too_large") == TEXTS("errors.error")


def test_a_missing_key_and_a_missing_value_are_our_mistakes() -> None:
    with pytest.raises(KeyError):
        TEXTS("handoff.nothing")
    with pytest.raises(KeyError):
        TEXTS("handoff.queued")


def test_words_from_a_citizen_are_not_read_as_placeholders() -> None:
    text = TEXTS("tickets.public_reply", number="TS1", text="{number} {0} %s")
    assert "{number} {0} %s" in text


def test_every_placeholder_is_a_plain_name() -> None:
    for key in TEXTS:
        for _, name, spec, conversion in string.Formatter().parse(TEXTS._words[key]):
            assert name is None or name.isidentifier(), key
            assert not spec and conversion is None, key


def test_a_key_stands_in_one_file_only(tmp_path: Path) -> None:
    folder = write(tmp_path, citizen="a: {b: 甲}", staff="a: {b: 乙}")
    with pytest.raises(ValueError, match=r"a\.b"):
        Texts.load(folder)


def test_a_leaf_that_yaml_reads_as_something_else_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.yes"):
        Texts.load(write(tmp_path, citizen="a: {'yes': yes}"))


def test_a_section_holds_what_stands_directly_under_it(tmp_path: Path) -> None:
    texts = Texts.load(write(tmp_path, citizen="a: {b: 甲, c: {d: 乙}}"))
    assert texts.section("a") == {"b": "甲"}
