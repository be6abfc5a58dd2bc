"""The guiding tools on the command line: a result, or the next question; JSON for programs."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.knowledge import KnowledgeBase


@pytest.fixture(scope="module", autouse=True)
def knowledge_read_once() -> Iterator[None]:
    """Every command reads the knowledge base, which never changes here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KnowledgeBase, "load", cache(KnowledgeBase.load))
        yield


def run(*arguments: str, fails: bool = False) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert (result.exit_code != 0) == fails, result.output
    return result.output


@pytest.mark.parametrize("command", ["route", "evidence", "fees", "flow"])
def test_without_answers_the_first_question_is_printed(command: str) -> None:
    asked = json.loads(run(command, "--json"))["question"]
    assert asked["kind"] == "choice" and asked["choices"]
    assert asked["choices"][0]["title"] in run(command)


def test_route_names_what_is_missing_next() -> None:
    assert json.loads(run("route", "--right", "patent", "--json"))["question"]["field"] == "matter"


def test_routes_as_json() -> None:
    given = (
        "--right",
        "patent",
        "--matter",
        "infringed",
        "--where",
        "market",
        "--goal",
        "stop",
        "--known",
        "yes",
    )
    data = json.loads(run("route", *given, "--json"))
    assert data["recommended"] == "patent_ruling" and len(data["routes"]) > 2


def test_evidence_can_be_printed() -> None:
    assert run("evidence", "trade_secret", "--printable").startswith("证据清单：商业秘密")


def test_annuities_as_json() -> None:
    given = ("patent_annuity", "--kind", "invention", "--filed", "2021-06-15", "--on", "2026-11-21")
    data = json.loads(run("fees", *given, "--json"))
    assert data["late"] == 6 and data["term_end"] == "2041-06-14"


def test_flow_on_a_day_and_as_a_picture(tmp_path: Path) -> None:
    assert "公告期二个月" in run("flow", "trademark_registration", "--on", "2027-01-01")
    picture = tmp_path / "flow.svg"
    run("flow", "trademark_registration", "--on", "2026-12-31", "--svg", str(picture))
    assert "公告三个月" in picture.read_text("utf-8")


def test_answer_that_is_no_choice_is_refused() -> None:
    run("route", "--right", "nothing", fails=True)
