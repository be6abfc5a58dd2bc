"""Every rule that keeps strangers, and pages of other sites, out of the console."""

import json
import re
from datetime import timedelta

import pytest
from aiohttp import WSServerHandshakeError, web
from multidict import CIMultiDict
from yarl import URL

from bot.bootstrap import Desk, close_desk, create_desk
from bot.console import add_staff_api, create_console_app
from bot.console.app import create_staff_api
from bot.console.sessions import safe_next
from bot.helpdesk.errors import HelpdeskError
from bot.services import staff
from tests.conftest import make_settings
from tests.console.driver import API, PASSWORD, StaffClient, token_in
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.library import real_library

PAGES = ["/console/", "/console/tickets"]


# --- who is let in --------------------------------------------------------------------------


async def test_strangers_are_sent_to_the_login_and_back_afterwards(stranger):
    browser = await stranger()
    for path in (*PAGES, "/console/tickets/x", "/console/tickets/x/audit", "/console/password"):
        answer = await browser.client.get(path, allow_redirects=False)
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/console/login")
        if path != "/console/":
            assert f"next={path}" in answer.headers["Location"]


async def test_the_api_answers_strangers_with_401(stranger):
    browser = await stranger()
    for path in ("/me", "/conversations", "/tickets", "/evidence/x", "/calendar", "/nothing"):
        answer = await browser.client.get(API + path)
        assert (answer.status, (await answer.json())["code"]) == (401, "session_invalid"), path


async def test_logging_in_leads_to_the_page_that_was_asked_for(desk, stranger):
    agent = await make_agent(desk)
    await _has_own_password(desk, agent)
    answer = await (await stranger()).log_in(agent.login, next_page="/console/tickets?queue=patent")
    assert answer.headers["Location"] == "/console/tickets?queue=patent"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/console/", "//evil.example/console/", "/\\evil.example", "/t", "/console/\\..", "javascript:alert(1)"],
)
def test_logging_in_never_leads_to_another_site(elsewhere):
    assert safe_next(elsewhere, prefix="/console") is None


async def test_unknown_login_and_wrong_password_get_the_same_answer(desk, stranger):
    agent = await make_agent(desk)
    browser = await stranger()
    answers = [await browser.log_in("nobody", "x" * 12), await browser.log_in(agent.login, "x" * 12)]
    pages = [re.sub(r'(name="csrf" value=|name="login" type="text" value=)"[^"]*"', "", await a.text()) for a in answers]
    assert [answer.status for answer in answers] == [401, 401]
    assert pages[0] == pages[1]
    assert "用户名或密码不对" in pages[0]


async def test_failed_logins_are_limited_per_login(desk, stranger, clock, monkeypatch):
    monkeypatch.setattr(staff, "ATTEMPTS_PER_LOGIN", 3)
    agent = await make_agent(desk)
    browser = await stranger()
    for _ in range(3):
        assert (await browser.log_in(agent.login, "wrong")).status == 401
    answer = await browser.log_in(agent.login, PASSWORD)
    assert answer.status == 429
    assert "请 15 分钟后再试" in await answer.text()
    assert int(answer.headers["Retry-After"]) > 0
    clock.move(staff.ATTEMPT_WINDOW + timedelta(seconds=1))
    assert (await browser.log_in(agent.login, PASSWORD)).status == 303


async def test_failed_logins_are_limited_per_address_whatever_the_caller_says_it_is(stranger, monkeypatch):
    monkeypatch.setattr(staff, "ATTEMPTS_PER_ADDRESS", 3)
    browser = await stranger()
    for number in range(3):
        headers = {"X-Forwarded-For": f"10.0.0.{number}"}
        assert (await browser.log_in(f"nobody{number}", "wrong", headers=headers)).status == 401
    answer = await browser.log_in("other", "wrong", headers={"X-Forwarded-For": "10.9.9.9"})
    assert answer.status == 429


async def test_behind_a_trusted_proxy_the_address_is_the_one_the_proxy_saw(
    tmp_path, clock, engine, aiohttp_client, monkeypatch
):
    monkeypatch.setattr(staff, "ATTEMPTS_PER_ADDRESS", 3)
    desk = await create_desk(
        make_settings(tmp_path, trusted_proxies=1), clock=clock, engine=engine, library=real_library()
    )
    browser = StaffClient(await aiohttp_client(_mounted(desk)))
    for number in range(3):
        await browser.log_in(f"nobody{number}", "wrong", headers={"X-Forwarded-For": f"6.6.6.{number}, 10.0.0.1"})
    limited = await browser.log_in("other", "wrong", headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.1"})
    free = await browser.log_in("other", "wrong", headers={"X-Forwarded-For": "10.0.0.1, 10.0.0.2"})
    assert (limited.status, free.status) == (429, 401)
    await close_desk(desk)


async def test_the_last_of_several_forwarded_headers_counts(tmp_path, clock, engine, aiohttp_client, monkeypatch):
    """A caller's own line comes first; the proxy adds another after it."""
    monkeypatch.setattr(staff, "ATTEMPTS_PER_ADDRESS", 1)
    desk = await create_desk(
        make_settings(tmp_path, trusted_proxies=1), clock=clock, engine=engine, library=real_library()
    )
    browser = StaffClient(await aiohttp_client(_mounted(desk)))
    statuses = []
    for number in range(2):
        headers = CIMultiDict([("X-Forwarded-For", f"6.6.6.{number}"), ("X-Forwarded-For", "10.0.0.1")])
        statuses.append((await browser.log_in(f"nobody{number}", "wrong", headers=headers)).status)
    assert statuses == [401, 429]
    await close_desk(desk)


# --- sessions -------------------------------------------------------------------------------


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(desk, stranger):
    agent = await make_agent(desk)
    answer = await (await stranger()).log_in(agent.login)
    cookie = answer.headers.getall("Set-Cookie")[0]
    assert cookie.startswith("rightsdesk_staff=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie


async def test_with_https_the_cookies_are_secure_and_bound_to_the_host(tmp_path, clock, engine, aiohttp_client):
    settings = make_settings(tmp_path, public_url="https://ip.example.cn")
    desk = await create_desk(settings, clock=clock, engine=engine, library=real_library())
    agent = await make_agent(desk)
    client = await aiohttp_client(_mounted(desk))
    form = await client.get("/console/login")
    assert "Secure" in form.headers["Set-Cookie"]
    token = token_in(await form.text())
    fields = {"csrf": token, "login": agent.login, "password": PASSWORD}
    # The client keeps a Secure cookie to itself on http, as a browser would.
    answer = await client.post(
        "/console/login",
        data=fields,
        headers={"Origin": "https://ip.example.cn", "Cookie": f"rightsdesk_login={token}"},
        allow_redirects=False,
    )
    cookie = answer.headers.getall("Set-Cookie")[0]
    assert cookie.startswith("__Host-rightsdesk_staff=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    await close_desk(desk)


async def test_logging_out_ends_the_session_on_the_server(enter):
    li = await enter()
    cookie = li.session_cookie
    answer = await li.post_form("/console/logout")
    assert answer.headers["Location"] == "/console/login?out=1"
    again = await li.client.get(f"{API}/me", headers={"Cookie": f"rightsdesk_staff={cookie}"})
    assert again.status == 401


async def test_a_session_ends_with_its_time(enter, clock, desk):
    li = await enter()
    clock.move(timedelta(hours=desk.settings.staff_session_hours, seconds=1))
    assert (await li.client.get(f"{API}/me")).status == 401


async def test_logging_in_again_ends_the_session_of_before(enter, stranger):
    li = await enter()
    cookie = li.session_cookie
    fields = {"csrf": li.login_token, "login": li.agent.login, "password": PASSWORD}
    answer = await li.client.post("/console/login", data=fields, allow_redirects=False)
    assert answer.status == 303
    other = (await stranger()).client
    again = await other.get(f"{API}/me", headers={"Cookie": f"rightsdesk_staff={cookie}"})
    assert again.status == 401


async def test_a_forged_session_opens_nothing(stranger):
    browser = await stranger()
    answer = await browser.client.get(f"{API}/me", headers={"Cookie": "rightsdesk_staff=forged"})
    assert answer.status == 401


# --- the one-time password ------------------------------------------------------------------


async def test_the_one_time_password_opens_nothing_but_its_own_replacement(desk, stranger):
    agent = await make_agent(desk)
    browser = await stranger()
    answer = await browser.log_in(agent.login)
    assert answer.headers["Location"] == "/console/password"
    for path in PAGES:
        page = await browser.client.get(path, allow_redirects=False)
        assert page.headers["Location"] == "/console/password"
    refused = await browser.client.get(f"{API}/conversations")
    assert (refused.status, (await refused.json())["code"]) == (403, "password_change_required")


async def test_a_new_password_opens_the_console_and_ends_other_sessions(desk, stranger):
    agent = await make_agent(desk)
    here, there = await stranger(), await stranger()
    await here.log_in(agent.login)
    await there.log_in(agent.login)
    answer = await here.post_form("/console/password", current=PASSWORD, new="a new long secret", again="a new long secret")
    assert answer.headers["Location"] == "/console/"
    assert "等待接入" in await here.page("/console/")
    assert (await there.client.get(f"{API}/me")).status == 401
    assert (await (await stranger()).log_in(agent.login, "a new long secret")).status == 303


@pytest.mark.parametrize(
    ("current", "new", "again", "words"),
    [
        ("wrong", "a new long secret", "a new long secret", "当前密码不正确"),
        (PASSWORD, "short", "short", "新密码太短"),
        (PASSWORD, PASSWORD, PASSWORD, "新密码太短，或与当前密码"),
        (PASSWORD, "a new long secret", "another secret!", "两次输入的新密码不一致"),
    ],
)
async def test_a_bad_new_password_is_refused_with_a_reason(desk, stranger, current, new, again, words):
    agent = await make_agent(desk)
    browser = await stranger()
    await browser.log_in(agent.login)
    answer = await browser.post_form("/console/password", current=current, new=new, again=again)
    assert answer.status == 400
    assert words in await answer.text()


# --- requests made by other sites -----------------------------------------------------------


async def test_a_login_form_without_its_token_is_refused(desk, stranger):
    agent = await make_agent(desk)
    client = (await stranger()).client
    await client.get("/console/login")
    fields = {"login": agent.login, "password": PASSWORD}
    for extra in ({}, {"csrf": ""}, {"csrf": "guessed"}):
        answer = await client.post("/console/login", data={**fields, **extra}, allow_redirects=False)
        assert answer.status == 403


async def test_a_login_form_that_stands_open_in_another_tab_stays_good(desk, stranger):
    agent = await make_agent(desk)
    client = (await stranger()).client
    first = token_in(await (await client.get("/console/login")).text())
    await client.get("/console/login?expired=1")
    fields = {"csrf": first, "login": agent.login, "password": PASSWORD}
    assert (await client.post("/console/login", data=fields, allow_redirects=False)).status == 303


async def test_a_login_token_that_we_do_not_give_is_not_taken_over(stranger):
    client = (await stranger()).client
    page = await (await client.get("/console/login", headers={"Cookie": "rightsdesk_login=x"})).text()
    assert len(token_in(page)) == 32


async def test_the_api_refuses_every_change_without_the_csrf_token(enter, desk):
    li = await enter()
    changes = [route for route in create_staff_api(desk).router.routes() if route.method == "POST"]
    assert len(changes) > 8
    for route in changes:
        path = route.resource.canonical.replace("{id}", "x")
        for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "guessed"}):
            answer = await li.post(path, headers=headers)
            assert (answer.status, (await answer.json())["code"]) == (403, "csrf_failed"), path


async def test_forms_without_the_csrf_token_are_refused(enter):
    li = await enter()
    for path in ("/console/logout", "/console/password"):
        answer = await li.client.post(path, data={"csrf": "guessed"}, allow_redirects=False)
        assert answer.status == 403
    assert (await li.get("/me"))["name"] == "李坐席"


async def test_one_agents_token_does_not_serve_another(enter):
    li, wang = await enter("李"), await enter("王")
    answer = await li.post("/conversations/web:x/claim", headers={"X-CSRF-Token": wang.csrf})
    assert answer.status == 403


async def test_requests_of_other_origins_are_refused_even_with_the_token(enter):
    li = await enter()
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        answer = await li.post("/conversations/web:x/claim", headers={"X-CSRF-Token": li.csrf, "Origin": origin})
        assert (answer.status, (await answer.json())["code"]) == (403, "origin_not_allowed")
        fields = {"csrf": li.login_token, "login": li.agent.login, "password": PASSWORD}
        form = await li.client.post("/console/login", data=fields, headers={"Origin": origin}, allow_redirects=False)
        assert form.status == 403


async def test_cross_site_requests_without_origin_are_refused(enter):
    li = await enter()
    headers = {"X-CSRF-Token": li.csrf, "Sec-Fetch-Site": "cross-site"}
    assert (await li.post("/conversations/web:x/claim", headers=headers)).status == 403


async def test_our_own_origin_is_accepted(enter):
    li = await enter()
    headers = {"X-CSRF-Token": li.csrf, "Origin": li.origin, "Sec-Fetch-Site": "same-origin"}
    answer = await li.post("/conversations/web:x/claim", headers=headers)
    assert (await answer.json())["code"] == "not_found"


async def test_live_connections_of_other_origins_are_refused(enter):
    li = await enter()
    for headers in ({}, {"Origin": "https://evil.example"}):
        with pytest.raises(WSServerHandshakeError) as refused:
            await li.client.ws_connect(f"{API}/ws", headers=headers)
        assert refused.value.status == 403


async def test_live_connections_of_strangers_are_refused(stranger):
    browser = await stranger()
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.live()
    assert refused.value.status == 401


# --- what a page may do ---------------------------------------------------------------------


async def test_every_answer_carries_the_protective_headers(enter, desk):
    li = await enter()
    ticket = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    paths = [
        *PAGES, "/console/login", "/console/password", "/console/nothing", "/console/static/console.css",
        f"/console/tickets/{ticket.ticket.id}", f"{API}/me", f"{API}/nothing",
    ]  # fmt: skip
    for path in paths:
        answer = await li.client.get(path, allow_redirects=False)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'"), path
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["X-Frame-Options"] == "DENY", path
        assert answer.headers["Referrer-Policy"] == "same-origin", path
        assert answer.headers["Cache-Control"] == ("no-cache" if "static" in path else "no-store"), path


async def test_pages_hold_no_inline_script_style_or_handler(enter, desk, stranger):
    li = await enter()
    ticket = (await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)).ticket
    own = f"/console/tickets/{ticket.id}"
    pages = [await li.page(path) for path in (*PAGES, own, f"{own}/clocks", f"{own}/audit", "/console/password")]
    pages.append(await (await stranger()).page("/console/login"))
    for page in pages:
        scripts = re.findall(r"<script\b[^>]*>", page)
        assert all("src=" in tag or 'type="application/json"' in tag for tag in scripts)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


async def test_what_citizens_write_is_shown_as_text(enter, desk):
    li = await enter()
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    citizen = await Citizen.arrives(desk)
    facts = {"right": "trademark", "facts": attack, "respondent": attack}
    ticket = (await make_ticket(desk, citizen.conversation_id, subject=attack[:120], facts=facts)).ticket
    for path in ("/console/tickets", f"/console/tickets/{ticket.id}"):
        page = await li.page(path)
        assert "<script>alert" not in page and "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


async def test_scripts_never_parse_text_as_html():
    from bot.console import app

    for script in (app._HERE / "static").glob("*.js"):
        source = script.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source), script.name


@pytest.mark.parametrize("words", ["\0", "您\ud800好"])
async def test_what_no_database_keeps_is_refused(enter, desk, words):
    li, citizen = await enter(role="head"), await Citizen.arrives(desk)
    ticket = (await make_ticket(desk, citizen.conversation_id)).ticket
    bodies = {
        "notes": {"text": words},
        "split": {"version": 1, "subject": "x", "facts": [words], "reason": "x"},
        "bulk": {"tickets": [{"id": ticket.id, "version": 1}], "step": {"do": "note", "text": words}},
    }
    for step, body in bodies.items():
        path = f"{API}/tickets/bulk" if step == "bulk" else f"{API}/tickets/{ticket.id}/{step}"
        headers = {"X-CSRF-Token": li.csrf, "Content-Type": "application/json"}
        answer = await li.client.post(path, data=json.dumps(body), headers=headers)
        assert (answer.status, (await answer.json())["code"]) == (400, "bad_request"), step


async def test_an_address_or_form_that_no_database_can_look_up_is_refused(enter, stranger):
    boss = await enter(role="head")
    for path in ("/console/tickets?q=a%00b", "/console/tickets?assignee=%00", "/console/tickets/%00", f"{API}/evidence/%00",
                 "/console/mentions?before=99999999999", "/console/deliveries?target=%00"):  # fmt: skip
        assert (await boss.client.get(URL(path, encoded=True))).status == 400, path
    for path, field in (("/console/views", "name"), ("/console/staff", "name"), ("/console/macros/new", "title")):
        assert (await boss.post_form(path, **{field: "\0"})).status == 400, path
    browser = await stranger()
    assert (await browser.log_in("a\0b")).status == 400


async def test_internal_errors_tell_nothing_about_the_inside(enter, desk, monkeypatch):
    li = await enter()

    async def broken(*_args: object, **_options: object) -> None:
        raise RuntimeError("secret path /var/lib")

    monkeypatch.setattr("bot.services.listing.queue_counts", broken)
    page = await li.client.get("/console/")
    api = await li.client.get(f"{API}/conversations")
    assert (page.status, api.status) == (500, 500)
    assert "secret" not in await page.text() + await api.text()
    assert "系统出错" in await page.text()


async def test_every_error_of_the_console_has_a_status():
    from bot.console import errors

    assert set(errors.STATUS) <= {kind.code for kind in kinds_of(HelpdeskError)} | {"not_found"}


def kinds_of(error):
    return {error}.union(*(kinds_of(kind) for kind in error.__subclasses__()))


# --- help -----------------------------------------------------------------------------------


def _mounted(desk: Desk) -> web.Application:
    app = web.Application()
    app.add_subapp("/console", create_console_app(desk))
    add_staff_api(app, desk)
    return app


async def _has_own_password(desk: Desk, agent) -> None:
    async with desk.begin() as session:
        (await session.get_one(type(agent), agent.id)).must_change_password = False
