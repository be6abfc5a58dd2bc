"""Merging, taking out, splitting, linking, and the suggestion of duplicates."""

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from bot import worker
from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, ReasonRequired, TicketChangedMeanwhile
from bot.helpdesk.life_cycle import AlreadyLinked, MergeRefused, NotMerged, TicketMerged
from bot.services import access, desk_work, sla, tickets
from bot.services.evidence import evidence_of
from bot.services.life_cycle.corrections import request_correction
from bot.services.life_cycle.duplicates import suggest_duplicates
from bot.services.life_cycle.extensions import request_extension
from bot.services.life_cycle.linking import link_tickets, unlink_tickets
from bot.services.life_cycle.looking import life_of
from bot.services.life_cycle.merging import merge_tickets, unmerge_ticket
from bot.services.life_cycle.priorities import set_priority
from bot.services.life_cycle.splitting import split_ticket
from bot.services.life_cycle.transfers import transfer_to_authority
from bot.services.listing import TicketFilter, list_tickets
from bot.store.scoping import restricted
from bot.store.tables import Evidence, Ticket, TicketLink
from tests.services.life_cycle.conftest import FACTS, Case, MakeCase
from tests.services.outgoing import rows, subscribe
from tests.support.builders import make_agent
from tests.support.clock import FakeClock
from tests.support.steps import asks_for_correction


@pytest.fixture
async def other(make_case: MakeCase) -> Case:
    """Another complaint, of another citizen."""
    return await make_case(facts=FACTS | {"name": "张某", "phone": "13800138000"})


async def merges(source: Case, target: Case, **changes: object) -> None:
    await source.does(merge_tickets, into_id=target.id, **({"reason": "同一网店同一商品"} | changes))


async def in_queue(case: Case) -> set[str]:
    async with case.desk.read() as session:
        now, zone = case.desk.clock(), case.desk.office.calendar.zone
        page = await list_tickets(session, TicketFilter(queue="trademark"), now=now, zone=zone)
    return {card.id for card in page.items}


async def suggested(case: Case) -> list[str]:
    async with case.desk.read() as session:
        found = await suggest_duplicates(session, case.desk.office, case.agent, case.id, now=case.desk.clock())
    return [other.id for other in found]


async def links(case: Case) -> list:
    async with case.desk.read() as session:
        return (await life_of(session, case.desk.office, case.agent, case.id, now=case.desk.clock())).links


# --- merge and take out ---------------------------------------------------------------------


async def test_a_merged_ticket_leaves_the_queue_and_owes_nothing(case: Case, other: Case) -> None:
    await merges(case, other)
    assert await in_queue(case) == {other.id}
    assert {clock.state for clock in (await case.clocks()).values()} == {"cancelled"}
    assert {clock.state for clock in (await other.clocks()).values()} == {"running"}
    row = await case.row()
    assert (row.merged_into, row.status, row.next_due_at) == (other.id, "submitted", None)
    assert [(link.role, link.other.id) for link in await links(case)] == [("merged_into", other.id)]
    assert [(link.role, link.other.id) for link in await links(other)] == [("absorbed", case.id)]
    assert "合并办理" in (await case.told())[-1]
    assert (await case.actions())[-1] == "ticket.merged"
    assert (await other.actions())[-1] == "ticket.absorbed"


async def test_taking_out_restores_status_queue_and_clocks_in_a_new_round(
    case: Case, other: Case, clock: FakeClock
) -> None:
    await case.moves("accepted")
    await case.moves("in_progress")
    await merges(case, other)
    clock.move(timedelta(days=5))
    await case.does(unmerge_ticket, reason="不是同一件事")
    row = await case.row()
    assert (row.status, row.is_finished, row.merged_into) == ("in_progress", False, None)
    assert await in_queue(case) == {case.id, other.id}
    clocks = await case.clocks()
    resolution = clocks["resolution"]
    assert (resolution.round, resolution.state, resolution.started_at) == (2, "running", clock())
    assert row.next_due_at is not None
    assert (clocks["acceptance"].round, clocks["acceptance"].state) == (1, "met"), "what was done stays done"
    assert await links(case) == await links(other) == []
    await case.moves("resolved", "已下架")
    assert await case.chain_holds()


async def test_a_ticket_taken_out_while_it_waits_for_the_citizen_waits_on(case: Case, other: Case) -> None:
    await asks_for_correction(case.desk, case.agent, case.id)
    await merges(case, other)
    await case.does(unmerge_ticket, reason="不是同一件事")
    acceptance = (await case.clocks())["acceptance"]
    assert (acceptance.round, acceptance.state) == (2, "paused")
    async with case.desk.begin() as session:
        opened = case.opened
        await tickets.supplement(
            session, case.desk.office, opened.ticket.number, opened.code, text="补上了", now=case.desk.clock()
        )
    assert (await case.clocks())["acceptance"].state == "running"


async def test_merging_and_taking_out_again_and_again_leaves_no_trace_but_history(case: Case, other: Case) -> None:
    for _ in range(3):
        await merges(case, other)
        await case.does(unmerge_ticket, reason="再看一次")
    assert (await case.clocks())["acceptance"].round == 4
    async with case.desk.read() as session:
        assert await session.scalar(select(func.count()).select_from(TicketLink)) == 3
    assert await case.chain_holds()


async def test_the_own_steps_of_a_merged_ticket_rest(case: Case, other: Case) -> None:
    await merges(case, other)
    with pytest.raises(TicketMerged):
        await case.moves("accepted")
    with pytest.raises(TicketMerged):
        await case.does(request_extension, clock="acceptance", amount=1, reason="复杂")
    async with case.desk.begin() as session:
        with pytest.raises(TicketMerged):
            await tickets.withdraw(
                session, case.desk.office, case.opened.ticket.number, case.opened.code,
                reason="算了", now=case.desk.clock(),
            )  # fmt: skip
    async with case.desk.read() as session:
        detail = await desk_work.ticket_for_staff(session, case.agent, case.id, now=case.desk.clock())
    assert detail.allowed == []


async def test_the_citizen_of_a_merged_ticket_hears_the_status_without_the_others_reasons(
    case: Case, other: Case, desk: Desk, clock: FakeClock
) -> None:
    await merges(case, other)
    await other.moves("accepted", "张某女士，您的材料齐全")
    await worker.run_once(desk, clock())
    said = (await case.told())[-1]
    assert "已受理" in said and case.opened.ticket.number in said
    assert "张某" not in said and other.opened.ticket.number not in said


async def test_the_citizen_of_a_merged_ticket_hears_of_steps_that_have_forms_of_their_own(
    case: Case, other: Case, desk: Desk, clock: FakeClock
) -> None:
    await merges(case, other)
    await other.does(request_correction, items=["注册证"], due_on=date(2026, 12, 1))
    async with desk.begin() as session:
        await tickets.supplement(
            session, desk.office, other.opened.ticket.number, other.opened.code, text="已补", now=clock()
        )
    await other.does(transfer_to_authority, authority="杭州海关", matter="查验")
    await worker.run_once(desk, clock())
    said = [words for words in await case.told() if case.opened.ticket.number in words]
    assert [next(state for state in ("待补正", "已提交", "已移送") if state in words) for words in said[-3:]] == [
        "待补正", "已提交", "已移送",
    ]  # fmt: skip
    assert not any("杭州海关" in words or "注册证" in words for words in said)


async def test_an_agent_of_one_region_has_the_citizens_of_another_told_as_well(
    make_case: MakeCase, desk: Desk, clock: FakeClock
) -> None:
    theirs = await make_case(facts=FACTS | {"region": "广东省深圳市南山区"})
    ours = await make_case(facts=FACTS | {"region": "浙江省杭州市西湖区"})
    await merges(theirs, ours)
    agent = await make_agent(desk, regions=["330100"])
    with restricted(access.restriction_of(agent)):
        await ours.does(desk_work.change_status, to="accepted", reason="", by=agent)
    await worker.run_once(desk, clock())
    assert "已受理" in (await theirs.told())[-1]


async def test_what_cannot_be_merged_is_refused_with_its_reason(
    case: Case, other: Case, make_case: MakeCase
) -> None:
    assistance = await make_case(kind="assistance")
    done = await make_case(facts=FACTS | {"n": "2"})
    await done.moves("rejected", "不属受理范围")
    for target, why in ((case, "same"), (assistance, "kind"), (done, "finished")):
        with pytest.raises(MergeRefused) as refused:
            await merges(case, target)
        assert refused.value.details["why"] == why
    with pytest.raises(ReasonRequired):
        await merges(case, other, reason=" ")
    with pytest.raises(BadRequest):
        await merges(case, other, reason="长" * 4001)
    await merges(case, other)
    with pytest.raises(MergeRefused):
        await merges(other, case)
    with pytest.raises(NotMerged):
        await other.does(unmerge_ticket, reason="没有并入")


async def test_a_ticket_that_others_were_merged_into_may_be_merged_itself(
    case: Case, other: Case, make_case: MakeCase, desk: Desk, clock: FakeClock
) -> None:
    third = await make_case(facts=FACTS | {"phone": "13700137000"})
    await merges(case, other)
    await merges(other, third)
    await third.moves("accepted")
    await worker.run_once(desk, clock())
    assert "已受理" in (await case.told())[-1]
    await other.does(unmerge_ticket, reason="另案办理")
    assert (await case.row()).merged_into == other.id


async def test_two_agents_who_merge_opposite_ways_at_once_make_no_circle(
    case: Case, other: Case
) -> None:
    outcomes = await asyncio.gather(merges(case, other), merges(other, case), return_exceptions=True)
    failed = [outcome for outcome in outcomes if outcome is not None]
    assert len(failed) == 1 and isinstance(failed[0], (MergeRefused, TicketChangedMeanwhile)), outcomes
    rows = [await case.row(), await other.row()]
    assert sorted(row.merged_into is None for row in rows) == [False, True]
    assert await case.chain_holds()


async def test_three_merges_in_a_ring_at_once_make_no_circle(
    case: Case, other: Case, make_case: MakeCase
) -> None:
    third = await make_case(facts=FACTS | {"phone": "13700137000"})
    ring = ((case, other), (other, third), (third, case))
    outcomes = await asyncio.gather(*(merges(a, b) for a, b in ring), return_exceptions=True)
    allowed = (MergeRefused, TicketChangedMeanwhile, type(None))
    assert all(isinstance(outcome, allowed) for outcome in outcomes), outcomes
    async with case.desk.read() as session:
        into = dict((await session.execute(select(Ticket.id, Ticket.merged_into))).all())
    for start in into:
        at, steps = start, 0
        while into[at] is not None:
            at, steps = into[at], steps + 1
            assert steps < 3
    assert any(target is None for target in into.values())


async def test_a_breach_before_the_merge_stays_a_breach(case: Case, other: Case, clock: FakeClock) -> None:
    clock.move(timedelta(days=40))
    await merges(case, other)
    assert (await case.clocks())["acceptance"].state == "breached"
    async with case.desk.begin() as session:
        assert (await sla.sweep(session, case.desk.office.sla, now=clock.move(timedelta(days=90)))).breached == 2  # the other's


# --- split ----------------------------------------------------------------------------------


async def test_a_part_becomes_a_ticket_with_facts_evidence_and_clocks_of_its_own(
    case: Case, desk: Desk, clock: FakeClock
) -> None:
    async with desk.begin() as session:
        for name in ("照片.png", "公证书.pdf"):
            session.add(
                Evidence(
                    id=name, receipt=f"R{name}", ticket_id=case.id, filename=name, size_bytes=1,
                    sha256="0" * 64, detected_type="image/png", path=name, uploader="c", stored_at=clock(),
                )
            )  # fmt: skip
    clock.move(timedelta(days=1))
    opened = await case.does(
        split_ticket, subject="另一件商品", facts=["right", "name", "phone"], evidence=["公证书.pdf"],
        queue="patent", reason="两件不同的商品",
    )  # fmt: skip
    new = await case.row(opened.ticket.id)
    assert (new.status, new.queue, set(new.facts)) == ("submitted", "patent", {"right", "name", "phone"})
    assert (await case.row()).facts == FACTS, "what the citizen declared stays whole"
    async with desk.read() as session:
        assert [file.filename for file in await evidence_of(session, ticket_id=new.id)] == ["公证书.pdf"]
        assert [file.filename for file in await evidence_of(session, ticket_id=case.id)] == ["照片.png"]
        found = await tickets.look_up(session, desk.office, opened.ticket.number, opened.code)
    assert found.id == new.id
    assert (await case.clocks(new.id))["acceptance"].started_at == clock()
    assert opened.ticket.number in (await case.told())[-1]
    assert [(link.role, link.other.id) for link in await links(case)] == [("split_off", new.id)]
    assert await case.chain_holds()


async def test_a_part_lies_where_the_whole_does_and_is_as_urgent(make_case) -> None:
    case = await make_case(region="320500", centre="suzhou", urgency="high")
    await case.does(set_priority, priority="urgent")
    opened = await case.does(split_ticket, subject="另一件商品", facts=["name"], reason="两件不同的商品")
    new = await case.row(opened.ticket.id)
    assert (new.region, new.centre, new.urgency, new.priority) == ("320500", "suzhou", "high", "urgent")


@pytest.mark.parametrize(
    "changes",
    [{"facts": []}, {"facts": ["nothing"]}, {"subject": " "}, {"subject": "长" * 121}, {"evidence": ["nothing"]}],
)
async def test_a_split_that_takes_what_is_not_there_is_refused(case: Case, changes: dict) -> None:
    values = {"subject": "另一件", "facts": ["right"], "reason": "拆开"} | changes
    with pytest.raises(BadRequest):
        await case.does(split_ticket, **values)


async def test_webhooks_hear_of_a_ticket_that_was_split_off(case: Case, desk: Desk) -> None:
    await subscribe(desk, "https://hooks.example.org/", "ticket.opened")
    new = (await case.does(split_ticket, subject="另一件商品", facts=["name"], reason="两件不同的商品")).ticket
    assert [row.payload["data"]["number"] for row in await rows(desk)] == [new.number]


async def test_a_second_click_splits_nothing_again(case: Case) -> None:
    values = {"subject": "另一件", "facts": ["right"], "reason": "拆开", "version": 1}
    await case.does(split_ticket, **values)
    with pytest.raises(TicketChangedMeanwhile):
        await case.does(split_ticket, **values)


# --- links and duplicates -------------------------------------------------------------------


async def test_a_remark_is_made_once_and_taken_back(case: Case, other: Case) -> None:
    await case.does(link_tickets, to_id=other.id, kind="related")
    for one, another in ((case, other), (other, case)):
        with pytest.raises(AlreadyLinked):
            await one.does(link_tickets, to_id=another.id, kind="related")
    (link,) = await links(other)
    await other.does(unlink_tickets, link.id)
    assert await links(case) == []
    with pytest.raises(BadRequest):
        await other.does(unlink_tickets, link.id)
    await case.does(link_tickets, to_id=other.id, kind="duplicate")
    assert [link.role for link in await links(other)] == ["has_duplicate"]
    assert await case.chain_holds()


@pytest.mark.parametrize("kind", ["merged", "split", "nonsense"])
async def test_other_links_are_not_made_by_hand(case: Case, other: Case, kind: str) -> None:
    with pytest.raises(BadRequest):
        await case.does(link_tickets, to_id=other.id, kind=kind)


async def test_a_ticket_is_not_linked_to_itself(case: Case) -> None:
    with pytest.raises(BadRequest):
        await case.does(link_tickets, to_id=case.id, kind="related")


async def test_the_same_party_right_and_respondent_are_suggested(
    case: Case, other: Case, make_case: MakeCase
) -> None:
    again = await make_case(facts=FACTS | {"respondent": "优品 小店，杭州某路1号", "facts": "又买了一件"})
    await make_case(facts=FACTS | {"respondent": "另一家店"})
    await make_case(facts=FACTS | {"right": "patent"})
    assert await suggested(case) == [again.id]
    assert await suggested(again) == [case.id]
    assert await suggested(other) == []
    assert "13900139000" not in str((await case.row()).party_key)


async def test_what_is_linked_merged_or_long_ago_is_not_suggested(
    case: Case, make_case: MakeCase, clock: FakeClock
) -> None:
    again = await make_case(facts=FACTS | {"facts": "第二次"})
    await case.does(link_tickets, to_id=again.id, kind="related")
    assert await suggested(case) == []
    third = await make_case(facts=FACTS | {"facts": "第三次"})
    await merges(third, again)
    assert await suggested(case) == []
    clock.move(timedelta(days=400))
    late = await make_case(facts=FACTS | {"facts": "第四次"})
    assert await suggested(late) == []


async def test_an_anonymous_report_suggests_nothing(make_case: MakeCase) -> None:
    facts = {"right": "trademark", "respondent": "优品小店", "facts": "卖假货"}
    first, second = await make_case(facts=facts), await make_case(facts=facts | {"n": "1"})
    assert await suggested(first) == await suggested(second) == []
