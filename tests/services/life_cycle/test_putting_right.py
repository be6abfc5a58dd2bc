"""Corrections of facts and words, reasons by code, priorities, follow-ups."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, Forbidden, ReasonRequired
from bot.services import desk_work, mentions
from bot.services.life_cycle.correcting import FactRejected, correct_entry, correct_fact
from bot.services.life_cycle.follow_ups import plan_follow_up, record_follow_up
from bot.services.life_cycle.looking import life_of, tasks
from bot.services.life_cycle.merging import merge_tickets
from bot.services.life_cycle.priorities import set_priority
from bot.services.life_cycle.transfers import transfer_to_authority
from bot.store.tables import TicketEvent
from tests.services.life_cycle.conftest import FACTS, Case, MakeCase
from tests.support.builders import make_agent
from tests.support.clock import FakeClock


async def timeline(case: Case, *, staff: bool = True) -> list[desk_work.TimelineItem]:
    async with case.desk.read() as session:
        return await desk_work.timeline(session, case.id, staff=staff)


async def writes(case: Case, kind: str, text: str) -> int:
    """Let the agent write; return the id of the entry."""
    async with case.desk.begin() as session:
        now = case.desk.clock()
        if kind == "note":
            await desk_work.add_note(session, case.agent, case.id, text=text, now=now)
        else:
            await desk_work.send_public_reply(session, case.desk.office, case.agent, case.id, text=text, now=now)
    return max(item.entry_id for item in await timeline(case) if item.entry_id)


# --- facts ----------------------------------------------------------------------------------


async def test_a_wrong_fact_is_put_right_and_both_versions_are_sealed(case: Case) -> None:
    before = (await case.row()).party_key
    await case.does(correct_fact, name="phone", value="138 0013 8000", reason="来电说明登记时写错")
    row = await case.row()
    assert row.facts == FACTS | {"phone": "13800138000"}, "in the form's normal form"
    assert row.party_key != before
    event = next(item for item in await timeline(case) if item.kind == "ticket.fact_corrected")
    assert (event.old, event.new) == (
        {"fact": "phone", "value": "13900139000"},
        {"fact": "phone", "value": "13800138000"},
    )
    said = (await case.told())[-1]
    assert "联系电话" in said and "13800138000" not in said
    assert await case.chain_holds()


@pytest.mark.parametrize(("place", "region"), [("江苏省苏州市", "320500"), ("境外", None)])
async def test_a_corrected_region_is_the_region_that_the_ticket_lies_in(make_case, place: str, region: str | None) -> None:
    case = await make_case(facts=FACTS | {"region": "浙江省杭州市西湖区"})
    await case.does(correct_fact, name="phone", value="13800138000", reason="更正")
    assert (await case.row()).region == "330106"
    await case.does(correct_fact, name="region", value=place, reason="写错")
    assert (await case.row()).region == region


async def test_a_question_that_was_skipped_may_be_filled_in(case: Case) -> None:
    await case.does(correct_fact, name="right_number", value="12345678", reason="补登")
    assert (await case.row()).facts["right_number"] == "12345678"


async def test_what_the_form_would_not_take_is_refused_with_its_words(case: Case) -> None:
    with pytest.raises(FactRejected) as refused:
        await case.does(correct_fact, name="phone", value="12345", reason="更正")
    assert "电话" in str(refused.value.details["why"])
    assert (await case.row()).facts == FACTS


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": "nothing"}, BadRequest),
        ({"value": "13900139000"}, BadRequest),
        ({"reason": " "}, ReasonRequired),
    ],
)
async def test_a_correction_without_sense_is_refused(case: Case, changes: dict, error: type[Exception]) -> None:
    values = {"name": "phone", "value": "13800138000", "reason": "更正"} | changes
    with pytest.raises(error):
        await case.does(correct_fact, **values)


# --- words ----------------------------------------------------------------------------------


async def test_a_reply_is_put_right_marked_and_told(case: Case) -> None:
    entry = await writes(case, "public_reply", "请到江西路办理")
    await case.does(correct_entry, entry, text="请到江东路办理", reason="路名写错")
    item = next(item for item in await timeline(case, staff=False) if item.entry_id == entry)
    assert (item.text, item.before) == ("请到江东路办理", ("请到江西路办理",))
    assert item.corrected_at is not None
    assert "请到江东路办理" in (await case.told())[-1]
    event = next(item for item in await timeline(case) if item.kind == "ticket.entry_corrected")
    assert (event.old["text"], event.new["text"]) == ("请到江西路办理", "请到江东路办理")
    assert await case.chain_holds()


async def test_every_version_stays(case: Case) -> None:
    entry = await writes(case, "note", "一")
    for text in ("二", "三"):
        await case.does(correct_entry, entry, text=text, reason="改")
    item = next(item for item in await timeline(case) if item.entry_id == entry)
    assert (item.before, item.text) == (("一", "二"), "三")


async def test_a_corrected_note_is_not_told(case: Case) -> None:
    entry = await writes(case, "note", "先核对注册证")
    before = await case.told()
    await case.does(correct_entry, entry, text="先核对登记证", reason="写错")
    assert await case.told() == before


async def test_whom_a_corrected_note_names_is_told_once(case: Case, desk: Desk) -> None:
    wang, zhao = await make_agent(desk, "王敏"), case.supervisor
    await make_agent(desk, "郭管理", "administrator")
    entry = await writes(case, "note", "@王明 请看")
    done = await case.does(correct_entry, entry, text="@王敏 @郭管理 请看", reason="名字写错")
    assert done.not_told == ["郭管理"]
    for text in ("@王敏 请今天看", "@王敏 @赵强 请今天看"):
        assert (await case.does(correct_entry, entry, text=text, reason="补充")).not_told == []
    reply = await writes(case, "public_reply", "请补充")
    assert (await case.does(correct_entry, reply, text="@王敏 请补充", reason="改")).not_told == []
    async with desk.read() as session:
        assert [m.text for m in await mentions.mentions_of(session, wang)] == ["@王敏 @赵强 请今天看"]
        assert len(await mentions.mentions_of(session, zhao)) == 1


async def test_only_the_author_and_supervisors_correct(case: Case) -> None:
    entry, wang = await writes(case, "note", "先核对注册证"), await make_agent(case.desk, "王敏")
    with pytest.raises(Forbidden):
        await case.does(correct_entry, entry, text="改", reason="改", by=wang)
    await case.does(correct_entry, entry, text="核对登记证", reason="写错", by=case.supervisor)


async def test_what_the_citizen_wrote_is_theirs(case: Case) -> None:
    from bot.services import tickets

    async with case.desk.begin() as session:
        await tickets.supplement(
            session, case.desk.office, case.opened.ticket.number, case.opened.code,
            text="还有一家店", now=case.desk.clock(),
        )  # fmt: skip
    entry = next(item.entry_id for item in await timeline(case) if item.entry_id)
    with pytest.raises(BadRequest):
        await case.does(correct_entry, entry, text="没有别的店", reason="改", by=case.supervisor)


async def test_another_tickets_words_are_out_of_reach(case: Case, make_case) -> None:
    entry, other = await writes(case, "note", "先核对注册证"), await make_case(facts={"n": 1})
    with pytest.raises(BadRequest):
        await other.does(correct_entry, entry, text="改", reason="改")


# --- reasons --------------------------------------------------------------------------------


async def test_a_reason_from_the_catalogue_is_told_and_its_code_sealed(case: Case) -> None:
    await case.moves("rejected", "请向法院查询进展。", reason_code="handled_elsewhere")
    event = (await timeline(case))[-1]
    assert event.new == {"status": "rejected", "reason_code": "handled_elsewhere"}
    assert event.text.endswith("请向法院查询进展。") and "其他部门受理" in event.text
    assert "其他部门受理" in (await case.told())[-1]


async def test_a_code_is_reason_enough_and_must_fit_the_step(case: Case) -> None:
    with pytest.raises(BadRequest):
        await case.moves("rejected", reason_code="mediated")
    assert (await case.moves("rejected", reason_code="no_facts")).status == "rejected"


async def test_every_step_with_a_reason_has_a_catalogue(case: Case) -> None:
    from bot.helpdesk.ticket import REASON_REQUIRED

    rules = case.desk.office.rules
    assert {reason.step for reason in rules.reasons} == {status.value for status in REASON_REQUIRED}


# --- priorities -----------------------------------------------------------------------------


async def test_a_priority_is_set_and_sealed_once(case: Case) -> None:
    for _ in range(2):
        await case.does(set_priority, priority="urgent", reason=" 展会明天结束 ")
    assert (await case.row()).priority == "urgent"
    async with case.desk.read() as session:
        sealed = select(TicketEvent.reason).where(TicketEvent.action == "ticket.priority_changed")
        assert list(await session.scalars(sealed)) == ["展会明天结束"]
    assert (await case.actions()).count("ticket.priority_changed") == 1
    with pytest.raises(BadRequest):
        await case.does(set_priority, priority="extreme")


# --- follow-ups -----------------------------------------------------------------------------


async def follow_ups(case: Case) -> list:
    async with case.desk.read() as session:
        life = await life_of(session, case.desk.office, case.agent, case.id, now=case.desk.clock())
    return life.follow_ups


@pytest.fixture
async def resolved(case: Case) -> Case:
    await case.moves("accepted")
    await case.moves("resolved", reason_code="stopped")
    return case


async def test_what_is_not_for_an_agent_takes_no_place_among_what_waits_longest(
    make_case: MakeCase, desk: Desk, clock: FakeClock
) -> None:
    agent = await make_agent(desk, regions=["330100"])
    merged, target = await make_case(), await make_case()
    places = [await make_case(facts=FACTS | {"region": place}) for place in ("广东省深圳市南山区", "浙江省杭州市西湖区")]
    for one in (merged, *places):
        await one.does(transfer_to_authority, authority="市监局", matter="查处")
        clock.move(timedelta(minutes=1))
    await merged.does(merge_tickets, into_id=target.id, reason="同一件事")
    async with desk.read() as session:
        waiting = await tasks(session, desk.office, agent, now=clock(), limit=1)
        of_all = await tasks(session, desk.office, target.agent, now=clock(), limit=1)
    assert [task.ticket.id for task in waiting["transfer"]] == [places[1].id]
    assert [task.ticket.id for task in of_all["transfer"]] == [places[0].id]


async def test_a_resolution_plans_a_follow_up_ten_working_days_on(resolved: Case, clock: FakeClock) -> None:
    (planned,) = await follow_ups(resolved)
    assert planned.due_on == date(2026, 12, 4)
    async with resolved.desk.read() as session:
        assert (await tasks(session, resolved.desk.office, resolved.agent, now=clock()))["follow_up"] == []
        clock.move(timedelta(days=14))
        waiting = await tasks(session, resolved.desk.office, resolved.agent, now=clock())
    assert [task.ticket.id for task in waiting["follow_up"]] == [resolved.id]


async def test_an_outcome_is_recorded_once(resolved: Case) -> None:
    (planned,) = await follow_ups(resolved)
    with pytest.raises(BadRequest):
        await resolved.does(record_follow_up, planned.id, outcome="unsatisfied")
    await resolved.does(record_follow_up, planned.id, outcome="satisfied", text="已收到赔偿")
    (done,) = await follow_ups(resolved)
    assert (done.outcome, done.text, done.done_by_name) == ("satisfied", "已收到赔偿", "李明")
    with pytest.raises(BadRequest):
        await resolved.does(record_follow_up, planned.id, outcome="satisfied")
    assert await resolved.chain_holds()


@pytest.mark.parametrize("outcome", ["reopened", "nonsense"])
async def test_an_outcome_that_nobody_records_is_refused(resolved: Case, outcome: str) -> None:
    (planned,) = await follow_ups(resolved)
    with pytest.raises(BadRequest):
        await resolved.does(record_follow_up, planned.id, outcome=outcome, text="说明")


async def test_a_follow_up_is_moved_to_another_day(resolved: Case) -> None:
    await resolved.does(plan_follow_up, due_on=date(2026, 12, 20))
    (planned,) = await follow_ups(resolved)
    assert planned.due_on == date(2026, 12, 20)
    for wrong in (date(2026, 11, 1), date(2028, 1, 1)):
        with pytest.raises(BadRequest):
            await resolved.does(plan_follow_up, due_on=wrong)


async def test_an_open_ticket_needs_no_follow_up(case: Case) -> None:
    with pytest.raises(BadRequest):
        await case.does(plan_follow_up, due_on=date(2026, 12, 20))


async def test_reopening_drops_the_follow_up_and_the_next_resolution_plans_one(resolved: Case) -> None:
    await resolved.moves("reopened", reason_code="not_solved")
    assert [f.outcome for f in await follow_ups(resolved)] == ["reopened"]
    await resolved.moves("in_progress")
    await resolved.moves("resolved", "这次真的解决了")
    assert sorted(str(f.outcome) for f in await follow_ups(resolved)) == ["None", "reopened"]
