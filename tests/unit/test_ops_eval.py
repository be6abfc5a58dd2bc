"""`eval`: reading questions, the result lines, the table."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.ops.client import Spoken, ask_line, result_line
from bot.ops.eval.asking import BadQuestionFile, ask_all, read_questions, write_results
from bot.ops.eval.printing import summary
from bot.ops.eval.scoring import is_right

RESULT = ["text", "intent", "confidence", "topic", "right", "outcome", "article_id", "citations", "reply", "latency_ms"]
MESSAGE = {"text": "十五年。", "buttons": []}
TURN = {
    "intent": "faq", "confidence": 0.9, "topic": "law", "right": "patent", "outcome": "answer",
    "article_id": "patent_term", "citations": [{"law_id": "patent-law-2020"}], "reply": "十五年。",
    "requested_slot": None, "ticket": None,
}  # fmt: skip


def answer(**turn: Any) -> dict[str, Any]:
    return {"session": "token", "handled_by": "bot", "messages": [MESSAGE], "turn": TURN | turn}


class FakeClient:
    """Answers at once, the later questions first."""

    def __init__(self, turns: dict[str, dict[str, Any]] | None = None) -> None:
        self.turns = turns or {}
        self.asked: list[tuple[str, str | None]] = []

    async def say(self, text: str, *, session: str | None = None, on: Any = None) -> Spoken:
        self.asked.append((text, session))
        return Spoken(answer(**self.turns.get(text, {})), 12.34)


def test_result_line_has_what_the_design_lists_in_its_order() -> None:
    line = result_line("外观设计保护几年", Spoken(answer(), 12.34))
    assert list(line) == RESULT
    assert (line["text"], line["latency_ms"], line["reply"]) == ("外观设计保护几年", 12.3, "十五年。")


def test_ask_line_is_a_result_line_and_where_the_conversation_stands() -> None:
    line = ask_line("确认提交", Spoken(answer(ticket="TS2611200000015", requested_slot="complaint_phone"), 1))
    assert list(line) == [*RESULT, "conversation", "handled_by", "ticket", "requested_slot", "messages"]
    assert (line["conversation"], line["handled_by"]) == ("token", "bot")
    assert (line["ticket"], line["requested_slot"]) == ("TS2611200000015", "complaint_phone")
    assert line["messages"] == [MESSAGE]


def test_reply_of_a_turn_without_words_is_what_the_citizen_reads() -> None:
    """An engine failure has no reply of its own; the words of the queue are what counts."""
    assert result_line("问", Spoken(answer(reply=""), 1))["reply"] == "十五年。"


def test_questions_are_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"text": "一", "topic": "law"}\n\n{"text": "二", "id": 7}\n', "utf-8")
    assert read_questions(path) == [{"text": "一", "topic": "law"}, {"text": "二", "id": 7}]


@pytest.mark.parametrize("line", ["{", "[]", '"text"', "{}", '{"text": " "}', '{"topic": "law"}'])
def test_line_that_is_no_question_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(f'{{"text": "一"}}\n{line}\n', "utf-8")
    with pytest.raises(BadQuestionFile, match=r"q\.jsonl:2"):
        read_questions(path)


async def test_every_question_is_asked_once_in_a_conversation_of_its_own() -> None:
    client, seen = FakeClient(), []
    rows = [{"text": f"问题{number}"} for number in range(9)]
    results = await ask_all(client, rows, on=None, progress=seen.append)  # type: ignore[arg-type]
    assert sorted(client.asked) == [(row["text"], None) for row in rows]
    assert [result["text"] for result in results] == [row["text"] for row in rows]
    assert seen == list(range(1, 10))


async def test_result_repeats_the_input_and_keeps_its_labels_apart() -> None:
    rows = [{"text": "问", "topic": "evidence", "right": "none", "alt_topics": ["law"], "id": 3}]
    (result,) = await ask_all(FakeClient(), rows, on=None, progress=lambda done: None)  # type: ignore[arg-type]
    assert (result["id"], result["alt_topics"]) == (3, ["law"])
    assert (result["expected_topic"], result["topic"]) == ("evidence", "law")
    assert (result["expected_right"], result["right"]) == ("none", "patent")
    assert is_right(result, "topic") and not is_right(result, "right")
    json.dumps(result)


def test_result_lines_are_written_as_they_are_read(tmp_path: Path) -> None:
    rows = [{"text": "一“引号”", "confidence": 0.5}, {"text": "二"}]
    write_results(tmp_path / "results.jsonl", rows)
    assert read_questions(tmp_path / "results.jsonl") == rows


def labelled(expected: str, got: str, *, outcome: str = "answer", right: str = "patent") -> dict[str, Any]:
    return {
        "expected_topic": expected, "topic": got, "expected_right": "patent", "right": right,
        "outcome": outcome, "latency_ms": 10.0,
    }  # fmt: skip


def test_table_counts_topics_rights_refusals_and_confusions() -> None:
    results = [
        labelled("law", "law"),
        labelled("law", "evidence", right="trademark"),
        labelled("evidence", "evidence", outcome="out_of_scope"),
        labelled("out_of_scope", "out_of_scope", outcome="out_of_scope"),
    ]
    table = summary(results)
    assert "questions 4, labelled 4" in table
    assert "right correct            75.0 % of 4" in table
    assert "topic correct            75.0 % of 4" in table
    assert "out of scope recognised  100.0 % of 1" in table
    assert "in scope refused         33.3 % of 3" in table
    assert "handoff recognised       -" in table
    assert "mean cost                1.75" in table
    assert "calibration error        -" in table
    assert "refused                     4     1        4" in table
    assert "law → evidence" in table and "patent → trademark" in table
    assert "outcomes  answer 2, out_of_scope 2" in table
    assert "median 10 ms, p95 10 ms" in table


def test_table_of_questions_without_labels_has_no_shares() -> None:
    table = summary([{"topic": "law", "right": "patent", "outcome": "answer", "latency_ms": 8.0}])
    assert "questions 1, labelled 0" in table and "correct" not in table


def test_table_of_nothing_is_a_table() -> None:
    assert "questions 0" in summary([])
