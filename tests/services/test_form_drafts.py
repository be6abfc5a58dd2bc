"""Forms that are not finished: kept with the turn, put aside, taken up elsewhere, opened once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import worker
from bot.assistant.engine import EngineReply, EngineTurn
from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest, DraftNotFound
from bot.helpdesk.identifiers import parse_draft_number, parse_ticket_number
from bot.services import form_drafts
from bot.services.form_drafts import DraftView, FormProgress
from bot.services.intake import Submission, submit
from bot.services.opening import OpenedTicket
from bot.store.tables import Conversation, FormDraft
from tests.support.citizens import Citizen
from tests.support.engine import ScriptedEngine

ANSWERS = {"report_type": "report", "right": "trademark"}


def fills_in(asked: str | None, answers: dict[str, str], *, form: str = "complaint", **slots: Any) -> EngineReply:
    """What the engine returns while a form asks."""
    return EngineReply(
        messages=[{"text": "下一项？", "buttons": [], "custom": None}],
        state={"turns": 1},
        nlu={"intent": "answer_field", "confidence": 1.0, "articles": []},
        active_form=form,
        requested_slot=f"{form}_{asked}" if asked else None,
        slots={f"{form}_{name}": value for name, value in answers.items()} | slots,
    )


def ends(intent: str) -> EngineReply:
    return EngineReply(
        messages=[{"text": "好的。", "buttons": [], "custom": None}], state={}, nlu={"intent": intent, "articles": []}
    )


async def rows(desk: Desk) -> list[FormDraft]:
    async with desk.read() as session:
        return list(await session.scalars(select(FormDraft).order_by(FormDraft.created_at, FormDraft.number)))


async def put_aside(desk: Desk, citizen: Citizen, answers: dict[str, str] = ANSWERS) -> DraftView:
    async with desk.begin() as session:
        saved = await form_drafts.save(
            session, desk.office, citizen.conversation_id, FormProgress("complaint", answers, "act"), now=desk.clock()
        )
    assert saved is not None
    return saved


async def takes_up(desk: Desk, citizen: Citizen, saved: DraftView) -> DraftView:
    async with desk.begin() as session:
        return await form_drafts.take_up(
            session, desk.office, saved.number, saved.code, conversation_id=citizen.conversation_id, now=desk.clock()
        )


async def sends(desk: Desk, citizen: Citizen, draft: str | None, answers: dict[str, str] = ANSWERS) -> OpenedTicket:
    sent = Submission(desk.forms.form("complaint"), answers, "web", citizen.conversation_id, draft)
    async with desk.begin() as session:
        return await submit(session, desk.office, desk.forms, sent, now=desk.clock())


async def test_each_answer_is_kept_in_the_commit_of_its_turn(desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    engine.script = lambda turn: fills_in("right", {"report_type": "report"})
    await citizen.says("举报")
    engine.script = lambda turn: fills_in("act", ANSWERS)
    await citizen.says("商标")
    [draft] = await rows(desk)
    assert (draft.form, draft.answers, draft.asked) == ("complaint", ANSWERS, "act")
    assert draft.conversation_id == citizen.conversation_id
    assert parse_draft_number(draft.number) == draft.number
    assert parse_ticket_number(draft.number) is None


async def test_a_turn_that_fails_keeps_what_was_there(desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    engine.script = lambda turn: fills_in("act", ANSWERS)
    await citizen.says("商标")
    engine.is_down = True
    await citizen.says("商标侵权")
    [draft] = await rows(desk)
    assert draft.answers == ANSWERS


async def test_before_the_first_answer_nothing_is_kept(desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    engine.script = lambda turn: fills_in("report_type", {})
    await citizen.says("我要举报投诉")
    assert await rows(desk) == []


async def test_what_is_cancelled_is_not_kept(desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    engine.script = lambda turn: fills_in("act", ANSWERS)
    await citizen.says("商标")
    engine.script = lambda turn: ends("cancel_form")
    await citizen.says("取消")
    assert await rows(desk) == []


async def test_another_form_does_not_overwrite_the_one_before(desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    engine.script = lambda turn: fills_in("act", ANSWERS)
    await citizen.says("商标")
    engine.script = lambda turn: fills_in("right", {"applicant_type": "company"}, form="assistance")
    await citizen.says("企业")
    assert {draft.form: draft.answers for draft in await rows(desk)} == {
        "complaint": ANSWERS, "assistance": {"applicant_type": "company"},
    }  # fmt: skip


async def test_a_form_put_aside_is_taken_up_days_later_in_another_conversation(desk: Desk, clock: Any) -> None:
    first, second = await Citizen.arrives(desk), await Citizen.arrives(desk)
    saved = await put_aside(desk, first)
    clock.move(timedelta(days=9))
    taken = await takes_up(desk, second, saved)
    assert taken.answers == ANSWERS
    assert taken.expires_at == desk.clock() + timedelta(days=30)
    [draft] = await rows(desk)
    assert draft.conversation_id == second.conversation_id


async def test_a_spelt_out_number_and_code_do_as_well(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    saved = await put_aside(desk, citizen)
    async with desk.read() as session:
        code = f"{saved.code[:4]} - {saved.code[4:].lower()}"
        seen = await form_drafts.look(session, desk.office, saved.number.lower(), code, now=desk.clock())
    assert seen.answers == ANSWERS


@pytest.mark.parametrize(("number", "code"), [(None, "AAAA-AAAA"), ("CG2611200000015", None), ("", ""), ("TS1", "x")])
async def test_without_number_and_code_there_is_nothing_to_see(desk: Desk, number: str | None, code: str | None) -> None:
    saved = await put_aside(desk, await Citizen.arrives(desk))
    async with desk.read() as session:
        with pytest.raises(DraftNotFound):
            await form_drafts.look(
                session, desk.office, saved.number if number is None else number,
                saved.code if code is None else code, now=desk.clock(),
            )  # fmt: skip


async def test_saving_again_after_a_crash_gives_the_same_number(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    first, again = await put_aside(desk, citizen), await put_aside(desk, citizen)
    assert first.number == again.number
    other = await put_aside(desk, citizen, {"report_type": "consumer"})
    assert other.number != first.number


async def test_a_form_taken_up_elsewhere_is_forgotten_where_it_was(desk: Desk, engine: ScriptedEngine) -> None:
    first, second = await Citizen.arrives(desk), await Citizen.arrives(desk)
    engine.script = lambda turn: fills_in("act", ANSWERS)
    await first.says("商标")
    [draft] = await rows(desk)
    view = DraftView(draft.number, desk.signer.query_code(draft.number), "complaint", desk.clock(), desk.clock())
    await takes_up(desk, second, view)
    async with desk.read() as session:
        left = await session.get_one(Conversation, first.conversation_id)
        assert left.dialogue_state is None
    assert (await first.sees())[-1].text == desk.texts("drafts.moved")


async def test_a_dialogue_that_lost_its_draft_writes_no_second_one(desk: Desk, engine: ScriptedEngine) -> None:
    """Its turn was running when the form was taken up elsewhere."""
    first, second = await Citizen.arrives(desk), await Citizen.arrives(desk)
    saved = await put_aside(desk, first)
    await takes_up(desk, first, saved)
    await takes_up(desk, second, saved)
    engine.script = lambda turn: fills_in("region", ANSWERS | {"act": "other"}, draft_number=saved.number)
    await first.says("其他")
    [draft] = await rows(desk)
    assert draft.answers == ANSWERS


async def test_a_form_taken_up_elsewhere_during_a_turn_is_not_written_again(
    desk: Desk, engine: ScriptedEngine
) -> None:
    """The turn goes on from a dialogue that is gone: its message is answered from a new one."""
    first, second = await Citizen.arrives(desk), await Citizen.arrives(desk)
    engine.script = lambda turn: fills_in("act", ANSWERS)
    await first.says("商标")
    [draft] = await rows(desk)
    view = DraftView(draft.number, desk.signer.query_code(draft.number), "complaint", desk.clock(), desk.clock())
    engine.gate = asyncio.Event()
    engine.script = lambda turn: fills_in("region", ANSWERS | {"act": "other"}) if turn.state else ends("greet")
    waiting = asyncio.create_task(first.says("其他"))
    while len(engine.turns) < 2:
        await asyncio.sleep(0.01)
    await takes_up(desk, second, view)
    engine.gate.set()
    result = await waiting
    assert (result.settled, [m.text for m in result.messages]) == (True, ["好的。"])
    assert [turn.state for turn in engine.turns] == [None, {"turns": 1}, None]
    [draft] = await rows(desk)
    assert (draft.conversation_id, draft.answers) == (second.conversation_id, ANSWERS)


async def test_a_draft_becomes_one_ticket_wherever_it_is_sent(desk: Desk) -> None:
    first, second = await Citizen.arrives(desk), await Citizen.arrives(desk)
    saved = await put_aside(desk, first)
    await takes_up(desk, second, saved)
    opened = await sends(desk, second, saved.number)
    again = await sends(desk, first, saved.number, ANSWERS | {"act": "other"})
    assert (opened.created, again.created) == (True, False)
    assert again.ticket.number == opened.ticket.number
    seen = await takes_up(desk, first, saved)
    assert (seen.ticket_number, seen.answers) == (opened.ticket.number, {})


async def test_a_draft_sent_from_two_places_at_once_becomes_one_ticket(desk: Desk) -> None:
    citizens = [await Citizen.arrives(desk) for _ in range(3)]
    saved = await put_aside(desk, citizens[0])
    await takes_up(desk, citizens[1], saved)
    opened = await asyncio.gather(
        *(sends(desk, c, saved.number, ANSWERS | {"act": str(i)}) for i, c in enumerate(citizens))
    )
    assert sum(one.created for one in opened) == 1
    assert len({one.ticket.number for one in opened}) == 1


async def test_two_who_take_it_up_at_once_do_not_both_have_it(desk: Desk) -> None:
    first, *others = [await Citizen.arrives(desk) for _ in range(3)]
    saved = await put_aside(desk, first)
    results = await asyncio.gather(*(takes_up(desk, c, saved) for c in others), return_exceptions=True)
    assert all(isinstance(result, DraftView | BadRequest) for result in results)
    [draft] = await rows(desk)
    assert draft.conversation_id in {citizen.conversation_id for citizen in others}


async def test_the_next_form_of_the_conversation_is_a_matter_of_its_own(desk: Desk, engine: ScriptedEngine) -> None:
    citizen = await Citizen.arrives(desk)
    engine.script = lambda turn: fills_in("act", ANSWERS)
    await citizen.says("商标")
    first = await sends(desk, citizen, None)
    engine.script = lambda turn: fills_in("act", {"report_type": "consumer"})
    await citizen.says("消费投诉")
    second = await sends(desk, citizen, None, {"report_type": "consumer"})
    assert second.created
    assert first.ticket.number != second.ticket.number


async def test_the_worker_deletes_what_nobody_came_back_for(desk: Desk, clock: Any) -> None:
    citizen = await Citizen.arrives(desk)
    old = await put_aside(desk, citizen)
    clock.move(timedelta(days=29))
    await put_aside(desk, citizen, {"report_type": "consumer"})
    clock.move(timedelta(days=1))
    async with desk.read() as session:
        with pytest.raises(DraftNotFound):
            await form_drafts.look(session, desk.office, old.number, old.code, now=desk.clock())
    await worker.delete_expired_drafts(desk, desk.clock())
    assert [draft.answers for draft in await rows(desk)] == [{"report_type": "consumer"}]


async def test_a_scripted_turn_names_the_form(engine: ScriptedEngine) -> None:
    """The client hands on what the channel returns; see bot/engine/channel.py."""
    turn = EngineTurn(conversation="c", message_id="m", text="t", state=None, today="2026-11-20", failed_tries=0)
    engine.script = lambda _: fills_in("act", ANSWERS)
    assert (await engine.take(turn)).slots == {"complaint_report_type": "report", "complaint_right": "trademark"}
