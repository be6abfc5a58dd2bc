"""action_use_tool: from a button, a sentence or a typed answer to the next question or the result."""

from typing import Any

import pytest

from actions.use_tool import STATE
from bot.assistant.engine import EngineReply
from bot.assistant.presenter import Presenter
from bot.tools.box import ToolBox
from bot.tools.dialogue import decode, encode, payload
from tests.actions.conftest import Actions
from tests.actions.dialogue import make_tracker, run, slots_set
from tests.services.toolkit import TODAY, real_sources

TOOLS = ToolBox.load(real_sources())
METADATA = {"today": TODAY.isoformat()}


@pytest.fixture
def use(actions: Actions) -> Any:
    action = actions.with_ports(tools=TOOLS)["action_use_tool"]

    async def act(tool: str, given: str | None = None, text: str = "") -> tuple[Any, dict[str, Any]]:
        entities = [{"entity": "tool", "value": tool}]
        entities += [{"entity": "given", "value": given}] if given is not None else []
        tracker = make_tracker(text, entities=entities, metadata=METADATA)
        events, messages = await run(action, tracker)
        return slots_set(events)[STATE], messages[0]

    return act


def shown(custom: dict[str, Any]) -> tuple[Any, Any]:
    """What the desk makes of the message."""
    presenter = Presenter(real_sources().knowledge, real_sources().texts, TOOLS)
    message = {"text": "x", "buttons": [], "custom": custom}
    reply = EngineReply(messages=[message], state={}, nlu={"intent": "use_tool"})
    presented = presenter.present(reply, TODAY)
    return presented.messages[0], presenter.analysis(reply, presented)


async def test_a_sentence_that_tells_everything_gets_its_result(use: Any) -> None:
    state, message = await use("deadline", text="我昨天收到商标驳回通知，最晚哪天申请复审")
    assert state is None
    answer, analysis = shown(message["custom"])
    assert "2026年12月7日" in answer.text
    assert answer.body["citations"][0]["law_id"] == "trademark-law-2019"
    assert (analysis["topic"], analysis["right"], analysis["outcome"]) == ("procedure", "trademark", "answer")
    assert [button["payload"] for button in answer.body["buttons"]] == [payload("deadline"), "/request_human"]


async def test_what_is_missing_is_asked_and_remembered(use: Any) -> None:
    state, message = await use("deadline", "rule=patent_reexamination")
    assert (state["tool"], state["asks"]["field"], state["asks"]["kind"]) == ("deadline", "service", "choice")
    assert ["post", "邮寄"] in state["asks"]["answers"]
    answer, analysis = shown(message["custom"])
    chosen = answer.body["buttons"][2]
    assert chosen == {
        "title": "邮寄", "payload": payload("deadline", {"rule": "patent_reexamination", "service": "post"}),
    }  # fmt: skip
    assert analysis["outcome"] == "clarify"
    assert analysis["right"] == "patent"


async def test_an_answer_that_cannot_be_used_is_asked_for_again(use: Any) -> None:
    given = encode({"rule": "trademark_opposition", "from": "2026年2月30日"})
    state, message = await use("deadline", given)
    assert state["asks"]["field"] == "from"
    assert "from" not in decode(state["given"])
    answer, _ = shown(message["custom"])
    assert "2026年2月30日" in answer.text
    assert "初步审定公告之日" in answer.text


async def test_the_words_of_a_law_are_shown(use: Any) -> None:
    _, message = await use("law", text="专利法第七十四条怎么说")
    answer, analysis = shown(message["custom"])
    assert "第七十四条" in answer.text
    assert analysis["topic"] == "law"


async def test_a_number_is_read(use: Any) -> None:
    _, message = await use("number", text="ZL201710601862.4是真的吗")
    answer, analysis = shown(message["custom"])
    assert "校验位" in answer.text
    assert (analysis["topic"], analysis["right"]) == ("legal_status", "patent")


async def test_an_unknown_tool_offers_a_person(use: Any) -> None:
    state, message = await use("nothing")
    assert state is None
    assert message["custom"] == {"outcome": "fallback"}
    assert message["buttons"][0]["payload"] == "/request_human"


async def test_a_tool_that_is_gone_when_it_is_shown_offers_a_person() -> None:
    answer, analysis = shown({"tool": "nothing", "given": ""})
    assert answer.body["buttons"][0]["payload"] == "/request_human"
    assert analysis["outcome"] == "fallback"


def test_answers_survive_a_button() -> None:
    given = {"law": "专利法 & {实施} \"细则\"", "from": "11月20日=今天"}
    assert decode(encode(given)) == given
    assert payload("law", given).count('"') == 8
