"""The tools over HTTP."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from bot.texts import Texts
from tests.gateway.driver import start
from tests.gateway.test_openapi import answer_schema, assert_fits, description
from tests.support.engine import ScriptedEngine, says

TOOLS = "/api/v1/tools"
DEADLINE = {"rule": "trademark_opposition", "from": "2026-09-01"}


async def use(client: TestClient, name: str, given: Any, **more: Any) -> tuple[int, dict[str, Any]]:
    response = await client.post(f"{TOOLS}/{name}", json={"given": given, **more})
    return response.status, await response.json()


async def test_the_tools_are_named(client: TestClient) -> None:
    body = await (await client.get(TOOLS)).json()
    names = [tool["name"] for tool in body["tools"]]
    assert {"deadline", "law", "number"} <= set(names)
    assert all(tool["title"] for tool in body["tools"])
    assert all(f"tools.names.{name}" in Texts.load() for name in names)


async def test_a_deadline_is_worked_out(client: TestClient) -> None:
    status, body = await use(client, "deadline", DEADLINE)
    assert status == 200
    assert body["result"]["data"]["date"] == "2026-12-01"
    assert body["result"]["citations"][0]["law_id"] == "trademark-law-2019"


async def test_what_is_missing_is_asked(client: TestClient) -> None:
    status, body = await use(client, "deadline", {"rule": "patent_reexamination"})
    assert status == 200
    assert body["question"]["field"] == "service"
    assert {"title", "value"} == set(body["question"]["choices"][0])


async def test_it_can_be_asked_for_another_day(client: TestClient) -> None:
    given = {"law": "商标法", "article": "33"}
    for day, law_id in (("2026-12-31", "trademark-law-2019"), ("2027-01-01", "trademark-law-2026")):
        _, body = await use(client, "law", given, on=day)
        assert body["result"]["data"]["law_id"] == law_id


@pytest.mark.parametrize(
    ("name", "given", "status", "code"),
    [
        ("deadline", {"rule": "nothing"}, 422, "tool_input"),
        ("deadline", {"rule": 5}, 400, "bad_request"),
        ("deadline", {"rule": "x" * 400}, 400, "bad_request"),
        ("deadline", [], 400, "bad_request"),
        ("deadline", {str(n): "x" for n in range(30)}, 400, "bad_request"),
        ("nothing", {}, 404, "not_found"),
    ],
)
async def test_bad_input_gets_a_clear_error(
    name: str, given: Any, status: int, code: str, client: TestClient
) -> None:
    found, body = await use(client, name, given)
    assert (found, body["error"]["code"]) == (status, code)
    assert body["error"]["message"]
    if code == "tool_input":
        assert (body["error"]["field"], body["error"]["reason"]) == ("rule", "rule")


async def test_answers_are_as_described(client: TestClient) -> None:
    document = await description(client)
    path = f"{TOOLS}/{{name}}"
    for name, given, status in (
        ("deadline", DEADLINE, 200),
        ("deadline", {}, 200),
        ("law", {"law": "专利法", "article": "74"}, 200),
        ("number", {"number": "12345678"}, 200),
        ("number", {"number": "。"}, 422),
    ):
        found, body = await use(client, name, given)
        assert found == status
        assert_fits(body, answer_schema(document, "post", path, str(status)), document)
    listed = await (await client.get(TOOLS)).json()
    assert_fits(listed, answer_schema(document, "get", TOOLS, "200"), document)


async def test_a_result_arrives_as_an_article_does(client: TestClient, desk: Desk, engine: ScriptedEngine) -> None:
    session = await start(client)
    given = "rule=trademark_opposition&from=2026-09-01"
    engine.script = lambda turn: says("", intent="use_tool", tool="deadline", given=given, today=turn.today)
    response = await client.post(
        "/api/v1/chat/messages", json={"text": "算期限"}, headers={"Authorization": f"Bearer {session}"}
    )
    (message,) = (await response.json())["messages"]
    assert "2026年12月1日" in message["text"]
    assert message["details"]
    assert message["citations"][0]["article"] == "第三十三条"
    assert message["tool"] == {"name": "deadline", "asks": None}
    again = next(button for button in message["buttons"] if "use_tool" in button["payload"])
    pressed = await client.post(
        "/api/v1/chat/messages",
        json={"text": again["title"], "payload": again["payload"]},
        headers={"Authorization": f"Bearer {session}"},
    )
    assert pressed.status == 200
    assert engine.turns[-1].text == again["payload"]
