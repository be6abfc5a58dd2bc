"""Messages that lean on the one before, and messages that ask several things."""

from pathlib import Path

import pytest

from tests.dialogue.driver import Citizen, Reply
from tests.dialogue.test_components import in_engine

pytestmark = pytest.mark.engine

#: What is said, the question before, and the whole question; None if the message stands on its own.
FOLLOW_UPS = [
    ("那外观设计呢?", "发明专利的保护期是几年", "外观设计的保护期是几年"),
    ("软著呢", "商标转让要多久", "软著转让要多久"),
    ("如果是商标呢", "专利过期了怎么办", "商标过期了怎么办"),
    ("要交多少钱", "商标续展怎么办理", "商标续展,要交多少钱"),
    ("商标被抢注怎么办", "专利保护几年", None),
    ("谢谢", "专利保护几年", None),
    ("我的货呢", "专利保护几年", None),
]


def right_of(reply: Reply) -> str:
    """Return the right that the message is most probably about."""
    rights = reply.body["nlu"]["labels"]["right"]
    return max(rights, key=rights.get)


def test_a_follow_up_is_completed(engine_python: Path) -> None:
    script = """
from bot.engine.nlu.follow_up import completed
result = [completed(text, previous) for text, previous in values]"""
    found = in_engine(engine_python, script, *[row[:2] for row in FOLLOW_UPS])
    assert found == [row[2] for row in FOLLOW_UPS]


def test_a_term_that_only_sounds_right_is_corrected(engine_python: Path) -> None:
    spelt = {"版全怎么登记": "版权怎么登记", "商标被人抢住了": "商标被人抢注了", "转人公": "转人工"}
    kept = ["公正机关", "把证办全了", "思维导图归谁", "我不想打字了"]
    script = """
from bot.engine.nlu.spelling import SpellingCorrector
from bot.engine.nlu.tokenizer import read_dictionary
corrector = SpellingCorrector(read_dictionary("nlu_data/dictionary")["terms"])
result = [corrector.correct(text) for text in values]"""
    assert in_engine(engine_python, script, *spelt, *kept) == [*spelt.values(), *kept]


def test_a_follow_up_keeps_the_question_before(citizen: Citizen) -> None:
    assert right_of(citizen.say("商标注册以后能管多少年")) == "trademark"
    reply = citizen.say("那软件著作权呢？")
    assert reply.intent == "faq"
    assert right_of(reply) == "copyright"


def test_each_of_several_questions_gets_its_article(citizen: Citizen) -> None:
    nlu = citizen.say("商标到期了怎么续展？专利年费忘交了还能恢复吗？").body["nlu"]
    assert nlu["article_id"] == "trademark_renewal"
    assert nlu["further"] == ["patent_restoration"]


def test_one_question_gets_one_article(citizen: Citizen) -> None:
    assert citizen.say("商标到期了怎么续展？急！").body["nlu"]["further"] == []
