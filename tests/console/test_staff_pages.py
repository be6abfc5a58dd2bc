"""Accounts, own sessions and the second factor, as they are used in a browser."""

import re
from datetime import timedelta

import pyotp
import pytest
from yarl import URL

from bot.bootstrap import close_desk, create_desk
from bot.console import live
from bot.services import second_factor, staff
from bot.store.tables import Agent
from tests.conftest import make_settings
from tests.console.driver import API, PASSWORD, StaffClient, token_in
from tests.console.test_hardening import _mounted
from tests.console.test_pages import text_of
from tests.support.builders import make_agent
from tests.support.library import real_library

OWN = "/console/account"
FACTOR = f"{OWN}/second-factor"


@pytest.fixture
async def boss(enter):
    """An administrator, and a second one so that nobody is the last."""
    await enter("副管理", "administrator")
    return await enter("管理", "administrator")


async def sets_up(browser) -> tuple[str, list[str]]:
    """Set up a second factor; return the key and the recovery codes."""
    answer = await browser.post_form(f"{FACTOR}/begin", password=PASSWORD)
    assert answer.status == 303, await answer.text()
    page = await browser.page(f"{FACTOR}/set-up")
    key = re.search(r'id="key">(\w+)<', page)[1]
    answer = await browser.post_form(f"{FACTOR}/finish", code=code_of(browser, key))
    codes = re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})", await answer.text())
    return key, codes


def code_of(browser, key: str) -> str:
    return pyotp.TOTP(key).at(browser.clock())


@pytest.fixture
async def li(enter, clock):
    li = await enter("李明")
    li.clock = clock
    return li


# --- accounts -------------------------------------------------------------------------------


async def test_an_administrator_adds_somebody_who_can_log_in_once_with_the_password_shown(boss, stranger):
    fields = {"login": "wangmin", "name": "王敏", "role": "supervisor", "regions": "330100、33 44"}
    page = await (await boss.post_form("/console/staff", **fields)).text()
    password = re.search(r'id="password">([^<]+)<', page)[1]
    assert 'value="33 44"' in page
    newcomer = await stranger()
    answer = await newcomer.log_in("wangmin", password)
    assert answer.headers["Location"] == "/console/password"
    again = await boss.page("/console/staff")
    assert "王敏" in again and "待改密码" in again and password not in again


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"login": "a b"}, "用户名不能为空"),
        ({"name": ""}, "姓名不能为空"),
        ({"regions": "杭州"}, "行政区划代码不对"),
        ({"role": "root"}, "没有这个角色"),
    ],
)
async def test_a_mistake_in_the_form_is_named_and_what_was_typed_stays(boss, change, words):
    fields = {"login": "wangmin", "name": "王敏", "role": "agent", "regions": "", **change}
    answer = await boss.post_form("/console/staff", **fields)
    page = await answer.text()
    assert answer.status == 400 and words in page
    assert f'value="{fields["login"]}"' in page


async def test_an_administrator_sets_what_an_agent_can_take(boss, li, desk):
    path = f"/console/staff/{li.agent.id}"
    page = await boss.page(path)
    assert "能接的权利类型" in page and 'name="rights" value="gi"' in page and 'name="languages" value="zh"' not in page
    fields = {"name": "李明", "role": "agent", "regions": "", "is_active": "yes"}
    answer = await boss.post_form(path, **fields, rights=["trademark", "gi"], languages=["en"])
    assert answer.status == 303
    page = await boss.page(path)
    assert 'value="gi" checked' in page and 'value="patent" checked' not in page and 'value="en" checked' in page
    assert "权利类型：不限 → 商标、地理标志" in text_of(page) and "语言：不限 → 英语" in text_of(page)
    assert "商标、地理标志；英语" in text_of(await boss.page("/console/staff"))
    assert (await li.client.get(f"{API}/me")).status == 200, "no session ends"
    answer = await boss.post_form(path, **fields, rights=["everything"])
    assert answer.status == 400 and "没有这种权利类型" in await answer.text()


async def test_one_sets_ones_own_skills(boss, desk):
    fields = {"name": "管理", "rights": ["patent"]}
    assert (await boss.post_form(f"/console/staff/{boss.agent.id}", **fields)).status == 303
    async with desk.read() as session:
        own = await session.get_one(Agent, boss.agent.id)
    assert own.skills["rights"] == ["patent"]


async def test_a_taken_login_is_refused(boss):
    answer = await boss.post_form("/console/staff", login=boss.agent.login, name="王敏", role="agent", regions="")
    assert answer.status == 409 and "已经有人用了" in await answer.text()


async def test_a_disabled_account_is_out_at_once_and_cannot_come_back(boss, li, stranger):
    fields = {"name": "李明", "role": "agent", "regions": "", "is_active": "no"}
    await boss.post_form(f"/console/staff/{li.agent.id}", **fields)
    assert (await li.client.get(f"{API}/me")).status == 401
    assert (await (await stranger()).log_in(li.agent.login)).status == 401
    assert "停用" in text_of(await boss.page("/console/staff"))


async def test_a_changed_role_ends_the_open_connection(boss, li, monkeypatch):
    """The connection hears of it: it does not wait for its next look at the session."""
    socket = await li.live()
    fields = {"name": "李明", "role": "maintainer", "regions": "", "is_active": "yes"}
    assert (await boss.post_form(f"/console/staff/{li.agent.id}", **fields)).status == 303
    while not socket.closed:
        await socket.receive(timeout=5)
    assert socket.close_code == live.SIGN_IN_AGAIN


async def test_nobody_changes_their_own_role_even_with_a_forged_form(boss, desk):
    fields = {"name": "新名", "role": "agent", "regions": "33", "is_active": "no"}
    await boss.post_form(f"/console/staff/{boss.agent.id}", **fields)
    async with desk.read() as session:
        own = await session.get_one(Agent, boss.agent.id)
        assert (own.name, own.role, own.is_active, own.regions) == ("新名", "administrator", True, [])
    for step in ("password", "second-factor"):
        assert (await boss.post_form(f"/console/staff/{boss.agent.id}/{step}")).status == 409


async def test_a_reset_password_is_shown_once(boss, li, stranger):
    page = await (await boss.post_form(f"/console/staff/{li.agent.id}/password")).text()
    password = re.search(r'id="password">([^<]+)<', page)[1]
    assert (await li.client.get(f"{API}/me")).status == 401
    assert (await (await stranger()).log_in(li.agent.login)).status == 401
    assert (await (await stranger()).log_in(li.agent.login, password)).status == 303


async def test_what_staff_typed_is_shown_as_text(boss):
    attack = "<b>王敏</b>"
    page = await (await boss.post_form("/console/staff", login="<i>x</i>", name=attack, role="agent", regions="")).text()
    page += await boss.page("/console/staff") + await boss.page("/console/staff-events")
    assert "<b>王敏" not in page and "<i>x" not in page and "&lt;b&gt;王敏" in page


async def test_an_account_that_is_not_there_is_not_found(boss):
    assert (await boss.client.get("/console/staff/nobody")).status == 404
    for step in ("password", "second-factor", "sessions/end", "sessions/x/end"):
        assert (await boss.post_form(f"/console/staff/nobody/{step}")).status == 404, step
    # What is no header must not become one.
    address = URL("/console/staff/a%0D%0Ab/sessions/end", encoded=True)
    assert (await boss.post_form(address)).status == 404


async def test_the_events_tell_who_did_what_and_page_back(boss, li, monkeypatch):
    from bot.console import staff_pages

    monkeypatch.setattr(staff_pages, "EVENTS_PER_PAGE", 3)
    fields = {"name": "李明", "role": "supervisor", "regions": "", "is_active": "yes"}
    await boss.post_form(f"/console/staff/{li.agent.id}", **fields)
    page = await boss.page("/console/staff-events")
    assert "校验通过" in page and "坐席 → 班长" in text_of(page).replace("  ", " ")
    older = re.search(r'rel="next" href="([^"]+)"', page)[1]
    assert "登录" in text_of(await boss.page(older)) and "校验通过" in await boss.page(older)
    assert (await boss.client.get("/console/staff-events?before=x")).status == 400


# --- own sessions ---------------------------------------------------------------------------


async def test_one_sees_where_one_is_logged_in_and_ends_it_from_there(li, stranger):
    there = await stranger()
    await there.log_in(li.agent.login)
    socket = await there.live()
    page = await li.page(OWN)
    ends = re.findall(r'action="(/console/account/sessions/[^"]+/end)"', page)
    assert len(ends) == 2 and page.count("当前</span>") == 1 and "127.0.0.1" in page
    own = re.search(r"当前</span>.*?action=\"([^\"]+)\"", page, re.DOTALL)[1]
    [other] = set(ends) - {own}
    await li.post_form(other)
    while not socket.closed:
        await socket.receive(timeout=5)
    assert socket.close_code == live.SIGN_IN_AGAIN
    assert (await there.client.get(f"{API}/me")).status == 401
    assert (await li.post_form(own)).headers["Location"] == "/console/login?out=1"
    assert (await li.client.get(f"{API}/me")).status == 401


async def test_all_others_are_ended_at_once(li, stranger):
    others = [await stranger() for _ in range(2)]
    for other in others:
        await other.log_in(li.agent.login)
    await li.post_form(f"{OWN}/sessions/end-others")
    assert [(await other.client.get(f"{API}/me")).status for other in others] == [401, 401]
    assert (await li.client.get(f"{API}/me")).status == 200


async def test_nobody_ends_the_session_of_somebody_else(li, enter, boss):
    page = await boss.page(f"/console/staff/{li.agent.id}")
    session_id = re.search(rf"/staff/{li.agent.id}/sessions/([^/]+)/end", page)[1]
    wang = await enter("王敏")
    await wang.post_form(f"{OWN}/sessions/{session_id}/end")
    assert (await li.client.get(f"{API}/me")).status == 200
    await boss.post_form(f"/console/staff/{li.agent.id}/sessions/{session_id}/end")
    assert (await li.client.get(f"{API}/me")).status == 401


async def test_a_session_ends_when_only_its_pages_talk(tmp_path, clock, engine, aiohttp_client):
    settings = make_settings(tmp_path, staff_idle_minutes=30)
    desk = await create_desk(settings, clock=clock, engine=engine, library=real_library())
    agent = await make_agent(desk)
    async with desk.begin() as session:
        (await session.get_one(Agent, agent.id)).must_change_password = False
    li = StaffClient(await aiohttp_client(_mounted(desk)))
    await li.log_in(agent.login)
    for _ in range(3):
        clock.move(timedelta(minutes=20))
        await li.page("/console/tickets")
    for _ in range(2):
        clock.move(timedelta(minutes=16))
        status = (await li.client.get(f"{API}/conversations")).status
    assert status == 401
    await close_desk(desk)


# --- the second factor ----------------------------------------------------------------------


async def test_setting_it_up_shows_key_picture_and_recovery_codes_once(li):
    assert (await li.post_form(f"{FACTOR}/begin", password="wrong")).status == 401
    await li.post_form(f"{FACTOR}/begin", password=PASSWORD)
    page = await li.page(f"{FACTOR}/set-up")
    assert "<svg" in page and not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    key, codes = await sets_up(li)
    assert len(codes) == second_factor.RECOVERY_CODES
    later = await li.page(f"{FACTOR}/set-up") + await li.page(OWN)
    assert key not in later and not any(code in later for code in codes)
    assert "已启用" in later


async def test_a_log_in_then_opens_nothing_before_its_code(li, stranger, clock):
    key, _ = await sets_up(li)
    clock.move(timedelta(minutes=2))
    browser = await stranger()
    answer = await browser.log_in(li.agent.login)
    assert answer.headers["Location"] == "/console/"
    for path in ("/console/", "/console/tickets", OWN, "/console/password", f"{FACTOR}/set-up"):
        page = await browser.client.get(path, allow_redirects=False)
        assert (page.status, page.headers["Location"]) == (303, FACTOR), path
    refused = await browser.client.get(f"{API}/conversations")
    assert (refused.status, (await refused.json())["code"]) == (403, "second_factor_required")
    for step in ("begin", "finish", "codes", "give-up"):
        assert (await browser.post_form(f"{FACTOR}/{step}", password=PASSWORD, code="1")).headers["Location"] == FACTOR
    assert (await browser.post_form(FACTOR, code="000000")).status == 401
    assert (await browser.post_form(FACTOR, code=pyotp.TOTP(key).at(clock()))).headers["Location"] == "/console/"
    assert (await browser.client.get(f"{API}/me")).status == 200


async def test_a_code_seen_by_another_does_not_open_a_second_log_in(li, stranger, clock):
    key, _ = await sets_up(li)
    clock.move(timedelta(minutes=2))
    code = pyotp.TOTP(key).at(clock())
    for status in (303, 401):
        browser = await stranger()
        await browser.log_in(li.agent.login)
        assert (await browser.post_form(FACTOR, code=code)).status == status


async def test_a_recovery_code_opens_when_the_phone_is_away(li, stranger):
    _, codes = await sets_up(li)
    browser = await stranger()
    await browser.log_in(li.agent.login)
    assert (await browser.post_form(FACTOR, code=codes[0])).status == 303
    assert "剩余恢复码 9 个" in text_of(await browser.page(OWN)).replace("  ", " ")


async def test_guessing_codes_is_stopped(li, stranger):
    await sets_up(li)
    browser = await stranger()
    await browser.log_in(li.agent.login)
    statuses = [(await browser.post_form(FACTOR, code="000000")).status for _ in range(second_factor.ATTEMPTS + 1)]
    assert statuses == [401] * second_factor.ATTEMPTS + [429]


async def test_new_codes_and_giving_it_up_need_the_password(li):
    _, codes = await sets_up(li)
    assert (await li.post_form(f"{FACTOR}/codes", password="wrong")).status == 401
    page = await (await li.post_form(f"{FACTOR}/codes", password=PASSWORD)).text()
    assert not any(code in page for code in codes)
    assert (await li.post_form(f"{FACTOR}/give-up", password="wrong")).status == 401
    assert (await li.post_form(f"{FACTOR}/give-up", password=PASSWORD)).status == 303
    assert "未启用" in await li.page(OWN)


async def test_an_administrator_resets_it_for_who_lost_the_phone(li, boss, stranger):
    await sets_up(li)
    await boss.post_form(f"/console/staff/{li.agent.id}/second-factor")
    browser = await stranger()
    await browser.log_in(li.agent.login)
    assert (await browser.client.get(f"{API}/me")).status == 200


@pytest.mark.parametrize(
    ("rule", "role", "asked"),
    [("required", "agent", True), ("required_for_supervisors", "agent", False),
     ("required_for_supervisors", "auditor", True), ("off", "supervisor", False)],
)  # fmt: skip
async def test_the_installation_says_who_must_set_one_up(
    tmp_path, clock, engine, aiohttp_client, rule, role, asked
):
    settings = make_settings(tmp_path, second_factor=rule)
    desk = await create_desk(settings, clock=clock, engine=engine, library=real_library())
    agent = await make_agent(desk, role=role)
    async with desk.begin() as session:
        (await session.get_one(Agent, agent.id)).must_change_password = False
    browser = StaffClient(await aiohttp_client(_mounted(desk)))
    browser.clock = clock
    await browser.log_in(agent.login)
    page = await browser.client.get("/console/tickets", allow_redirects=False)
    assert (page.headers.get("Location") == f"{FACTOR}/set-up") is asked
    if asked:
        refused = await browser.client.get(f"{API}/tickets")
        assert (await refused.json())["code"] == "second_factor_set_up_required"
        await sets_up(browser)
        assert (await browser.post_form(f"{FACTOR}/give-up", password=PASSWORD)).status == 409
    assert (await browser.client.get("/console/tickets")).status == 200
    if rule == "off":
        assert "两步验证</h2>" not in await browser.page(OWN)
    await close_desk(desk)


# --- hardening ------------------------------------------------------------------------------


async def test_the_new_pages_hold_nothing_inline_and_carry_the_headers(boss, li):
    await li.post_form(f"{FACTOR}/begin", password=PASSWORD)
    pages = [(boss, path) for path in ("/console/staff", f"/console/staff/{li.agent.id}", "/console/staff-events", OWN)]
    for browser, path in [*pages, (li, OWN), (li, f"{FACTOR}/set-up")]:
        answer = await browser.client.get(path)
        page = await answer.text()
        assert answer.status == 200, path
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Cache-Control"] == "no-store"
        scripts = re.findall(r"<script\b[^>]*>", page)
        assert all("src=" in tag or 'type="application/json"' in tag for tag in scripts)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
        for field in re.findall(r"<(?:input|select)\b[^>]*>", page):
            if 'type="hidden"' not in field:
                name = re.search(r'\bid="([^"]+)"', field)
                assert name and f'for="{name[1]}"' in page, field


async def test_no_step_is_taken_without_the_csrf_token(boss, li):
    paths = [
        f"{OWN}/sessions/x/end", f"{OWN}/sessions/end-others", FACTOR, f"{FACTOR}/begin", f"{FACTOR}/finish",
        f"{FACTOR}/codes", f"{FACTOR}/give-up", "/console/staff", *(f"/console/staff/{li.agent.id}{step}" for step in (
            "", "/password", "/second-factor", "/sessions/end", "/sessions/x/end"))
    ]  # fmt: skip
    for path in paths:
        answer = await boss.client.post(path, data={"csrf": "guessed", "password": PASSWORD}, allow_redirects=False)
        assert answer.status == 403, path
    assert (await li.client.get(f"{API}/me")).status == 200


async def test_a_page_of_somebody_else_cannot_use_a_session_that_waits_for_its_code(li, stranger):
    await sets_up(li)
    browser = await stranger()
    form = await browser.client.get("/console/login")
    fields = {"csrf": token_in(await form.text()), "login": li.agent.login, "password": PASSWORD, "next": ""}
    await browser.client.post("/console/login", data=fields, allow_redirects=False)
    answer = await browser.client.post(FACTOR, data={"code": "000000"}, allow_redirects=False)
    assert answer.status == 403
    assert staff.ATTEMPTS_PER_LOGIN > second_factor.ATTEMPTS
