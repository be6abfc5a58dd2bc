"""The intake on the ticket page: routing in words, sending on, the filled form as a file."""

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from bot.bootstrap import Desk
from bot.console import add_staff_api, create_console_app
from bot.console.keys import DESK
from bot.helpdesk.permissions import ROLE_PERMISSIONS, Permission, Role
from bot.helpdesk.routing import Centre
from bot.services import desk_work
from bot.services.intake import Submission, submit
from tests.console.conftest import Enter
from tests.support.citizens import Citizen
from tests.support.library import real_library

VALUES = {
    "report_type": "rightholder", "right": "trademark", "act": "other", "relation": "owner", "venue": "exhibition",
    "respondent": "某某百货店", "region": "江苏省苏州市", "period": "2026-11", "facts": "在展会上看到印着我们商标的外套。",
    "proceedings": "没有", "party_kind": "company", "name": "张三", "phone": "13900139000", "forward": "yes", "consent": "yes",
}  # fmt: skip


@pytest.fixture
def console(desk: Desk) -> web.Application:
    """A console of a centre in Hangzhou with a neighbour in Suzhou."""
    centres = {"main": Centre("main", "杭州中心", ("3301",)), "suzhou": Centre("suzhou", "苏州中心", ("3205",))}
    desk = replace(desk, office=replace(desk.office, routing=replace(desk.office.routing, centres=centres)))
    app = web.Application()
    app.add_subapp("/console", create_console_app(desk))
    add_staff_api(app, desk)
    app[DESK] = desk
    return app


@pytest.fixture
async def ticket(console: web.Application) -> Any:
    desk = console[DESK]
    citizen = await Citizen.arrives(desk)
    form = real_library().forms.form("complaint")
    async with desk.begin() as session:
        sent = Submission(form, VALUES, "web", citizen.conversation_id)
        return (await submit(session, desk.office, desk.forms, sent, now=desk.clock())).ticket


async def test_the_page_tells_where_the_matter_belongs_and_why(enter: Enter, ticket: Any) -> None:
    page = await (await enter()).page(f"/console/tickets/{ticket.id}")
    assert "行为发生地江苏省苏州市，由苏州中心办理" in page
    assert "发生在展会，展期短，优先处理" in page
    assert '<option value="suzhou">苏州中心</option>' in page
    assert 'style="' not in page


async def test_what_an_authority_has_goes_on_to_another_centre_with_its_answer(enter: Enter, ticket: Any) -> None:
    li, path = await enter(), f"/console/tickets/{ticket.id}"
    assert 'id="forward"' in await li.page(path) and 'id="forward-answer"' not in await li.page(path)
    sent = await li.post(f"/tickets/{ticket.id}/transfers", {"version": ticket.version, "authority": "市版权局", "matter": "线索"})
    body = {"centre": "suzhou", "version": (await sent.json())["version"]}
    assert "市版权局怎么答复" in (await li.page(path)).partition('id="forward"')[2].partition("</form>")[0]
    answer = await li.post(f"/tickets/{ticket.id}/forward", body)
    assert (answer.status, (await answer.json())["details"]) == (400, {"field": "answer"})
    answer = await li.post(f"/tickets/{ticket.id}/forward", body | {"answer": "不属本局管辖"})
    assert (answer.status, (await answer.json())["centre"]) == (200, "suzhou")
    assert "不属本局管辖" in await li.page(path)


async def test_an_agent_sends_the_matter_on_once(enter: Enter, ticket: Any, desk: Desk) -> None:
    li = await enter()
    body = {"centre": "suzhou", "version": ticket.version}
    answer = await li.post(f"/tickets/{ticket.id}/forward", body)
    assert (answer.status, (await answer.json())["status"]) == (200, "transferred")
    stale = await li.post(f"/tickets/{ticket.id}/forward", body)
    assert (stale.status, (await stale.json())["code"]) == (409, "ticket_changed_meanwhile")
    page = await li.page(f"/console/tickets/{ticket.id}")
    assert "苏州中心" in page
    assert 'id="forward"' not in page


@pytest.mark.parametrize("centre", ["main", "nowhere"])
async def test_a_matter_goes_only_to_another_centre(enter: Enter, ticket: Any, centre: str) -> None:
    answer = await (await enter()).post(f"/tickets/{ticket.id}/forward", {"centre": centre, "version": ticket.version})
    assert (await answer.json())["code"] == "centre_unknown"


@pytest.mark.parametrize(("extent", "phone"), [("masked", "139****9000"), ("full", "13900139000")])
async def test_the_form_is_handed_out_and_that_is_recorded(
    enter: Enter, ticket: Any, desk: Desk, extent: str, phone: str
) -> None:
    li = await enter()
    path = f"/api/v1/staff/tickets/{ticket.id}/document"
    answer = await li.post_form(path, format="json", extent=extent)
    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert (await answer.json())["facts"]["phone"] == phone
    async with desk.read() as session:
        items = await desk_work.timeline(session, ticket.id, staff=True)
    kinds = [item.kind for item in items if item.kind.startswith("ticket.exported")]
    assert kinds == ["ticket.exported" if extent == "masked" else "ticket.exported_full"]
    assert "下载登记表" in await li.page(f"/console/tickets/{ticket.id}/audit")


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"format": "exe", "extent": "full"}, 400), ({"format": "pdf"}, 400), ({"format": "pdf", "extent": "all"}, 400)],
)
async def test_what_cannot_be_handed_out_is_refused(enter: Enter, ticket: Any, fields: dict[str, str], status: int) -> None:
    li = await enter()
    assert (await li.post_form(f"/api/v1/staff/tickets/{ticket.id}/document", **fields)).status == status


async def test_without_the_token_of_the_page_nothing_is_handed_out(enter: Enter, ticket: Any) -> None:
    li = await enter()
    path = f"/api/v1/staff/tickets/{ticket.id}/document"
    answer = await li.client.post(path, data={"format": "pdf", "extent": "full"})
    assert answer.status == 403


async def test_an_auditor_neither_takes_the_form_away_nor_sends_the_matter_on(enter: Enter, ticket: Any) -> None:
    auditor = await enter("审计", "auditor")
    for extent in ("masked", "full"):
        path = f"/api/v1/staff/tickets/{ticket.id}/document"
        assert (await auditor.post_form(path, format="json", extent=extent)).status == 403
    body = {"centre": "suzhou", "version": ticket.version}
    assert (await auditor.post(f"/tickets/{ticket.id}/forward", body)).status == 403
    page = await auditor.page(f"/console/tickets/{ticket.id}")
    assert "由苏州中心办理" in page
    assert 'id="forward"' not in page and 'class="document"' not in page


async def test_the_full_form_is_for_those_who_may_see_personal_data(
    enter: Enter, ticket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = await enter()
    limited = ROLE_PERMISSIONS[Role.AGENT] - {Permission.REVEAL_PERSONAL}
    monkeypatch.setitem(ROLE_PERMISSIONS, Role.AGENT, limited)  # type: ignore[arg-type]
    path = f"/api/v1/staff/tickets/{ticket.id}/document"
    taken = [(await li.post_form(path, format="json", extent=extent)).status for extent in ("masked", "full")]
    assert taken == [200, 403]
    assert 'value="full"' not in await li.page(f"/console/tickets/{ticket.id}")


async def test_an_unknown_ticket_has_no_document(enter: Enter) -> None:
    li = await enter()
    assert (await li.post_form("/api/v1/staff/tickets/nothing/document", format="pdf", extent="full")).status == 404
