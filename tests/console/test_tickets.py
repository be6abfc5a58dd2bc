"""Tickets over the staff API: steps, versions, roles, lists, evidence."""

import hashlib
import re
from collections.abc import AsyncIterator

import pytest

from bot.console.downloads import disposition, safe_name
from bot.services import desk_work
from bot.services.evidence import store_evidence
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"0" * 500


@pytest.fixture
async def ticket(desk):
    """A complaint that a citizen just opened."""
    citizen = await Citizen.arrives(desk)
    return (await make_ticket(desk, citizen.conversation_id)).ticket


def step(to, version=1, reason=""):
    return {"to": to, "version": version, "reason": reason}


async def test_a_step_changes_the_status(enter, ticket):
    li = await enter()
    answer = await li.post(f"/tickets/{ticket.id}/transitions", step("accepted"))
    assert (answer.status, await answer.json()) == (200, {"version": 2, "status": "accepted"})


async def test_a_stale_version_is_refused_and_the_answer_tells_what_changed(enter, ticket):
    li, wang = await enter("李明"), await enter("王敏")
    await wang.post(f"/tickets/{ticket.id}/assignment", {"version": 1})
    await wang.post(f"/tickets/{ticket.id}/transitions", step("accepted", 2))
    answer = await li.post(f"/tickets/{ticket.id}/transitions", {**step("rejected", 1, "不属于受理范围"), "seen": 1})
    body = await answer.json()
    assert (answer.status, body["code"]) == (409, "ticket_changed_meanwhile")
    assert body["details"]["status_title"] == "已受理"
    assert [(c["actor"], c["title"], c["change"]) for c in body["details"]["changes"]] == [
        ("王敏", "分派", "王敏"),
        ("王敏", "变更状态", "已提交 → 已受理"),
    ]


async def test_a_step_that_the_table_does_not_have_is_refused(enter, ticket):
    li = await enter()
    answer = await li.post(f"/tickets/{ticket.id}/transitions", step("closed"))
    assert (answer.status, (await answer.json())["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize("before", [None, "accepted"])
async def test_a_transfer_is_no_plain_step_but_a_form(enter, ticket, before):
    li, version = await enter(), 1
    if before:
        await li.post(f"/tickets/{ticket.id}/transitions", step(before))
        version = 2
    (button,) = re.findall(r'<button[^>]*data-to="transferred"[^>]*>', await li.page(f"/console/tickets/{ticket.id}"))
    assert 'data-dialog="transfer"' in button and "data-title" not in button
    answer = await li.post(f"/tickets/{ticket.id}/transitions", step("transferred", version, "移送"))
    assert (answer.status, (await answer.json())["code"]) == (422, "form_required")
    body = {"version": version, "authority": "市场监管局", "matter": "线索"}
    assert (await li.post(f"/tickets/{ticket.id}/transfers", body)).status == 200


async def test_a_correction_is_no_plain_step_but_a_form_with_list_and_date(enter, ticket):
    li = await enter()
    answer = await li.post(f"/tickets/{ticket.id}/transitions", step("needs_correction", reason="请补充注册证"))
    body = await answer.json()
    assert (answer.status, body["code"], body["details"]) == (422, "form_required", {"to": "needs_correction"})
    assert "列明缺什么、最晚哪天补齐" in body["message"]
    form = {"version": 1, "items": ["商标注册证"], "due_on": "2026-12-01"}
    assert (await li.post(f"/tickets/{ticket.id}/corrections", form)).status == 200


async def test_many_tickets_at_once_are_not_transferred_without_a_form(enter, ticket):
    li = await enter()
    body = {"tickets": [{"id": ticket.id, "version": 1}], "step": {"do": "status", "to": "transferred", "reason": "x"}}
    answer = await li.post("/tickets/bulk", body)
    assert (answer.status, (await answer.json())["code"]) == (422, "form_required")


async def test_a_step_without_the_reason_it_needs_is_refused(enter, ticket):
    li = await enter()
    answer = await li.post(f"/tickets/{ticket.id}/transitions", step("rejected", reason=" "))
    assert (answer.status, (await answer.json())["code"]) == (422, "reason_required")


@pytest.mark.parametrize("body", [{}, {"to": "accepted"}, {"to": "nonsense", "version": 1}, {"to": "accepted", "version": "1"}])
async def test_a_step_that_cannot_be_read_is_refused(enter, ticket, body):
    li = await enter()
    assert (await li.post(f"/tickets/{ticket.id}/transitions", body)).status == 400


async def test_an_unknown_ticket_is_not_found(enter):
    li = await enter()
    assert (await li.post("/tickets/nothing/transitions", step("accepted"))).status == 404
    assert (await li.client.get("/console/tickets/nothing")).status == 404


async def test_a_question_that_reads_like_an_instant_out_of_time_does_not_shut_its_page(enter, desk):
    citizen, said = await Citizen.arrives(desk), "9999-12-31T23:59:59-12:00"
    ticket = (await make_ticket(desk, citizen.conversation_id, kind="consultation", facts={"question": said})).ticket
    assert said in await (await enter()).page(f"/console/tickets/{ticket.id}")


async def test_an_agent_takes_a_ticket(enter, ticket):
    li = await enter()
    answer = await li.post(f"/tickets/{ticket.id}/assignment", {"version": 1})
    assert (await answer.json())["assignee_id"] == li.agent.id


@pytest.mark.parametrize(("role", "status"), [("agent", 403), ("supervisor", 200), ("administrator", 403)])
async def test_only_supervisors_give_a_ticket_to_somebody_else(enter, ticket, role, status):
    giver, wang = await enter("赵强", role), await enter("王敏")
    answer = await giver.post(f"/tickets/{ticket.id}/assignment", {"version": 1, "to_agent_id": wang.agent.id})
    assert answer.status == status


async def test_a_note_and_a_reply_stand_on_the_timeline(enter, ticket):
    li = await enter("李明")
    await li.post(f"/tickets/{ticket.id}/notes", {"text": "先核对注册证"})
    await li.post(f"/tickets/{ticket.id}/replies", {"text": "材料已收到"})
    page = await li.page(f"/console/tickets/{ticket.id}")
    assert "先核对注册证" in page and "材料已收到" in page


@pytest.mark.parametrize("what", ["notes", "replies"])
async def test_empty_words_are_refused(enter, ticket, what):
    li = await enter()
    assert (await li.post(f"/tickets/{ticket.id}/{what}", {"text": " "})).status == 400


# --- lists ----------------------------------------------------------------------------------


async def test_pages_follow_each_other_without_gap_or_repetition(enter, desk, monkeypatch):
    monkeypatch.setattr("bot.console.lists.PAGE_SIZE", 2)
    opened = [
        (await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)).ticket.number for _ in range(5)
    ]
    li, found, path = await enter(), [], "/tickets"
    while path:
        page = await li.get(path)
        found += [item["number"] for item in page["items"]]
        path = page["next"] and f"/tickets?after={page['next'].replace('+', '%2B')}"
    assert sorted(found) == sorted(opened)


async def test_filters_narrow_the_list(enter, desk, ticket):
    other = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id, kind="assistance", queue="patent")
    li = await enter()
    await li.post(f"/tickets/{ticket.id}/transitions", step("rejected", reason="不属于受理范围"))

    async def numbers(query: str) -> list[str]:
        return [item["number"] for item in (await li.get(f"/tickets?{query}"))["items"]]

    assert await numbers("") == [other.ticket.number]
    assert await numbers("queue=patent&kind=assistance") == [other.ticket.number]
    assert await numbers("queue=copyright") == []
    assert await numbers("status=rejected") == [ticket.number]
    assert len(await numbers("scope=all")) == 2


@pytest.mark.parametrize("query", ["queue=x", "status=x", "kind=x", "scope=x", "after=x", "after=2026-01-01|x"])
async def test_filters_that_there_are_not_are_refused(enter, query):
    li = await enter()
    assert (await li.client.get(f"/api/v1/staff/tickets?{query}")).status == 400


async def test_a_ticket_is_found_by_its_number_however_it_is_typed(enter, ticket):
    li = await enter()
    for typed in (ticket.number, ticket.number.lower(), f" {ticket.number} "):
        answer = await li.client.get("/console/tickets/find", params={"number": typed}, allow_redirects=False)
        assert answer.headers["Location"] == f"/console/tickets/{ticket.id}"
    assert (await li.client.get("/console/tickets/find?number=TS1")).status == 404


# --- clocks ---------------------------------------------------------------------------------


async def test_clocks_are_explained_step_by_step(enter, ticket):
    li = await enter()
    clocks = {clock["clock"]: clock for clock in (await li.get(f"/tickets/{ticket.id}/clocks"))["clocks"]}
    acceptance = clocks["acceptance"]
    assert acceptance["target"] == {"amount": 7, "unit": "working_days"}
    assert acceptance["due_at"] == "2026-12-01T09:30:00+00:00"
    assert [s["kind"] for s in acceptance["steps"]][-1] == "due"
    assert sum(s["counted"] for s in acceptance["steps"] if s["kind"] in ("counted", "makeup")) == 7


# --- evidence -------------------------------------------------------------------------------


async def _evidence(desk, ticket, content: bytes, filename: str):
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    stored = await desk.evidence.save("e" * 12, chunks())
    async with desk.begin() as session:
        return await store_evidence(
            session, desk.evidence, stored, filename=filename, uploader="citizen", ticket_id=ticket.id, now=desk.clock()
        )


async def test_evidence_comes_as_a_download_byte_for_byte(enter, desk, ticket):
    receipt = await _evidence(desk, ticket, JPEG, "店铺 截图.jpg")
    li = await enter()
    answer = await li.client.get(f"/api/v1/staff/evidence/{receipt.id}")
    body = await answer.read()
    assert hashlib.sha256(body).hexdigest() == receipt.sha256
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%E5%BA%97%E9%93%BA%20%E6%88%AA%E5%9B%BE.jpg" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_evidence_is_for_staff_only(desk, ticket, stranger):
    receipt = await _evidence(desk, ticket, JPEG, "a.jpg")
    answer = await (await stranger()).client.get(f"/api/v1/staff/evidence/{receipt.id}")
    assert answer.status == 401


async def test_the_original_can_be_checked_against_its_receipt(enter, desk, ticket):
    receipt = await _evidence(desk, ticket, JPEG, "a.jpg")
    li = await enter()
    assert (await li.get(f"/evidence/receipts/{receipt.receipt}"))["intact"] is True
    (stored,) = [path for path in desk.evidence.root.rglob("*") if path.is_file()]
    stored.write_bytes(JPEG + b"altered")
    assert (await li.get(f"/evidence/receipts/{receipt.receipt}"))["intact"] is False


async def test_unknown_evidence_is_not_found(enter):
    li = await enter()
    assert (await li.client.get("/api/v1/staff/evidence/nothing")).status == 404
    assert (await li.client.get("/api/v1/staff/evidence/receipts/AAAA")).status == 404


@pytest.mark.parametrize(
    ("filename", "detected", "saved"),
    [
        ("说明.txt", "text/plain", "说明.txt"),
        ("说明.bat", "text/plain", "说明.bat.txt"),
        ("photo.JPG", "image/jpeg", "photo.JPG"),
        ("photo.jpg.exe", "image/jpeg", "photo.jpg.exe.jpg"),
        ("合同", "application/pdf", "合同.pdf"),
        ("x.html", "application/unheard-of", "x.html.bin"),
    ],
)
def test_a_download_gets_an_ending_that_belongs_to_its_content(filename, detected, saved):
    assert safe_name(filename, detected) == saved


def test_a_file_name_cannot_break_out_of_its_header():
    header = disposition('a"; filename="b.exe\r\nX: y.jpg', "image/jpeg")
    assert "\r" not in header and "\n" not in header
    assert header.count('"') == 2


async def test_the_chain_is_verified_on_the_audit_page(enter, desk, ticket):
    from sqlalchemy import update

    from bot.store.tables import TicketEvent

    li = await enter("李明")
    await li.post(f"/tickets/{ticket.id}/transitions", step("accepted"))
    page = await li.page(f"/console/tickets/{ticket.id}/audit")
    async with desk.read() as session:
        detail = await desk_work.ticket_for_staff(session, li.agent, ticket.id, now=desk.clock())
    assert "校验通过" in page
    assert all(item.hash in page for item in detail.timeline if item.seq)
    async with desk.begin() as session:
        await session.execute(update(TicketEvent).where(TicketEvent.seq == 1).values(reason="改过"))
    assert "校验不通过" in await li.page(f"/console/tickets/{ticket.id}/audit")
