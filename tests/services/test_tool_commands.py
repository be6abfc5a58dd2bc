"""The tools on the command line: the shapes that scripts rely on, and errors that say what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app

RUNNER = CliRunner()


def run(*arguments: str) -> Any:
    """Return the JSON that a command prints."""
    done = RUNNER.invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_rules_are_named() -> None:
    rows = run("deadline", "--list")
    assert len(rows) >= 45
    assert {"rule", "title", "event", "length", "services", "versions"} <= set(rows[0])
    plain = RUNNER.invoke(app, ["deadline", "--list"])
    assert "patent_reexamination" in plain.stdout


def test_a_deadline_has_its_shape() -> None:
    found = run("deadline", "patent_reexamination", "--from", "2026-07-16", "--service", "post")
    assert found["date"] == "2026-11-02"
    assert found["rolled"] is True
    assert found["steps"]
    assert (found["law_id"], found["article"]) == ("patent-law-2020", "第四十一条")


@pytest.mark.parametrize(
    "arguments",
    [
        ("deadline",),
        ("deadline", "patent_reexamination"),
        ("deadline", "nothing", "--from", "2026-11-20"),
        ("deadline", "trademark_opposition", "--from", "2026-02-30"),
        ("deadline", "patent_reexamination", "--from", "2026-11-20", "--service", "pigeon"),
        ("law", "火星法", "1"),
        ("law", "专利法", "第九百条"),
        ("law", "专利法", "74", "--on", "tomorrow"),
        ("tool", "nothing"),
        ("tool", "deadline", "rule"),
    ],
)
def test_bad_input_gets_a_clear_error(arguments: tuple[str, ...]) -> None:
    done = RUNNER.invoke(app, list(arguments))
    assert done.exit_code == 2
    assert "Invalid value" in done.output
    assert "Traceback" not in done.output


def test_a_number_says_where_its_status_stands() -> None:
    found = run("number", "CN107123456A")
    assert (found["valid"], found["reason"]) == (False, "publication_number")
    assert found["status_lookup"]
    assert found["reason_text"]


def test_laws_are_imported_and_shown(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    articles = "\n".join(f"第{number}条 条文{number}。" for number in range(1, 83))
    (tmp_path / "in" / "patent-law-2020.txt").write_text(articles, "utf-8")
    data = ("--data", str(tmp_path / "var"))
    assert run("kb", "import-laws", str(tmp_path / "in"), *data)["counts"] == {"imported": 1}
    assert run("kb", "import-laws", str(tmp_path / "in"), *data)["counts"] == {"unchanged": 1}
    found = run("law", "专利法", "第七十四条", *data)
    assert (found["text"], found["source"]) == ("条文74。", "imported")


def test_an_import_of_nothing_usable_fails(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    done = RUNNER.invoke(app, ["kb", "import-laws", str(tmp_path), "--data", str(tmp_path / "var")])
    assert done.exit_code == 1


def test_without_imported_texts_a_law_says_so(tmp_path: Path) -> None:
    found = run("law", "patent-law-2020", "74", "--data", str(tmp_path))
    assert found["text"] is None
    assert found["quotes"]
