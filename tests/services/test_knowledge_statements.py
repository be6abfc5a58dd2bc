"""Statements of the tools' data files: how they are read, and what the check finds in them."""

from datetime import date
from pathlib import Path

import pytest

from bot.knowledge.check import check_knowledge
from bot.knowledge.datafile import DataError, Fields
from bot.knowledge.laws import LawRegistry
from bot.knowledge.statements import read_statements, said_on, turning_days
from tests.services.test_knowledge_check import LAWS, REGISTRY, TODAY

SINCE = date(2026, 11, 1)
HEAD = "valid_from: 2026-11-01\nreviewed: 2026-11-20\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A knowledge base without articles, and its official texts beside it."""
    root, texts = tmp_path / "kb", tmp_path / "texts"
    for folder in ("laws", "routes", "articles"):
        (root / folder).mkdir(parents=True)
    (root / "laws" / "registry.yml").write_text(REGISTRY, encoding="utf-8")
    texts.mkdir()
    for law_id, text in LAWS.items():
        (texts / f"{law_id}.md").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def found(root: Path):
    """Write a data file and return the codes of what the check finds in it."""

    def run(content: str, *, texts: bool = True) -> list[str]:
        (root / "routes" / "a.yml").write_text(content, encoding="utf-8")
        report = check_knowledge(root, root.parent / "texts" if texts else None, TODAY)
        return [problem.code for problem in report.problems]

    return run


def statement(cite: str, say: str = "保护二十年", more: str = "") -> str:
    return f"{HEAD}can:\n  - say: {say}\n    cite: {cite}\n{more}"


def test_right_statement_passes(found) -> None:
    assert found(statement("test-law 1 保护期限为二十年")) == []
    assert found(statement("test-law 1.1 保护期限为二十年")) == []


@pytest.mark.parametrize(
    ("cite", "code"),
    [
        ("test-law 9 保护期限为二十年", "article_unknown"),
        ("other-law 1 保护期限为二十年", "law_unknown"),
        ("test-law 1 保护期限为三十年", "quote_not_verbatim"),
        ("test-law 1.2 保护期限为二十年", "quote_other_paragraph"),
        ("test-law 2 罚款五万元以下", "figure_unsupported"),
    ],
)
def test_mistake_in_a_citation_is_found(found, cite: str, code: str) -> None:
    assert code in found(statement(cite))


def test_statement_must_keep_its_ground(found) -> None:
    """The old trade mark law ends on 2026-12-31: say what holds then, or until when."""
    old, new = "mark-2019 1 异议期为三个月", "mark-2026 2 异议期为二个月"
    assert found(statement(old, "三个月")) == ["law_ending"]
    assert found(statement(old, "三个月", "    to: 2026-12-31\n")) == []
    assert "law_not_in_force" in found(statement(new, "二个月"))
    assert found(statement(new, "二个月", "    from: 2027-01-01\n")) == []
    assert found(statement(f"[{old}, {new}]", "要在期限内提出")) == []


def test_figure_or_provision_outside_of_a_statement_is_found(found) -> None:
    assert found(f"{HEAD}title: 异议\ncan:\n  - note: 三十日内提出\n") == ["plain_figure"]
    assert found(f"{HEAD}title: 测试法第二条\n") == ["plain_mention"]
    assert found(f"{HEAD}gist: 三个月办完\n") == ["plain_figure"]
    assert found(f"{HEAD}questions:\n  - aliases: [三年不使用]\n") == []


@pytest.mark.parametrize(
    "content",
    [
        "title: 没有日期\n",
        f"{HEAD}can:\n  - say: 没有依据\n",
        f"{HEAD}can:\n  - {{say: 一, note: 二}}\n",
        f"{HEAD}can:\n  - note: 一\n    cite: test-law 1 保护期限为二十年\n",
        f"{HEAD}can:\n  - say: 一\n    cite: test-law\n",
        f"{HEAD}can:\n  - say: 一\n    cite: test-law 1 保护期限为二十年\n    until: 2026-12-31\n",
    ],
)
def test_file_that_cannot_be_read_is_found(found, content: str) -> None:
    assert found(content) == ["unreadable"]


def test_overdue_review_is_found(found) -> None:
    content = statement("test-law 1 保护期限为二十年").replace("2026-11-20", "2025-10-01")
    assert found(content) == ["review_overdue"]


def test_finding_names_file_and_key(root: Path, found) -> None:
    found(statement("test-law 1 不是原文"))
    problem = check_knowledge(root, root.parent / "texts", TODAY).problems[0]
    assert problem.path == Path("routes/a.yml")
    assert problem.message.startswith("can[0]：")


def statements_of(data: object):
    return read_statements(Fields({"can": data}, Path("a.yml")), "can", since=SINCE)


def test_said_on_a_day_is_what_holds_then(root: Path) -> None:
    laws = LawRegistry.load(root)
    statements = statements_of(
        [
            {"say": "三个月", "cite": "mark-2019 1 异议期为三个月", "to": date(2026, 12, 31)},
            {"say": "二个月", "cite": "mark-2026 2 异议期为二个月", "from": date(2027, 1, 1)},
            "先看公告",
        ]
    )
    assert [said.text for said in said_on(statements, laws, date(2026, 12, 31))] == ["三个月", "先看公告"]
    assert [said.text for said in said_on(statements, laws, date(2027, 1, 1))] == ["二个月", "先看公告"]
    assert said_on(statements, laws, date(2026, 10, 31)) == []
    assert date(2027, 1, 1) in turning_days(statements, laws)


def test_statement_that_lost_its_ground_is_not_said(root: Path) -> None:
    laws = LawRegistry.load(root)
    statements = statements_of({"say": "三个月", "cite": "mark-2019 1 异议期为三个月"})
    assert said_on(statements, laws, date(2027, 1, 1)) == []


def test_only_narrows_to_what_was_asked(root: Path) -> None:
    laws = LawRegistry.load(root)
    statements = statements_of({"note": "一", "only": {"right": ["patent"], "where": "online"}})
    assert said_on(statements, laws, TODAY, {"right": "patent"})
    assert said_on(statements, laws, TODAY, {"right": "patent", "where": "online"})
    assert not said_on(statements, laws, TODAY, {"right": "trademark"})
    assert not said_on(statements, laws, TODAY, {"right": "patent", "where": "market"})


def test_key_that_is_missing_is_named() -> None:
    with pytest.raises(DataError, match="can"):
        read_statements(Fields({}, Path("a.yml")), "can", since=SINCE, required=True)
