"""Transfers: sent, received, answered or given back; the feedback clock; what the citizen hears."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, FormRequired, IllegalTransition
from bot.helpdesk.routing import Centre
from bot.helpdesk.sla import Target, Unit
from bot.services import sla
from bot.services.access import access_ticket
from bot.services.forwarding import forward
from bot.services.life_cycle.looking import transfers_of
from bot.services.life_cycle.merging import merge_tickets, unmerge_ticket
from bot.services.life_cycle.transfers import (
    record_feedback,
    record_interim_feedback,
    record_receipt,
    transfer_to_authority,
)
from tests.services.life_cycle.conftest import Case
from tests.support.clock import FakeClock

SUZHOU, WUXI = Centre("suzhou", "苏州中心", ("3205",)), Centre("wuxi", "无锡中心", ("3202",))


@pytest.fixture
async def accepted(case: Case, desk: Desk) -> Case:
    """An accepted complaint under a policy that promises feedback within 20 working days."""
    latest = desk.office.sla.current("complaint", desk.clock())
    clocks = {**latest.clocks, "feedback": Target(20, Unit.WORKING_DAYS)}
    desk.office.sla.learn(policies=[replace(latest, version=latest.version + 1, clocks=clocks)])
    await case.moves("accepted")
    return case


async def sends(case: Case, **changes: object) -> str:
    values = {"authority": "市市场监督管理局", "contact": "办公室 0571-00000000", "matter": "销售假冒商标商品的线索"}
    await case.does(transfer_to_authority, **(values | changes))
    async with case.desk.read() as session:
        return (await transfers_of(session, case.id))[0].id


async def test_the_feedback_clock_runs_and_ours_waits(accepted: Case, clock: FakeClock) -> None:
    await sends(accepted, reason_code="jurisdiction")
    clocks = await accepted.clocks()
    assert (clocks["feedback"].state, clocks["resolution"].state) == ("running", "paused")
    assert (await accepted.row()).status == "transferred"
    said = (await accepted.told())[-1]
    assert "市市场监督管理局" in said and "销售假冒商标商品的线索\n我们会跟踪" in said, "sentences do not run together"
    assert "0571" not in said, "how staff reach the authority is not the citizen's business"


async def test_receipt_and_feedback_reach_the_citizen_and_our_clock_goes_on(
    accepted: Case, clock: FakeClock
) -> None:
    transfer = await sends(accepted)
    due_at = (await accepted.clocks())["resolution"].due_at
    clock.move(timedelta(days=3))
    await accepted.does(record_receipt, transfer, receipt_no="市监〔2026〕12号")
    assert "市监〔2026〕12号" in (await accepted.told())[-1]
    clock.move(timedelta(days=4))
    await accepted.does(record_feedback, transfer, text="已立案调查")
    clocks = await accepted.clocks()
    assert clocks["feedback"].state == "met"
    assert clocks["resolution"].state == "running" and clocks["resolution"].due_at > due_at
    assert "已立案调查" in (await accepted.told())[-1]
    assert (await accepted.row()).status == "transferred"
    assert await accepted.chain_holds()


async def test_what_is_given_back_is_ours_again(accepted: Case, clock: FakeClock) -> None:
    transfer = await sends(accepted)
    await accepted.does(record_feedback, transfer, text="不属本局管辖", returned=True)
    assert (await accepted.row()).status == "in_progress"
    assert "退回" in (await accepted.told())[-1]
    clock.move(timedelta(hours=1))
    again = await sends(accepted, authority="区市场监督管理局")
    assert again != transfer


async def test_feedback_comes_once_and_a_receipt_before_it(accepted: Case) -> None:
    transfer = await sends(accepted)
    await accepted.does(record_receipt, transfer)
    with pytest.raises(BadRequest):
        await accepted.does(record_receipt, transfer)
    await accepted.does(record_feedback, transfer, text="已处理")
    for step, values in ((record_receipt, {}), (record_feedback, {"text": "再来一次"})):
        with pytest.raises(BadRequest):
            await accepted.does(step, transfer, **values)


async def test_another_tickets_transfer_is_not_touched(accepted: Case, make_case) -> None:
    transfer, other = await sends(accepted), await make_case(facts={"n": 1})
    with pytest.raises(BadRequest):
        await other.does(record_feedback, transfer, text="张冠李戴")


@pytest.mark.parametrize("changes", [{"authority": " "}, {"matter": ""}, {"authority": "局" * 101}, {"reason_code": "x"}])
async def test_a_transfer_without_its_words_is_refused(accepted: Case, changes: dict) -> None:
    with pytest.raises(BadRequest):
        await sends(accepted, **changes)


async def test_what_is_another_authoritys_from_the_start_goes_there_unaccepted(case: Case) -> None:
    await sends(case)
    assert (await case.row()).status == "transferred"
    assert (await case.clocks())["acceptance"].state == "met"


async def test_what_is_refused_is_not_transferred(case: Case) -> None:
    await case.moves("rejected", "不属于受理范围")
    with pytest.raises(IllegalTransition):
        await sends(case)


@pytest.mark.parametrize("first", [None, "accepted"])
async def test_a_plain_step_transfers_nothing(case: Case, first: str | None) -> None:
    if first:
        await case.moves(first)
    before = await case.row()
    with pytest.raises(FormRequired):
        await case.moves("transferred", "移送")
    after = await case.row()
    assert (after.status, after.audit_seq) == (before.status, before.audit_seq)


async def test_the_feedback_clock_ends_with_the_ticket(accepted: Case) -> None:
    await sends(accepted)
    await accepted.moves("resolved", "已由该局处理")
    assert (await accepted.clocks())["feedback"].state == "cancelled"


async def rounds(case: Case, clock: str) -> list[str]:
    async with case.desk.read() as session:
        views = await sla.clocks_of(session, case.id, now=case.desk.clock())
    return [view.state for view in sorted(views, key=lambda view: view.round) if view.clock == clock]


async def test_interim_feedback_is_told_and_awaits_the_next_word(accepted: Case, clock: FakeClock) -> None:
    transfer = await sends(accepted)
    clock.move(timedelta(days=3))
    await accepted.does(record_interim_feedback, transfer, text="已立案")
    feedback = (await accepted.clocks())["feedback"]
    assert await rounds(accepted, "feedback") == ["met", "running"]
    assert feedback.started_at == clock()
    assert (await accepted.clocks())["resolution"].state == "paused"
    said = (await accepted.told())[-1]
    assert "反馈办理进展：已立案" in said and "还在该部门办理" in said
    clock.move(timedelta(days=5))
    await accepted.does(record_interim_feedback, transfer, text="正在鉴定")
    await accepted.does(record_feedback, transfer, text="已作出处罚决定")
    assert await rounds(accepted, "feedback") == ["met", "met", "met"]
    assert (await accepted.clocks())["resolution"].state == "running"
    async with accepted.desk.read() as session:
        [found] = await transfers_of(session, accepted.id)
    assert ([told.text for told in found.interim], found.feedback) == (["已立案", "正在鉴定"], "已作出处罚决定")
    assert (await accepted.actions())[-3:] == ["ticket.interim_feedback", "ticket.interim_feedback", "ticket.feedback_received"]
    assert await accepted.chain_holds()


async def test_interim_feedback_that_is_late_is_a_breach_and_the_next_round_begins(accepted: Case, clock: FakeClock) -> None:
    transfer = await sends(accepted)
    clock.move(timedelta(days=60))
    await accepted.does(record_interim_feedback, transfer, text="仍在办理")
    assert await rounds(accepted, "feedback") == ["breached", "running"]


async def test_nothing_interim_comes_after_the_end_or_without_words(accepted: Case) -> None:
    transfer = await sends(accepted)
    with pytest.raises(BadRequest):
        await accepted.does(record_interim_feedback, transfer, text=" ")
    await accepted.does(record_feedback, transfer, text="已处理")
    with pytest.raises(BadRequest):
        await accepted.does(record_interim_feedback, transfer, text="还有话说")


async def test_a_matter_goes_on_from_one_authority_to_the_next(accepted: Case, clock: FakeClock) -> None:
    first = await sends(accepted)
    clock.move(timedelta(days=2))
    second = await sends(accepted, authority="市版权局", answer="不属本局管辖，应由版权部门办理")
    assert second != first
    assert (await accepted.row()).status == "transferred"
    assert await rounds(accepted, "feedback") == ["met", "running"]
    clocks = await accepted.clocks()
    assert (clocks["feedback"].started_at, clocks["resolution"].state) == (clock(), "paused")
    async with accepted.desk.read() as session:
        now, before = await transfers_of(session, accepted.id)
    assert (before.feedback, before.feedback_at, before.returned) == ("不属本局管辖，应由版权部门办理", clock(), False)
    assert (now.authority, now.feedback_at) == ("市版权局", None)
    told = await accepted.told()
    assert "市市场监督管理局答复“不属本局管辖，应由版权部门办理”，已改送市版权局。" in told[-1]
    assert sum("市版权局" in words for words in told) == 1
    await accepted.does(record_feedback, second, text="已处理")
    assert await accepted.chain_holds()


async def test_to_go_on_the_authority_that_has_it_must_have_answered(accepted: Case) -> None:
    with pytest.raises(BadRequest):
        await sends(accepted, answer="没有移送过")
    first = await sends(accepted)
    for answer in ("", "答" * 4001):
        with pytest.raises(BadRequest):
            await sends(accepted, authority="市版权局", answer=answer)
    await accepted.does(record_feedback, first, text="已按职责处理完毕")
    await sends(accepted, authority="市版权局")
    assert await rounds(accepted, "feedback") == ["met", "running"]


async def forwards(case: Case, centre: Centre, answer: str = "") -> None:
    async with case.desk.begin() as session:
        ticket = await access_ticket(session, case.agent, case.id, lock=True)
        await forward(session, case.desk.office, ticket, centre, answer=answer, actor=case.agent.id, now=case.desk.clock())


async def test_a_matter_goes_on_from_an_authority_to_another_centre(accepted: Case, clock: FakeClock) -> None:
    await sends(accepted)
    clock.move(timedelta(days=2))
    await forwards(accepted, SUZHOU, "行为地在苏州，不属本局管辖")
    row = await accepted.row()
    assert (row.status, row.centre) == ("transferred", "suzhou")
    assert await rounds(accepted, "feedback") == ["met", "running"]
    clocks = await accepted.clocks()
    assert (clocks["feedback"].started_at, clocks["resolution"].state) == (clock(), "paused")
    async with accepted.desk.read() as session:
        now, before = await transfers_of(session, accepted.id)
    assert (before.feedback, before.feedback_at, before.returned) == ("行为地在苏州，不属本局管辖", clock(), False)
    assert (now.authority, now.feedback_at) == ("苏州中心", None)
    told = await accepted.told()
    assert "市市场监督管理局答复“行为地在苏州，不属本局管辖”。您反映的事项由苏州中心负责" in told[-1]
    assert "按您的同意" not in told[-1] and sum("苏州中心" in words for words in told) == 1
    await accepted.does(record_feedback, now.id, text="不是我们的", returned=True)
    assert (await accepted.row()).centre == accepted.desk.office.routing.own
    assert await accepted.chain_holds()


async def test_a_matter_goes_on_from_one_centre_to_the_next_but_not_to_the_same(accepted: Case) -> None:
    await forwards(accepted, SUZHOU)
    with pytest.raises(IllegalTransition):
        await forwards(accepted, SUZHOU, "不属本中心")
    for answer in ("", "答" * 4001):
        with pytest.raises(BadRequest):
            await forwards(accepted, WUXI, answer)
    await forwards(accepted, WUXI, "行为地在无锡")
    assert (await accepted.row()).centre == "wuxi"
    assert await rounds(accepted, "feedback") == ["met", "running"]
    assert await accepted.chain_holds()


async def test_after_the_last_word_a_matter_goes_to_a_centre_without_another_answer(accepted: Case) -> None:
    transfer = await sends(accepted)
    await accepted.does(record_feedback, transfer, text="已按职责处理完毕")
    with pytest.raises(BadRequest):
        await forwards(accepted, SUZHOU, "还有话说")
    await forwards(accepted, SUZHOU)
    assert "您反映的事项由苏州中心负责" in (await accepted.told())[-1]


async def test_our_clock_stands_still_through_both_transfers(accepted: Case, clock: FakeClock) -> None:
    due_at = (await accepted.clocks())["resolution"].due_at
    await sends(accepted)
    clock.move(timedelta(days=7))
    second = await sends(accepted, authority="市版权局", answer="不属本局管辖")
    clock.move(timedelta(days=7))
    await accepted.does(record_feedback, second, text="已处理")
    # Nine closings, as the day on which the clock started does not count: from Friday 22 January to Thursday.
    assert (await accepted.clocks())["resolution"].due_at - due_at == timedelta(days=13)


@pytest.mark.parametrize("is_merged_first", [True, False])
async def test_a_ticket_taken_out_after_the_last_word_owes_no_feedback_and_does_not_stand_still(
    accepted: Case, make_case, clock: FakeClock, is_merged_first: bool
) -> None:
    transfer, other = await sends(accepted), await make_case(facts={"n": 1})

    async def merges() -> None:
        await accepted.does(merge_tickets, into_id=other.id, reason="同一件事")

    if is_merged_first:
        await merges()
    clock.move(timedelta(days=1))
    await accepted.does(record_feedback, transfer, text="已处理")
    if not is_merged_first:
        await merges()
    clock.move(timedelta(days=1))
    await accepted.does(unmerge_ticket, reason="不是同一件事")
    clocks = await accepted.clocks()
    assert (clocks["resolution"].round, clocks["resolution"].state) == (2, "running")
    assert (clocks["feedback"].round, clocks["feedback"].state) == (1, "cancelled" if is_merged_first else "met")


async def test_a_matter_forwarded_unopened_and_given_back_is_ours_with_a_date(case: Case, clock: FakeClock) -> None:
    transfer = await sends(case)
    assert "resolution" not in await case.clocks()
    clock.move(timedelta(days=2))
    await case.does(record_feedback, transfer, text="不属本局管辖", returned=True)
    resolution = (await case.clocks())["resolution"]
    assert (resolution.state, resolution.started_at) == ("running", clock())
    assert (await case.row()).next_due_at == resolution.due_at
