"""Which place a citizen is told, when agents serve several queues."""

import dataclasses
from datetime import timedelta

from sqlalchemy import event, select, update

from bot.bootstrap import Desk
from bot.helpdesk.presence import Assignment, Skills
from bot.helpdesk.regions import RegionScope
from bot.helpdesk.routing import Colleague, Wanted, queues_of_takers
from bot.services import handoff
from bot.services.reading import status
from bot.store.scoping import Restriction, restricted
from bot.store.tables import Conversation, Handoff
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.handoffs import asks_for_human, opens_console, present_agent
from tests.support.plans import plans


async def waits_in(desk: Desk, clock: FakeClock, queue: str) -> Citizen:
    """A citizen who waits in this queue, a second after whoever came before."""
    citizen = await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    async with desk.begin() as session:
        conversation = await session.get_one(Conversation, citizen.conversation_id)
        conversation.queue = queue
    await wants(desk, citizen, f"queue:{queue}")
    clock.move(timedelta(seconds=1))
    return citizen


async def wants(desk: Desk, citizen: Citizen, *skills: str) -> None:
    async with desk.begin() as session:
        await session.execute(
            update(Handoff).where(Handoff.conversation_id == citizen.conversation_id).values(skills=[*skills])
        )


async def place(desk: Desk, citizen: Citizen) -> int | None:
    async with desk.read() as session:
        return (await status(session, desk.office, citizen.conversation_id, now=desk.clock())).place


async def three(desk: Desk, clock: FakeClock) -> list[Citizen]:
    return [await waits_in(desk, clock, queue) for queue in ("patent", "trademark", "copyright")]


async def test_one_agent_for_all_queues_serves_one_line(desk: Desk, clock: FakeClock) -> None:
    await present_agent(desk)
    citizens = await three(desk, clock)
    assert [await place(desk, citizen) for citizen in citizens] == [1, 2, 3]


async def test_the_citizen_is_told_the_place_of_the_whole_line(desk: Desk, clock: FakeClock) -> None:
    await present_agent(desk)
    await three(desk, clock)
    last = await Citizen.arrives(desk)
    assert (await asks_for_human(desk, last)).place == 4
    said = (await last.sees())[-1].text
    assert "第 4 位" in said and "下一位" not in said
    async with desk.read() as session:
        stored = select(Handoff.place).where(Handoff.conversation_id == last.conversation_id)
        assert await session.scalar(stored) == 4


async def test_queues_with_agents_of_their_own_are_lines_of_their_own(desk: Desk, clock: FakeClock) -> None:
    await present_agent(desk, "王专利", skills=Skills(("patent", "trademark")).to_json())
    await present_agent(desk, "李版权", skills=Skills(("copyright",)).to_json())
    citizens = await three(desk, clock)
    assert [await place(desk, citizen) for citizen in citizens] == [1, 2, 1]


async def test_without_anybody_present_the_own_queue_counts(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    citizens = await three(desk, clock)
    clock.move(timedelta(minutes=10))
    assert [await place(desk, citizen) for citizen in citizens] == [1, 1, 1]
    await opens_console(desk, agent)
    assert [await place(desk, citizen) for citizen in citizens] == [1, 2, 3]


async def test_rank_decides_before_time_in_the_whole_line(desk: Desk, clock: FakeClock) -> None:
    await present_agent(desk)
    citizens = await three(desk, clock)
    async with desk.begin() as session:
        (await session.get_one(Conversation, citizens[2].conversation_id)).queue_rank = 2
    assert [await place(desk, citizen) for citizen in citizens] == [2, 3, 1]


async def test_who_may_not_take_it_does_not_lengthen_the_line(desk: Desk, clock: FakeClock) -> None:
    """An administrator's console, no places, the wrong language or region: their queues are not this citizen's."""
    await present_agent(desk, "管理员", role="administrator")
    await present_agent(desk, "没有位置", capacity=0)
    await present_agent(desk, "只在杭州", regions=["3301"])
    citizens = await three(desk, clock)
    await make_ticket(desk, conversation_id=citizens[1].conversation_id, region="440300")
    assert await place(desk, citizens[1]) == 1
    assert await place(desk, citizens[2]) == 3, "without a ticket it is for everybody"
    await wants(desk, citizens[2], "queue:copyright", "language:en")
    assert await place(desk, citizens[2]) == 3, "no language set is no limit"


async def test_the_place_is_the_same_for_staff_of_one_region(desk: Desk, clock: FakeClock) -> None:
    agent = await present_agent(desk)
    citizens = await three(desk, clock)
    await make_ticket(desk, conversation_id=citizens[0].conversation_id, region="440300")
    with restricted(Restriction(RegionScope.of(["3301"]), agent.id)):
        assert await place(desk, citizens[2]) == 3


async def test_a_status_costs_few_statements_and_reads_those_who_wait_only(desk: Desk, clock: FakeClock) -> None:
    await present_agent(desk)
    citizen = (await three(desk, clock))[2]
    sent: list[str] = []
    engine = desk.database.engine.sync_engine

    def note(_connection, _cursor, statement, *_rest) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    await place(desk, citizen)
    event.remove(engine, "before_cursor_execute", note)
    assert len([statement for statement in sent if statement.startswith("SELECT")]) <= 5, sent
    if desk.database.is_sqlite:
        found = await plans(
            desk, "conversation", lambda s: status(s, desk.office, citizen.conversation_id, now=desk.clock())
        )
        assert any("ix_conversation_waiting" in plan for plan in found), found
        assert not any("SCAN conversation" in plan for plan in found), found


def test_one_who_serves_everything_makes_it_one_line() -> None:
    patents = Colleague("a", Skills(("patent", "trademark")))
    marks = Colleague("b", Skills(("trademark", "copyright"), (), ("en",)))
    wanted = Wanted(frozenset({"queue:trademark"}))
    assert queues_of_takers([patents, marks], wanted) == {"patent", "trademark", "copyright"}
    assert queues_of_takers([patents, marks], Wanted(frozenset({"queue:patent"}))) == {"patent", "trademark"}
    assert queues_of_takers([patents, marks, Colleague("c")], wanted) is None
    assert queues_of_takers([patents], Wanted(frozenset({"queue:gi"}))) == frozenset()


async def test_lists_read_those_who_wait_or_have_a_person_only(desk: Desk) -> None:
    rules = dataclasses.replace(desk.office.handoff, assignment=Assignment.LONGEST_FREE)
    object.__setattr__(desk.office, "handoff", rules)
    for work in (
        lambda s: handoff.list_conversations(s, owner="queued"),
        lambda s: handoff.list_conversations(s, owner="human"),
        lambda s: handoff.waiting_to_be_assigned(s, desk.office, now=desk.clock()),
    ):
        [plan] = await plans(desk, "conversation", work)
        assert "SCAN conversation\n" not in f"{plan}\n" or not desk.database.is_sqlite, plan
