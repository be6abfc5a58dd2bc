"""The words with which the page starts tools are known to the patterns, and general questions are not."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def patterns() -> dict[str, re.Pattern[str]]:
    data = yaml.safe_load((ROOT / "nlu_data" / "patterns.yml").read_text("utf-8"))
    found = {}
    for entry in data["nlu"]:
        name = entry.get("regex", "")
        if name.startswith("tool:"):
            lines = [line.removeprefix("- ") for line in entry["examples"].splitlines() if line.strip()]
            found[name.removeprefix("tool:")] = re.compile("|".join(f"(?:{line})" for line in lines))
    return found


def named_by(text: str) -> list[str]:
    return [name for name, pattern in patterns().items() if pattern.search(text)]


def test_entries_of_the_page_start_their_tools() -> None:
    words = yaml.safe_load((ROOT / "bot" / "gateway" / "words.yml").read_text("utf-8"))
    for tool in words["tools"]:
        assert named_by(tool["text"]) == [tool["id"]]


@pytest.mark.parametrize(("text", "tool"), [
    ("帮我选一下专利维权途径", "route"), ("帮我对比一下商标维权途径", "route"),
    ("给我商标被侵权的证据清单", "evidence"), ("列一份图片被盗的证据清单", "evidence"),
    ("帮我查一下专利年费", "fees"), ("查商标费用", "fees"),
    ("看商标注册流程图", "flow"), ("给我一张专利侵权处理流程图", "flow"),
])  # fmt: skip
def test_plain_requests_are_recognised(text: str, tool: str) -> None:
    assert tool in named_by(text)


@pytest.mark.parametrize("text", [
    "专利维权有哪些途径", "商标维权途径是什么？", "证据清单怎么写", "什么是证据清单", "需要哪些证据", "专利年费什么时候交",
    "商标注册要多少费用", "商标注册流程是怎样的", "年费没交怎么办", "我想选择起诉",
])  # fmt: skip
def test_general_questions_stay_questions(text: str) -> None:
    assert not {"route", "evidence", "fees", "flow"} & set(named_by(text))
