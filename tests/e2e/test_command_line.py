"""The commands that speak to a running system."""

import json
from pathlib import Path

import pytest

from tests.e2e.system import System

pytestmark = pytest.mark.engine

RESULT_FIELDS = {
    "text", "intent", "confidence", "topic", "right", "outcome", "article_id", "citations", "reply", "latency_ms",
}  # fmt: skip
ASK_FIELDS = RESULT_FIELDS | {"conversation", "handled_by", "ticket", "requested_slot", "messages"}
OUTCOMES = {"answer", "clarify", "ticket_form", "handoff", "out_of_scope", "fallback"}


def ask(system: System, text: str, *options: str) -> dict:
    """Run `rightsdesk ask --json` and return its line."""
    done = system.cli("ask", text, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_first_start_prints_a_one_time_login(system: System) -> None:
    assert system.first_login
    assert len(system.first_login[1]) >= 12


def test_status_says_what_runs(system: System) -> None:
    done = system.cli("status", "--json")
    assert done.returncode == 0, done.stdout
    report = json.loads(done.stdout)
    assert report["running"] and report["ready"]
    assert report["url"] == system.url
    assert report["model"].endswith(".tar.gz")


def test_second_start_in_the_same_data_folder_is_refused(system: System) -> None:
    before = system.state
    done = system.up()
    assert done.returncode == 1
    assert "已有一套在运行" in done.stderr and system.url in done.stderr
    assert "Traceback" not in done.stderr
    assert system.state == before


def test_ask_prints_one_result_line_with_citations(system: System) -> None:
    line = ask(system, "外观设计专利权的保护期限是多少年？")
    assert set(line) == ASK_FIELDS
    assert (line["outcome"], line["topic"], line["right"]) == ("answer", "law", "patent")
    assert line["article_id"] == "patent_term"
    assert {"law_id", "law", "article", "effective"} <= set(line["citations"][0])
    assert (line["citations"][0]["article"], line["citations"][0]["effective"]) == ("第四十二条", "2021-06-01")
    assert line["handled_by"] == "bot" and line["ticket"] is None and line["requested_slot"] is None
    assert line["latency_ms"] > 0 and 0 < line["confidence"] <= 1
    assert all({"text", "buttons"} <= set(message) for message in line["messages"])


def test_ask_continues_a_conversation(system: System) -> None:
    started = ask(system, "我要举报投诉")
    assert (started["outcome"], started["requested_slot"]) == ("ticket_form", "complaint_report_type")
    titles = [button["title"] for message in started["messages"] for button in message["buttons"]]
    assert "权利人投诉" in titles
    going_on = ask(system, "权利人投诉", "--conversation", started["conversation"])
    assert going_on["conversation"] == started["conversation"]
    assert going_on["requested_slot"] == "complaint_right"


def test_ask_for_people_puts_the_conversation_in_the_queue(system: System) -> None:
    line = ask(system, "转人工")
    assert (line["outcome"], line["handled_by"]) == ("handoff", "queued")


def test_ask_on_a_date_answers_as_of_that_day(system: System) -> None:
    done = system.cli("ask", "外观设计专利权的保护期限是多少年？", "--on", "not-a-date")
    assert done.returncode == 2 and "YYYY-MM-DD" in done.stderr
    assert ask(system, "外观设计专利权的保护期限是多少年？", "--on", "2026-12-01")["outcome"] == "answer"


def test_eval_repeats_the_input_adds_what_was_understood_and_prints_a_table(system: System, tmp_path: Path) -> None:
    rows = [
        {"text": "外观设计专利权的保护期限是多少年？", "topic": "law", "right": "patent", "id": "q1"},
        {"text": "注册商标的有效期是多少年？", "topic": "law", "right": "trademark"},
        {"text": "今天天气怎么样", "topic": "out_of_scope", "right": "none"},
        {"text": "我要举报投诉"},
    ]
    questions, results = tmp_path / "questions.jsonl", tmp_path / "results.jsonl"
    questions.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")

    done = system.cli("eval", str(questions), "--out", str(results))

    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    assert [line["text"] for line in lines] == [row["text"] for row in rows]
    assert all(set(line) >= RESULT_FIELDS and line["outcome"] in OUTCOMES for line in lines), lines
    assert lines[0]["id"] == "q1" and lines[0]["expected_topic"] == "law"
    assert lines[0]["outcome"] == lines[1]["outcome"] == "answer"
    assert "questions 4, labelled 3" in done.stdout
    assert "right correct" in done.stdout and "topic confused" in done.stdout and "mean cost" in done.stdout
    assert "理解评测" in (tmp_path / "results.html").read_text("utf-8")


def test_eval_names_the_line_it_cannot_read(system: System, tmp_path: Path) -> None:
    questions = tmp_path / "bad.jsonl"
    questions.write_text('{"text": "好"}\n{"topic": "law"}\n', "utf-8")
    done = system.cli("eval", str(questions), "--out", str(tmp_path / "out.jsonl"))
    assert done.returncode == 2
    assert "bad.jsonl:2" in done.stderr.replace("\n", "").replace("│", "").replace(" ", "")
    assert not (tmp_path / "out.jsonl").exists()
