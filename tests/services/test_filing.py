"""Forms that come whole, several at once: opened, sealed, confirmed; each with its own outcome."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.bootstrap import Desk
from bot.gateway.filing import checked, filings_of
from bot.helpdesk.errors import ConversationNotFound, FormInvalid, HelpdeskError
from bot.services import audit, desk_work, opening
from bot.services.conversations import add_outgoing, locked
from bot.services.filing import Filing, file_forms
from bot.services.group_commit import GroupCommit
from bot.services.intake import Submission, submit
from bot.services.opening import OpenedTicket, TicketDraft, open_tickets
from bot.store.bulk import insert_rows
from bot.store.tables import (
    Conversation,
    Evidence,
    Message,
    Outbox,
    SlaClock,
    Ticket,
    TicketEntry,
    TicketEvent,
)
from tests.services.test_intake import SUZHOU, with_centres
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

COMPLAINT = {
    "report_type": "权利人投诉", "right": "商标", "act": "商标侵权", "relation": "权利人", "right_number": "12345678",
    "respondent": "杭州某某网店", "region": "浙江杭州", "period": "2026年11月18日",
    "facts": "网店销售假冒我公司商标的水杯，共买到三件，每件五十元，没有授权。",
    "name": "杭州水杯有限公司", "phone": "13800138000", "proceedings": "没有", "consent": "我承诺并同意",
    "venue": "网络平台", "platform": "某某商城", "party_kind": "企业", "forward": "同意转送",
    "privacy": "同意", "contact": "李四", "confidential": "可以公开", "feedback": "电话或短信",
}  # fmt: skip


def filing(desk: Desk, conversation_id: str, **changes: str) -> Filing:
    return checked(desk, conversation_id, desk.forms.form("complaint"), COMPLAINT | changes)


async def count(desk: Desk, table: type) -> int:
    async with desk.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_forms_filed_at_once_are_each_opened_sealed_clocked_and_confirmed(desk: Desk) -> None:
    citizens = [await Citizen.arrives(desk) for _ in range(20)]
    filings = filings_of(desk)
    opened = await asyncio.gather(*(filings.do(filing(desk, c.conversation_id)) for c in citizens))
    assert len({o.ticket.number for o in opened}) == 20
    async with desk.read() as session:
        report = await audit.verify(session)
        assert report.holds and report.events == 40
        clocks = Counter(await session.scalars(select(SlaClock.subject_id)))
        stored = {t.id: t for t in await session.scalars(select(Ticket))}
    assert set(clocks) == set(stored) and set(clocks.values()) == {2}
    assert all(ticket.next_due_at and ticket.audit_seq == 2 for ticket in stored.values())
    for citizen, ticket in zip(citizens, opened, strict=True):
        (said,) = await citizen.sees()
        assert ticket.ticket.number in said.text and said.body["ticket"]["number"] == ticket.ticket.number
    async with desk.read() as session:
        assert Counter(await session.scalars(select(Outbox.status))) == {"sent": 20}


async def test_a_form_opened_alone_and_among_others_is_the_same_ticket(desk: Desk) -> None:
    """`open_ticket` is `open_tickets` of one, so what others add to one cannot be missing in the other."""
    alone, among = await Citizen.arrives(desk), await Citizen.arrives(desk)
    one = await make_ticket(desk, alone.conversation_id)
    values = {"kind": "complaint", "subject": one.ticket.subject, "facts": one.ticket.facts,
              "queue": "trademark", "channel": "web"}  # fmt: skip
    async with desk.begin() as session:
        _, two = await open_tickets(
            session, desk.office,
            [TicketDraft(**values | {"subject": "x"}, conversation_id=alone.conversation_id),
             TicketDraft(**values, conversation_id=among.conversation_id)], now=desk.clock(),
        )  # fmt: skip
    async with desk.read() as session:
        rows = [await session.get_one(Ticket, o.ticket.id) for o in (one, two)]
        shown = [{c.key: getattr(row, c.key) for c in Ticket.__table__.columns} for row in rows]
    own = {"id", "number", "conversation_id", "idempotency_key", "audit_head"}
    first, second = ({k: v for k, v in each.items() if k not in own} for each in shown)
    assert first == second


async def test_a_filed_form_is_the_ticket_that_the_dialogue_would_open(desk: Desk) -> None:
    """Region, centre, queue, urgency and the sealed reasons: the way in makes no difference."""
    filer, talker = await Citizen.arrives(desk), await Citizen.arrives(desk)
    changes = {"region": "浙江省杭州市西湖区", "extent": "600件，60000元"}
    filed = await filings_of(desk).do(filing(desk, filer.conversation_id, **changes))
    sent = Submission(desk.forms.form("complaint"), filed.ticket.facts, "web", talker.conversation_id)
    async with desk.begin() as session:
        said = await submit(session, desk.office, desk.forms, sent, now=desk.clock())
    shown = []
    async with desk.read() as session:
        for opened in (filed, said):
            row = await session.get_one(Ticket, opened.ticket.id)
            events = await session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == row.id).order_by(TicketEvent.seq))
            sealed = [(entry.actor, entry.action, entry.new) for entry in events]
            shown.append((row.region, row.centre, row.queue, row.urgency, row.subject, sealed))
    assert shown[0] == shown[1]
    assert shown[0][:4] == ("330106", "main", "trademark", "high")
    assert [action for _, action, _ in shown[0][5]] == ["ticket.opened", "ticket.routed"]


@pytest.mark.parametrize(("automatic", "agreed"), [(True, "同意转送"), (True, "不转送"), (False, "同意转送")])
async def test_a_filed_form_of_another_centre_goes_there_or_is_proposed(desk: Desk, automatic: bool, agreed: str) -> None:
    citizen = await Citizen.arrives(desk)
    near = replace(desk, office=with_centres(desk.office, replace(SUZHOU, is_automatic=automatic)))
    form = filing(near, citizen.conversation_id, region="江苏省苏州市", forward=agreed)
    opened = await filings_of(near).do(form)
    again = await filings_of(near).do(form)
    goes = automatic and agreed == "同意转送"
    assert (opened.ticket.status, opened.ticket.centre) == (("transferred", "suzhou") if goes else ("submitted", "main"))
    assert (again.created, again.ticket.status) == (False, opened.ticket.status)
    texts = [message.text for message in await citizen.sees()]
    assert len(texts) == (2 if goes else 1), "confirmed once, then told once where it went"
    assert not goes or "苏州中心" in texts[1]
    async with desk.read() as session:
        (note,) = await session.scalars(select(TicketEntry.text).where(TicketEntry.kind == "note"))
        kinds = [item.kind for item in await desk_work.timeline(session, opened.ticket.id, staff=True)]
        assert (await audit.verify(session)).holds
    assert "苏州中心" in note and kinds.count("ticket.noted") == 1 and ("ticket.forwarded" in kinds) is goes


async def test_many_filings_take_as_many_statements_as_one(desk: Desk) -> None:
    near = replace(desk, office=with_centres(desk.office, replace(SUZHOU, is_automatic=False)))
    citizens = [await Citizen.arrives(desk) for _ in range(11)]
    forms = [filing(near, citizen.conversation_id, region="江苏省苏州市", forward="同意转送") for citizen in citizens]

    async def cost(part: Sequence[Filing]) -> int:
        statements: list[str] = []

        def heard(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            statements.append(statement)

        engine = desk.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", heard)
        async with desk.begin() as session:
            outcomes = await file_forms(session, near.office, part, now=desk.clock())
        event.remove(engine, "before_cursor_execute", heard)
        assert all(isinstance(outcome, OpenedTicket) and outcome.created for outcome in outcomes)
        return len(statements)

    assert await cost(forms[1:]) == await cost(forms[:1])


async def test_a_form_without_a_conversation_fails_alone(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    filings = filings_of(desk)
    good, bad = await asyncio.gather(
        filings.do(filing(desk, citizen.conversation_id)),
        filings.do(filing(desk, "web:nobody")),
        return_exceptions=True,
    )
    assert good.created and isinstance(bad, ConversationNotFound)
    assert await count(desk, Ticket) == 1


async def test_the_same_form_twice_in_one_transaction_is_one_ticket_confirmed_once(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    filings = filings_of(desk)
    same = filing(desk, citizen.conversation_id)
    opened = await asyncio.gather(*(filings.do(same) for _ in range(5)))
    assert sorted(o.created for o in opened) == [False] * 4 + [True]
    assert len({o.ticket.number for o in opened}) == 1
    assert len(await citizen.sees()) == 1 and await count(desk, TicketEvent) == 2


async def test_a_confirmation_does_not_overtake_what_waits_before_it(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        conversation = await locked(session, citizen.conversation_id)
        add_outgoing(session, conversation, "system", "先说的话", now=desk.clock(), epoch=None)
    await filings_of(desk).do(filing(desk, citizen.conversation_id))
    said = await citizen.sees()
    assert [m.seq for m in said] == [1, 2] and said[0].text == "先说的话"


async def test_evidence_of_the_conversation_goes_to_the_first_of_its_tickets(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        session.add(
            Evidence(
                id="e1", receipt="R1", conversation_id=citizen.conversation_id, filename="a.png", size_bytes=1,
                sha256="0" * 64, detected_type="image/png", path="a", uploader="c", stored_at=desk.clock(),
            )
        )  # fmt: skip
    drafts = [
        TicketDraft("complaint", f"{n}", {"n": str(n)}, "general", "web", citizen.conversation_id) for n in (1, 2)
    ]
    async with desk.begin() as session:
        first, _ = await open_tickets(session, desk.office, drafts, now=desk.clock())
    async with desk.read() as session:
        assert (await session.get_one(Evidence, "e1")).ticket_id == first.ticket.id
        assert (await audit.verify(session)).holds


async def test_a_number_that_is_taken_is_drawn_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    citizens = [await Citizen.arrives(desk) for _ in range(3)]
    # Three serials for all: most draws meet a number that is taken, by another draw or by a ticket.
    drawn = random.Random(1)
    monkeypatch.setattr(opening.secrets, "randbelow", lambda _limit: drawn.randrange(3))
    filings = filings_of(desk)
    opened = await asyncio.gather(*(filings.do(filing(desk, c.conversation_id)) for c in citizens))
    assert len({o.ticket.number for o in opened}) == 3


async def test_a_wrong_answer_is_named_with_its_reason(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    with pytest.raises(FormInvalid) as refused:
        filing(desk, citizen.conversation_id, phone="12", consent="不同意", facts="")
    assert set(refused.value.details["fields"]) == {"phone", "consent", "facts"}
    assert all(refused.value.details["fields"].values())


async def test_a_name_that_is_no_field_is_named_and_nothing_is_filed(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    with pytest.raises(FormInvalid) as refused:
        filing(desk, citizen.conversation_id, fone="13800138000", confirm="yes")
    assert refused.value.details["fields"] == dict.fromkeys(("fone", "confirm"), desk.office.texts("forms.no_such_field"))


async def test_a_company_with_a_persons_number_is_told_what_is_wanted(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    with pytest.raises(FormInvalid) as refused:
        filing(desk, citizen.conversation_id, credit_code="11010519491231002X")
    assert "统一社会信用代码" in refused.value.details["fields"]["credit_code"]


async def test_an_anonymous_report_needs_nothing_that_identifies(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    names = ("report_type", "right", "act", "respondent", "region", "facts", "proceedings", "venue", "forward", "consent")
    values = {name: COMPLAINT[name] for name in names} | {"report_type": "举报", "relation": "普通公众", "identity": "匿名"}
    filed = checked(desk, citizen.conversation_id, desk.forms.form("complaint"), values)
    assert not {"name", "phone", "privacy", "feedback"} & set(filed.prepared.draft.facts)


async def test_a_request_that_breaks_the_shared_transaction_fails_alone(desk: Desk) -> None:
    async def work(session: object, requests: list[int]) -> list[int | HelpdeskError]:
        if 13 in requests:
            raise RuntimeError("broken")
        return [request * 2 for request in requests]

    group: GroupCommit[int, int] = GroupCommit(desk.database, work)  # type: ignore[arg-type]
    outcomes = await asyncio.gather(*(group.do(n) for n in (1, 13, 2)), return_exceptions=True)
    assert (outcomes[0], outcomes[2]) == (2, 4) and isinstance(outcomes[1], RuntimeError)


async def test_a_store_that_cannot_be_reached_is_tried_once_for_all(desk: Desk) -> None:
    tries = []

    async def work(session: object, requests: list[int]) -> list[int | HelpdeskError]:
        tries.append(len(requests))
        raise OperationalError("", {}, Exception("gone"))

    group: GroupCommit[int, int] = GroupCommit(desk.database, work)  # type: ignore[arg-type]
    outcomes = await asyncio.gather(*(group.do(n) for n in range(5)), return_exceptions=True)
    assert tries == [5] and all(isinstance(outcome, OperationalError) for outcome in outcomes)


async def test_nobody_is_told_before_the_commit(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    opened = await filings_of(desk).do(filing(desk, citizen.conversation_id))
    async with desk.read() as session:
        found = await session.scalar(select(Ticket.number).where(Ticket.number == opened.ticket.number))
    assert found == opened.ticket.number


async def test_what_is_left_out_of_a_row_is_its_default_or_null(desk: Desk) -> None:
    now = desk.clock()
    row = Conversation(id="web:new", channel="web", account="web", external_user="new", created_at=now)
    async with desk.begin() as session:
        await insert_rows(session, [row])
    async with desk.read() as session:
        found = await session.get_one(Conversation, "web:new")
        assert (found.owner, found.queue, found.last_seq) == ("bot", "general", 0)
        absent = select(Conversation.id).where(text("dialogue_state IS NULL"))
        assert await session.scalar(absent) == "web:new"


async def test_rows_that_break_a_constraint_leave_none_and_the_transaction_goes_on(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)

    def message(seq: int) -> Message:
        return Message(conversation_id=citizen.conversation_id, seq=seq, author="system", text="x", created_at=desk.clock())

    async with desk.begin() as session:
        with pytest.raises(IntegrityError):
            await insert_rows(session, [message(7), message(8), message(7)])
        rows = [message(9), message(10)]
        await insert_rows(session, rows, with_ids=True)
        ids = (await session.scalars(select(Message.id).order_by(Message.seq))).all()
        assert [row.id for row in rows] == list(ids)
        await session.execute(text("SELECT 1"))
    assert [m.seq for m in await citizen.sees()] == [9, 10]
