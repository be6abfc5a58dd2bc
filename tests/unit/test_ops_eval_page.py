"""`eval`: the page."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.ops.eval.page import MOST_WORST, Run, page_beside, render, write_page
from bot.texts import Texts

RUN = Run("questions.jsonl", datetime(2026, 11, 21, 8, 30, tzinfo=UTC), date(2027, 1, 1), "20261121.tar.gz")
TEXTS = Texts.load()


def result(expected: str, got: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "q1", "text": "专利保护几年", "expected_topic": expected, "expected_right": "patent", "topic": got,
        "right": "patent", "outcome": "answer", "intent": "faq", "confidence": 0.93, "article_id": "patent_term",
        "citations": [], "reply": "二十年。\n\n自申请日起算。", "latency_ms": 31.0,
    } | more  # fmt: skip


RESULTS = [
    *(result("law", "law", confidence=n / 10) for n in range(3, 10)),
    result("law", "evidence"),
    result("law", "law", right="trademark", confidence=0.3, id="q2"),
    result("evidence", "evidence", outcome="clarify"),
    result("procedure", "out_of_scope", expected_right="general", right="none", outcome="out_of_scope"),
    result("out_of_scope", "out_of_scope", expected_right="none", right="none", outcome="out_of_scope"),
    result("handoff", "handoff", expected_right="none", right="none", outcome="handoff", confidence=None),
]


@pytest.fixture(scope="module")
def page() -> str:
    return render(RUN, RESULTS, TEXTS)


def test_page_says_what_was_run(page: str) -> None:
    for fact in ("questions.jsonl", "2026-11-21 08:30", "2027-01-01", "20261121.tar.gz", "13 题，其中 13 题有标注"):
        assert fact in page


def test_page_needs_nothing_from_elsewhere(page: str) -> None:
    assert "<script" not in page and "@import" not in page
    assert not re.search(r"""(?:src|href)=|url\(|https?://""", page)


def test_page_shows_every_part(page: str) -> None:
    for title in ("总览", "各主题、各权利的正确率", "把什么当成了什么", "错误的代价", "置信度可不可信", "最糟的答复"):
        assert title in page
    assert "取证与证据" in page and "法律规定 → 取证与证据：1 题" in page
    assert 'class="reliability"' in page and "平均代价" in page


def test_worst_case_shows_what_was_asked_expected_and_said(page: str) -> None:
    first = page.split('<ol class="worst">')[1].split("</li>")[0]
    assert "专利保护几年" in first and "答错，还很有把握 · 5" in first
    assert "应为 法律规定，得到 取证与证据" in first and "置信度 0.93" in first
    assert "二十年。 自申请日起算。" in first


def test_words_of_citizens_are_not_taken_for_html() -> None:
    page = render(RUN, [result("law", "evidence", text="<script>x</script>", reply="<img src=x>")], TEXTS)
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;x" in page


def test_long_texts_are_cut_and_few_worst_cases_shown() -> None:
    page = render(RUN, [result("law", "evidence", text="很长" * 900)] * (MOST_WORST + 5), TEXTS)
    assert "很长" * 250 not in page and "……" in page
    assert page.count('<p class="asked">') == MOST_WORST and "另有 5 题" in page


def test_label_that_is_none_of_ours_is_shown_as_it_is() -> None:
    assert "tax_law" in render(RUN, [result("tax_law", "law")], TEXTS)


def test_page_without_labels_shows_kinds_and_times_only() -> None:
    unlabelled = {name: value for name, value in RESULTS[0].items() if not name.startswith("expected")}
    page = render(RUN, [unlabelled], TEXTS)
    assert "没有标注" in page and "直接作答" in page and "31" in page
    assert "错误的代价" not in page


def test_page_of_nothing_is_a_page() -> None:
    assert "0 题" in render(RUN, [], TEXTS)


def test_page_lies_beside_the_results(tmp_path: Path) -> None:
    assert page_beside(tmp_path / "results.jsonl") == tmp_path / "results.html"
    assert page_beside(tmp_path / "results.html") == tmp_path / "results.html.html"
    assert page_beside(Path("/dev/null")) is None


def test_page_is_written_in_utf8(tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", RUN, RESULTS)
    assert "理解评测" in (tmp_path / "page.html").read_text("utf-8")
