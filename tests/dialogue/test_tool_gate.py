"""The tool gate on its own, with the patterns as they are, run by the engine's interpreter."""

from pathlib import Path
from typing import Any

import pytest

from tests.dialogue.test_components import in_engine

pytestmark = pytest.mark.engine

_SCRIPT = """
import yaml
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from bot.engine.nlu.text import normalise
from bot.engine.nlu.tool_gate import ToolGate
features = [
    {"name": entry["regex"], "pattern": line[2:]}
    for entry in yaml.safe_load(open("nlu_data/patterns.yml"))["nlu"] if "regex" in entry
    for line in entry["examples"].strip().splitlines()
]
gate = ToolGate(ToolGate.get_default_config(), "gate", None, None)
gate.learn(TrainingData(regex_features=features))
def heard(text, intent="nlu_fallback", **metadata):
    message = Message({"text": text if text.startswith("/") else normalise(text)})
    message.set("metadata", {"written": text, **metadata})
    message.set("intent", {"name": intent, "confidence": 0.9})
    gate.work(message)
    found = {entity["entity"]: entity["value"] for entity in message.get("entities") or []}
    return [message.get("intent")["name"], found.get("tool"), found.get("given")]
"""

REQUESTS = {
    "我昨天收到商标驳回通知，最晚哪天申请复审": "deadline",
    "专利驳回决定11月5日收到的，算一下复审截止日": "deadline",
    "判决书十一月二十日收到，上诉最晚哪天": "deadline",
    "帮我算一下期限": "deadline",
    "专利法第七十四条怎么说": "law",
    "商标法第 33 条原文": "law",
    "刑法二百一十九条之一": "law",
    "帮我查一下专利号ZL201710601862.3是真的吗": "number",
    "12345678号商标是什么状态": "number",
    "ZL 2017 1 0601862.3": "number",
}
QUESTIONS = [
    "复审期限是多久",
    "专利年费什么时候交",
    "商标异议期是几个月",
    "我2019年3月5日签的合同到期了对方还在用我的商标怎么办",
    "根据专利法第七十一条能赔多少钱",
    "专利法第22条规定的新颖性怎么判断",
    "商标注册号12345678被别人侵权了怎么办",
    "昨天收到律师函怎么办",
    "我的手机号13900139000",
]


def test_plain_requests_are_heard_and_general_questions_are_not(engine_python: Path) -> None:
    script = f"{_SCRIPT}\nresult = [heard(text)[1] for text in values]"
    found = in_engine(engine_python, script, *REQUESTS, *QUESTIONS)
    assert dict(zip([*REQUESTS, *QUESTIONS], found, strict=True)) == REQUESTS | dict.fromkeys(QUESTIONS)


def asking(kind: str, *answers: list[str]) -> dict[str, Any]:
    return {"tool": "deadline", "given": "rule=x", "asks": {"field": "f", "kind": kind, "answers": list(answers)}}


POST, HANDED = ["post", "邮寄"], ["handed", "当面交付", "当面"]


ANSWERS: list[tuple[dict[str, Any], str, str, str | None]] = [
    (asking("choice", POST, HANDED), "邮寄", "faq", "rule=x&f=post"),
    (asking("choice", POST, HANDED), "当面。", "faq", "rule=x&f=handed"),
    (asking("choice", POST, HANDED), "2", "nlu_fallback", "rule=x&f=handed"),
    (asking("choice", POST, HANDED), "第二个", "nlu_fallback", "rule=x&f=handed"),
    (asking("choice", POST, HANDED), "3", "nlu_fallback", None),
    (asking("choice", POST, HANDED), "外观设计专利保护多久", "faq", None),
    (asking("date"), "11月20日收到的", "faq", "rule=x&f=11%E6%9C%8820%E6%97%A5%E6%94%B6%E5%88%B0%E7%9A%84"),
    (asking("date"), "昨天", "faq", "rule=x&f=%E6%98%A8%E5%A4%A9"),
    (asking("date"), "我不记得了", "faq", None),
    (asking("text"), "专利法", "faq", "rule=x&f=%E4%B8%93%E5%88%A9%E6%B3%95"),
    (asking("text"), "商标怎么注册", "faq", None),
    (asking("text"), "转人工", "request_human", None),
    (asking("text"), "谢谢", "thank", None),
]


def test_an_answer_goes_to_the_tool_and_anything_else_does_not(engine_python: Path) -> None:
    """All in one go: the engine's environment takes seconds to start."""
    script = f"{_SCRIPT}\nresult = [heard(text, intent, tool_state=state) for state, text, intent, _ in values]"
    found = in_engine(engine_python, script, *ANSWERS)
    expected = [["use_tool", "deadline", given] if given else [intent, None, None] for _, _, intent, given in ANSWERS]
    assert found == expected


def test_a_form_and_a_button_come_first(engine_python: Path) -> None:
    script = f"""{_SCRIPT}
state = {{"tool": "law", "given": "", "asks": {{"field": "law", "kind": "text", "answers": []}}}}
result = [
    heard("昨天", tool_state=state, requested_slot="complaint_period")[0],
    heard("专利法第七十四条怎么说", requested_slot="complaint_facts")[0],
    heard("/request_human", "request_human", tool_state=state)[0],
    heard("TS2611200000015是真的吗", "check_ticket")[0],
]"""
    assert in_engine(engine_python, script) == ["nlu_fallback", "nlu_fallback", "request_human", "check_ticket"]
