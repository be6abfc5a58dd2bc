"""Macros: kept in versions, offered where they fit, carried out as a whole or not at all."""

import pytest
from sqlalchemy import func, select, update

from bot.bootstrap import Desk
from bot.helpdesk.errors import (
    BadRequest,
    FormRequired,
    IllegalTransition,
    ReasonRequired,
    TicketChangedMeanwhile,
)
from bot.helpdesk.presence import Skills
from bot.helpdesk.variables import UnknownVariable, VariableEmpty
from bot.services import desk_work, macros, mentions
from bot.services.macros import MacroDraft, MacroInvalid, MacroNotForTicket, MacroNotFound
from bot.services.opening import OpenedTicket
from bot.store.tables import Agent, Macro, Ticket, TicketEntry, TicketEvent
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.steps import asks_for_correction

ACCEPT = MacroDraft(
    title="受理并接手", is_shared=True, text="{{citizen}}，{{number}} 已受理。",
    steps=({"do": "status", "to": "accepted"}, {"do": "assign", "to": "me"}, {"do": "note", "text": "由{{agent}}受理"}),
)  # fmt: skip


@pytest.fixture
async def agent(desk: Desk) -> Agent:
    return await make_agent(desk, "王芳")


@pytest.fixture
async def opened(desk: Desk) -> OpenedTicket:
    citizen = await Citizen.arrives(desk)
    return await make_ticket(desk, citizen.conversation_id, facts={"right": "trademark", "name": "张三"})


async def saved(desk: Desk, agent: Agent, draft: MacroDraft, macro_id: str | None = None) -> macros.MacroView:
    async with desk.begin() as session:
        return await macros.save(session, agent, draft, macro_id=macro_id, now=desk.clock())


async def run(
    desk: Desk, agent: Agent, macro: macros.MacroView, opened: OpenedTicket, version: int = 1
) -> macros.MacroRun:
    async with desk.begin() as session:
        return await macros.run(
            session, desk.office, agent, macro.id, opened.ticket.id, version=version, centre="中心", now=desk.clock()
        )


async def state(desk: Desk, opened: OpenedTicket) -> tuple[str, str | None, int, int]:
    """Status, assignee, entries and audit entries of a ticket."""
    async with desk.read() as session:
        ticket = await session.get_one(Ticket, opened.ticket.id)
        entries = await session.scalar(select(func.count()).select_from(TicketEntry))
        events = await session.scalar(select(func.count()).select_from(TicketEvent))
        return ticket.status, ticket.assignee_id, entries or 0, events or 0


async def test_a_macro_answers_and_takes_its_steps_each_with_an_audit_entry(
    desk: Desk, agent: Agent, opened: OpenedTicket
) -> None:
    await run(desk, agent, await saved(desk, agent, ACCEPT), opened)
    assert await state(desk, opened) == ("accepted", agent.id, 2, 5)
    async with desk.read() as session:
        texts = list(await session.scalars(select(TicketEntry.text).order_by(TicketEntry.id)))
    assert texts == [f"张三，{opened.ticket.number} 已受理。", "由王芳受理"]


async def test_who_is_named_in_a_macros_note_and_may_not_read_it_is_named_to_whoever_runs_it(
    desk: Desk, agent: Agent, opened: OpenedTicket
) -> None:
    await make_agent(desk, "郭管理", "administrator")
    reader = await make_agent(desk, "李明")
    steps = ({"do": "note", "text": "@郭管理 @李明 请看"}, {"do": "assign", "to": "me"}, {"do": "note", "text": "@郭管理 再看"})
    done = await run(desk, agent, await saved(desk, agent, MacroDraft(title="请看", steps=steps)), opened)
    assert (done.not_told, done.ticket.assignee_id) == (["郭管理"], agent.id)
    async with desk.read() as session:
        assert len(await mentions.mentions_of(session, reader)) == 1
    assert (await run(desk, agent, await saved(desk, agent, ACCEPT), opened, version=done.ticket.version)).not_told == []


async def test_a_macro_sets_a_priority_with_its_reason(desk: Desk, agent: Agent, opened: OpenedTicket) -> None:
    step = {"do": "priority", "to": "high", "reason": "{{number}} 临近展会"}
    await run(desk, agent, await saved(desk, agent, MacroDraft(title="加急", steps=({"do": "assign", "to": "me"}, step))), opened)
    async with desk.read() as session:
        ticket = await session.get_one(Ticket, opened.ticket.id)
        event = (await session.scalars(select(TicketEvent).order_by(TicketEvent.seq.desc()).limit(1))).one()
    assert (ticket.priority, ticket.assignee_id, ticket.version) == ("high", agent.id, 3)
    assert (event.action, event.actor, event.reason) == ("ticket.priority_changed", agent.id, f"{opened.ticket.number} 临近展会")


async def test_a_macro_hands_the_ticket_to_another_queue(desk: Desk, agent: Agent, opened: OpenedTicket) -> None:
    async with desk.begin() as session:
        (await session.get_one(Agent, agent.id)).skills = Skills(queues=("trademark",)).to_json()
    step = {"do": "queue", "to": "patent", "reason": "{{number}} 是外观设计"}
    draft = MacroDraft(title="转专利", steps=({"do": "assign", "to": "me"}, step), queues=("trademark",))
    macro = await saved(desk, agent, draft)
    await run(desk, agent, macro, opened)
    async with desk.read() as session:
        ticket = await session.get_one(Ticket, opened.ticket.id)
        event = (await session.scalars(select(TicketEvent).order_by(TicketEvent.seq.desc()).limit(1))).one()
    assert (ticket.queue, ticket.assignee_id, ticket.version) == ("patent", None, 3)
    assert (event.action, event.reason) == ("ticket.queue_changed", f"{opened.ticket.number} 是外观设计")
    with pytest.raises(MacroNotForTicket):
        await run(desk, agent, macro, opened, 3)


async def test_a_priority_goes_with_the_macro_that_failed(desk: Desk, agent: Agent, opened: OpenedTicket) -> None:
    draft = MacroDraft(title="x", steps=({"do": "priority", "to": "high"}, {"do": "status", "to": "closed"}))
    with pytest.raises(IllegalTransition):
        await run(desk, agent, await saved(desk, agent, draft), opened)
    async with desk.read() as session:
        assert (await session.get_one(Ticket, opened.ticket.id)).priority == "normal"


async def test_a_step_that_is_not_allowed_undoes_the_whole_macro(
    desk: Desk, agent: Agent, opened: OpenedTicket
) -> None:
    draft = MacroDraft(title="x", text="已归档", steps=({"do": "assign", "to": "me"}, {"do": "status", "to": "closed"}))
    before = await state(desk, opened)
    with pytest.raises(IllegalTransition):
        await run(desk, agent, await saved(desk, agent, draft), opened)
    assert await state(desk, opened) == before


async def test_a_stale_version_and_a_variable_without_value_change_nothing(
    desk: Desk, agent: Agent, opened: OpenedTicket
) -> None:
    macro = await saved(desk, agent, ACCEPT)
    before = await state(desk, opened)
    with pytest.raises(TicketChangedMeanwhile):
        await run(desk, agent, macro, opened, version=7)
    await asks_for_correction(desk, agent, opened.ticket.id)
    async with desk.begin() as session:
        await desk_work.change_status(
            session, desk.office, agent, opened.ticket.id, to="rejected", reason="不属于", version=2, now=desk.clock()
        )
    due = await saved(desk, agent, MacroDraft(title="期限", text="{{due}} 前答复"))
    with pytest.raises(VariableEmpty):
        await run(desk, agent, due, opened, version=3)
    assert (await state(desk, opened))[2] == before[2]


async def test_a_macro_kept_before_a_step_had_a_form_of_its_own_is_refused(
    desk: Desk, agent: Agent, opened: OpenedTicket
) -> None:
    step = {"do": "status", "to": "needs_correction", "reason": "请补充注册证"}
    with pytest.raises(FormRequired):
        await saved(desk, agent, MacroDraft(title="补正", steps=(step,)))
    macro = await saved(desk, agent, MacroDraft(title="补正", steps=({"do": "assign", "to": "me"},)))
    async with desk.begin() as session:
        await session.execute(update(Macro).where(Macro.id == macro.id).values(steps=[step]))
    before = await state(desk, opened)
    with pytest.raises(FormRequired):
        await run(desk, agent, macro, opened)
    assert await state(desk, opened) == before


async def test_a_macro_of_another_queue_or_right_is_neither_offered_nor_run(
    desk: Desk, agent: Agent, opened: OpenedTicket
) -> None:
    fitting = await saved(desk, agent, MacroDraft(title="商标", text="您好", rights=("trademark",)))
    other = await saved(desk, agent, MacroDraft(title="专利", text="您好", queues=("patent",)))
    async with desk.read() as session:
        offers = await macros.offers_for_ticket(
            session, desk.office, agent, opened.ticket.id, centre="中心", now=desk.clock()
        )
    assert [offer.macro.id for offer in offers] == [fitting.id]
    with pytest.raises(MacroNotForTicket):
        await run(desk, agent, other, opened)


async def test_ones_own_macros_are_nobody_elses(desk: Desk, agent: Agent, opened: OpenedTicket) -> None:
    other = await make_agent(desk)
    own, shared = await saved(desk, agent, MacroDraft(title="a", text="x")), await saved(desk, agent, ACCEPT)
    async with desk.read() as session:
        assert [macro.id for macro in await macros.every(session, other)] == [shared.id]
    with pytest.raises(MacroNotFound):
        await run(desk, other, own, opened)


async def test_a_macro_put_aside_is_not_offered_and_not_run(desk: Desk, agent: Agent, opened: OpenedTicket) -> None:
    macro = await saved(desk, agent, MacroDraft(title="a", text="x", is_active=False))
    async with desk.read() as session:
        assert await macros.offered(session, agent, queue="trademark") == []
    with pytest.raises(MacroNotFound):
        await run(desk, agent, macro, opened)


async def test_the_second_of_two_who_save_is_refused(desk: Desk, agent: Agent) -> None:
    macro = await saved(desk, agent, ACCEPT)
    changed = MacroDraft(title="新", text="y", is_shared=True, version=1)
    assert (await saved(desk, agent, changed, macro.id)).version == 2
    with pytest.raises(MacroInvalid):
        await saved(desk, agent, changed, macro.id)


async def test_what_cannot_be_kept_is_refused(desk: Desk, agent: Agent) -> None:
    for wrong, error in (
        (MacroDraft(title="", text="x"), MacroInvalid),
        (MacroDraft(title="a"), MacroInvalid),
        (MacroDraft(title="a", text="{{nobody}}"), UnknownVariable),
        (MacroDraft(title="a", steps=({"do": "dance"},)), BadRequest),
        (MacroDraft(title="a", steps=({"do": "status", "to": "nowhere"},)), BadRequest),
        (MacroDraft(title="a", steps=({"do": "status", "to": "resolved"},)), ReasonRequired),
        (MacroDraft(title="a", steps=({"do": "note", "text": "{{x}}"},)), UnknownVariable),
        (MacroDraft(title="a", steps=({"do": "assign", "to": agent.id},)), MacroInvalid),
        (MacroDraft(title="a", steps=({"do": "assign", "to": "me", "more": "x"},)), BadRequest),
        (MacroDraft(title="a", steps=("note",)), BadRequest),
        (MacroDraft(title="a", steps=({"do": "priority", "to": "extreme"},)), BadRequest),
        (MacroDraft(title="a", steps=({"do": "priority"},)), BadRequest),
        (MacroDraft(title="a", steps=({"do": "queue", "reason": "x"},)), BadRequest),
        (MacroDraft(title="a", steps=({"do": "queue", "to": "patent", "reason": " "},)), ReasonRequired),
        (MacroDraft(title="a", steps=({"do": "priority", "to": "low", "reason": "{{x}}"},)), UnknownVariable),
    ):
        with pytest.raises(error):
            await saved(desk, agent, wrong)


async def test_a_conversation_is_offered_canned_replies_only(desk: Desk, agent: Agent) -> None:
    citizen = await Citizen.arrives(desk)
    await saved(desk, agent, ACCEPT)
    await saved(desk, agent, MacroDraft(title="问候", text="{{citizen}}您好，我是{{agent}}"))
    await saved(desk, agent, MacroDraft(title="查询", text="编号 {{number}}"))
    async with desk.read() as session:
        offers = await macros.offers_for_conversation(
            session, desk.office, agent, citizen.conversation_id, centre="中心", now=desk.clock()
        )
    assert {offer.macro.title: (offer.text, offer.missing) for offer in offers} == {
        "问候": ("求助人您好，我是王芳", None),
        "查询": ("", "number"),
    }
