"""Evidence: bytes kept as they are, receipts, and what is not taken."""

import asyncio
import hashlib
from pathlib import Path

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from bot.bootstrap import Desk
from bot.gateway import evidence
from bot.services.evidence import evidence_of
from tests.gateway.driver import EVIDENCE, PNG, bearer, error_of, read, start, upload
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.handoffs import asks_for_human, claims, present_agent, replies, stored


def stored_files(desk: Desk) -> list[Path]:
    """Return what lies in the evidence folder."""
    return [path for path in desk.evidence.root.rglob("*") if path.is_file()]


async def test_upload_gives_a_receipt_and_keeps_the_bytes(client: TestClient, desk: Desk) -> None:
    session = await start(client)
    response = await upload(client, PNG, name="购物小票.png", session=session)
    receipt = await response.json()
    assert response.status == 201
    assert receipt["sha256"] == hashlib.sha256(PNG).hexdigest()
    assert (receipt["filename"], receipt["size_bytes"]) == ("购物小票.png", len(PNG))
    assert [path.read_bytes() for path in stored_files(desk)] == [PNG]


async def test_receipt_is_a_message_of_the_conversation(client: TestClient) -> None:
    session = await start(client)
    receipt = await (await upload(client, PNG, session=session)).json()
    message = (await read(client, session))[-1]
    assert (message["author"], message["evidence"]) == ("system", receipt)


async def test_an_agent_who_is_sent_a_file_owes_the_citizen_a_word(client: TestClient, desk: Desk) -> None:
    response = await client.post("/api/v1/chat/sessions")
    opened = await response.json()
    citizen, agent = Citizen(desk, opened["conversation"]), await present_agent(desk)
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    await replies(desk, agent, citizen, "请发照片")
    assert (await stored(desk, citizen)).unanswered_since is None
    await upload(client, PNG, session=opened["session"])
    assert (await stored(desk, citizen)).unanswered_since == desk.clock()


async def test_large_file_comes_through_in_pieces(client: TestClient) -> None:
    content = PNG + bytes(range(256)) * 8000
    receipt = await (await upload(client, content, session=await start(client))).json()
    assert receipt["sha256"] == hashlib.sha256(content).hexdigest()


async def test_receipt_can_be_verified_by_anybody_without_names(client: TestClient) -> None:
    receipt = await (await upload(client, PNG, name="身份证.png", session=await start(client))).json()
    verified = await (await client.get(f"{EVIDENCE}/{receipt['receipt'].lower()}")).json()
    assert verified["intact"]
    assert verified["sha256"] == receipt["sha256"]
    assert "filename" not in verified


async def test_changed_file_does_not_verify(client: TestClient, desk: Desk) -> None:
    receipt = await (await upload(client, PNG, session=await start(client))).json()
    [path] = stored_files(desk)
    path.write_bytes(PNG + b"!")
    assert not (await (await client.get(f"{EVIDENCE}/{receipt['receipt']}")).json())["intact"]


async def test_unknown_receipt_is_not_found(client: TestClient) -> None:
    assert await error_of(await client.get(f"{EVIDENCE}/ACDE0123456789")) == (404, "not_found")


async def test_file_for_a_ticket_needs_number_and_code(client: TestClient, desk: Desk) -> None:
    session = await start(client)
    opened = await make_ticket(desk, desk.signer.conversation_of(session, desk.clock()))
    number = opened.ticket.number
    wrong = await upload(client, PNG, number=number, code="WRONG")
    assert await error_of(wrong) == (404, "ticket_not_found")
    assert (await upload(client, PNG, number=number, code=opened.code)).status == 201
    async with desk.read() as database:
        assert len(await evidence_of(database, ticket_id=opened.ticket.id)) == 1


async def test_stranger_uploads_nothing(client: TestClient, desk: Desk) -> None:
    gone = desk.signer.session_token("web:gone", desk.clock())
    for session in (None, "forged.token", gone):
        assert await error_of(await upload(client, PNG, session=session)) == (401, "session_invalid")
    assert not stored_files(desk)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("照片.png", b"MZ\x90\x00" + b"\0" * 100),
        ("照片.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("说明.txt", b"<!DOCTYPE html><script>alert(1)</script>"),
        ("照片.jpg", b"\x7fELF" + b"\0" * 100),
    ],
)
async def test_type_is_judged_by_content(
    client: TestClient, desk: Desk, name: str, content: bytes
) -> None:
    response = await upload(client, content, name=name, session=await start(client))
    assert await error_of(response) == (415, "type_not_allowed")
    assert not stored_files(desk)


async def test_name_says_nothing_about_where_a_file_goes(client: TestClient, desk: Desk) -> None:
    response = await upload(client, PNG, name="../../../etc/小票.png", session=await start(client))
    assert (await response.json())["filename"] == "小票.png"
    assert all(path.is_relative_to(desk.evidence.root) for path in stored_files(desk))


async def test_empty_file_is_refused(client: TestClient) -> None:
    response = await upload(client, b"", session=await start(client))
    assert await error_of(response) == (422, "empty_file")


async def test_file_that_is_too_large_is_refused_announced_or_not(make_client) -> None:
    client = await make_client(evidence_max_mb=1)
    session = await start(client)
    content = PNG + b"\0" * 2**21
    assert await error_of(await upload(client, content, session=session)) == (413, "file_too_large")

    async def in_pieces():
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        yield head + PNG
        for _ in range(32):
            yield b"\0" * 2**16
        yield b"\r\n--x--\r\n"

    headers = bearer(session) | {"Content-Type": "multipart/form-data; boundary=x"}
    response = await client.post(EVIDENCE, data=in_pieces(), headers=headers)
    assert await error_of(response) == (413, "file_too_large")


async def test_body_that_is_no_upload_is_refused(client: TestClient, desk: Desk) -> None:
    headers = bearer(await start(client))
    multipart = headers | {"Content-Type": "multipart/form-data; boundary=x"}
    no_file = FormData({"number": "1"})
    no_file.add_field("note", "text", content_type="text/plain")
    many = FormData([(f"field{n}", "x") for n in range(9)], default_to_multipart=True)
    long_field = FormData({"number": "1" * 5000}, default_to_multipart=True)
    for data, kind, expected in (
        (b"{}", headers | {"Content-Type": "application/json"}, (400, "bad_request")),
        (b"", multipart, (400, "bad_request")),
        (b"nonsense", multipart, (400, "bad_request")),
        (b"x", headers | {"Content-Type": "multipart/form-data"}, (400, "bad_request")),
        (no_file, headers, (400, "bad_request")),
        (many, headers, (400, "bad_request")),
        (long_field, headers, (413, "body_too_large")),
    ):
        assert await error_of(await client.post(EVIDENCE, data=data, headers=kind)) == expected, data
    assert not stored_files(desk)


async def test_upload_that_breaks_off_leaves_nothing(client: TestClient, desk: Desk) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG
    headers = bearer(await start(client)) | {"Content-Type": "multipart/form-data; boundary=x"}
    response = await client.post(EVIDENCE, data=body, headers=headers)
    assert response.status == 400
    assert not stored_files(desk)


async def test_upload_that_stands_still_is_ended(
    client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "_SILENCE_SECONDS", 0.1)

    async def stalls():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG
        await asyncio.Event().wait()

    headers = bearer(await start(client)) | {"Content-Type": "multipart/form-data; boundary=x"}
    response = await client.post(EVIDENCE, data=stalls(), headers=headers)
    assert await error_of(response) == (408, "upload_too_slow")
    assert not stored_files(desk)

