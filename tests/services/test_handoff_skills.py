"""In which queue a conversation waits, and which agent it is given to: by what is known of its matter."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.assistant.engine import EngineReply
from bot.bootstrap import Desk
from bot.helpdesk.presence import Assignment, Skills
from bot.services import handoff
from bot.services.form_drafts import FormProgress, keep
from bot.services.reading import status
from bot.store.tables import Conversation, Handoff, Ticket
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine
from tests.support.handoffs import (
    asks_for_human,
    claims,
    hands_back,
    opens_console,
    present_agent,
    stored,
    waiting_citizen,
    works,
)

ENGLISH = "They are selling copies of our registered design at the fair"


@pytest.fixture(autouse=True)
def given_out(desk: Desk) -> None:
    """The desk gives conversations out instead of waiting for claims."""
    rules = dataclasses.replace(
        desk.office.handoff, assignment=Assignment.LONGEST_FREE, anyone_after=timedelta(minutes=5)
    )
    object.__setattr__(desk.office, "handoff", rules)


def recognises(engine: ScriptedEngine, right: str) -> None:
    """Let the engine recognise this right in whatever comes next."""

    def script(turn):
        nlu = {
            "intent": "open_complaint", "confidence": 0.9, "article_id": None, "articles": [],
            "labels": {"topic": {"complaint": 0.9}, "right": {right: 0.9}},
        }  # fmt: skip
        return EngineReply(messages=[{"text": "好的", "buttons": [], "custom": {}}], state={"v": 1}, nlu=nlu)

    engine.script = script


async def current(desk: Desk, citizen: Citizen) -> Handoff:
    async with desk.read() as session:
        return await handoff.current_handoff(session, citizen.conversation_id)


async def skilled(desk: Desk, name: str, *, rights=(), languages=(), **changes: object):
    return await present_agent(desk, name, skills=Skills((), tuple(rights), tuple(languages)).to_json(), **changes)


async def asks_about(desk: Desk, text: str = "你好", **facts: str) -> Citizen:
    """A citizen who asks for a person, with an open ticket if facts are given."""
    citizen = await Citizen.arrives(desk)
    await citizen.sends(text)
    if facts:
        region = facts.pop("region", None)
        await make_ticket(desk, citizen.conversation_id, facts=facts, region=region)
    await asks_for_human(desk, citizen)
    return citizen


# --- the queue ------------------------------------------------------------------------------


async def test_nothing_known_leads_to_the_general_queue(desk: Desk) -> None:
    citizen = await waiting_citizen(desk)
    assert (await stored(desk, citizen)).queue == "general"
    assert (await current(desk, citizen)).skills == ["queue:general"]


async def test_the_right_recognised_last_decides(desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    for right in ("patent", "gi", "none"):
        recognises(engine, right)
        await citizen.says("有人仿冒我们的东西")
    await asks_for_human(desk, citizen)
    assert (await stored(desk, citizen)).queue == "trademark"
    assert (await current(desk, citizen)).skills == ["queue:trademark", "right:gi"]


async def test_what_was_recognised_long_ago_does_not_count(
    desk: Desk, engine: ScriptedEngine, clock: FakeClock
) -> None:
    recognises(engine, "patent")
    citizen = await Citizen.arrives(desk)
    await citizen.says("有人仿冒我们的东西")
    clock.move(timedelta(days=14))
    await asks_for_human(desk, citizen)
    assert (await stored(desk, citizen)).queue == "general"


async def test_the_form_being_filled_in_comes_before_what_was_recognised(
    desk: Desk, engine: ScriptedEngine, clock: FakeClock
) -> None:
    recognises(engine, "patent")
    citizen = await Citizen.arrives(desk)
    await citizen.says("有人仿冒我们的东西")
    async with desk.begin() as session:
        conversation = await session.get_one(Conversation, citizen.conversation_id)
        form = FormProgress("complaint", {"right": "copyright"})
        await keep(session, desk.office, conversation, form, now=clock())
    await asks_for_human(desk, citizen)
    assert (await stored(desk, citizen)).queue == "copyright"


async def test_an_open_ticket_decides_where_nothing_newer_is_known(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    await make_ticket(desk, citizen.conversation_id, facts={"right": "trademark"}, queue="competition")
    await asks_for_human(desk, citizen)
    assert (await stored(desk, citizen)).queue == "competition", "somebody put it there"
    assert (await current(desk, citizen)).skills == [
        "queue:competition", "right:trade_secret|unfair_competition",
    ]  # fmt: skip


async def test_each_request_is_sorted_anew(desk: Desk, engine: ScriptedEngine) -> None:
    agent = await present_agent(desk)
    citizen = await waiting_citizen(desk)
    assert (await stored(desk, citizen)).agent_id == agent.id
    await hands_back(desk, agent, citizen)
    recognises(engine, "patent")
    await citizen.says("有人仿冒我们的东西")
    await asks_for_human(desk, citizen)
    assert (await stored(desk, citizen)).queue == "patent"


async def test_place_and_wait_are_those_of_the_queue(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk, capacity=0)
    for _ in range(3):
        done = await asks_about(desk, right="trademark")
        clock.move(timedelta(minutes=4))
        async with desk.begin() as session:
            await handoff.take_over(session, desk.office, agent, done.conversation_id, now=clock())
    for _ in range(2):
        await asks_about(desk)
        clock.move(timedelta(seconds=1))
    citizen = await asks_about(desk, right="trademark")
    async with desk.read() as session:
        found = await status(session, desk.office, citizen.conversation_id, now=clock())
    assert (found.place, found.expected_minutes) == (1, 4)


async def test_what_the_signals_call_urgent_is_served_first(desk: Desk, clock: FakeClock) -> None:
    early = await asks_about(desk)
    clock.move(timedelta(seconds=1))
    urgent = await asks_about(desk, "他们正在销毁证据")
    async with desk.read() as session:
        waiting = await handoff.waiting_to_be_assigned(session, desk.office, now=clock())
    assert waiting == [urgent.conversation_id, early.conversation_id]


async def test_outside_office_hours_the_ticket_goes_to_the_queue_as_well(desk: Desk, clock: FakeClock) -> None:
    citizen = await Citizen.arrives(desk)
    await make_ticket(desk, citizen.conversation_id, facts={"right": "patent"}, queue="patent")
    clock.move(timedelta(hours=12))
    await asks_for_human(desk, citizen)
    assert (await stored(desk, citizen)).owner == "offline_ticket"
    async with desk.read() as session:
        card = await handoff.conversation_card(session, citizen.conversation_id)
    assert (card.queue, card.ticket_number[:2]) == ("patent", "ZX")


@pytest.mark.parametrize(("words", "reason"), [("他们正在销毁证据", "asked"), ("有人威胁我", "urgent")])
async def test_an_urgent_matter_leaves_an_urgent_ticket(desk: Desk, clock: FakeClock, words: str, reason: str) -> None:
    clock.move(timedelta(hours=12))
    citizen = await Citizen.arrives(desk)
    await citizen.sends(words)
    await asks_for_human(desk, citizen, reason)
    async with desk.read() as session:
        [ticket] = await session.scalars(select(Ticket))
    assert (ticket.urgency, ticket.priority) == ("urgent", "urgent")


# --- the agent ------------------------------------------------------------------------------


async def test_it_is_given_to_who_has_the_skills(desk: Desk) -> None:
    await skilled(desk, "专利", rights=["patent"])
    wang = await skilled(desk, "商标", rights=["trademark"])
    for _ in range(3):
        citizen = await asks_about(desk, right="trademark")
        assert (await stored(desk, citizen)).agent_id == wang.id


async def test_a_language_is_a_skill(desk: Desk) -> None:
    await skilled(desk, "日语", languages=["ja"])
    citizen = await asks_about(desk, ENGLISH)
    assert (await stored(desk, citizen)).owner == "queued"
    en = await skilled(desk, "英语", languages=["en"])
    await works(desk, en)
    assert (await stored(desk, citizen)).agent_id == en.id


async def test_after_a_time_without_anybody_suited_any_agent_gets_it(desk: Desk, clock: FakeClock) -> None:
    li = await skilled(desk, "专利", rights=["patent"])
    citizen = await asks_about(desk, right="trademark")
    clock.move(timedelta(minutes=4))
    await works(desk, li)
    assert (await stored(desk, citizen)).owner == "queued"
    clock.move(timedelta(minutes=1))
    await works(desk, li)
    assert (await stored(desk, citizen)).agent_id == li.id


async def test_never_to_another_region_however_long_it_takes(desk: Desk, clock: FakeClock) -> None:
    li = await present_agent(desk, "宁波", regions=["3302"])
    citizen = await asks_about(desk, right="trademark", region="330106")
    clock.move(timedelta(minutes=30))
    await works(desk, li)
    assert (await stored(desk, citizen)).owner == "queued"
    wang = await present_agent(desk, "杭州", regions=["3301"])
    await works(desk, wang)
    assert (await stored(desk, citizen)).agent_id == wang.id


async def test_never_to_who_does_not_answer_citizens(desk: Desk, clock: FakeClock) -> None:
    administrator = await present_agent(desk, "管理员", "administrator")
    citizen = await waiting_citizen(desk)
    clock.move(timedelta(minutes=30))
    await works(desk, administrator)
    assert (await stored(desk, citizen)).owner == "queued"


@pytest.mark.parametrize("changes", [{"skills": Skills((), ("patent",)).to_json()}, {"regions": ["3302"]}])
async def test_not_back_to_who_helped_before_if_the_matter_is_not_for_them(
    desk: Desk, changes: dict[str, object]
) -> None:
    li = await present_agent(desk, "李明")
    citizen = await waiting_citizen(desk)
    await hands_back(desk, li, citizen)
    async with desk.begin() as session:
        for column, value in changes.items():
            setattr(await session.get_one(type(li), li.id), column, value)
    await opens_console(desk, li)
    await make_ticket(desk, citizen.conversation_id, facts={"right": "trademark"}, region="330106")
    assert (await asks_for_human(desk, citizen)).handled_by == "queued"


async def test_whoever_may_see_it_may_take_it_by_hand(desk: Desk) -> None:
    li = await skilled(desk, "专利", rights=["patent"])
    citizen = await asks_about(desk, right="trademark")
    assert (await claims(desk, li, citizen)).agent_name == "专利"


async def test_a_move_to_another_queue_asks_for_the_skills_of_that_queue(desk: Desk, clock: FakeClock) -> None:
    li = await present_agent(desk, "李明")
    citizen = await asks_about(desk, ENGLISH, right="trademark")
    wang = await skilled(desk, "专利", rights=["patent"], languages=["en"])
    async with desk.begin() as session:
        await handoff.transfer_to_queue(
            session, desk.office, li, citizen.conversation_id, queue="patent", note="", now=clock()
        )
    assert (await current(desk, citizen)).skills == [
        "language:en", "queue:patent", "right:patent|layout_design|plant_variety",
    ]  # fmt: skip
    await works(desk, wang, li)
    assert (await stored(desk, citizen)).agent_id == wang.id
