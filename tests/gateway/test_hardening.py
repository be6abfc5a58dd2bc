"""Headers, origins, sizes and limits: the rules that hold for every request."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientResponse, WSServerHandshakeError
from aiohttp.test_utils import TestClient
from sqlalchemy.exc import OperationalError

from bot.bootstrap import Desk
from bot.gateway import sockets
from bot.gateway.keys import SOCKETS, STATIC
from tests.gateway.driver import (
    EVIDENCE,
    MESSAGES,
    PNG,
    RETURN,
    SESSIONS,
    SOCKET,
    bearer,
    error_of,
    operator,
    say,
    start,
    upload,
)
from tests.support.clock import FakeClock

PAGES = ["/", "/t", "/about", "/nowhere", "/static/nothing.js", "/healthz", "/readyz", "/metrics"]
API = ["/api/openapi.json", "/api/nowhere", MESSAGES, "/api/v1/evidence/NOPE", "/api/v1/tickets/TS1?code=X"]
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def assert_protected(response: ClientResponse) -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
        "connect-src": "'self'", "form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
    }  # fmt: skip
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert response.headers["Cache-Control"]


# --- headers --------------------------------------------------------------------------------


async def test_every_answer_carries_the_protective_headers(client: TestClient) -> None:
    for path in PAGES + API:
        assert_protected(await client.get(path))


async def test_only_the_tracking_page_tells_itself_where_it_came_from(client: TestClient) -> None:
    """With no-referrer its forms would come with `Origin: null`."""
    policies = {path: (await client.get(path)).headers["Referrer-Policy"] for path in ("/", "/about", "/t")}
    assert policies == {"/": "no-referrer", "/about": "no-referrer", "/t": "same-origin"}


async def test_refusals_of_the_api_are_protected_too(client: TestClient) -> None:
    assert_protected(await client.post(SESSIONS, headers={"Origin": "https://evil.example"}))
    assert_protected(await client.delete(MESSAGES))


async def test_pages_hold_nothing_that_the_policy_would_block(client: TestClient) -> None:
    for path in ("/", "/t", "/about", "/nowhere"):
        html = await (await client.get(path)).text()
        for forbidden in (" style=", " onclick=", " onload=", "javascript:", "http://", "https://"):
            assert forbidden not in html, (path, forbidden)


async def test_answers_are_not_kept_but_static_files_are(client: TestClient) -> None:
    assert (await client.get("/")).headers["Cache-Control"] == "no-store"
    response = await client.get(f"{client.app[STATIC]}/app.css")
    assert response.status == 200
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_static_files_lead_nowhere_else(client: TestClient) -> None:
    static = client.app[STATIC]
    for path in (f"{static}/../keys.py", f"{static}/%2e%2e/keys.py", f"{static}/js", f"{static}/.."):
        assert (await client.get(path)).status == 404, path


async def test_strict_transport_where_the_public_address_is_https(make_client) -> None:
    client = await make_client(public_url="https://wq.example.cn")
    assert "max-age" in (await client.get("/")).headers["Strict-Transport-Security"]


# --- errors ---------------------------------------------------------------------------------


async def test_unknown_page_and_unknown_address_say_so(client: TestClient, desk: Desk) -> None:
    page = await client.get("/nowhere")
    assert page.status == 404
    assert desk.texts("errors.not_found") in await page.text()
    assert await error_of(await client.get("/api/nowhere")) == (404, "not_found")


async def test_wrong_method_says_which_are_allowed(client: TestClient) -> None:
    response = await client.put(MESSAGES)
    assert await error_of(response) == (405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


async def test_our_own_mistake_shows_no_traceback(client: TestClient, desk: Desk, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(type(desk.knowledge), "answer", broken)
    response = await client.get("/")
    text = await response.text()
    assert response.status == 500
    assert desk.texts("errors.server_error") in text
    assert "secret detail" not in text and "Traceback" not in text


async def test_store_that_is_away_is_a_passing_error(client: TestClient, monkeypatch) -> None:
    session = await start(client)

    def away(*_: object, **__: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr("bot.gateway.chat.conversations.receive", away)
    response = await client.post(MESSAGES, json={"text": "你好"}, headers=bearer(session))
    assert await error_of(response) == (503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0


# --- origins --------------------------------------------------------------------------------


async def test_foreign_page_cannot_change_anything(client: TestClient) -> None:
    changing = [route.resource.canonical for route in client.app.router.routes() if route.method == "POST"]
    assert {SESSIONS, MESSAGES, RETURN, EVIDENCE, "/t/withdraw"} <= set(changing)
    for path in changing:
        for headers in FOREIGN:
            response = await client.post(path.replace("{number}", "TS1"), headers=headers)
            assert response.status == 403, (path, headers)


async def test_foreign_page_cannot_open_the_socket(client: TestClient) -> None:
    for headers in FOREIGN:
        with pytest.raises(WSServerHandshakeError) as refusal:
            await client.ws_connect(SOCKET, headers=headers)
        assert refusal.value.status == 403, headers


async def test_our_own_page_and_programs_may(client: TestClient) -> None:
    own = str(client.make_url("/")).rstrip("/")
    assert (await client.post(SESSIONS, headers={"Origin": own})).status == 201
    assert (await client.post(SESSIONS, headers={"Sec-Fetch-Site": "same-origin"})).status == 201
    assert (await client.post(SESSIONS)).status == 201


async def test_public_address_counts_as_our_own(make_client) -> None:
    client = await make_client(public_url="https://wq.example.cn")
    assert (await client.post(SESSIONS, headers={"Origin": "https://wq.example.cn"})).status == 201


# --- sizes and forms ------------------------------------------------------------------------


async def test_message_may_have_2000_characters_and_no_more(client: TestClient) -> None:
    session = await start(client)
    await say(client, session, "😀" * 2000)
    response = await client.post(MESSAGES, json={"text": "字" * 2001}, headers=bearer(session))
    assert await error_of(response) == (422, "message_too_long")


async def test_body_has_a_limit_whether_announced_or_not(client: TestClient) -> None:
    session = await start(client)
    body = json.dumps({"text": "你好", "filler": "x" * 50_000}).encode()
    json_type = {"Content-Type": "application/json"} | bearer(session)
    announced = await client.post(MESSAGES, data=body, headers=json_type)
    assert await error_of(announced) == (413, "body_too_large")

    async def in_pieces():
        for at in range(0, len(body), 5000):
            yield body[at : at + 5000]

    unannounced = await client.post(MESSAGES, data=in_pieces(), headers=json_type)
    assert await error_of(unannounced) == (413, "body_too_large")


SENSELESS = [
    b"{", b"[]", b'"text"', b"null", b"[" * 30_000, b'{"text": 1}', b'{"text": ["a"]}', b'{"text": "a\\u0000b"}',
    b'{"text": "\\ud83d"}', b'{"text": "a", "payload": {}}', b'{"text": "a", "message_id": ""}',
    b'{"text": "a", "message_id": "a b"}', b'{"text": "a", "message_id": 7}', b'{"text": "a", "wait": "long"}',
    b'{"text": "a", "wait": true}', b'{"text": "a", "wait": NaN}', b'{"text": "a", "on": "2027-01-01"}', b"\xff\xfe",
]  # fmt: skip


async def test_body_that_makes_no_sense_is_refused(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"} | bearer(await start(client))
    for body in SENSELESS:
        response = await client.post(MESSAGES, data=body, headers=headers)
        assert await error_of(response) == (400, "bad_request"), body


async def test_empty_message_is_refused(client: TestClient) -> None:
    session = await start(client)
    for text in ("", "   ", "\n", None):
        response = await client.post(MESSAGES, json={"text": text}, headers=bearer(session))
        assert await error_of(response) == (422, "message_empty")


async def test_only_json_is_taken(client: TestClient) -> None:
    """A form of another site can send text/plain without asking first."""
    response = await client.post(MESSAGES, data=b'{"text": "a"}', headers={"Content-Type": "text/plain"})
    assert await error_of(response) == (400, "bad_request")


async def test_after_must_be_a_sequence_number(client: TestClient) -> None:
    headers = bearer(await start(client))
    for after in ("-1", "x", "1.5", "99999999999"):
        response = await client.get(MESSAGES, params={"after": after}, headers=headers)
        assert await error_of(response) == (400, "bad_request"), after


# --- limits ---------------------------------------------------------------------------------


async def test_session_may_not_talk_without_pause(make_client, clock: FakeClock) -> None:
    client = await make_client(session_messages_per_minute=2)
    session, other = await start(client), await start(client)
    await say(client, session, "一")
    await say(client, session, "二")
    response = await client.post(MESSAGES, json={"text": "三"}, headers=bearer(session))
    assert await error_of(response) == (429, "rate_limited")
    assert response.headers["Retry-After"] == "30"
    await say(client, other, "别人照常")
    clock.move(timedelta(seconds=30))
    await say(client, session, "三")


async def test_address_may_not_talk_without_pause_in_many_sessions(make_client) -> None:
    client = await make_client(address_messages_per_minute=2)
    await say(client, await start(client), "一")
    await say(client, await start(client), "二")
    response = await client.post(MESSAGES, json={"text": "三"}, headers=bearer(await start(client)))
    assert await error_of(response) == (429, "rate_limited")


async def test_address_may_not_start_many_conversations(make_client) -> None:
    client = await make_client(address_sessions_per_hour=2)
    await start(client)
    assert (await client.post(MESSAGES, json={"text": "没有会话也算"})).status == 200
    assert await error_of(await client.post(SESSIONS)) == (429, "rate_limited")
    assert await error_of(await client.post(MESSAGES, json={"text": "三"})) == (429, "rate_limited")


async def test_operator_is_not_limited(make_client) -> None:
    client = await make_client(
        session_messages_per_minute=1, address_messages_per_minute=1, address_sessions_per_hour=1,
        operator_token="operator's own",
    )  # fmt: skip
    for _ in range(4):
        response = await client.post(
            MESSAGES, json={"text": "你好"}, headers={"X-Operator-Token": "operator's own"}
        )
        assert response.status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/tickets/TS1?code=X"), ("POST", "/api/v1/tickets/TS1/supplement"),
        ("POST", "/api/v1/tickets/TS1/withdraw"), ("GET", "/api/v1/evidence/NOPE"),
    ],
)  # fmt: skip
async def test_guessing_numbers_and_codes_is_limited(make_client, method: str, path: str) -> None:
    client = await make_client(address_lookups_per_minute=3)
    for _ in range(3):
        assert (await client.request(method, path)).status in (400, 404)
    assert await error_of(await client.request(method, path)) == (429, "rate_limited")


async def test_guessing_on_the_page_is_limited(make_client) -> None:
    client = await make_client(address_lookups_per_minute=1)
    assert (await client.post("/t", data={"number": "TS1", "code": "X"})).status == 404
    response = await client.post("/t", data={"number": "TS1", "code": "X"})
    assert response.status == 429
    assert response.headers["Retry-After"]


async def test_uploads_are_limited(make_client) -> None:
    client = await make_client(address_uploads_per_hour=1)
    session = await start(client)
    assert (await upload(client, PNG, session=session)).status == 201
    assert await error_of(await upload(client, PNG, session=session)) == (429, "rate_limited")


async def test_forwarded_address_counts_only_behind_our_own_proxy(make_client) -> None:
    async def second_session(client: TestClient) -> int:
        await client.post(SESSIONS, headers={"X-Forwarded-For": "203.0.113.1"})
        return (await client.post(SESSIONS, headers={"X-Forwarded-For": "203.0.113.2"})).status

    assert await second_session(await make_client(address_sessions_per_hour=1)) == 429
    assert await second_session(await make_client(address_sessions_per_hour=1, trusted_proxies=1)) == 201


async def test_address_has_only_so_many_sockets(client: TestClient, monkeypatch) -> None:
    monkeypatch.setattr(client.app[SOCKETS], "_max", 1)
    first = await client.ws_connect(SOCKET)
    with pytest.raises(WSServerHandshakeError) as refusal:
        await client.ws_connect(SOCKET)
    assert refusal.value.status == 429
    await first.close()


async def test_metrics_are_not_for_strangers(client: TestClient, desk: Desk) -> None:
    text = await (await client.get("/metrics")).text()
    assert "rightsdesk_gateway_requests_total" in text
    behind_proxy = {"X-Forwarded-For": "203.0.113.1"}
    assert (await client.get("/metrics", headers=behind_proxy)).status == 404
    assert (await client.get("/metrics", headers=behind_proxy | operator(desk))).status == 200


def test_no_words_for_readers_in_python() -> None:
    folder = Path(sockets.__file__).parent
    for path in folder.glob("*.py"):
        code = "\n".join(line for line in path.read_text("utf-8").splitlines())
        outside = code.split('"""')[::2]
        assert not any("\u4e00" <= character <= "\u9fff" for part in outside for character in part), path.name
