"""Tickets for citizens: the interface and the tracking page."""

from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from bot.services import desk_work
from bot.services.opening import OpenedTicket
from bot.store.tables import Agent
from tests.gateway.driver import PNG, error_of, start, upload
from tests.support.builders import make_agent, make_ticket
from tests.support.clock import FakeClock
from tests.support.steps import asks_for_correction


@pytest.fixture
async def opened(client: TestClient, desk: Desk) -> OpenedTicket:
    """A complaint just submitted, Friday 2026-11-20, 10:00."""
    return await make_ticket(desk, desk.signer.conversation_of(await start(client), desk.clock()))


def address(opened: OpenedTicket, step: str = "") -> str:
    """Return the address of a ticket in the interface."""
    return f"/api/v1/tickets/{opened.ticket.number}{step}"


async def look_up(client: TestClient, opened: OpenedTicket) -> dict:
    """Return the ticket as its citizen sees it."""
    response = await client.get(address(opened), params={"code": opened.code})
    assert response.status == 200
    return await response.json()


async def move(desk: Desk, agent: Agent, opened: OpenedTicket, to: str, reason: str = "") -> None:
    """Let an agent take a step."""
    async with desk.begin() as session:
        ticket = await desk_work.access_ticket(session, agent, opened.ticket.id)
        await desk_work.change_status(
            session, desk.office, agent, opened.ticket.id,
            to=to, reason=reason, version=ticket.version, now=desk.clock(),
        )  # fmt: skip


async def show(client: TestClient, opened: OpenedTicket, path: str = "/t", **fields: str) -> tuple[int, str]:
    """Send a form of the tracking page; returns status and page."""
    credentials = {"number": opened.ticket.number, "code": opened.code}
    response = await client.post(path, data=credentials | fields)
    return response.status, await response.text()


# --- the interface --------------------------------------------------------------------------


async def test_citizen_sees_status_promises_and_history(client: TestClient, opened: OpenedTicket) -> None:
    ticket = await look_up(client, opened)
    assert (ticket["status"], ticket["status_title"]) == ("submitted", "已提交")
    assert [item["title"] for item in ticket["timeline"]] == ["您提交了工单"]
    texts = {promise["clock"]: promise["text"] for promise in ticket["promises"]}
    assert list(texts)[:2] == ["first_response", "acceptance"]
    assert texts == {
        "acceptance": "将在 2026年12月1日（周二） 前告知您是否受理",
        "first_response": "工作人员将在 2026年11月20日（周五） 15:30 前首次答复您",
    }
    assert (ticket["can_supplement"], ticket["can_withdraw"]) == (True, True)


async def test_number_and_code_are_taken_as_people_type_them(client: TestClient, opened: OpenedTicket) -> None:
    number, code = opened.ticket.number, opened.code
    for typed_number, typed_code in (
        (number.lower(), code.lower()),
        (f"{number[:2]} {number[2:8]} {number[8:]}", f" {code[:4]} {code[4:]} "),
    ):
        response = await client.get(f"/api/v1/tickets/{typed_number}", params={"code": typed_code})
        assert response.status == 200


async def test_wrong_code_and_wrong_number_get_the_same_answer(
    client: TestClient, opened: OpenedTicket, desk: Desk
) -> None:
    other = await make_ticket(desk, opened.ticket.conversation_id, facts={"facts": "另一件"})
    answers = []
    for number, code in (
        (opened.ticket.number, "ACDE2345"),
        (opened.ticket.number, other.code),
        (opened.ticket.number, ""),
        ("TS2611200000015", opened.code),
        ("nonsense", opened.code),
    ):
        response = await client.get(f"/api/v1/tickets/{number}", params={"code": code})
        answers.append((response.status, await response.text()))
    assert len(set(answers)) == 1
    assert answers[0][0] == 404


async def test_wrong_code_changes_nothing(client: TestClient, opened: OpenedTicket) -> None:
    for step, field in (("/supplement", "text"), ("/withdraw", "reason")):
        for code in ("ACDE2345", "", None):
            response = await client.post(address(opened, step), json={"code": code, field: "内容"})
            assert await error_of(response) == (404, "ticket_not_found")
    assert (await look_up(client, opened))["status"] == "submitted"


async def test_supplement_is_kept(client: TestClient, opened: OpenedTicket) -> None:
    response = await client.post(
        address(opened, "/supplement"), json={"code": opened.code, "text": "订单号 123"}
    )
    assert response.status == 200
    history = (await response.json())["timeline"]
    assert (history[-1]["kind"], history[-1]["text"]) == ("supplement", "订单号 123")
    assert len(history) == 2


async def test_supplement_answers_a_request_for_correction(
    client: TestClient, opened: OpenedTicket, desk: Desk
) -> None:
    await asks_for_correction(desk, await make_agent(desk), opened.ticket.id, "购买凭证")
    waiting = await look_up(client, opened)
    assert "购买凭证" in waiting["timeline"][-1]["text"]
    assert "暂停" in {p["clock"]: p["text"] for p in waiting["promises"]}["acceptance"]
    body = {"code": opened.code, "text": "凭证已上传"}
    ticket = await (await client.post(address(opened, "/supplement"), json=body)).json()
    assert ticket["status"] == "submitted"


async def test_supplement_must_say_something_but_not_too_much(
    client: TestClient, opened: OpenedTicket
) -> None:
    for text, expected in (("  ", (400, "bad_request")), ("字" * 4001, (422, "message_too_long"))):
        response = await client.post(
            address(opened, "/supplement"), json={"code": opened.code, "text": text}
        )
        assert await error_of(response) == expected


async def test_ticket_is_taken_back_with_a_reason(client: TestClient, opened: OpenedTicket) -> None:
    path = address(opened, "/withdraw")
    response = await client.post(path, json={"code": opened.code})
    assert await error_of(response) == (422, "reason_required")
    ticket = await (await client.post(path, json={"code": opened.code, "reason": "已和解"})).json()
    assert (ticket["status"], ticket["can_withdraw"], ticket["promises"]) == ("withdrawn", False, [])
    again = await client.post(path, json={"code": opened.code, "reason": "已和解"})
    assert await error_of(again) == (409, "illegal_transition")


async def test_what_is_for_staff_stays_with_staff(
    client: TestClient, opened: OpenedTicket, desk: Desk
) -> None:
    agent = await make_agent(desk, name="张敏")
    async with desk.begin() as session:
        await desk_work.add_note(session, agent, opened.ticket.id, text="疑似职业打假", now=desk.clock())
        await desk_work.assign(
            session, agent, opened.ticket.id, to_agent_id=agent.id, version=opened.ticket.version, now=desk.clock()
        )
        await desk_work.send_public_reply(
            session, desk.office, agent, opened.ticket.id, text="已收到，正在核实", now=desk.clock()
        )
    text = str(await look_up(client, opened))
    assert "已收到，正在核实" in text
    assert "疑似" not in text and "hash" not in text and agent.id not in text


async def test_late_promise_is_owned_up_to(
    client: TestClient, opened: OpenedTicket, clock: FakeClock
) -> None:
    clock.move(timedelta(days=30))
    texts = {p["clock"]: p["text"] for p in (await look_up(client, opened))["promises"]}
    assert "现已超过" in texts["acceptance"]


async def test_date_that_may_still_change_is_marked(
    client: TestClient, opened: OpenedTicket, desk: Desk
) -> None:
    await move(desk, await make_agent(desk), opened, "accepted")
    promise = {p["clock"]: p for p in (await look_up(client, opened))["promises"]}["resolution"]
    assert promise["provisional"]
    assert "暂定" in promise["text"]


# --- the page -------------------------------------------------------------------------------


async def test_page_shows_the_ticket(client: TestClient, opened: OpenedTicket, desk: Desk) -> None:
    await upload(client, PNG, name="小票.png", number=opened.ticket.number, code=opened.code)
    status, page = await show(client, opened)
    assert status == 200
    for words in (opened.ticket.number, "已提交", "将在 2026年12月1日（周二） 前告知您是否受理", "小票.png", "SHA-256"):
        assert words in page


async def test_page_says_the_same_for_wrong_number_and_wrong_code(
    client: TestClient, opened: OpenedTicket, desk: Desk
) -> None:
    for number, code in ((opened.ticket.number, "X"), ("TS1", opened.code), ("", ""), (opened.ticket.number, "")):
        response = await client.post("/t", data={"number": number, "code": code})
        assert response.status == 404
        assert desk.texts("errors.ticket_not_found") in await response.text()


async def test_number_may_stand_in_the_address_the_code_never(
    client: TestClient, opened: OpenedTicket
) -> None:
    page = await (await client.get("/t", params={"n": opened.ticket.number, "code": opened.code})).text()
    assert opened.ticket.number in page
    assert opened.code not in page


async def test_page_supplements_and_withdraws(client: TestClient, opened: OpenedTicket) -> None:
    status, page = await show(client, opened, "/t/supplement", text="订单号 123")
    assert (status, "订单号 123" in page, "已收到您的补充" in page) == (200, True, True)
    status, page = await show(client, opened, "/t/withdraw", reason="已和解", sure="yes")
    assert (status, "已撤回" in page, "撤回原因" in page) == (200, True, False)


async def test_page_keeps_what_was_written_when_it_is_refused(
    client: TestClient, opened: OpenedTicket
) -> None:
    status, page = await show(client, opened, "/t/supplement", text="长" * 4001)
    assert (status, "长" * 4001 in page) == (400, True)
    for fields in ({"reason": "", "sure": "yes"}, {"reason": "已和解"}):
        status, page = await show(client, opened, "/t/withdraw", **fields)
        assert status in (400, 422)
        assert "已提交" in page


async def test_words_of_citizens_are_shown_as_words(client: TestClient, opened: OpenedTicket) -> None:
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    _, page = await show(client, opened, "/t/supplement", text=attack)
    assert "<script>alert" not in page and "<img" not in page
    assert "&lt;script&gt;alert" in page
    page = await (await client.get("/t", params={"n": '"><script>alert(1)</script>'})).text()
    assert "<script>alert" not in page


async def test_forms_are_limited_in_size_and_kind(client: TestClient, opened: OpenedTicket) -> None:
    status, _ = await show(client, opened, "/t/supplement", text="字" * 30_000)
    assert status == 413
    response = await client.post("/t", data="number=1", headers={"Content-Type": "text/plain"})
    assert response.status == 400
