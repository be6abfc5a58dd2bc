"""Corrections: a list and a date, the citizen's answer, and what happens when none comes."""

from datetime import date, timedelta

import pytest

from bot import worker
from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, IllegalTransition, TicketChangedMeanwhile
from bot.helpdesk.life_cycle import CorrectionDateWrong
from bot.services import tickets
from bot.services.life_cycle.corrections import request_correction
from bot.services.life_cycle.looking import corrections_of, tasks
from tests.services.life_cycle.conftest import Case
from tests.support.clock import FakeClock

DUE = date(2026, 12, 1)


async def asks(case: Case, **changes: object) -> object:
    values = {"items": ["商标注册证", " ", "购买凭证"], "due_on": DUE} | changes
    return await case.does(request_correction, **values)


async def state(case: Case) -> str:
    async with case.desk.read() as session:
        return (await corrections_of(session, case.id))[0].state


async def answers(case: Case) -> None:
    opened = case.opened
    async with case.desk.begin() as session:
        await tickets.supplement(
            session, case.desk.office, opened.ticket.number, opened.code, text="见附件", now=case.desk.clock()
        )


async def test_the_citizen_is_told_what_is_missing_and_until_when(case: Case) -> None:
    after = await asks(case, note="复印件即可", reason_code="evidence")
    assert after.status == "needs_correction"
    (said,) = await case.told()
    assert "1. 商标注册证；2. 购买凭证" in said
    assert "2026年12月1日（周二）" in said and "复印件即可\n请在" in said
    assert (await case.clocks())["acceptance"].state == "paused"
    assert await case.chain_holds()


async def test_a_supplement_answers_the_notice(case: Case) -> None:
    await asks(case)
    assert await state(case) == "open"
    await answers(case)
    assert await state(case) == "answered"
    assert (await case.row()).status == "submitted"


async def test_past_the_date_staff_are_told_once_and_nothing_is_rejected(
    case: Case, desk: Desk, clock: FakeClock
) -> None:
    await asks(case)
    clock.move(timedelta(days=11))  # the last day itself
    await worker.expire_corrections(desk, clock())
    assert await state(case) == "open"
    clock.move(timedelta(days=1))
    for _ in range(2):
        await worker.expire_corrections(desk, clock())
    assert await state(case) == "expired"
    assert (await case.row()).status == "needs_correction"
    assert (await case.actions()).count("ticket.correction_expired") == 1
    async with desk.read() as session:
        waiting = await tasks(session, desk.office, case.agent, now=clock())
    assert [task.ticket.id for task in waiting["correction"]] == [case.id]
    assert await case.chain_holds()


async def test_a_late_answer_still_counts(case: Case, desk: Desk, clock: FakeClock) -> None:
    await asks(case)
    clock.move(timedelta(days=20))
    await worker.expire_corrections(desk, clock())
    await answers(case)
    assert await state(case) == "answered"
    assert (await case.row()).status == "submitted"


async def test_a_ticket_that_goes_on_without_an_answer_drops_the_notice(case: Case) -> None:
    await asks(case)
    await case.moves("rejected", reason_code="no_correction")
    assert await state(case) == "dropped"


@pytest.mark.parametrize("due_on", [date(2026, 11, 20), date(2026, 11, 1), date(2027, 11, 1)])
async def test_a_date_that_is_over_or_too_far_is_refused(case: Case, due_on: date) -> None:
    with pytest.raises(CorrectionDateWrong):
        await asks(case, due_on=due_on)


@pytest.mark.parametrize(
    "changes",
    [{"items": []}, {"items": [" "]}, {"items": ["件"] * 21}, {"items": ["长" * 201]}, {"note": "长" * 1001},
     {"reason_code": "nonsense"}],
)  # fmt: skip
async def test_a_request_that_names_nothing_or_too_much_is_refused(case: Case, changes: dict) -> None:
    with pytest.raises(BadRequest):
        await asks(case, **changes)
    assert (await case.row()).status == "submitted"


async def test_a_decided_ticket_asks_for_nothing_more(case: Case) -> None:
    await case.moves("accepted")
    with pytest.raises(IllegalTransition):
        await asks(case)


async def test_an_old_version_is_refused(case: Case) -> None:
    with pytest.raises(TicketChangedMeanwhile):
        await asks(case, version=7)
