"""The answer of the right day, with the desk's own knowledge base: New Year, other days, buttons."""

from datetime import UTC, date, datetime

import pytest

from bot.assistant.days import split_day
from bot.assistant.engine import EngineReply, EngineTurn
from bot.bootstrap import Desk
from bot.services.views import MessageView
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine, says

OPPOSITION = "trademark_opposition"
OLD_LAW, NEW_LAW = "trademark-law-2019", "trademark-law-2026"


@pytest.fixture(autouse=True)
def names_the_article(engine: ScriptedEngine) -> None:
    engine.script = lambda turn: says("…", intent="faq", article=OPPOSITION)


async def answer(desk: Desk, text: str = "商标异议期多久", **options: object) -> MessageView:
    result = await (await Citizen.arrives(desk)).says(text, **options)
    return result.messages[0]


def laws(message: MessageView) -> set[str]:
    return {cited["law_id"] for cited in message.body["citations"]}


def short(desk: Desk, day: date) -> str:
    found = desk.knowledge.answer(OPPOSITION, on=day)
    assert found is not None
    return found.short


async def test_at_midnight_in_beijing_the_new_trade_mark_law_speaks(desk: Desk, clock: FakeClock) -> None:
    clock.at = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    before = await answer(desk)
    clock.at = datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC)
    after = await answer(desk)
    assert OLD_LAW in laws(before) and NEW_LAW not in laws(before)
    assert NEW_LAW in laws(after) and OLD_LAW not in laws(after)
    assert before.text == short(desk, date(2026, 12, 31))
    assert after.text == short(desk, date(2027, 1, 1))
    assert before.text != after.text
    assert "2027年1月1日" in before.body["notice"] and after.text in before.body["notice"]
    assert "商标法" not in (after.body["notice"] or "")
    assert before.body["article_id"] == after.body["article_id"] == OPPOSITION


async def test_whole_base_walks_over_new_year_without_losing_an_answer(desk: Desk) -> None:
    ids = list(desk.knowledge.articles)
    given = {id_ for id_ in ids if desk.knowledge.answer(id_, on=date(2026, 12, 31))}
    lost = sorted(id_ for id_ in given if desk.knowledge.answer(id_, on=date(2027, 1, 1)) is None)
    assert lost == []


async def test_operators_may_ask_as_if_it_were_another_day(desk: Desk) -> None:
    message = await answer(desk, on_date=date(2027, 1, 1))
    assert message.text == short(desk, date(2027, 1, 1))


async def test_answer_for_a_coming_day_says_so(desk: Desk) -> None:
    message = await answer(desk, "明年商标异议期多久")
    assert NEW_LAW in laws(message)
    assert "2027年1月1日" in message.text
    assert short(desk, date(2027, 1, 1)) in message.text


async def test_relative_words_count_from_the_operators_day(desk: Desk) -> None:
    message = await answer(desk, "去年公告的商标异议期多久", on_date=date(2027, 1, 5))
    assert OLD_LAW in laws(message)
    assert "2026年12月31日" in message.text


async def test_same_rule_on_both_days_is_said_to_be_the_same(desk: Desk) -> None:
    message = await answer(desk, "上个月公告的商标异议期多久")
    assert message.text.startswith(short(desk, date(2026, 11, 20)))
    assert "2026年10月31日" in message.text


async def test_same_rule_on_a_near_day_needs_no_words(desk: Desk) -> None:
    assert (await answer(desk, "昨天公告的商标异议期多久")).text == short(desk, date(2026, 11, 20))


async def test_day_without_a_known_rule_gets_todays_marked_and_a_person(desk: Desk) -> None:
    message = await answer(desk, "2012年公告的商标异议期多久")
    assert "2012年12月31日" in message.text
    assert "没有核对过" in message.text
    assert short(desk, date(2026, 11, 20)) in message.text
    assert "/request_human" in [button["payload"] for button in message.body["buttons"]]


async def test_button_of_a_question_back_carries_the_day_on(desk: Desk, engine: ScriptedEngine) -> None:
    def script(turn: EngineTurn) -> EngineReply:
        if turn.text.startswith("/show_article"):
            return says("…", intent="show_article", article=OPPOSITION)
        return says("您想问哪一个？", intent="nlu_fallback", clarify=[OPPOSITION], outcome="clarify")

    engine.script = script
    citizen = await Citizen.arrives(desk)
    asked = await citizen.says("2027年以后异议")
    button = asked.messages[0].body["buttons"][0]
    shown = await citizen.says(button["title"], payload=button["payload"])
    assert engine.turns[-1].text == f'/show_article{{"article": "{OPPOSITION}"}}'
    assert short(desk, date(2027, 1, 1)) in shown.messages[0].text


@pytest.mark.parametrize(
    "payload", ["", "/x", '/show_article{"article": "a", "on": "2027-13-01"}', '", "on": "2027-01-01"']
)
def test_payload_without_a_day_stays_as_it_is(payload: str) -> None:
    assert split_day(payload) == (payload, None)
