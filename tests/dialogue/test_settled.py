"""After a person handed back, the bot goes on from what they settled."""

import pytest

from tests.dialogue.driver import Citizen
from tests.dialogue.journeys import COMPLAINT

pytestmark = pytest.mark.engine

TERM = {"question": "商标注册以后能管多少年", "topic": "law", "right": "trademark", "note": "已说明续展办法"}


def right_of(reply) -> str:
    rights = reply.body["nlu"]["labels"]["right"]
    return max(rights, key=rights.get)


def test_a_follow_up_is_understood_with_the_question_that_a_person_answered(citizen: Citizen) -> None:
    citizen.settled = TERM
    reply = citizen.say("那软件著作权呢？")
    assert reply.intent == "faq"
    assert right_of(reply) == "copyright"


def test_what_was_settled_stays_in_the_dialogue(citizen: Citizen) -> None:
    citizen.settled = TERM
    citizen.say("好的谢谢")
    reply = citizen.say("那软件著作权呢？")
    assert (reply.intent, right_of(reply)) == ("faq", "copyright")


def test_a_form_that_waits_for_an_answer_goes_on(citizen: Citizen) -> None:
    asked = citizen.say("我要举报投诉").asked
    citizen.settled = TERM
    [(_, answer), *_] = COMPLAINT
    assert citizen.say(answer).asked not in (None, asked)


def test_the_agents_note_is_a_slot(citizen: Citizen) -> None:
    citizen.settled = TERM
    assert citizen.say("好的谢谢").slots["agent_settled"] == "已说明续展办法"


@pytest.mark.parametrize("nonsense", ["x", [], {"question": 7}, {"topic": None}])
def test_what_is_no_note_is_passed_over(citizen: Citizen, nonsense: object) -> None:
    citizen.settled = nonsense
    assert citizen.say("商标注册以后能管多少年").intent == "faq"
