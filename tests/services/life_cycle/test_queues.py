"""Moving a ticket to another queue, by hand and by a corrected answer."""

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.errors import (
    BadRequest,
    Forbidden,
    IllegalTransition,
    ReasonRequired,
    TicketChangedMeanwhile,
    TicketNotFound,
)
from bot.helpdesk.life_cycle import TicketMerged
from bot.helpdesk.presence import Skills
from bot.services import desk_work, listing, notices
from bot.services.escalation.telling import BURST
from bot.services.life_cycle.correcting import correct_fact
from bot.services.life_cycle.merging import merge_tickets
from bot.services.life_cycle.priorities import set_priority
from bot.services.life_cycle.queues import choices, move_to_queue
from bot.services.outgoing.mails import title_of
from bot.services.views import ticket_view
from bot.store.tables import Agent, TicketEvent
from tests.services.life_cycle.conftest import FACTS, Case, MakeCase
from tests.support.builders import make_agent
from tests.support.handoffs import present_agent

PATENT = Skills(queues=("patent",)).to_json()
TRADEMARK = Skills(queues=("trademark",)).to_json()


async def moved(case: Case, queue: str = "patent", reason: str = "争议的是外观设计", **values: object) -> object:
    return await case.does(move_to_queue, queue=queue, reason=reason, **values)


async def gives(case: Case, to: Agent) -> None:
    await case.does(desk_work.assign, to_agent_id=to.id, by=case.supervisor)


async def event(case: Case, action: str) -> TicketEvent:
    async with case.desk.read() as session:
        found = select(TicketEvent).where(TicketEvent.ticket_id == case.id, TicketEvent.action == action)
        return (await session.scalars(found.order_by(TicketEvent.seq.desc()))).first()


async def told(desk: Desk, agent: Agent) -> list[str]:
    """The agent's notices, in words, oldest first."""
    async with desk.read() as session:
        page = await notices.list_notices(session, agent, unread_only=True)
    return [title_of(desk.texts, one.kind, one.details, one.number) for one in reversed(page.items)]


# --- by hand --------------------------------------------------------------------------------


async def test_a_moved_ticket_is_in_the_lists_of_its_new_queue_and_the_move_is_sealed(case: Case) -> None:
    before = await case.told()
    assert (await moved(case, reason=" 争议的是外观设计 ")).queue == "patent"
    sealed = await event(case, "ticket.queue_changed")
    assert (sealed.old, sealed.new, sealed.reason) == ({"queue": "trademark"}, {"queue": "patent"}, "争议的是外观设计")
    async with case.desk.read() as session:
        counts = await listing.queue_counts(session)
    assert (counts.get("patent"), counts.get("trademark", 0)) == (1, 0)
    assert await case.told() == before, "the citizen is not told"
    assert await case.chain_holds()


async def test_the_promise_to_the_citizen_stays(case: Case) -> None:
    before = {name: (clock.due_at, clock.state) for name, clock in (await case.clocks()).items()}
    await moved(case)
    assert {name: (clock.due_at, clock.state) for name, clock in (await case.clocks()).items()} == before


async def test_the_same_queue_again_changes_nothing(case: Case) -> None:
    version = (await case.row()).version
    await moved(case, "trademark")
    assert (await case.row()).version == version
    assert "ticket.queue_changed" not in await case.actions()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"queue": "nothing"}, BadRequest),
        ({"reason": " "}, ReasonRequired),
        ({"reason": "长" * 5000}, BadRequest),
        ({"version": 99}, TicketChangedMeanwhile),
    ],
)
async def test_a_move_without_sense_is_refused(case: Case, changes: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        await moved(case, **changes)
    assert (await case.row()).queue == "trademark"


async def test_who_may_not_handle_it_may_not_move_it(make_case: MakeCase, desk: Desk) -> None:
    case = await make_case(facts=FACTS | {"region": "浙江省杭州市西湖区"})
    with pytest.raises(TicketNotFound):
        await moved(case, by=await make_agent(desk, "宁波", regions=["3302"]))
    with pytest.raises(Forbidden):
        await moved(case, by=await make_agent(desk, "审计", "auditor"))


async def test_a_finished_or_merged_ticket_is_not_moved(make_case: MakeCase) -> None:
    done, merged, target = await make_case(), await make_case(facts={"n": 1}), await make_case(facts={"n": 2})
    await done.moves("rejected", reason_code="no_facts")
    with pytest.raises(IllegalTransition):
        await moved(done)
    await merged.does(merge_tickets, into_id=target.id, reason="同一件事")
    with pytest.raises(TicketMerged):
        await moved(merged)
    async with done.desk.read() as session:
        for case in (done, merged):
            assert await choices(session, case.desk.office, ticket_view(await case.row())) == []


@pytest.mark.parametrize(
    ("skills", "keeps"),
    [
        (None, True),
        (PATENT, True),
        (TRADEMARK, False),
        (Skills(rights=("trademark",)).to_json(), False),
        (Skills(rights=("layout_design",)).to_json(), True),
    ],
)
async def test_the_assignee_keeps_it_who_serves_the_new_queue(case: Case, desk: Desk, skills: dict | None, keeps: bool) -> None:
    wang = await present_agent(desk, "王敏", **({"skills": skills} if skills else {}))
    await gives(case, wang)
    async with desk.read() as session:
        offered = {c.queue: c for c in await choices(session, desk.office, ticket_view(await case.row()))}
    assert offered["patent"].keeps_assignee is keeps
    await moved(case)
    assert (await case.row()).assignee_id == (wang.id if keeps else None)
    sealed = await event(case, "ticket.queue_changed")
    assert sealed.old.get("assignee") == (None if keeps else wang.id)


async def test_an_assignee_who_works_here_no_more_loses_it(case: Case, desk: Desk) -> None:
    wang = await make_agent(desk, "王敏")
    await gives(case, wang)
    async with desk.begin() as session:
        (await session.get_one(Agent, wang.id)).is_active = False
    await moved(case)
    assert (await case.row()).assignee_id is None


# --- who hears of it ------------------------------------------------------------------------


async def test_the_new_queue_and_whoever_lost_it_hear_of_it_and_nobody_else(case: Case, desk: Desk) -> None:
    zhuanli = await present_agent(desk, "专利", skills=PATENT)
    shangbiao = await present_agent(desk, "商标", skills=TRADEMARK)
    other = await present_agent(desk, "旁人", skills=TRADEMARK)
    await gives(case, shangbiao)
    await moved(case)
    number = case.opened.ticket.number
    assert await told(desk, zhuanli) == [f"工单 {number}改到“专利”队列，还没有人办理"]
    assert await told(desk, shangbiao) == [f"工单 {number}改到“专利”队列，不再由您办理"]
    assert await told(desk, other) == [] == await told(desk, case.agent)


async def test_of_one_that_is_in_hand_nobody_new_hears(case: Case, desk: Desk) -> None:
    zhuanli, wang = await present_agent(desk, "专利", skills=PATENT), await present_agent(desk, "王敏", skills=PATENT)
    await gives(case, wang)
    await moved(case)
    assert await told(desk, zhuanli) == [] == await told(desk, wang)


async def test_who_lies_in_another_region_does_not_hear_of_it(make_case: MakeCase, desk: Desk) -> None:
    case = await make_case(facts=FACTS | {"region": "浙江省杭州市西湖区"})
    ningbo = await present_agent(desk, "宁波", skills=PATENT, regions=["3302"])
    await moved(case)
    assert await told(desk, ningbo) == []


async def test_many_moves_are_told_as_one(make_case: MakeCase, desk: Desk) -> None:
    zhuanli = await present_agent(desk, "专利", skills=PATENT)
    for n in range(BURST + 3):
        await moved(await make_case(facts={"n": n}))
    said = await told(desk, zhuanli)
    assert len(said) == BURST + 1
    assert said[-1] == f"又有工单改到“专利”队列（未读的已超过 {BURST} 件），请到工单列表查看"


# --- by a corrected answer ------------------------------------------------------------------


async def corrects(case: Case, name: str, value: str) -> object:
    return await case.does(correct_fact, name=name, value=value, reason="登记时选错")


async def test_a_corrected_right_moves_the_ticket_that_stands_in_its_queue(case: Case, desk: Desk) -> None:
    zhuanli = await present_agent(desk, "专利", skills=PATENT)
    wang = await make_agent(desk, "王敏")
    async with desk.begin() as session:
        (await session.get_one(Agent, wang.id)).skills = TRADEMARK
    await gives(case, wang)
    done = await corrects(case, "right", "patent")
    assert (done.ticket.queue, done.ticket.assignee_id, done.proposed_queue) == ("patent", None, None)
    assert (await event(case, "ticket.queue_changed")).reason == "登记时选错"
    assert (await event(case, "ticket.routed")).new["queue"] == "patent"
    assert len(await told(desk, zhuanli)) == 1
    assert await case.chain_holds()


async def test_a_right_of_the_same_queue_moves_nothing(case: Case) -> None:
    done = await corrects(case, "right", "gi")
    assert (done.ticket.queue, done.proposed_queue) == ("trademark", None)
    assert {"ticket.queue_changed", "ticket.routed"}.isdisjoint(await case.actions())


async def test_where_somebody_has_put_it_it_stays_and_the_move_is_proposed(case: Case) -> None:
    await moved(case, "copyright")
    done = await corrects(case, "right", "patent")
    assert (done.ticket.queue, done.proposed_queue) == ("copyright", "patent")


async def test_what_was_put_right_by_hand_before_is_not_asked_about(case: Case) -> None:
    await moved(case, "patent")
    done = await corrects(case, "right", "patent")
    assert (done.ticket.queue, done.proposed_queue) == ("patent", None)


async def test_a_finished_ticket_goes_to_the_queue_of_its_right_and_stays_with_whoever_finished_it(case: Case, desk: Desk) -> None:
    zhuanli = await present_agent(desk, "专利", skills=PATENT)
    shangbiao = await present_agent(desk, "商标", skills=TRADEMARK)
    await gives(case, shangbiao)
    await case.moves("rejected", reason_code="no_facts")
    done = await corrects(case, "right", "patent")
    assert (done.ticket.queue, done.ticket.assignee_id) == ("patent", shangbiao.id)
    assert await told(desk, zhuanli) == [] == await told(desk, shangbiao)


async def test_a_correction_that_makes_it_urgent_raises_the_priority_and_another_lowers_it(case: Case) -> None:
    await corrects(case, "facts", "对方正在转移证据，网店销售假冒我公司商标的水杯")
    row = await case.row()
    assert (row.urgency, row.priority) == ("urgent", "urgent")
    assert (await event(case, "ticket.priority_changed")).new == {"priority": "urgent"}
    await corrects(case, "facts", "网店销售假冒我公司商标的水杯，已购买一件")
    row = await case.row()
    assert (row.urgency, row.priority) == ("normal", "normal")


async def test_a_priority_that_somebody_set_stays(case: Case) -> None:
    await case.does(set_priority, priority="low", reason="等对方答复")
    await corrects(case, "facts", "对方正在转移证据，网店销售假冒我公司商标的水杯")
    row = await case.row()
    assert (row.urgency, row.priority) == ("urgent", "low")


