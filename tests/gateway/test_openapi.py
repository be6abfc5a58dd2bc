"""The description of the interface says what is there: routes, fields, codes."""

from typing import Any

from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from tests.gateway.driver import MESSAGES, PNG, SESSIONS, bearer, say, start, upload
from tests.support.builders import make_ticket
from tests.support.engine import ScriptedEngine, says

#: Pages, not part of the interface.
PAGES = {
    "/", "/about", "/t", "/t/supplement", "/t/withdraw", "/t/rating", "/t/document", "/rate/{token}", "/flow/{flow}", "/flow/{flow}.svg",
}  # fmt: skip


async def description(client: TestClient) -> dict[str, Any]:
    """Return the document."""
    response = await client.get("/api/openapi.json")
    assert response.content_type == "application/json"
    return await response.json()


def references(node: object) -> list[str]:
    """Return all $ref of a document."""
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [ref for value in node.values() for ref in references(value)]
    if isinstance(node, list):
        return [ref for value in node for ref in references(value)]
    return []


def assert_fits(value: object, schema: dict[str, Any], document: dict[str, Any]) -> None:
    """Hold a JSON value against the part of JSON Schema that the document uses."""
    if ref := schema.get("$ref"):
        return assert_fits(value, document["components"]["schemas"][ref.rsplit("/", 1)[1]], document)
    if options := schema.get("oneOf"):
        chosen = [o for o in options if (o.get("type") == "null") == (value is None)]
        return assert_fits(value, chosen[0], document)
    if "enum" in schema:
        assert value in schema["enum"]
    types = schema.get("type", [])
    kinds = {
        "string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None),
    }  # fmt: skip
    if types:
        allowed = tuple(kinds[t] for t in ([types] if isinstance(types, str) else types))
        assert isinstance(value, allowed), (value, types)
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema.get("required", ())) <= set(value), set(schema["required"]) - set(value)
        assert set(value) <= set(schema["properties"]), set(value) - set(schema["properties"])
        for name, content in value.items():
            assert_fits(content, schema["properties"][name], document)
    if isinstance(value, list):
        for item in value:
            assert_fits(item, schema["items"], document)
    return None


def answer_schema(document: dict[str, Any], method: str, path: str, status: str) -> dict[str, Any]:
    """Return the schema of an answer."""
    response = document["paths"][path][method]["responses"][status]
    if ref := response.get("$ref"):
        response = document["components"]["responses"][ref.rsplit("/", 1)[1]]
    return response["content"]["application/json"]["schema"]


async def test_every_route_is_described_and_nothing_else(client: TestClient) -> None:
    document = await description(client)
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    routes = {
        (route.method, route.resource.canonical)
        for route in client.app.router.routes()
        if route.method != "HEAD" and route.resource.name != "gateway_static"
    }
    assert described == {(method, path) for method, path in routes if path not in PAGES}


async def test_references_resolve(client: TestClient) -> None:
    document = await description(client)
    for ref in references(document):
        node: Any = document
        for part in ref.removeprefix("#/").split("/"):
            node = node[part]


async def test_answers_are_as_described(client: TestClient, desk: Desk, engine: ScriptedEngine) -> None:
    document = await description(client)
    session = await start(client)
    engine.script = lambda turn: says("", article="patent_term")
    assert "patent_term" in desk.knowledge.articles
    await upload(client, PNG, session=session)
    opened = await make_ticket(desk, desk.signer.conversation_of(session, desk.clock()))
    receipt = await (await upload(client, PNG, number=opened.ticket.number, code=opened.code)).json()
    code = {"code": opened.code}
    ticket = f"/api/v1/tickets/{opened.ticket.number}"
    number = "/api/v1/tickets/{number}"
    found = {
        ("post", SESSIONS, "201"): await client.post(SESSIONS),
        ("post", MESSAGES, "200"): await client.post(
            MESSAGES, json={"text": "专利保护多久"}, headers=bearer(session)
        ),
        ("get", MESSAGES, "200"): await client.get(MESSAGES, headers=bearer(session)),
        ("get", MESSAGES, "401"): await client.get(MESSAGES),
        ("post", "/api/v1/chat/return", "200"): await client.post(
            "/api/v1/chat/return", headers=bearer(session)
        ),
        ("post", "/api/v1/evidence", "201"): await upload(client, PNG, session=session),
        ("get", "/api/v1/evidence/{receipt}", "200"): await client.get(
            f"/api/v1/evidence/{receipt['receipt']}"
        ),
        ("get", number, "200"): await client.get(ticket, params=code),
        ("get", number, "404"): await client.get(ticket, params={"code": "X"}),
        ("post", f"{number}/supplement", "200"): await client.post(
            f"{ticket}/supplement", json=code | {"text": "补充"}
        ),
        ("post", f"{number}/withdraw", "200"): await client.post(
            f"{ticket}/withdraw", json=code | {"reason": "已和解"}
        ),
        ("get", "/readyz", "200"): await client.get("/readyz"),
    }
    for (method, path, status), response in found.items():
        body = await response.json()
        assert str(response.status) == status, (path, body)
        assert_fits(body, answer_schema(document, method, path, status), document)


async def test_answer_with_citations_is_as_described(
    client: TestClient, engine: ScriptedEngine
) -> None:
    engine.script = lambda turn: says("", article="patent_term")
    [message] = (await say(client, await start(client), "专利保护多久"))["messages"]
    assert message["citations"]
    assert_fits(message, {"$ref": "#/components/schemas/Message"}, await description(client))
