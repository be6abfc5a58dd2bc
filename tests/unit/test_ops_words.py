"""What the command line says: every text that is used is there, and every text that is there is used."""

import re
from pathlib import Path

import pytest
import typer
import yaml

from bot.ops import words as module
from bot.ops.words import fail, say, words
from bot.settings import PROJECT_ROOT

KNOWN = yaml.safe_load(Path(module.__file__).with_name("words.yml").read_text("utf-8"))
SOURCES = "".join(
    path.read_text("utf-8") for path in [*(PROJECT_ROOT / "bot" / "ops").glob("*.py"), PROJECT_ROOT / "bot" / "cli.py"]
)


def test_every_text_is_used_and_every_used_text_exists() -> None:
    # f"train {line}" names its text in the first word; so do all events of the manager.
    used = set(re.findall(r"""\b(?:words|fail|say|_say)\(f?["'](\w+)""", SOURCES))
    # f"import_{status}" names a family: all that begin so are used, and there must be some.
    families = {name for name in used if name.endswith("_")}
    assert used - families == {name for name in KNOWN if not name.startswith(tuple(families))} | (used & set(KNOWN))
    assert all(any(name.startswith(family) for name in KNOWN) for family in families)


def test_event_is_printed_with_its_detail(capsys: pytest.CaptureFixture[str]) -> None:
    say("address http://127.0.0.1:1/ or else")
    assert "http://127.0.0.1:1/ or else" in capsys.readouterr().out


def test_failure_goes_to_standard_error_and_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        raise fail("already_running", url="http://127.0.0.1:1")
    assert ended.value.exit_code == 1
    captured = capsys.readouterr()
    assert "http://127.0.0.1:1" in captured.err and not captured.out


def test_words_with_braces_in_the_detail_are_printed_as_they_are() -> None:
    assert "{x}" in words("start_failed", detail="{x}")
