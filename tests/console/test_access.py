"""Who may do what: every route against every role, masking, and what is recorded."""

import re

import pytest

from bot.console.access import DOORS, RULES, home_of, rule_key
from bot.helpdesk.permissions import Permission, Role, may
from bot.helpdesk.privacy import masked_text
from bot.services import access, audit, evidence, handoff
from bot.store.tables import Agent
from tests.console.driver import API
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

PUBLIC = {"GET /console/login", "POST /console/login", "GET /console/static"}
FACTS = {"right": "trademark", "facts": "对方电话13911112222，卖假货", "phone": "13800005678"}


def routes_of(app) -> set[str]:
    found = set()
    for mounted in app._subapps:
        for route in mounted.router.routes():
            found.add(rule_key(route.method, route.resource.canonical))
    return found


@pytest.fixture
async def ticket(desk):
    citizen = await Citizen.arrives(desk)
    return (await make_ticket(desk, citizen.conversation_id, facts=FACTS)).ticket


# --- every route has a rule -----------------------------------------------------------------


async def test_every_route_has_a_rule_and_every_rule_a_route(console):
    assert routes_of(console) - PUBLIC == set(RULES)


async def test_every_route_that_names_an_object_leads_through_its_door(console):
    named = {route for route in routes_of(console) if re.search(r"/(tickets|conversations|evidence)/\{", route)}
    free = {"GET /console/tickets/number/{number}", f"GET {API}/evidence/receipts/{{receipt}}"}
    for route in named - free:
        path = route.partition(" ")[2]
        assert any(path == start or path.startswith(f"{start}/") for start in DOORS), route


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_gets_what_the_table_gives_it_and_nothing_else(enter, console, role):
    """A refusal by role is a 403 whatever is in the path; what is allowed is answered otherwise."""
    somebody = await enter("某某", role)
    for route, permission in sorted(RULES.items()):
        method, _, path = route.partition(" ")
        if route in (f"GET {API}/ws", "POST /console/logout", "POST /console/account/sessions/end-others"):
            continue
        path = re.sub(r"\{\w+\}", "x", path.replace("{kind}", "csv").replace("{part}", "1"))
        headers = {"X-CSRF-Token": somebody.csrf}
        answer = await somebody.client.request(method, path, headers=headers, allow_redirects=False)
        refused = answer.status == 403
        assert refused != may(role, [], permission), (route, answer.status)


async def test_a_route_without_a_rule_answers_nobody(enter, monkeypatch):
    boss = await enter("班长", "supervisor")
    monkeypatch.delitem(RULES, "GET /console/tickets")
    assert (await boss.client.get("/console/tickets")).status == 403


async def test_head_is_held_to_the_rule_of_get(enter):
    keeper = await enter("维护", "maintainer")
    assert (await keeper.client.head("/console/tickets")).status == 403


@pytest.mark.parametrize(
    ("role", "home"),
    [("agent", "/console/"), ("auditor", "/console/"), ("administrator", "/console/staff"), ("maintainer", "/console/knowledge")],
)
async def test_the_work_of_every_role_begins_on_a_page_it_may_see(enter, role, home):
    somebody = await enter("某某", role)
    answer = await somebody.client.get("/console", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, home)
    assert home_of(somebody.agent) == home
    await somebody.page(home)


@pytest.mark.parametrize("role", list(Role))
async def test_the_pages_of_every_role_lead_only_where_it_may_go(enter, ticket, role):
    somebody = await enter("某某", role)
    pages = {"/console/account": Permission.OWN_ACCOUNT, "/console/dashboard": Permission.READ_FIGURES,
             f"/console/tickets/{ticket.id}": Permission.READ_TICKETS}  # fmt: skip
    links = set()
    for path in [path for path, needed in pages.items() if may(role, [], needed)]:
        links.update(re.findall(r'href="(/(?:console|api)[^"#]*)"', await somebody.page(path)))
    assert links
    for link in links:
        assert (await somebody.client.get(link.replace("&amp;", "&"))).status == 200, link


async def test_whoever_has_no_workbench_is_led_to_where_their_work_begins(enter):
    for role, home in (("administrator", "/console/staff"), ("maintainer", "/console/knowledge")):
        answer = await (await enter(role, role)).client.get("/console/", allow_redirects=False)
        assert (answer.status, answer.headers.get("Location")) == (303, home)


async def test_the_menu_offers_what_the_role_may_see(enter):
    page = await (await enter("管理", "administrator")).page("/console/staff")
    menu = page[page.index("<nav"):page.index("</nav>")]
    assert "账号" in menu and "工单" not in menu and "工作台" not in menu
    menu = await (await enter("坐席")).page("/console/tickets")
    assert "工作台" in menu and "账号审计" not in menu


# --- reading without changing, seeing without the numbers -------------------------------------


async def test_an_auditor_reads_everything_with_the_numbers_hidden(enter, desk, ticket):
    auditor = await enter("审计", "auditor")
    citizen = await Citizen.arrives(desk)
    await citizen.sends("我的手机13911112222，邮箱zhang@example.com")
    page = await auditor.page(f"/console/tickets/{ticket.id}")
    said = await auditor.client.get(f"{API}/conversations/{citizen.conversation_id}")
    listed = await auditor.client.get(f"{API}/conversations?view=bot")
    for text in (page, await said.text(), await listed.text()):
        assert "13911112222" not in text and "zhang@" not in text and "13800005678" not in text
    assert "139****2222" in page
    assert (await said.json())["messages"][-1]["text"] == "我的手机139****2222，邮箱z***@example.com"
    assert "data-reveal" not in page and 'id="write"' not in page and "data-to=" not in page


async def test_an_auditor_hears_live_what_is_said_with_the_numbers_hidden(enter, desk):
    auditor = await enter("审计", "auditor")
    citizen = await Citizen.arrives(desk)
    await citizen.sends("我的手机13911112222")
    socket = await auditor.live()
    await socket.send_json({"type": "watch", "conversation": citizen.conversation_id, "after": 0})
    event = {"type": ""}
    while event["type"] != "messages":
        event = await socket.receive_json(timeout=5)
    assert event["messages"][-1]["text"] == "我的手机139****2222"


async def test_the_services_refuse_an_auditor_too(enter, desk, ticket):
    from bot.helpdesk.errors import Forbidden

    auditor = (await enter("审计", "auditor")).agent
    async with desk.begin() as session:
        await access.access_ticket(session, auditor, ticket.id)
        for options in ({"lock": True}, {"version": 1}, {"to": Permission.REVEAL_PERSONAL}):
            with pytest.raises(Forbidden):
                await access.access_ticket(session, auditor, ticket.id, **options)


async def test_agents_see_the_words_as_they_were_written(enter, ticket):
    page = await (await enter()).page(f"/console/tickets/{ticket.id}")
    assert "13911112222" in page


def test_masking_leaves_a_page_whole():
    markup = '<meta name="csrf" content="AbC-1380000567-x_9"><time datetime="2026-11-20T02:00:00+00:00">'
    assert masked_text(markup) == markup


# --- looks and downloads are recorded ---------------------------------------------------------


async def test_a_look_at_a_number_in_full_is_recorded_in_the_tickets_chain(enter, desk, ticket):
    li = await enter("李明")
    answer = await li.post(f"/tickets/{ticket.id}/reveal", {"field": "phone"})
    assert await answer.json() == {"value": "13800005678"}
    page = await li.page(f"/console/tickets/{ticket.id}/audit")
    assert "查看完整个人信息" in page and "李明" in page
    assert "查看完整个人信息" not in await li.page(f"/console/tickets/{ticket.id}")
    # Looking is no change: who saves against the version of before is not refused.
    step = {"to": "accepted", "version": ticket.version}
    assert (await li.post(f"/tickets/{ticket.id}/transitions", step)).status == 200
    async with desk.read() as session:
        assert (await audit.verify(session)).holds


@pytest.mark.parametrize("body", [{}, {"field": "nothing"}, {"field": 1}])
async def test_only_a_fact_of_the_ticket_can_be_looked_at(enter, ticket, body):
    assert (await (await enter()).post(f"/tickets/{ticket.id}/reveal", body)).status == 400


async def hand_in(desk, **where: str):
    async def chunks():
        yield b"%PDF-1.7 contract"

    stored = await desk.evidence.save("aa11", chunks())
    async with desk.begin() as session:
        return await evidence.store_evidence(
            session, desk.evidence, stored, filename="合同.pdf", uploader="citizen", now=desk.clock(), **where
        )


async def test_a_download_is_recorded(enter, desk, ticket):
    li = await enter("李明")
    receipt = await hand_in(desk, ticket_id=ticket.id)
    answer = await li.client.get(f"{API}/evidence/{receipt.id}")
    assert (answer.status, await answer.read()) == (200, b"%PDF-1.7 contract")
    assert "下载证据材料" in await li.page(f"/console/tickets/{ticket.id}/audit")


async def test_a_download_of_what_belongs_to_no_ticket_yet_is_recorded_too(enter, desk):
    li, boss = await enter("李明"), await enter("管理", "administrator")
    citizen = await Citizen.arrives(desk)
    receipt = await hand_in(desk, conversation_id=citizen.conversation_id)
    assert (await li.client.get(f"{API}/evidence/{receipt.id}")).status == 200
    assert "下载未登记工单的材料" in await boss.page("/console/staff-events")


async def test_an_auditor_verifies_files_but_takes_none_away(enter, desk, ticket):
    auditor = await enter("审计", "auditor")
    receipt = await hand_in(desk, ticket_id=ticket.id)
    assert (await auditor.get(f"/evidence/receipts/{receipt.receipt}"))["intact"] is True
    assert (await auditor.client.get(f"{API}/evidence/{receipt.id}")).status == 403
    assert f"/evidence/{receipt.id}" not in await auditor.page(f"/console/tickets/{ticket.id}")


async def test_a_ticket_is_given_only_to_somebody_who_may_handle_it(enter, ticket):
    boss, auditor = await enter("班长", "supervisor"), await enter("审计", "auditor")
    body = {"version": 1, "to_agent_id": auditor.agent.id}
    assert (await boss.post(f"/tickets/{ticket.id}/assignment", body)).status == 400


async def test_conversations_are_handled_only_by_who_may(enter, desk):
    citizen = await Citizen.arrives(desk)
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    auditor = await enter("审计", "auditor")
    assert (await auditor.post(f"/conversations/{citizen.conversation_id}/claim")).status == 403
    page = await auditor.page("/console/")
    assert "read-only" in page
    async with desk.read() as session:
        assert (await session.get_one(Agent, auditor.agent.id)).role == "auditor"
