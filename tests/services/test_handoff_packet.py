"""What an agent gets with a conversation: the talk so far, and answers ready to be edited and sent."""

from datetime import timedelta

import pytest

from bot.assistant.engine import EngineReply
from bot.bootstrap import Desk
from bot.helpdesk.errors import ConversationNotFound
from bot.services import handoff
from bot.services.handoff.dialogue_slots import filled_slots
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine
from tests.support.handoffs import asks_for_human, claims, hands_back, present_agent

QUESTION = "发明专利保护多少年"


def answers_with(article_id: str):
    def script(turn):
        return EngineReply(
            messages=[{"text": "", "buttons": [], "custom": {"article": article_id}}],
            state={"v": 1, "slots": {"complaint_right": "trademark", "complaint_phone": "13900139000"}, "events": []},
            nlu={
                "intent": "faq", "confidence": 0.8, "article_id": article_id,
                "articles": [{"id": article_id, "confidence": 0.8}], "labels": {},
            },
        )  # fmt: skip

    return script


async def packet_of(desk: Desk, citizen: Citizen) -> handoff.Packet:
    async with desk.read() as session:
        return await handoff.packet(
            session, desk.office, desk.knowledge, desk.forms, citizen.conversation_id, now=desk.clock()
        )


def best_article(desk: Desk, clock: FakeClock) -> str:
    return desk.knowledge.search(QUESTION, 1, desk.office.calendar.local_date(clock()))[0].article_id


async def test_it_tells_what_was_asked_and_answered_and_why_a_person_is_wanted(
    desk: Desk, engine: ScriptedEngine, clock: FakeClock
) -> None:
    article = best_article(desk, clock)
    engine.script = answers_with(article)
    agent, citizen = await present_agent(desk, "李明"), await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    await hands_back(desk, agent, citizen)
    clock.move(timedelta(days=28))
    await citizen.says(QUESTION)
    ticket = (await make_ticket(desk, citizen.conversation_id)).ticket
    await asks_for_human(desk, citizen, "urgent")
    await citizen.sends("还有，要交多少年费")
    found = await packet_of(desk, citizen)
    assert (found.reason, found.queue) == ("urgent", "patent")
    question, later = found.asked
    assert (question.text, question.intent, question.confidence) == (QUESTION, "faq", 0.8)
    assert question.answers[0].article_id == article and question.answers[0].citations
    assert (later.text, later.answers) == ("还有，要交多少年费", [])
    assert [(line.number, line.status) for line in found.tickets] == [(ticket.number, "submitted")]
    assert [(e.agent_name, e.outcome) for e in found.episodes] == [("李明", "handed_back")]


async def test_what_a_form_was_told_is_shown_masked(desk: Desk, engine: ScriptedEngine, clock: FakeClock) -> None:
    engine.script = answers_with(best_article(desk, clock))
    citizen = await Citizen.arrives(desk)
    await citizen.says(QUESTION)
    [form] = (await packet_of(desk, citizen)).forms
    shown = {line.name: line.shown for line in form.lines}
    assert shown["right"] == "商标"
    assert "13900139000" not in shown.values()


async def test_suggestions_rest_on_law_in_force_and_are_ready_to_send(desk: Desk, clock: FakeClock) -> None:
    citizen = await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    await citizen.sends(QUESTION)
    suggestions = (await packet_of(desk, citizen)).suggestions
    today = desk.office.calendar.local_date(clock())
    assert 1 <= len(suggestions) <= 3
    for suggestion in suggestions:
        answer = desk.knowledge.answer(suggestion.article_id, today)
        assert suggestion.short == answer.short and suggestion.text.startswith(answer.short)
        assert [c["law_id"] for c in suggestion.citations] == [c.law_id for c in answer.citations]
    assert suggestions[0].article_id == best_article(desk, clock)
    assert "依据：《" in suggestions[0].text


async def test_they_follow_what_the_citizen_asks_next(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    await citizen.sends(QUESTION)
    before = (await packet_of(desk, citizen)).suggestions[0].article_id
    await citizen.sends("商标被别人抢先注册了怎么办")
    await citizen.sends("好的")
    after = (await packet_of(desk, citizen)).suggestions[0]
    assert after.article_id != before and "trademark" in after.rights


async def test_the_engines_candidates_are_among_them(desk: Desk, engine: ScriptedEngine, clock: FakeClock) -> None:
    far = next(id_ for id_ in desk.knowledge.articles if id_.startswith("trademark") and
               desk.knowledge.answer(id_, desk.office.calendar.local_date(clock())))  # fmt: skip
    engine.script = answers_with(far)
    citizen = await Citizen.arrives(desk)
    await citizen.says(QUESTION)
    await asks_for_human(desk, citizen)
    assert far in [s.article_id for s in (await packet_of(desk, citizen)).suggestions]


async def test_a_wish_for_a_person_suggests_nothing(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    await citizen.sends("人工")
    assert (await packet_of(desk, citizen)).suggestions == []


async def test_of_an_unknown_conversation_there_is_none(desk: Desk) -> None:
    with pytest.raises(ConversationNotFound):
        await packet_of(desk, Citizen(desk, "web:nobody"))


@pytest.mark.parametrize("state", [None, {}, {"slots": 7}, {"v": 1, "slots": {}, "events": [7, ["x"], ["slot"]]}])
def test_a_state_of_another_shape_shows_nothing(state) -> None:
    assert filled_slots(state) == {}


def test_slots_are_those_at_the_end_of_the_dialogue() -> None:
    state = {"slots": {"a": 1}, "events": [["slot", "b", 2], ["reset"], ["slot", "c", 3], ["slot", "d", None]]}
    assert filled_slots(state) == {"c": 3}
