"""A ticket's life as its citizen sees it, and the forms with which they answer."""

from datetime import date, timedelta

import pytest
from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from bot.services import desk_work, handoff
from bot.services.life_cycle import correcting, corrections, extensions, merging, transfers
from bot.services.life_cycle.looking import transfers_of
from bot.services.opening import OpenedTicket
from bot.store.tables import Agent, Ticket
from tests.gateway.driver import error_of, read, start
from tests.gateway.test_openapi import answer_schema, assert_fits, description
from tests.support.builders import make_agent, make_ticket
from tests.support.clock import FakeClock


class Office:
    """An agent who works on one ticket."""

    def __init__(self, desk: Desk, agent: Agent, opened: OpenedTicket, session: str) -> None:
        self.desk, self.agent, self.opened, self.session = desk, agent, opened, session

    async def does(self, use_case, *args, by: Agent | None = None, **values) -> None:
        async with self.desk.begin() as session:
            ticket = await session.get_one(Ticket, self.opened.ticket.id)
            await use_case(
                session, self.desk.office, *args[:0], by or self.agent, ticket.id, *args,
                version=ticket.version, now=self.desk.clock(), **values,
            )  # fmt: skip

    async def moves(self, to: str, reason: str = "", **values) -> None:
        await self.does(desk_work.change_status, to=to, reason=reason, **values)

    async def resolves(self, reason: str = "对方已下架全部商品") -> None:
        await self.moves("accepted")
        await self.moves("resolved", reason)


@pytest.fixture
async def office(client: TestClient, desk: Desk) -> Office:
    session = await start(client)
    opened = await make_ticket(desk, desk.signer.conversation_of(session, desk.clock()))
    return Office(desk, await make_agent(desk), opened, session)


def address(office: Office, step: str = "") -> str:
    return f"/api/v1/tickets/{office.opened.ticket.number}{step}"


async def look_up(client: TestClient, office: Office) -> dict:
    response = await client.get(address(office), params={"code": office.opened.code})
    assert response.status == 200
    ticket, document = await response.json(), await description(client)
    assert_fits(ticket, answer_schema(document, "get", "/api/v1/tickets/{number}", "200"), document)
    return ticket


async def show(client: TestClient, office: Office, path: str = "/t", **fields: str) -> tuple[int, str]:
    credentials = {"number": office.opened.ticket.number, "code": office.opened.code}
    response = await client.post(path, data=credentials | fields)
    return response.status, await response.text()


async def asks(office: Office) -> None:
    await office.does(
        corrections.request_correction, items=["商标注册证", "购买凭证"], due_on=date(2026, 12, 1), note="复印件即可"
    )


# --- what is missing ------------------------------------------------------------------------


async def test_the_page_lists_what_is_missing_with_a_box_for_the_answer(client: TestClient, office: Office) -> None:
    await asks(office)
    ticket = await look_up(client, office)
    assert ticket["correction"] == {
        "items": ["商标注册证", "购买凭证"], "due_on": "2026-12-01", "due": "2026年12月1日（周二）",
        "note": "复印件即可", "is_late": False,
    }  # fmt: skip
    _, page = await show(client, office)
    assert "<li>商标注册证</li>" in page and "2026年12月1日（周二）" in page
    assert page.count('action="/t/supplement"') == 1
    status, page = await show(client, office, "/t/supplement", text="注册证号 12345678")
    assert status == 200 and "请补充以下内容" not in page and "已收到您的补充" in page


async def test_past_the_date_the_citizen_may_still_answer(
    client: TestClient, office: Office, clock: FakeClock
) -> None:
    await asks(office)
    clock.move(timedelta(days=20))
    assert (await look_up(client, office))["correction"]["is_late"]
    assert "仍然可以补充" in (await show(client, office))[1]


# --- where it is, and what came of it -------------------------------------------------------


async def test_the_page_shows_each_step_of_a_transfer_and_not_the_contact(client: TestClient, office: Office) -> None:
    await office.moves("accepted")
    await office.does(
        transfers.transfer_to_authority, authority="市场监管局", contact="张科 0571-1", matter="售假线索"
    )
    ticket = await look_up(client, office)
    (transfer,) = ticket["transfers"]
    assert (transfer["authority"], transfer["received_at"]) == ("市场监管局", None)
    promises = {promise["clock"]: promise["text"] for promise in ticket["promises"]}
    assert promises["resolution"].startswith("等待移送部门反馈，办理时限暂停计算")
    _, page = await show(client, office)
    assert "等待对方反馈" in page and "张科" not in page


async def test_the_page_tells_what_an_authority_said_meanwhile_and_where_the_matter_went(
    client: TestClient, office: Office, clock: FakeClock
) -> None:
    await office.moves("accepted")
    await office.does(transfers.transfer_to_authority, authority="市场监管局", matter="售假线索")
    async with office.desk.read() as session:
        [sent] = await transfers_of(session, office.opened.ticket.id)
    await office.does(transfers.record_interim_feedback, sent.id, text="已立案调查")
    (transfer,) = (await look_up(client, office))["transfers"]
    assert [told["text"] for told in transfer["interim"]] == ["已立案调查"]
    _, page = await show(client, office)
    assert "对方反馈进展" in page and "已立案调查" in page and "等待对方反馈" in page and "移送部门反馈进展" in page
    clock.move(timedelta(hours=1))
    await office.does(transfers.transfer_to_authority, authority="市版权局", matter="售假线索", answer="应由版权部门办理")
    now, before = (await look_up(client, office))["transfers"]
    assert (now["authority"], before["feedback"]) == ("市版权局", "应由版权部门办理")


async def test_the_result_stands_by_itself(client: TestClient, office: Office) -> None:
    assert (await look_up(client, office))["result"] == ""
    await office.resolves()
    assert (await look_up(client, office))["result"] == "对方已下架全部商品"
    assert "办理结果" in (await show(client, office))[1]


async def test_history_tells_of_more_time_and_of_corrections(client: TestClient, office: Office, desk: Desk) -> None:
    zhao = await make_agent(desk, "赵强", "supervisor")
    await office.does(extensions.request_extension, clock="acceptance", amount=5, reason="案情复杂")
    async with desk.read() as session:
        from bot.services.life_cycle.looking import life_of

        life = await life_of(session, desk.office, zhao, office.opened.ticket.id, now=desk.clock())
    await office.does(extensions.decide_extension, life.extensions[0].id, by=zhao, approve=True)
    async with desk.begin() as session:
        await desk_work.send_public_reply(
            session, desk.office, office.agent, office.opened.ticket.id, text="请到江西路", now=desk.clock()
        )
    async with desk.read() as session:
        items = await desk_work.timeline(session, office.opened.ticket.id, staff=False)
    entry = next(item.entry_id for item in items if item.entry_id)
    await office.does(correcting.correct_entry, entry, text="请到江东路", reason="写错")
    history = [(item["title"], item["text"]) for item in (await look_up(client, office))["timeline"]]
    assert history == [("您提交了工单", ""), ("办理时限已延长", "案情复杂"), ("工作人员答复（已更正）", "请到江东路")]


async def test_a_merged_ticket_shows_the_other_ones_status_and_nothing_else_of_it(
    client: TestClient, office: Office, desk: Desk
) -> None:
    stranger = desk.signer.conversation_of(await start(client), desk.clock())
    target = await make_ticket(desk, stranger, facts={"right": "trademark", "facts": "另一位求助人说的话"})
    await office.does(merging.merge_tickets, into_id=target.ticket.id, reason="与张三的那件相同")
    other = Office(desk, office.agent, target, "")
    await other.moves("accepted", "张三女士，材料齐全")
    ticket = await look_up(client, office)
    assert (ticket["status"], ticket["merged"], ticket["can_withdraw"]) == ("accepted", True, False)
    _, page = await show(client, office)
    assert "合并办理" in page
    for secret in ("张三", target.ticket.number, "另一位求助人说的话"):
        assert secret not in page and secret not in str(ticket)
    status, page = await show(client, office, "/t/withdraw", reason="算了", sure="yes")
    assert status == 409 and "转人工" in page
    assert (await show(client, office, "/t/supplement", text="补充一句"))[0] == 200


# --- ratings --------------------------------------------------------------------------------


async def rating_path(client: TestClient, office: Office) -> str:
    (link,) = [m["rating"] for m in await read(client, office.session) if m["rating"]]
    return link["path"]


async def test_the_form_appears_with_the_resolution_and_goes_with_the_answer(
    client: TestClient, office: Office
) -> None:
    assert "评价这次办理" not in (await show(client, office))[1]
    await office.resolves()
    assert (await look_up(client, office))["rating"] == {"answered": False, "score": None}
    assert "评价这次办理" in (await show(client, office))[1]
    status, page = await show(client, office, "/t/rating", score="4", solved="yes", rating_text="很快")
    assert status == 200 and "谢谢您的评价" in page and 'action="/t/rating"' not in page
    status, page = await show(client, office, "/t/rating", score="1")
    assert status == 409 and "已经评价过" in page
    assert (await look_up(client, office))["rating"] == {"answered": True, "score": 4}


async def test_a_form_without_a_score_keeps_what_was_written(client: TestClient, office: Office) -> None:
    await office.resolves()
    status, page = await show(client, office, "/t/rating", rating_text="很快")
    assert status == 400 and "请选择满意程度" in page and "很快</textarea>" in page


async def test_the_link_in_the_conversation_opens_the_form_once(client: TestClient, office: Office) -> None:
    await office.resolves()
    path = await rating_path(client, office)
    assert "评价工单办理" in await (await client.get(path)).text()
    response = await client.post(path, data={"rating_text": "没选"})
    assert response.status == 400 and "没选</textarea>" in await response.text()
    for _ in range(2):
        response = await client.post(path, data={"score": "2", "solved": "no"})
        assert response.status == 200 and "您给了 2 分" in await response.text()
    assert "您给了 2 分" in await (await client.get(path)).text()


async def test_a_closed_episode_is_rated_by_its_link(client: TestClient, office: Office, desk: Desk) -> None:
    conversation, now = office.opened.ticket.conversation_id, desk.clock()
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, conversation, reason="asked", now=now)
        await handoff.claim(session, desk.office, office.agent, conversation, now=now)
        await handoff.reply(session, desk.office, office.agent, conversation, text="您好", client_id="1", now=now)
        await handoff.close(session, desk.office, office.agent, conversation, now=now)
    path = await rating_path(client, office)
    assert "评价人工服务" in await (await client.get(path)).text()
    assert (await client.post(path, data={"score": "5"})).status == 200


@pytest.mark.parametrize("token", ["x", "a" * 500, "%00", "%ff"])
async def test_a_forged_link_is_not_found(client: TestClient, token: str) -> None:
    assert (await client.get(f"/rate/{token}")).status == 404
    assert (await client.post(f"/rate/{token}", data={"score": "5"})).status == 404


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"score": 5, "solved": True, "text": "好"}, 200),
        ({"score": 0}, 400), ({"score": "5"}, 400), ({"score": True}, 400), ({}, 400),
        ({"score": 5, "solved": "yes"}, 400), ({"score": 5, "text": "长" * 1001}, 422), ({"score": 5, "code": "X"}, 404),
    ],
)  # fmt: skip
async def test_the_interface_takes_a_rating(
    client: TestClient, office: Office, body: dict, expected: int
) -> None:
    await office.resolves()
    response = await client.post(address(office, "/rating"), json={"code": office.opened.code} | body)
    assert response.status == expected
    if expected == 200:
        again = await client.post(address(office, "/rating"), json={"code": office.opened.code} | body)
        assert await error_of(again) == (409, "rating_closed")


async def test_another_sites_page_cannot_rate(client: TestClient, office: Office) -> None:
    await office.resolves()
    path = await rating_path(client, office)
    response = await client.post(path, data={"score": "1"}, headers={"Origin": "https://evil.example"})
    assert response.status == 403
