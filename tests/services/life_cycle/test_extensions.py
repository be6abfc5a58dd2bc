"""Extensions: asked, decided by somebody else, counted from history, shown by explain."""

import asyncio
from datetime import timedelta

import pytest

from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, ReasonRequired, TicketChangedMeanwhile
from bot.helpdesk.life_cycle import ExtensionRefused
from bot.helpdesk.sla import Target, Unit, compute
from bot.services import sla
from bot.services.desk_work import send_public_reply
from bot.services.life_cycle.extensions import decide_extension, request_extension
from bot.services.life_cycle.looking import life_of, transfers_of
from bot.services.life_cycle.transfers import (
    record_feedback,
    record_interim_feedback,
    transfer_to_authority,
)
from tests.services.life_cycle.conftest import Case
from tests.services.rules import recounts, saves_policy
from tests.support.clock import FakeClock
from tests.support.steps import asks_for_correction


async def asks(case: Case, clock: str = "acceptance", amount: int = 5, **changes: object) -> None:
    await case.does(request_extension, clock=clock, amount=amount, reason="案情复杂，需要调查", **changes)


async def requests(case: Case) -> list:
    async with case.desk.read() as session:
        life = await life_of(session, case.desk.office, case.agent, case.id, now=case.desk.clock())
    return life.extensions


async def decides(case: Case, *, approve: bool = True, by=None, **changes: object) -> None:
    extension = next(e for e in await requests(case) if e.decision is None)
    await case.does(decide_extension, extension.id, by=by or case.supervisor, approve=approve, **changes)


async def test_an_approved_extension_moves_the_due_date_and_explain_shows_it(case: Case, clock: FakeClock) -> None:
    before = (await case.clocks())["acceptance"]
    await asks(case)
    assert (await case.clocks())["acceptance"].due_at == before.due_at, "asking alone moves nothing"
    clock.move(timedelta(hours=1))
    await decides(case)
    after = (await case.clocks())["acceptance"]
    calendar = case.desk.office.calendar
    assert after.due_at == compute(before.started_at, Target(12, Unit.WORKING_DAYS), calendar).due_at
    assert (await case.row()).next_due_at is not None
    async with case.desk.read() as session:
        found = await sla.explain(session, case.desk.office.sla, case.id, now=clock())
    explained = next(item for item in found if item.view.clock == "acceptance")
    assert explained.target == Target(12, Unit.WORKING_DAYS)
    (step,) = [step for step in explained.steps if step.kind == "extension"]
    assert (step.from_at, step.counted) == (clock(), 5)
    assert "extended" in [kind for kind, _, _ in explained.events]
    assert any("延长办理时限" in text for text in await case.told())
    assert await case.chain_holds()


async def test_the_citizen_reads_the_year_of_a_date_in_another_year(case: Case) -> None:
    await case.moves("accepted")
    await asks(case, clock="resolution")
    await decides(case)
    assert "2027年1月" in (await case.told())[-1]


async def test_a_second_extension_adds_to_the_first(case: Case) -> None:
    before = (await case.clocks())["acceptance"]
    for _ in range(2):
        await asks(case, amount=2)
        await decides(case)
    after = (await case.clocks())["acceptance"]
    calendar = case.desk.office.calendar
    assert after.due_at == compute(before.started_at, Target(11, Unit.WORKING_DAYS), calendar).due_at


async def test_an_extension_while_the_clock_stands_still_counts_when_it_goes_on(
    case: Case, clock: FakeClock
) -> None:
    started_at = (await case.clocks())["acceptance"].started_at
    await asks_for_correction(case.desk, case.agent, case.id)
    await asks(case, amount=3)
    await decides(case)
    assert (await case.clocks())["acceptance"].state == "paused"
    async with case.desk.begin() as session:
        assert (await sla.sweep(session, case.desk.office.sla, now=clock.move(timedelta(days=60)))).looked_at == 0
    await case.moves("submitted")
    acceptance = (await case.clocks())["acceptance"]
    pause = sla.looking.Pause(started_at, clock())
    due = compute(started_at, Target(10, Unit.WORKING_DAYS), case.desk.office.calendar, [pause])
    assert (acceptance.state, acceptance.due_at) == ("running", due.due_at)


async def test_a_refusal_needs_a_note_and_moves_nothing(case: Case) -> None:
    before = (await case.clocks())["acceptance"].due_at
    await asks(case)
    with pytest.raises(ReasonRequired):
        await decides(case, approve=False)
    await decides(case, approve=False, note="时间足够")
    assert (await case.clocks())["acceptance"].due_at == before
    (request,) = await requests(case)
    assert (request.decision, request.decided_by_name, request.note) == ("refused", "赵强", "时间足够")
    assert "ticket.extension_refused" in await case.actions()


async def test_nobody_decides_on_their_own_request(case: Case) -> None:
    await asks(case, by=case.supervisor)
    with pytest.raises(ExtensionRefused) as refused:
        await decides(case)
    assert refused.value.details == {"why": "own"}


async def test_one_request_waits_at_a_time(case: Case) -> None:
    await asks(case)
    with pytest.raises(ExtensionRefused):
        await asks(case)
    await asks(case, clock="first_response", amount=60)


async def test_a_late_clock_gets_no_more_time(case: Case, clock: FakeClock) -> None:
    await asks(case)
    clock.move(timedelta(days=40))
    with pytest.raises(ExtensionRefused):
        await decides(case)
    with pytest.raises(ExtensionRefused):
        await asks(case)
    acceptance = (await case.clocks())["acceptance"]
    assert acceptance.state == "breached"
    await decides(case, approve=False, note="已超时")


async def test_a_request_lapses_with_its_clock(case: Case) -> None:
    await asks(case)
    await case.moves("accepted")
    (request,) = await requests(case)
    assert request.decision == "lapsed"
    assert "ticket.extension_lapsed" in await case.actions()
    assert await case.chain_holds()


@pytest.mark.parametrize(
    ("amount", "error"), [(0, BadRequest), (-1, BadRequest), (15, ExtensionRefused), (10**9, ExtensionRefused)]
)
async def test_an_amount_out_of_range_is_refused(case: Case, amount: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await asks(case, amount=amount)


async def test_all_extensions_of_a_clock_together_are_at_most_twice_the_promise(case: Case) -> None:
    await asks(case, amount=9)
    await decides(case)
    with pytest.raises(ExtensionRefused) as refused:
        await asks(case, amount=6)
    assert refused.value.details["why"] == "much"
    await asks(case, amount=5)
    await decides(case)
    with pytest.raises(ExtensionRefused):
        await asks(case, amount=1)


async def test_a_clock_that_does_not_run_is_refused(case: Case) -> None:
    with pytest.raises(ExtensionRefused):
        await asks(case, clock="resolution")


async def test_of_two_supervisors_at_once_one_decides(case: Case) -> None:
    await asks(case)
    (request,) = await requests(case)
    version = (await case.row()).version
    outcomes = await asyncio.gather(
        *(
            case.does(decide_extension, request.id, by=case.supervisor, approve=True, version=version)
            for _ in range(2)
        ),
        return_exceptions=True,
    )
    assert sorted(type(o).__name__ for o in outcomes) == ["TicketChangedMeanwhile", "TicketView"]
    assert TicketChangedMeanwhile in {type(o) for o in outcomes}
    assert (await case.actions()).count("ticket.extended") == 1


async def test_a_request_in_a_unit_that_is_promised_no_more_is_asked_anew(case: Case, desk: Desk) -> None:
    await asks(case)
    await saves_policy(desk, case.supervisor, clocks={"acceptance": Target(9, Unit.CALENDAR_DAYS)})
    await recounts(desk)
    with pytest.raises(ExtensionRefused) as refused:
        await decides(case)
    assert refused.value.details == {"why": "unit"}
    await decides(case, approve=False, note="请按新单位重新申请")
    await asks(case, amount=2)


async def test_a_request_lapses_with_a_clock_that_no_step_ends(case: Case) -> None:
    await asks(case, clock="first_response", amount=60)
    async with case.desk.begin() as session:
        await send_public_reply(session, case.desk.office, case.agent, case.id, text="您好", now=case.desk.clock())
    assert [one.decision for one in await requests(case)] == ["lapsed"]


async def test_a_request_lapses_with_the_round_that_feedback_ends(case: Case) -> None:
    for step, decisions in ((record_interim_feedback, ["lapsed"]), (record_feedback, ["lapsed", "lapsed"])):
        if step is record_interim_feedback:
            await case.does(transfer_to_authority, authority="市市场监督管理局", contact="", matter="线索")
        async with case.desk.read() as session:
            [transfer] = await transfers_of(session, case.id)
        await asks(case, clock="feedback", amount=3)
        await case.does(step, transfer.id, text="已立案")
        assert [one.decision for one in await requests(case)] == decisions
