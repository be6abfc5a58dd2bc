"""What maintainers learn of questions and suggested answers, and what they do not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.assistant.engine import EngineReply, EngineTurn
from bot.bootstrap import Desk
from bot.helpdesk.regions import RegionScope
from bot.services import handoff, knowledge_use
from bot.services.handoff.suggesting import suggestion_of
from bot.services.knowledge_use import Taken, Understood, suggestions_taken, understood
from bot.store.scoping import Restriction, restricted
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine, says
from tests.support.handoffs import asks_for_human, claims, present_agent


def script(turn: EngineTurn) -> EngineReply:
    """Understand nothing that asks (问), begin a form at 填, fail in it at 错, and know a wish for a person (人工)."""
    if "人工" in turn.text:
        return says("", intent="request_human", effect="handoff")
    if "填" in turn.text:
        return replace(says("您的姓名？"), active_form="complaint", requested_slot="complaint_name")
    if "错" in turn.text:
        return says("没听懂", intent="nlu_fallback", outcome="fallback")
    if "问" in turn.text:
        reply = says("没听懂", intent="nlu_fallback", outcome="fallback")
        return replace(reply, nlu=reply.nlu | {"articles": [{"id": "patent_term", "confidence": 0.12}]})
    return says("您好")


@pytest.fixture(autouse=True)
def scripted(engine: ScriptedEngine) -> None:
    engine.script = script


async def found(desk: Desk) -> Understood:
    async with desk.read() as session:
        return await understood(session, desk.knowledge)


async def test_a_question_comes_without_numbers_and_with_the_nearest_article(desk: Desk, clock: FakeClock) -> None:
    citizen = await Citizen.arrives(desk)
    await citizen.says("您好")
    clock.move(timedelta(minutes=1))
    await citizen.says("问一下，我的电话是13800138000，" + "长" * 300)
    [question] = (await found(desk)).questions
    assert question.text.startswith("问一下，我的电话是138****8000，") and len(question.text) == knowledge_use.QUESTION_CHARS + 1
    assert (question.outcome, question.asked_at) == ("fallback", clock())
    article = desk.knowledge.article("patent_term")
    assert (question.nearest, question.confidence) == (article.title, 0.12)
    assert {bar.key: bar.count for bar in (await found(desk)).outcomes} == {"answer": 1, "fallback": 1}


async def test_what_answers_a_form_and_a_wish_for_a_person_are_no_questions(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    for text in ("我要填表", "张三错", "错了李四"):
        await citizen.says(text)
    assert [question.text for question in (await found(desk)).questions] == ["错了李四"], "the form had given up before it"
    await (await Citizen.arrives(desk)).says("转人工")
    assert len((await found(desk)).questions) == 1


async def test_the_first_message_of_an_older_conversation_might_answer_a_form(desk: Desk, monkeypatch) -> None:
    citizen = await Citizen.arrives(desk)
    for text in ("我要填表", "张三错", "再问一句"):
        desk.clock.move(timedelta(minutes=1))
        await citizen.says(text)
    monkeypatch.setattr(knowledge_use, "INBOUND_LOOKED_AT", 2)
    assert [question.text for question in (await found(desk)).questions] == ["再问一句"]


async def test_the_latest_questions_come_first_and_no_more_than_fit(desk: Desk, clock: FakeClock, monkeypatch) -> None:
    monkeypatch.setattr(knowledge_use, "QUESTIONS_MAX", 2)
    citizen = await Citizen.arrives(desk)
    for number in range(3):
        await citizen.says(f"问{number}")
        clock.move(timedelta(minutes=1))
    assert [question.text for question in (await found(desk)).questions] == ["问2", "问1"]


async def test_who_works_for_a_region_learns_of_its_questions_only(desk: Desk) -> None:
    for city in ("浙江省杭州市", "广东省深圳市"):
        citizen = await Citizen.arrives(desk)
        await make_ticket(desk, citizen.conversation_id, facts={"right": "patent", "region": city})
        await citizen.says(f"问{city}")
    with restricted(Restriction(RegionScope.of(["330100"]), "nobody")):
        assert [question.text for question in (await found(desk)).questions] == ["问浙江省杭州市"]


async def test_agents_take_suggestions_as_they_stand_or_change_them(desk: Desk) -> None:
    today = desk.office.calendar.local_date(desk.clock())
    agent, citizen = await present_agent(desk, "李明"), await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    words = suggestion_of(desk.texts, desk.knowledge.answer("patent_term", today)).text
    for at, (text, article) in enumerate([(words, "patent_term"), ("您好！" + words, "patent_term"), ("您好", None)]):
        async with desk.begin() as session:
            about = handoff.about(desk.knowledge, article, today) if article else None
            await handoff.reply(
                session, desk.office, agent, citizen.conversation_id, text=text, client_id=str(at), about=about, now=desk.clock()
            )
    async with desk.read() as session:
        taken = await suggestions_taken(session, desk.knowledge, desk.texts, today=today)
    assert taken == [Taken("patent_term", desk.knowledge.article("patent_term").title, 2, 1)]
