"""Writing at the console: macros, drafts, leases, mentions, who else looks; and the supervisors' dashboard."""

import asyncio
import io
import json
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from bot.bootstrap import Desk
from bot.console.looking import Onlookers, follow
from bot.services import leases
from bot.services.leases import LIFETIME
from bot.store.tables import Macro
from tests.console.conftest import Enter
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen


@pytest.fixture
async def ticket(desk: Desk):
    citizen = await Citizen.arrives(desk)
    return (await make_ticket(desk, citizen.conversation_id, facts={"right": "trademark", "name": "张三"})).ticket


# --- macros ---------------------------------------------------------------------------------


async def test_a_macro_is_written_offered_and_carried_out(enter: Enter, desk: Desk, ticket) -> None:
    li = await enter("李明")
    answer = await li.post_form(
        "/console/macros/new", title="受理", text="{{citizen}}，{{number}} 已受理。", assign="yes", status="accepted",
        reason="", priority="high", priority_reason="临近展会", note="由{{agent}}受理", is_active="yes",
    )  # fmt: skip
    assert answer.status == 303
    assert "受理" in await li.page("/console/macros")
    (item,) = (await li.get(f"/tickets/{ticket.id}/macros"))["items"]
    assert item["text"] == f"张三，{ticket.number} 已受理。"
    assert item["steps"] == ["指派给使用的人", "变更为“已受理”", "优先级改为“高”", "加内部备注"]
    assert (await li.get(f"/conversations/{ticket.conversation_id}/macros"))["items"] == []
    answer = await li.post(f"/tickets/{ticket.id}/macros/{item['id']}", {"version": ticket.version})
    assert (await answer.json())["status"] == "accepted"
    page = await li.page(f"/console/tickets/{ticket.id}")
    assert "张三，" in page and "由李明受理" in page and "普通 → 高" in page and "临近展会" in page
    form = await li.page(f"/console/macros/{item['id']}")
    assert '<option value="high" selected>' in form and "临近展会</textarea>" in form
    answer = await li.post(f"/tickets/{ticket.id}/macros/{item['id']}", {"version": ticket.version})
    assert answer.status == 409


async def test_a_macro_that_changes_the_queue_is_written_and_says_so(enter: Enter, ticket) -> None:
    li = await enter("李明")
    form = {"title": "转专利", "queue": "patent", "queue_reason": "{{number}} 是外观设计", "is_active": "yes"}
    answer = await li.post_form("/console/macros/new", **(form | {"queue_reason": ""}))
    assert answer.status == 422 and "请填写改队列的理由" in await answer.text()
    assert (await li.post_form("/console/macros/new", **form)).status == 303
    (item,) = (await li.get(f"/tickets/{ticket.id}/macros"))["items"]
    assert item["steps"] == ["改到“专利”队列"]
    page = await li.page(f"/console/macros/{item['id']}")
    assert '<option value="patent" selected>' in page and "{{number}} 是外观设计</textarea>" in page
    await li.post(f"/tickets/{ticket.id}/macros/{item['id']}", {"version": ticket.version})
    assert f"{ticket.number} 是外观设计" in await li.page(f"/console/tickets/{ticket.id}")


async def test_a_mistake_in_a_macro_is_told_beside_what_was_typed(enter: Enter) -> None:
    li = await enter()
    answer = await li.post_form("/console/macros/new", title="问候", text="{{nobody}}您好")
    page = await answer.text()
    assert answer.status == 422 and "没有“nobody”这个变量" in page and "{{nobody}}您好" in page
    answer = await li.post_form("/console/macros/new", title="", text="x")
    assert answer.status == 422 and "标题 为空、过长" in await answer.text()


async def test_everybodys_macros_are_changed_by_supervisors_only(enter: Enter, desk: Desk) -> None:
    li, head = await enter("李明"), await enter("赵强", "supervisor")
    shared = {"title": "问候", "text": "您好", "is_shared": "yes", "is_active": "yes"}
    assert (await li.post_form("/console/macros/new", **shared)).status == 403
    assert (await head.post_form("/console/macros/new", **shared)).status == 303
    async with desk.read() as session:
        macro_id = (await session.scalars(select(Macro.id))).one()
    for path in (f"/console/macros/{macro_id}", f"/console/macros/{macro_id}/remove"):
        assert (await li.post_form(path, title="坏", text="x", version="1")).status == 403
    assert (await li.client.get(f"/console/macros/{macro_id}")).status == 403
    assert (await head.post_form(f"/console/macros/{macro_id}", **shared, version="1")).status == 303
    assert (await head.post_form(f"/console/macros/{macro_id}", **shared, version="1")).status == 422
    assert (await head.post_form(f"/console/macros/{macro_id}/remove")).status == 303
    assert (await head.client.get(f"/console/macros/{macro_id}")).status == 404


# --- drafts and leases ----------------------------------------------------------------------


async def test_a_draft_outlives_the_session_and_ends_with_the_sending(enter: Enter, ticket) -> None:
    li = await enter("李明")
    path = f"/drafts/ticket/{ticket.id}"
    await li.post(path, {"mode": "reply", "text": "写了一半"})
    await li.post(path, {"mode": "note", "text": "备注一半"})
    await li.post_form("/console/logout")
    await li.log_in(li.agent.login)
    assert await li.get(path) == {"reply": "写了一半", "note": "备注一半"}
    await li.post(f"/tickets/{ticket.id}/replies", {"text": "写完了"})
    await li.post(f"/tickets/{ticket.id}/notes", {"text": "备注完了"})
    assert await li.get(path) == {}
    for wrong, body in ((path, {"mode": "poem", "text": "x"}), ("/drafts/diary/1", {"mode": "note", "text": "x"}), (path, {})):
        assert (await li.post(wrong, body)).status == 400
    for subject in ("ticket", "conversation"):
        assert (await li.post(f"/drafts/{subject}/nothing", {"mode": "note", "text": "x"})).status == 404


async def test_while_one_writes_the_other_cannot_answer_until_they_take_over(enter: Enter, desk: Desk, ticket) -> None:
    li, wang = await enter("李明"), await enter("王敏")
    assert (await li.post(f"/tickets/{ticket.id}/lease")).status == 200
    answer = await wang.post(f"/tickets/{ticket.id}/lease")
    assert (answer.status, (await answer.json())["message"]) == (409, "李明 正在写答复。请稍候、与其联系，或者接过来写。")
    assert (await wang.post(f"/tickets/{ticket.id}/replies", {"text": "抢答"})).status == 409
    assert (await wang.post(f"/tickets/{ticket.id}/notes", {"text": "备注不受影响"})).status == 201
    assert (await wang.post(f"/tickets/{ticket.id}/lease", {"take_over": True})).status == 200
    assert (await li.post(f"/tickets/{ticket.id}/replies", {"text": "晚了"})).status == 409
    assert (await wang.post(f"/tickets/{ticket.id}/replies", {"text": "接过来答"})).status == 201
    page = await li.page(f"/console/tickets/{ticket.id}")
    assert "接过来答" in page and "抢答" not in page and "晚了" not in page
    assert (await li.post(f"/tickets/{ticket.id}/replies", {"text": "答完之后可以再答"})).status == 201
    assert (await li.post("/tickets/nothing/lease")).status == 404


async def test_a_lease_left_behind_ends_by_itself_or_is_given_back(enter: Enter, desk: Desk, ticket) -> None:
    li, wang = await enter("李明"), await enter("王敏")
    await li.post(f"/tickets/{ticket.id}/lease")
    desk.clock.move(LIFETIME)
    assert (await wang.post(f"/tickets/{ticket.id}/lease")).status == 200
    await wang.post(f"/tickets/{ticket.id}/lease/release")
    assert (await li.post(f"/tickets/{ticket.id}/lease")).status == 200


# --- mentions -------------------------------------------------------------------------------


async def test_the_author_learns_who_was_named_and_may_not_read_it(enter: Enter, ticket) -> None:
    li, _, _ = await enter("李明"), await enter("王敏"), await enter("郭管理", "administrator")
    for path in (f"/tickets/{ticket.id}/notes", f"/conversations/{ticket.conversation_id}/notes"):
        for text, expected in (("@王敏 @郭管理 请看", ["郭管理"]), ("@王敏 请看", []), ("没有提到谁", [])):
            answer = await li.post(path, {"text": text})
            assert (answer.status, (await answer.json())["not_told"]) == (201, expected), path


async def test_who_is_mentioned_sees_it_until_it_is_marked(enter: Enter, ticket) -> None:
    li, wang = await enter("李明"), await enter("王敏")
    await li.post(f"/tickets/{ticket.id}/notes", {"text": "@王敏 请看"})
    await li.post(f"/conversations/{ticket.conversation_id}/notes", {"text": "@王敏 这里也看"})
    assert await wang.get("/mentions/count") == {"unseen": 2}
    page = await wang.page("/console/mentions")
    assert "@王敏 请看" in page and ticket.number in page and "这里也看" in page and "全部标为已看" in page
    assert (await wang.post_form("/console/mentions", up_to="2")).status == 303
    assert await wang.get("/mentions/count") == {"unseen": 0}
    assert "全部标为已看" not in await wang.page("/console/mentions")
    assert (await wang.post_form("/console/mentions", up_to="x")).status == 400
    assert {item["name"] for item in (await li.get("/colleagues"))["items"]} == {"王敏"}


# --- who looks ------------------------------------------------------------------------------


async def heard(socket, kind: str, **expected: object) -> dict[str, object]:
    """Wait for a message of a kind in which these things stand."""
    async with asyncio.timeout(5):
        while True:
            message = json.loads((await socket.receive()).data)
            if message["type"] == kind and all(message[name] == value for name, value in expected.items()):
                return message


async def test_colleagues_see_each_other_and_who_writes(enter: Enter, ticket) -> None:
    li, wang = await enter("李明"), await enter("王敏")
    first, second = await li.live(), await wang.live()
    look = {"type": "look", "subject": "ticket", "id": ticket.id}
    await first.send_json(look)
    await heard(first, "lookers", others=[])
    await second.send_json(look)
    me, other = ({"id": c.agent.id, "name": c.agent.name} for c in (li, wang))
    await heard(first, "lookers", others=[other], writer=None)
    await heard(second, "lookers", others=[me])
    await li.post(f"/tickets/{ticket.id}/lease")
    message = await heard(second, "lookers", others=[me])
    assert message["writer"] is None or message["writer"]["name"] == "李明"
    await second.send_json({"type": "unlook"})
    await heard(first, "lookers", others=[])
    await second.send_json(look)
    await heard(first, "lookers", others=[other])
    await second.close()
    await heard(first, "lookers", others=[])
    await first.close()


async def test_whoever_looks_hears_that_a_lease_has_run_out(enter: Enter, desk: Desk, ticket, monkeypatch) -> None:
    monkeypatch.setattr(leases, "LIFETIME", timedelta(seconds=0.2))
    li, wang = await enter("李明"), await enter("王敏")
    socket = await wang.live()
    await socket.send_json({"type": "look", "subject": "ticket", "id": ticket.id})
    await li.post(f"/tickets/{ticket.id}/lease")
    while (message := await heard(socket, "lookers"))["writer"] is None:
        pass
    assert message["writer"]["name"] == "李明"
    desk.clock.move(timedelta(seconds=1))
    await heard(socket, "lookers", writer=None)
    await socket.close()


async def test_who_looks_at_what_is_not_for_an_agent_is_not_told(enter: Enter, desk) -> None:
    citizen = await Citizen.arrives(desk)
    far = (await make_ticket(desk, citizen.conversation_id, facts={"right": "patent", "region": "广东省深圳市"})).ticket
    local, sent = (await enter("李明", regions=["330100"])).agent, []

    async def send(*args: object, **values: object) -> None:
        sent.append(values)

    for subject, subject_id in (("ticket", far.id), ("conversation", citizen.conversation_id), ("ticket", "x")):
        async with asyncio.timeout(5):
            await follow(desk, Onlookers(desk.hub), local, subject, subject_id, send)
    assert sent == []


async def test_only_who_is_mentioned_hears_of_it(enter: Enter, ticket) -> None:
    li, wang = await enter("李明"), await enter("王敏")
    first, second = await li.live(), await wang.live()
    await heard(second, "tick")
    await heard(first, "tick")
    await li.post(f"/tickets/{ticket.id}/notes", {"text": "@王敏 请看"})
    await heard(second, "mention")
    kinds = set()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            while True:
                kinds.add(json.loads((await first.receive()).data)["type"])
    assert "ticket" in kinds
    assert "mention" not in kinds
    await asyncio.gather(first.close(), second.close())


# --- dashboard ------------------------------------------------------------------------------


async def test_the_dashboard_shows_a_period_and_goes_out_as_files(enter: Enter, ticket) -> None:
    head = await enter("赵强", "supervisor")
    page = await head.page("/console/dashboard")
    assert "登记：按权利类型" in page and "<svg" in page and "商标" in page and "style=" not in page
    assert "没有数据" in await head.page("/console/dashboard?from=2020-01-01&to=2020-01-03")
    for query in ("from=x", "from=2026-02-02&to=2026-02-01", "from=2020-01-01&to=2026-01-01", "from=0001-01-01&to=0001-01-02"):
        assert (await head.client.get(f"/console/dashboard?{query}")).status == 400, query
    answer = await head.client.get("/console/exports/dashboard.xlsx")
    sheets = load_workbook(io.BytesIO(await answer.read())).sheetnames
    assert sheets[:2] == ["概览", "每天"] and len(sheets) == 27
    text = (await (await head.client.get("/console/exports/dashboard.csv?from=2026-11-20&to=2026-11-20")).read()).decode("utf-8-sig")
    assert '"2026-11-20","1","0"' in text
