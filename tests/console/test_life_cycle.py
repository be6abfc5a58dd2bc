"""The life of a ticket over the staff API and on its page."""

import pytest

from bot.helpdesk.presence import Skills
from bot.services import tickets
from bot.store.tables import Agent
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

FACTS = {
    "right": "trademark", "respondent": "优品小店", "facts": "网店销售假冒我公司商标的水杯", "name": "王某",
    "phone": "13900139000",
}  # fmt: skip


async def opened(desk, **facts):
    citizen = await Citizen.arrives(desk)
    return await make_ticket(desk, citizen.conversation_id, facts=FACTS | facts)


@pytest.fixture
async def ticket(desk):
    """A complaint that a citizen just opened."""
    return (await opened(desk)).ticket


@pytest.fixture
async def other(desk):
    """A second complaint of the same citizen about the same shop."""
    return (await opened(desk, facts="同一网店又买到一件")).ticket


async def post(client, ticket, path, version=1, **body):
    """Send a change that must be taken; return the new version."""
    answer = await client.post(f"/tickets/{ticket.id}/{path}", {"version": version, **body})
    assert answer.status == 200, await answer.text()
    return (await answer.json())["version"]


async def refused(client, ticket, path, version=1, **body):
    """Send a change that must be refused; return status and code."""
    answer = await client.post(f"/tickets/{ticket.id}/{path}", {"version": version, **body})
    return answer.status, (await answer.json())["code"]


async def page(client, ticket, rest=""):
    return await client.page(f"/console/tickets/{ticket.id}{rest}")


async def id_on(client, ticket, path):
    """Return the id in the first button that leads to `path`, e.g. `extensions/…/decision`."""
    before, _, after = path.partition("…")
    html = await page(client, ticket)
    start = html.index(f'data-path="{before}') + len(f'data-path="{before}')
    found = html[start : html.index(after, start)]
    return before + found + after


# --- each step ------------------------------------------------------------------------------


async def test_a_correction_shows_its_list_and_date(enter, ticket):
    li = await enter()
    await post(li, ticket, "corrections", items=["注册证"], due_on="2026-12-01", reason_code="right_proof")
    html = await page(li, ticket)
    assert "等待补正" in html and "注册证" in html and "2026-12-01" in html


async def test_an_extension_is_asked_by_one_and_decided_by_another(enter, ticket):
    li, zhao = await enter("李明"), await enter("赵强", "supervisor")
    version = await post(li, ticket, "extensions", clock="acceptance", amount=5, reason="案情复杂")
    assert "等待班长审批" in (await page(await enter("王敏"), ticket)).replace("\n", "")
    assert "受理 +5 工作日" in await page(li, ticket, "/audit")
    path = await id_on(zhao, ticket, "extensions/…/decision")
    assert await refused(li, ticket, path, version, decision="approved") == (403, "forbidden")
    assert await refused(zhao, ticket, path, version, decision="perhaps") == (400, "bad_request")
    await post(zhao, ticket, path, version, decision="approved")
    assert "已批准" in await page(li, ticket)
    clocks = await page(li, ticket, "/clocks")
    assert "批准延长，已计入总量" in clocks and "案情复杂" in clocks and "延长期限" in clocks


async def test_a_supervisor_does_not_decide_on_their_own_request(enter, ticket):
    zhao, sun = await enter("赵强", "supervisor"), await enter("孙丽", "supervisor")
    version = await post(zhao, ticket, "extensions", clock="acceptance", amount=5, reason="案情复杂")
    path = await id_on(sun, ticket, "extensions/…/decision")
    answer = await zhao.post(f"/tickets/{ticket.id}/{path}", {"version": version, "decision": "approved"})
    body = await answer.json()
    assert (answer.status, body["message"]) == (409, "不能审批自己提出的延期申请。")
    assert "等待他人审批" in await page(zhao, ticket)


async def test_a_transfer_goes_out_is_received_and_answered(enter, ticket):
    li = await enter()
    await li.post(f"/tickets/{ticket.id}/transitions", {"to": "accepted", "version": 1})
    version = await post(
        li, ticket, "transfers", 2, authority="市场监管局", contact="张科 0571", matter="售假线索",
        reason_code="jurisdiction",
    )  # fmt: skip
    path = await id_on(li, ticket, "transfers/…/receipt")
    version = await post(li, ticket, path, version, receipt_no="2026-12")
    await post(li, ticket, path.replace("receipt", "feedback"), version, text="不归本局", returned=True)
    html = await page(li, ticket)
    assert "已退回" in html and "2026-12" in html and "不归本局" in html and "张科" in html
    assert "办理中" in html


async def test_an_authority_tells_how_far_it_is_and_the_matter_goes_on_to_the_next(enter, ticket):
    li = await enter()
    await li.post(f"/tickets/{ticket.id}/transitions", {"to": "accepted", "version": 1})
    assert 'name="answer"' not in await page(li, ticket)
    version = await post(li, ticket, "transfers", 2, authority="市场监管局", matter="售假线索")
    path = (await id_on(li, ticket, "transfers/…/receipt")).replace("receipt", "interim-feedback")
    assert await refused(li, ticket, path, version, text=" ") == (400, "bad_request")
    version = await post(li, ticket, path, version, text="已立案")
    html = await page(li, ticket)
    assert "阶段反馈" in html and "已立案" in html and "登记最终反馈" in html
    assert "市场监管局怎么答复" in html and 'name="answer"' in html
    assert await refused(li, ticket, "transfers", version, authority="市版权局", matter="线索") == (400, "bad_request")
    await post(li, ticket, "transfers", version, authority="市版权局", matter="线索", answer="应由版权部门办理")
    html = await page(li, ticket)
    assert "应由版权部门办理" in html and "移送部门阶段反馈" in html and "市版权局怎么答复" in html


async def test_a_ticket_is_merged_and_taken_out(enter, ticket, other):
    li = await enter()
    version = await post(li, ticket, "merge", into=other.number.lower(), reason="同一件事")
    html = await page(li, ticket)
    assert other.number in html and "取消合并" in html and "data-to=" not in html
    assert ticket.number in await page(li, other)
    numbers = [item["number"] for item in (await li.get("/tickets"))["items"]]
    assert numbers == [other.number]
    assert await refused(li, ticket, "transitions", version, to="accepted") == (409, "ticket_merged")
    await post(li, ticket, "unmerge", version, reason="不是同一件事")
    assert len((await li.get("/tickets"))["items"]) == 2


async def test_a_refusal_says_which_rule_forbids_it(enter, ticket):
    li = await enter()
    answer = await li.post(f"/tickets/{ticket.id}/merge", {"version": 1, "into": ticket.number, "reason": "试试"})
    assert (answer.status, (await answer.json())["message"]) == (409, "不能并入自己。")


async def test_a_ticket_that_there_is_not_cannot_be_named(enter, ticket):
    li = await enter()
    assert await refused(li, ticket, "merge", into="TS1", reason="x") == (404, "ticket_not_found")
    assert await refused(li, ticket, "links", to="TS1", kind="related") == (404, "ticket_not_found")


async def test_duplicates_are_suggested_until_somebody_decides(enter, ticket, other):
    li = await enter()
    assert [t["number"] for t in (await li.get(f"/tickets/{ticket.id}/duplicates"))["items"]] == [other.number]
    assert "可能是同一件事" in await page(li, ticket)
    version = await post(li, ticket, "links", to=other.number, kind="duplicate")
    html = await page(li, ticket)
    assert "可能是同一件事" not in html and "重复于" in html
    link = html.split('data-post="')[1].split('"')[0]
    await post(li, ticket, link, version)
    assert "可能是同一件事" in await page(li, ticket)


async def test_a_split_makes_a_second_ticket(enter, ticket):
    li = await enter()
    await post(li, ticket, "split", subject="另一件商品", facts=["right", "name"], queue="patent", reason="两件事")
    assert "另一件商品" in await page(li, ticket)
    assert await refused(li, ticket, "split", 2, subject="x", facts=["right"], queue="none", reason="x") == (
        400, "bad_request",
    )  # fmt: skip


async def test_a_priority_is_chosen(enter, ticket):
    li = await enter()
    await post(li, ticket, "priority", priority="urgent", reason="展会明天结束")
    html = await page(li, ticket)
    assert '<option value="urgent" selected>' in html and "普通 → 紧急" in html
    assert '<p class="said">展会明天结束</p>' in html
    assert await refused(li, ticket, "priority", 3, priority="high", reason="长" * 4001) == (400, "bad_request")


async def test_a_ticket_is_moved_to_another_queue(enter, desk, ticket):
    li, boss = await enter(), await enter("赵强", "supervisor")
    await post(boss, ticket, "assignment", to_agent_id=li.agent.id)
    html = await page(boss, ticket)
    assert '<option value="patent" data-title="专利" data-keeps="true">' in html
    async with desk.begin() as session:
        (await session.get_one(Agent, li.agent.id)).skills = Skills(queues=("trademark",)).to_json()
    assert '<option value="patent" data-title="专利" data-keeps="false">' in await page(boss, ticket)
    await post(boss, ticket, "queue", 2, queue="patent", reason="争议的是外观设计")
    html = await page(boss, ticket)
    assert '<span class="chip">专利</span>' in html and "商标 → 专利，李坐席 不再办理" in html and "争议的是外观设计" in html
    assert '<option value="trademark" data-title="商标" data-keeps="false">商标（按权利类型归此队列）' in html
    assert "改队列" in await page(boss, ticket, "/audit")
    assert "改到“专利”队列，不再由您办理" in await li.page("/console/notices")
    assert await refused(boss, ticket, "queue", 2, queue="copyright", reason="x") == (409, "ticket_changed_meanwhile")
    assert await refused(boss, ticket, "queue", 3, queue="nothing", reason="x") == (400, "bad_request")
    answer = await boss.post(f"/tickets/{ticket.id}/queue", {"version": 3, "queue": "copyright"})
    assert (answer.status, (await answer.json())["message"]) == (422, "请填写改队列的理由，接手的同事会看到。")
    await post(boss, ticket, "transitions", 3, to="rejected", reason_code="no_facts")
    assert await refused(boss, ticket, "queue", 4, queue="copyright", reason="x") == (409, "illegal_transition")
    assert 'data-dialog="queue"' not in await page(boss, ticket)


async def test_a_corrected_right_says_where_the_ticket_is_and_what_is_proposed(enter, ticket, other):
    li = await enter()
    right = {"name": "right", "value": "专利", "reason": "登记时选错"}
    answer = await li.post(f"/tickets/{ticket.id}/fact-corrections", {"version": 1, **right})
    assert await answer.json() == {"version": 2, "status": "submitted", "queue": "patent", "proposed_queue": None}
    html = await page(li, ticket)
    assert "商标 → 专利" in html and "系统分流" in html
    await post(li, other, "queue", queue="copyright", reason="由版权组办理")
    answer = await li.post(f"/tickets/{other.id}/fact-corrections", {"version": 2, **right})
    assert await answer.json() == {"version": 3, "status": "submitted", "queue": "copyright", "proposed_queue": "patent"}


async def test_a_corrected_fact_shows_and_a_wrong_one_is_explained(enter, ticket):
    li = await enter()
    await post(li, ticket, "fact-corrections", name="phone", value="13800138000", reason="写错")
    html = await page(li, ticket)
    assert "138****8000" in html and "更正登记事项" in html
    answer = await li.post(
        f"/tickets/{ticket.id}/fact-corrections", {"version": 2, "name": "phone", "value": "1", "reason": "x"}
    )
    body = await answer.json()
    assert (answer.status, body["code"]) == (422, "fact_rejected")
    assert "电话" in body["message"]


async def test_both_versions_of_a_corrected_fact_stand_on_the_timeline_and_in_the_audit(enter, ticket):
    li = await enter()
    version = await post(li, ticket, "fact-corrections", name="respondent", value="优选小店", reason="店名写错")
    version = await post(li, ticket, "fact-corrections", version, name="phone", value="13800138000", reason="写错")
    await post(li, ticket, "fact-corrections", version, name="address", value="杭州市江东路1号", reason="补记")
    for tab in ("", "/audit"):
        html = await page(li, ticket, tab)
        assert "被举报人：优品小店 → 优选小店" in html, tab
        assert "联系电话：139****9000 → 138****8000" in html, tab
        assert "13900139000" not in html and "13800138000" not in html, tab
        assert "通讯地址：未提供 → 杭**" in html, tab


async def test_what_a_correction_makes_due_can_be_filled_in(enter, desk):
    citizen = await Citizen.arrives(desk)
    facts = FACTS | {"report_type": "rightholder", "venue": "online", "platform": "某平台"}
    ticket = (await make_ticket(desk, citizen.conversation_id, facts=facts)).ticket
    li, option = await enter(), '<option value="market">'
    assert option not in await page(li, ticket)
    version = await post(li, ticket, "fact-corrections", name="venue", value="市场", reason="写错")
    assert option in await page(li, ticket)
    await post(li, ticket, "fact-corrections", version, name="market", value="四季青市场", reason="补记")
    assert "四季青市场" in await page(li, ticket)


async def test_both_versions_of_a_corrected_reply_stand_on_the_timeline(enter, ticket):
    li, wang = await enter("李明"), await enter("王敏")
    await li.post(f"/tickets/{ticket.id}/replies", {"text": "请到江西路办理"})
    path = await id_on(li, ticket, "entries/…/correction")
    assert path not in await page(wang, ticket), "nobody is shown what they may not do"
    assert await refused(wang, ticket, path, 2, text="x", reason="x") == (403, "forbidden")
    await post(li, ticket, path, 2, text="请到江东路办理", reason="路名写错")
    html = await page(li, ticket)
    assert "已更正" in html and "<del>请到江西路办理</del>" in html and "请到江东路办理" in html


async def test_a_follow_up_is_moved_and_recorded(enter, ticket):
    li = await enter()
    await li.post(f"/tickets/{ticket.id}/transitions", {"to": "accepted", "version": 1})
    await li.post(
        f"/tickets/{ticket.id}/transitions", {"to": "resolved", "version": 2, "reason_code": "stopped"}
    )
    assert "2026-12-04" in await page(li, ticket)
    version = await post(li, ticket, "follow-ups", 3, due_on="2026-12-10")
    path = await id_on(li, ticket, "follow-ups/…/outcome")
    await post(li, ticket, path, version, outcome="satisfied", text="很好")
    assert "很好" in await page(li, ticket)


# --- for every step -------------------------------------------------------------------------

BODIES = {
    "corrections": {"items": ["x"], "due_on": "2026-12-01"},
    "extensions": {"clock": "acceptance", "amount": 1, "reason": "x"},
    "transfers": {"authority": "x", "matter": "x"},
    "merge": {"into": "", "reason": "x"},
    "split": {"subject": "x", "facts": ["right"], "reason": "x"},
    "links": {"to": "", "kind": "related"},
    "priority": {"priority": "high"},
    "fact-corrections": {"name": "phone", "value": "13800138000", "reason": "x"},
    "follow-ups": {"due_on": "2026-12-01"},
}


@pytest.mark.parametrize("path", BODIES)
async def test_every_step_is_refused_on_an_old_version_with_what_changed(enter, ticket, other, path):
    li = await enter()
    await li.post(f"/tickets/{ticket.id}/assignment", {"version": 1})
    body = {name: other.number if value == "" else value for name, value in BODIES[path].items()}
    answer = await li.post(f"/tickets/{ticket.id}/{path}", {**body, "version": 1, "seen": 1})
    told = await answer.json()
    assert (answer.status, told["code"]) == (409, "ticket_changed_meanwhile")
    assert [change["title"] for change in told["details"]["changes"]] == ["分派"]


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("body", [{}, {"version": 1, "items": 7, "clock": 7, "authority": 7, "to": 7, "due_on": "x"}])
async def test_every_step_refuses_what_cannot_be_read(enter, ticket, path, body):
    li = await enter()
    assert (await li.post(f"/tickets/{ticket.id}/{path}", body)).status == 400


@pytest.mark.parametrize("path", [*BODIES, "unmerge"])
async def test_every_step_needs_a_ticket_a_login_and_a_token(enter, stranger, ticket, path):
    li, body = await enter(), {"version": 1, "reason": "x"} | BODIES.get(path, {})
    body = {name: ticket.number if value == "" else value for name, value in body.items()}
    assert (await li.post(f"/tickets/nothing/{path}", body)).status == 404
    assert (await li.post(f"/tickets/{ticket.id}/{path}", body, headers={})).status == 403
    assert (await (await stranger()).post(f"/tickets/{ticket.id}/{path}", body)).status == 401


# --- what waits -----------------------------------------------------------------------------


async def test_what_waits_is_listed_on_one_page(enter, ticket, other):
    li = await enter()
    await post(li, ticket, "extensions", clock="acceptance", amount=5, reason="案情复杂")
    await li.post(f"/tickets/{other.id}/transitions", {"to": "accepted", "version": 1})
    await post(li, other, "transfers", 2, authority="市场监管局", matter="线索")
    html = await li.page("/console/tasks")
    assert ticket.number in html and other.number in html
    assert "案情复杂" in html and "市场监管局" in html


async def test_a_merged_ticket_still_takes_what_its_citizen_adds(enter, desk, other):
    source = await opened(desk, name="李某")
    li = await enter()
    await post(li, source.ticket, "merge", into=other.number, reason="同一件事")
    async with desk.begin() as session:
        await tickets.supplement(
            session, desk.office, source.ticket.number, source.code, text="补充一张照片", now=desk.clock()
        )
    assert "补充一张照片" in await page(li, source.ticket)
    assert "求助人有补充" in await page(li, other)


async def test_supervisors_find_tickets_without_a_region_among_what_waits(enter, ticket):
    await enter("杭州", regions=["330100"])
    boss, li = await enter("班长", "supervisor"), await enter("李明")
    assert "没有确定地区的工单" in await boss.page("/console/tasks")
    assert "没有确定地区的工单" not in await li.page("/console/tasks")
