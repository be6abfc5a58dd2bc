"""Ticket lists: search, saved views, bulk actions, export."""

import io
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, func, select, update

from bot.bootstrap import Desk
from bot.console import exports, lists
from bot.services import macros
from bot.services.macros.steps import Work
from bot.store.tables import SavedView, Ticket, TicketEvent
from tests.console.conftest import Enter
from tests.console.driver import StaffClient
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

FACTS = {"report_type": "rightholder", "right": "trademark", "name": "张三", "phone": "13800138000", "facts": "假冒的<b>水杯</b>"}


@pytest.fixture
async def tickets(desk: Desk):
    """Three complaints, the first with a story."""
    opened = []
    for at in range(3):
        citizen = await Citizen.arrives(desk)
        facts = FACTS if at == 0 else {"n": at}
        opened.append((await make_ticket(desk, citizen.conversation_id, facts=facts, subject=f"第{at}件")).ticket)
    return opened


async def bulk(li: StaffClient, tickets, **what: object):
    chosen = [{"id": ticket.id, "version": ticket.version} for ticket in tickets]
    answer = await li.post("/tickets/bulk", {"tickets": chosen, **what})
    return answer.status, await answer.json()


# --- search ---------------------------------------------------------------------------------


async def test_the_search_shows_where_it_hit_and_makes_no_markup_of_it(enter: Enter, tickets) -> None:
    li = await enter()
    page = await li.page("/console/tickets?q=水杯")
    assert tickets[0].number in page and tickets[1].number not in page
    assert "<mark>水杯</mark>" in page and "&lt;b&gt;<mark>" in page
    for typed in ("张三", "13800138000", "138-0013-8000"):
        assert tickets[0].number in await li.page(f"/console/tickets?q={typed}"), typed
    assert "没有符合条件的工单" in await li.page("/console/tickets?q=不存在")
    assert "请至少输入两个" in await li.page("/console/tickets?q=张")


async def test_a_number_typed_into_the_search_leads_to_its_ticket(enter: Enter, tickets) -> None:
    li = await enter()
    answer = await li.client.get("/console/tickets", params={"q": f" {tickets[1].number.lower()} "}, allow_redirects=False)
    assert answer.headers["Location"] == f"/console/tickets/{tickets[1].id}"


# --- filters and views ----------------------------------------------------------------------


async def test_mine_and_nobodys(enter: Enter, tickets) -> None:
    li = await enter()
    await bulk(li, tickets[:1], step={"do": "assign", "to": "me"})
    mine, nobodys = await li.page("/console/tickets?assignee=me"), await li.page("/console/tickets?assignee=nobody")
    assert tickets[0].number in mine and tickets[1].number not in mine
    assert tickets[0].number not in nobodys and tickets[1].number in nobodys


async def test_filters_and_orders_that_there_are_not_are_refused(enter: Enter) -> None:
    li = await enter()
    for query in ("sort=colour", "due=never", "priority=extreme", "age=2", "right=x", "channel=x", "scope=x", "after=x"):
        assert (await li.client.get(f"/console/tickets?{query}")).status == 400, query


async def test_the_list_by_priority_shows_a_badge_and_its_filter(enter: Enter, desk: Desk, tickets) -> None:
    li = await enter()
    await bulk(li, tickets[2:], step={"do": "priority", "to": "urgent"})
    await bulk(li, tickets[1:2], step={"do": "priority", "to": "low"})
    page = await li.page("/console/tickets?sort=priority")
    assert [page.index(tickets[at].number) for at in (2, 0, 1)] == sorted(page.index(ticket.number) for ticket in tickets)
    assert [page.count(f'<span class="chip {mark}</span>') for mark in ('bad">紧急', '">低优先', '">普通')] == [1, 1, 0]
    page = await li.page("/console/tickets?priority=urgent")
    assert tickets[2].number in page and tickets[0].number not in page
    assert '<option value="urgent" selected>紧急</option>' in page
    found = await li.get("/tickets?priority=urgent&sort=priority")
    assert [(item["priority"], item["priority_title"]) for item in found["items"]] == [("urgent", "紧急")]


async def test_many_tickets_are_moved_to_another_queue_each_with_its_own_outcome(enter: Enter, tickets) -> None:
    li = await enter()
    await bulk(li, tickets[2:], step={"do": "status", "to": "rejected", "reason": "没有线索"})
    step = {"do": "queue", "to": "patent", "reason": "{{number}} 是外观设计"}
    assert (await bulk(li, tickets[:2], step=step))[1]["done"] == 2
    page = await li.page("/console/tickets?queue=patent")
    assert tickets[0].number in page and tickets[1].number in page and tickets[2].number not in page
    assert f"{tickets[0].number} 是外观设计" in await li.page(f"/console/tickets/{tickets[0].id}")
    status, body = await bulk(li, tickets, step=step)
    assert (status, [each["code"] for each in body["outcomes"]]) == (200, ["ticket_changed_meanwhile"] * 3)
    finished = {"tickets": [{"id": tickets[2].id, "version": 2}], "step": step}
    assert (await (await li.post("/tickets/bulk", finished)).json())["outcomes"][0]["code"] == "illegal_transition"
    status, body = await bulk(li, tickets, step={"do": "queue", "to": "patent"})
    assert (status, body["code"]) == (422, "reason_required")


async def test_a_view_keeps_priority_and_its_order(enter: Enter) -> None:
    li = await enter()
    answer = await li.post_form("/console/views", name="紧急", query="priority=urgent&sort=priority")
    assert answer.headers["Location"] == "/console/tickets?priority=urgent&sort=priority"
    assert 'href="/console/tickets?priority=urgent&amp;sort=priority"' in await li.page("/console/tickets")


async def test_pages_by_priority_follow_each_other(enter: Enter, monkeypatch, tickets) -> None:
    monkeypatch.setitem(lists.page_of.__kwdefaults__, "limit", 1)
    li = await enter()
    await bulk(li, tickets[1:2], step={"do": "priority", "to": "high"})
    await bulk(li, tickets[2:], step={"do": "priority", "to": "low"})
    path, seen = "/console/tickets?sort=priority", []
    while path:
        page = await li.page(path)
        seen.append(next(at for at, ticket in enumerate(tickets) if ticket.number in page))
        path = next(iter(re.findall(r'rel="next" href="([^"]+)"', page)), "").replace("&amp;", "&")
    assert seen == [1, 0, 2]


async def test_a_view_is_saved_shown_and_removed(enter: Enter) -> None:
    li, wang, head = await enter("李明"), await enter("王敏"), await enter("赵强", "supervisor")
    answer = await li.post_form("/console/views", name="我的专利", query="queue=patent&sort=due&after=x")
    assert answer.headers["Location"] == "/console/tickets?queue=patent&sort=due"
    assert (await li.post_form("/console/views", name="大家的", query="", is_shared="yes")).status == 403
    await head.post_form("/console/views", name="大家的", query="status=accepted", is_shared="yes")
    page = await li.page("/console/tickets")
    assert "我的专利" in page and "大家的" in page and "删除视图 大家的" not in page
    assert "我的专利" not in await wang.page("/console/tickets")
    (view,) = [part.split("/remove")[0] for part in page.split("/console/views/")[1:]]
    assert (await wang.post_form(f"/console/views/{view}/remove")).status == 404
    assert (await li.post_form(f"/console/views/{view}/remove")).status == 303
    assert "我的专利" not in await li.page("/console/tickets")


async def test_a_view_keeps_no_more_than_is_searched_for(enter: Enter, desk: Desk) -> None:
    li = await enter()
    answer = await li.post_form("/console/views", name="长", query=urlencode({"q": "假" * 5000}))
    assert answer.headers["Location"].count("%E5%81%87") == 100
    async with desk.read() as session:
        assert (await session.scalars(select(SavedView))).one().filters == {"q": "假" * 100}


# --- bulk -----------------------------------------------------------------------------------


async def test_each_ticket_has_its_own_outcome_and_its_own_audit_entry(enter: Enter, desk: Desk, tickets) -> None:
    li = await enter()
    await li.post(f"/tickets/{tickets[1].id}/assignment", {"version": 1})
    status, body = await bulk(li, tickets, step={"do": "status", "to": "accepted"})
    assert (status, body["done"]) == (200, 2)
    assert [(o["ok"], o.get("code")) for o in body["outcomes"]] == [
        (True, None), (False, "ticket_changed_meanwhile"), (True, None),
    ]  # fmt: skip
    async with desk.read() as session:
        # By subject: identifiers of one millisecond have no order.
        counted = select(Ticket.status, func.count(TicketEvent.id)).join(TicketEvent).group_by(Ticket.id)
        rows = await session.execute(counted.order_by(Ticket.subject))
        assert [tuple(row) for row in rows] == [("accepted", 2), ("submitted", 2), ("accepted", 2)]


async def test_each_ticket_says_who_was_named_in_its_note_and_not_told(enter: Enter, tickets) -> None:
    li, _ = await enter(), await enter("郭管理", "administrator")
    for text, expected in (("@郭管理 请看", ["郭管理"]), ("请看", [])):
        _, body = await bulk(li, tickets[:2], step={"do": "note", "text": text})
        assert [o["not_told"] for o in body["outcomes"]] == [expected, expected]


async def test_a_failure_that_nobody_foresaw_keeps_no_outcome_back(enter: Enter, tickets, monkeypatch) -> None:
    li, take = await enter(), macros.take

    async def fails(work: Work, step: object) -> object:
        if work.ticket.id == tickets[1].id:
            raise RuntimeError("disk full")
        return await take(work, step)

    monkeypatch.setattr(macros, "take", fails)
    status, body = await bulk(li, tickets, step={"do": "priority", "to": "high"})
    assert (status, body["done"]) == (200, 2)
    assert [outcome.get("code") for outcome in body["outcomes"]] == [None, "server_error", None]
    assert "disk full" not in str(body)


async def test_a_reason_may_have_variables(enter: Enter, tickets) -> None:
    li = await enter()
    _, body = await bulk(li, tickets[:1], step={"do": "status", "to": "rejected", "reason": "{{number}} 不属于受理范围"})
    assert body["done"] == 1
    assert f"{tickets[0].number} 不属于受理范围" in await li.page(f"/console/tickets/{tickets[0].id}")


async def test_priorities_are_set_on_many_tickets_with_a_reason_for_the_audit(enter: Enter, desk: Desk, tickets) -> None:
    li = await enter()
    await li.post(f"/tickets/{tickets[1].id}/assignment", {"version": 1})
    step = {"do": "priority", "to": "urgent", "reason": "{{number}} 展会即将结束"}
    status, body = await bulk(li, tickets, step=step)
    assert (status, body["done"]) == (200, 2)
    assert [o.get("code") for o in body["outcomes"]] == [None, "ticket_changed_meanwhile", None]
    async with desk.read() as session:
        priorities = await session.scalars(select(Ticket.priority).order_by(Ticket.subject))
        assert list(priorities) == ["urgent", "normal", "urgent"]
    page = await li.page(f"/console/tickets/{tickets[0].id}")
    assert "普通 → 紧急" in page and f"{tickets[0].number} 展会即将结束" in page
    auditor = await enter("周正", "auditor")
    assert (await bulk(auditor, tickets, step=step))[0] == 403


async def test_bulk_offers_only_steps_and_people_that_it_can_lead_to(enter: Enter, tickets) -> None:
    boss, _ = await enter("赵强", "supervisor"), await enter("沈审计", "auditor")
    page = await boss.page("/console/tickets")
    statuses = page[page.index('id="bulk-status"'):page.index('id="bulk-priority"')]
    assert "transferred" not in statuses and "needs_correction" not in statuses and "accepted" in statuses
    people = page[page.index('id="bulk-assignee"'):page.index('id="bulk-status"')]
    assert "赵强" in people and "沈审计" not in people
    assert (await boss.get("/colleagues"))["items"][0]["name"] == "沈审计"


async def test_only_supervisors_give_many_tickets_to_somebody_else(enter: Enter, tickets) -> None:
    li, head = await enter("李明"), await enter("赵强", "supervisor")
    status, _ = await bulk(li, tickets, step={"do": "assign", "to": head.agent.id})
    assert status == 403
    status, body = await bulk(head, tickets, step={"do": "assign", "to": li.agent.id})
    assert (status, body["done"]) == (200, 3)


async def test_what_cannot_be_done_at_all_is_refused_as_a_whole(enter: Enter, tickets) -> None:
    li = await enter()
    for what in ({}, {"step": {"do": "dance"}}, {"step": {"do": "status", "to": "x"}}, {"step": {"do": "priority", "to": "x"}}, {"step": "x"}, {"macro": 3}):
        assert (await bulk(li, tickets, **what))[0] == 400, what
    status, body = await bulk(li, tickets, step={"do": "status", "to": "rejected"})
    assert (status, body["code"]) == (422, "reason_required")
    for to, words in (("needs_correction", "列明缺什么"), ("transferred", "登记接收的部门")):
        status, body = await bulk(li, tickets, step={"do": "status", "to": to, "reason": "请补充注册证"})
        assert (status, body["code"]) == (422, "form_required") and words in body["message"]
    assert (await bulk(li, [], step={"do": "assign", "to": "me"}))[0] == 400
    answer = await li.post("/tickets/bulk", {"tickets": [{"id": "x", "version": 1}] * 101, "step": {"do": "assign", "to": "me"}})
    assert answer.status == 400


# --- export ---------------------------------------------------------------------------------


async def test_supervisors_export_the_list_and_nothing_in_it_is_calculated(enter: Enter, desk: Desk, tickets) -> None:
    head = await enter("赵强", "supervisor")
    async with desk.begin() as session:
        await session.execute(update(Ticket).where(Ticket.id == tickets[0].id).values(subject="=HYPERLINK(1)"))
    answer = await head.client.get("/console/exports/tickets.csv?queue=trademark")
    text = (await answer.read()).decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in text and text.count("\n") == 4
    assert '"状态","优先级",' in text and text.count('"已提交","普通",') == 3
    assert "13800138000" not in text and answer.headers["Content-Disposition"].startswith("attachment")
    answer = await head.client.get("/console/exports/tickets.xlsx?queue=patent")
    page = load_workbook(io.BytesIO(await answer.read())).worksheets[0]
    assert page.max_row == 1 and page["A1"].value == "编号"


async def test_an_export_is_recorded_and_says_where_it_was_cut(enter: Enter, tickets, monkeypatch) -> None:
    monkeypatch.setattr(exports, "ROWS_MAX", 2)
    head = await enter("何主任", "head")
    text = (await (await head.client.get("/console/exports/tickets.csv")).read()).decode("utf-8-sig")
    assert text.count("\n") == 4 and "只导出了前 2 件" in text.splitlines()[-1]
    page = await head.page("/console/staff-events")
    assert "导出工单列表" in page and "件数：2" in page and "格式：csv" in page


async def test_a_file_bears_the_day_that_it_is_here(enter: Enter, desk: Desk) -> None:
    desk.clock.move(timedelta(hours=15))
    head = await enter("赵强", "supervisor")
    answer = await head.client.get("/console/exports/tickets.csv")
    assert "tickets-20261121.csv" in answer.headers["Content-Disposition"]


async def test_agents_export_nothing(enter: Enter) -> None:
    li = await enter()
    for path in ("tickets.csv", "tickets.xlsx", "dashboard.csv", "dashboard.xlsx"):
        assert (await li.client.get(f"/console/exports/{path}")).status == 403, path
    assert (await li.client.get("/console/dashboard")).status == 403


# --- cost -----------------------------------------------------------------------------------


async def test_a_list_over_the_api_costs_a_statement_for_the_session_and_one_for_the_page(
    enter: Enter, desk: Desk, tickets
) -> None:
    li = await enter()
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(desk.database.engine.sync_engine, "before_cursor_execute", note)
    shown = await (await li.client.get("/api/v1/staff/tickets?queue=trademark")).json()
    assert {item["number"] for item in shown["items"]} == {ticket.number for ticket in tickets}
    assert len(statements) == 2, "\n".join(statements)
