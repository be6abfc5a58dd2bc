"""Filing a whole form over HTTP."""

from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from tests.gateway.driver import bearer, start
from tests.services.test_filing import COMPLAINT

TICKETS = "/api/v1/tickets"


async def test_a_form_is_a_ticket_that_its_number_and_code_open(client: TestClient) -> None:
    session = await start(client)
    body = {"form": "complaint", "values": COMPLAINT}
    first = await client.post(TICKETS, json=body, headers=bearer(session))
    assert first.status == 201
    filed = await first.json()
    again = await client.post(TICKETS, json=body, headers=bearer(session))
    assert again.status == 200 and await again.json() == filed | {"created": False}
    shown = await client.get(f"{TICKETS}/{filed['number']}", params={"code": filed["code"]})
    assert shown.status == 200 and (await shown.json())["status"] == "submitted"
    said = await client.get("/api/v1/chat/messages", headers=bearer(session))
    assert filed["number"] in (await said.json())["messages"][-1]["text"]


async def test_wrong_answers_are_named_and_nothing_is_opened(client: TestClient) -> None:
    session = await start(client)
    values = COMPLAINT | {"phone": "12"}
    refused = await client.post(TICKETS, json={"form": "complaint", "values": values}, headers=bearer(session))
    assert refused.status == 422
    error = (await refused.json())["error"]
    assert error["code"] == "form_invalid" and list(error["fields"]) == ["phone"]


async def test_a_name_that_is_no_field_is_refused_by_its_name(client: TestClient) -> None:
    session = await start(client)
    values = COMPLAINT | {"applicant": "张三"}
    refused = await client.post(TICKETS, json={"form": "complaint", "values": values}, headers=bearer(session))
    assert refused.status == 422
    assert (await refused.json())["error"]["fields"] == {"applicant": "这张表没有这一项，请核对字段名称。"}


async def test_without_a_session_or_with_an_unknown_form_nothing_is_filed(client: TestClient) -> None:
    body = {"form": "complaint", "values": COMPLAINT}
    assert (await client.post(TICKETS, json=body)).status == 401
    session = await start(client)
    for wrong in ({"form": "letter", "values": {}}, {"form": "complaint", "values": []}):
        assert (await client.post(TICKETS, json=wrong, headers=bearer(session))).status == 400


async def test_an_address_may_file_only_so_often(client: TestClient, desk: Desk) -> None:
    session = await start(client)
    statuses = set()
    for _ in range(desk.settings.address_tickets_per_hour + 1):
        answer = await client.post(TICKETS, json={"form": "letter", "values": {}}, headers=bearer(session))
        statuses.add(answer.status)
    assert statuses == {400, 429}
