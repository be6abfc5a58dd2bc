"""Tools in the dialogue: a request, the tool's question, the answer, and what drops the question."""

import pytest

from tests.dialogue.driver import Citizen
from tests.dialogue.fake_desk import FakeDesk

pytestmark = pytest.mark.engine

REQUEST = "帮我算一下期限"


def asked(citizen: Citizen) -> object:
    """What the state that travels with the conversation says of a tool's question."""
    events = [event for event in citizen.state["events"] if event[:2] == ["slot", "tool_state"]]
    return events[-1][2] if events else citizen.state["slots"].get("tool_state")


def test_a_typed_answer_goes_to_the_tool_that_asked(citizen: Citizen) -> None:
    assert citizen.say(REQUEST).texts == "哪一天？"
    assert asked(citizen)
    reply = citizen.say("2026年11月5日")
    assert reply.intent == "use_tool"
    assert reply.texts.startswith("截止日 from=2026")
    assert not asked(citizen)


def test_a_button_carries_what_is_known(citizen: Citizen) -> None:
    citizen.say('/use_tool{"tool": "deadline", "given": "rule=x"}')
    assert "rule=x&from=" in citizen.say("昨天").texts


def test_anything_else_drops_the_question(citizen: Citizen) -> None:
    citizen.say(REQUEST)
    assert citizen.say("谢谢").intent == "thank"
    assert not asked(citizen)
    assert citizen.say("2026年11月5日").intent != "use_tool"


def test_a_general_question_stays_one_for_an_article(citizen: Citizen) -> None:
    assert citizen.say("商标异议期是多久").intent == "faq"


def test_a_tool_in_the_middle_of_a_form_comes_back_to_the_form(citizen: Citizen, desk: FakeDesk) -> None:
    citizen.say("我要举报投诉")
    reply = citizen.say('/use_tool{"tool": "deadline", "given": "rule=x&from=2026-11-05"}')
    assert "截止日" in reply.texts
    assert reply.asked
    assert "action_use_tool" in desk.calls
