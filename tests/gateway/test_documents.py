"""Filled forms to download, and the page of a form that is not finished."""

import io
import json

import pytest
from aiohttp.test_utils import TestClient
from docx import Document

from bot.bootstrap import Desk
from bot.services import form_drafts
from bot.services.form_drafts import DraftView, FormProgress
from bot.services.opening import OpenedTicket
from tests.gateway.driver import error_of, start
from tests.support.builders import make_ticket

FACTS = {
    "report_type": "rightholder", "right": "trademark", "respondent": "某某百货店", "evidence": "付款记录、照片",
    "name": "张三", "party_id": "11010519491231002X", "phone": "13900139000",
}  # fmt: skip


@pytest.fixture
async def opened(client: TestClient, desk: Desk) -> OpenedTicket:
    conversation = desk.signer.conversation_of(await start(client), desk.clock())
    return await make_ticket(desk, conversation, facts=FACTS)


@pytest.fixture
async def saved(client: TestClient, desk: Desk) -> DraftView:
    conversation = desk.signer.conversation_of(await start(client), desk.clock())
    async with desk.begin() as session:
        progress = FormProgress("complaint", {"report_type": "report", "right": "patent"}, "act")
        view = await form_drafts.save(session, desk.office, conversation, progress, now=desk.clock())
    assert view is not None
    return view


async def test_each_format_is_an_attachment_with_the_answers_and_without_what_is_secret(
    client: TestClient, opened: OpenedTicket
) -> None:
    credentials = {"number": opened.ticket.number, "code": opened.code}
    files = {}
    for format_ in ("docx", "pdf", "json"):
        response = await client.post("/t/document", data=credentials | {"format": format_})
        assert response.status == 200
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        files[format_] = await response.read()
    assert files["pdf"].startswith(b"%PDF-")
    facts = json.loads(files["json"])["facts"]
    assert (facts["right"], facts["phone"]) == ("商标", "139****9000")
    cells = [c.text for t in Document(io.BytesIO(files["docx"])).tables for row in t.rows for c in row.cells]
    assert {"某某百货店", "1. 付款记录\n2. 照片", "110***********002X"} <= set(cells)
    assert "13900139000" not in cells


async def test_a_wrong_code_opens_no_document(client: TestClient, opened: OpenedTicket) -> None:
    path = f"/api/v1/tickets/{opened.ticket.number}/document"
    assert await error_of(await client.get(path, params={"code": "AAAAAAAA"})) == (404, "ticket_not_found")
    page = await client.post("/t/document", data={"number": opened.ticket.number, "code": "AAAAAAAA"})
    assert page.status == 404
    assert "没有查到" in await page.text()


async def test_a_format_that_there_is_not_is_refused(client: TestClient, opened: OpenedTicket) -> None:
    path = f"/api/v1/tickets/{opened.ticket.number}/document"
    assert await error_of(await client.get(path, params={"code": opened.code, "format": "exe"})) == (400, "bad_request")


async def test_tries_are_limited(client: TestClient, opened: OpenedTicket) -> None:
    path = f"/api/v1/tickets/{opened.ticket.number}/document"
    statuses = [(await client.get(path, params={"code": "AAAAAAAA"})).status for _ in range(12)]
    assert 429 in statuses


async def test_the_tracking_page_offers_the_formats(client: TestClient, opened: OpenedTicket) -> None:
    page = await (await client.post("/t", data={"number": opened.ticket.number, "code": opened.code})).text()
    assert [name for name in ("docx", "pdf", "json") if f'value="{name}"' in page] == ["docx", "pdf", "json"]


async def test_an_unfinished_form_is_shown_with_the_way_back_into_it(client: TestClient, saved: DraftView) -> None:
    response = await client.post("/t", data={"number": saved.number, "code": saved.code})
    page = await response.text()
    assert response.status == 200
    assert f"/#n={saved.number}&amp;c={saved.code[:4]}-{saved.code[4:]}" in page
    assert "举报违法线索" in page
    wrong = await client.post("/t", data={"number": saved.number, "code": "AAAAAAAA"})
    assert wrong.status == 404


async def test_an_unfinished_form_can_be_downloaded_with_what_is_still_open(
    client: TestClient, saved: DraftView
) -> None:
    path = f"/api/v1/tickets/{saved.number}/document"
    response = await client.get(path, params={"code": saved.code, "format": "json"})
    facts = (await response.json())["facts"]
    assert (facts["right"], facts["act"]) == ("专利", "未提供")
