"""Notices, the delivery log, webhooks and escalation chains, as pages."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services import desk_work, escalation, sla, staff_audit
from bot.services.outgoing import deliveries
from bot.store.tables import Agent, Delivery, Notice, Webhook
from tests.console.driver import StaffClient
from tests.console.test_live import Ear
from tests.console.test_pages import text_of
from tests.support.builders import make_person, make_ticket
from tests.support.citizens import Citizen
from tests.support.receivers import hook_sink

RESERVED = ("/console/deliveries", "/console/deliveries/x", "/console/webhooks", "/console/escalation", "/console/escalation/ticket")


@pytest.fixture
async def ticket(desk):
    citizen = await Citizen.arrives(desk)
    return (await make_ticket(desk, citizen.conversation_id)).ticket


async def overdue(desk, clock) -> None:
    """Let the first response be overdue."""
    clock.move(timedelta(hours=6))
    async with desk.begin() as session:
        await sla.sweep(session, desk.office.sla, now=clock())


async def first(desk, table, *where):
    async with desk.read() as session:
        return await session.scalar(select(table).where(*where))


# --- notices --------------------------------------------------------------------------------


async def test_a_notice_leads_to_its_ticket_and_is_read_then(enter, desk, clock, ticket):
    wang = await enter("王敏", role="supervisor")
    await overdue(desk, clock)
    page = await wang.page("/console/notices")
    assert f"工单 {ticket.number}的首次响应时限已超时" in text_of(page)
    assert "举报投诉：商标" in page
    notice = await first(desk, Notice, Notice.kind == "sla.breached")
    answer = await wang.post_form(f"/console/notices/{notice.id}/open")
    assert (answer.status, answer.headers["Location"]) == (303, f"/console/tickets/{ticket.id}")
    assert "时限已超时" not in text_of(await wang.page("/console/notices"))
    assert "时限已超时" in text_of(await wang.page("/console/notices?scope=all"))


async def test_nobody_opens_the_notice_of_another(enter, desk, clock, ticket):
    li = await enter("李明")
    await make_person(desk, role="supervisor")
    await overdue(desk, clock)
    notice = await first(desk, Notice, Notice.kind == "sla.breached", Notice.agent_id != li.agent.id)
    assert (await li.post_form(f"/console/notices/{notice.id}/open")).status == 404
    assert (await first(desk, Notice, Notice.id == notice.id)).read_at is None


async def test_all_read_leaves_what_came_after_the_page(enter, desk, clock, ticket):
    wang = await enter("王敏", role="supervisor")
    await overdue(desk, clock)
    up_to = re.search(r'name="up_to" value="(\d+)"', await wang.page("/console/notices")).group(1)
    async with desk.begin() as session:
        session.add(
            Notice(agent_id=wang.agent.id, kind="delivery.dead", subject_kind="delivery", subject_id="x",
                   details={"receiver": "a@example.org"}, key="later", created_at=clock())
        )  # fmt: skip
    await wang.post_form("/console/notices/read", up_to=up_to)
    words = text_of(await wang.page("/console/notices"))
    assert "a@example.org" in words and "时限已超时" not in words


async def test_the_bell_rings_over_the_live_connection_of_whom_it_is_for(enter, desk, clock, ticket):
    wang, li = await enter("王敏", role="supervisor"), await enter("李明")
    ear, other = Ear(await wang.live()), Ear(await li.live())
    assert (await ear.until("notices"))["unread"] == 0
    await overdue(desk, clock)
    rung = (await ear.until("notices"))["unread"]
    page = await wang.page("/console/notices")
    assert rung == page.count('action="/console/notices/') - 2, "all that is on the page but its two forms"
    assert await other.until("notices", where=lambda event: event["unread"] > 0)
    await wang.post_form("/console/notices/read", up_to=re.search(r'name="up_to" value="(\d+)"', page).group(1))
    assert (await ear.until("notices"))["unread"] == 0


async def test_a_notice_does_not_make_every_list_load_again(enter, desk):
    li = await enter()
    ear = Ear(await li.live())
    await ear.until("notices")
    desk.hub.publish([("staff", {"type": "notices", "agents": ["somebody"]}), ("staff", {"type": "sla", "count": 1})])
    await ear.until("queues")
    desk.hub.publish([("staff", {"type": "notices", "agents": [li.agent.id]})])
    desk.hub.publish([("staff", {"type": "ticket_changed", "id": "t"})])
    await ear.until("ticket")
    assert [event["type"] for event in ear.heard].count("queues") == 2


async def test_an_agent_sets_where_notices_are_mailed_to(enter, desk):
    li = await enter()
    assert (await li.post_form("/console/notices/email", email="li@example.org")).status == 303
    assert 'value="li@example.org"' in await li.page("/console/notices")
    for wrong in ("li", "a b@example.org", "a@b", "li@example.org\nBcc: x@example.org", "李@example.org"):
        answer = await li.post_form("/console/notices/email", email=wrong)
        assert answer.status == 400 and "这不是有效的邮箱地址" in await answer.text(), wrong
    assert (await first(desk, Agent, Agent.id == li.agent.id)).email == "li@example.org"
    await li.post_form("/console/notices/email", email="")
    assert (await first(desk, Agent, Agent.id == li.agent.id)).email is None


# --- who may --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", RESERVED)
async def test_agents_see_neither_log_nor_webhooks_nor_chains(enter, path):
    li = await enter()
    assert (await li.client.get(path)).status == 403
    assert "/console/deliveries" not in await li.page("/console/tickets")


@pytest.mark.parametrize(
    "path",
    ["/console/webhooks", "/console/webhooks/x/ping", "/console/deliveries/x/replay", "/console/escalation/ticket"],
)
async def test_nothing_is_changed_by_an_agent_or_without_a_token(enter, desk, path):
    li, wang = await enter(), await enter("王敏", role="supervisor")
    fields = {"url": "https://example.org/", "events": "ticket.opened", "based_on": "1"}
    assert (await li.post_form(path, **fields)).status == 403
    assert (await wang.client.post(path, data=fields, allow_redirects=False)).status == 403
    assert await first(desk, Webhook) is None


@pytest.mark.parametrize("path", ("/console/deliveries/x", "/console/notices?before=x", "/console/deliveries?status=x", "/console/escalation/x"))
async def test_an_address_made_up_gets_a_page_that_says_so(enter, path):
    wang = await enter("王敏", role="supervisor")
    assert (await wang.client.get(path)).status in (400, 404)


# --- webhooks and their log -----------------------------------------------------------------


async def add(client: StaffClient, url: str, *events: str):
    data = [("csrf", client.csrf), ("url", url), *(("events", event) for event in events)]
    return await client.client.post("/console/webhooks", data=data, allow_redirects=False)


async def test_the_secret_is_shown_once(enter, desk):
    wang = await enter("王敏", role="supervisor")
    answer = await add(wang, "https://example.org/in?token=hidden", "ticket.opened")
    page = await answer.text()
    assert answer.status == 200 and re.search(r"whsec_[\w-]{43}", page)
    again = await wang.page("/console/webhooks")
    assert "whsec_" not in again and "token=" not in again and "https://example.org/in?…" in again
    webhook = await first(desk, Webhook)
    changed = await (await wang.post_form(f"/console/webhooks/{webhook.id}/secret")).text()
    assert re.search(r"whsec_[\w-]{43}", changed).group() not in page


@pytest.mark.parametrize(
    ("url", "events", "says"),
    [
        ("http://example.org/", ["ticket.opened"], "必须以 https://"),
        ("https://127.0.0.1/", ["ticket.opened"], "内部网络"),
        ("https://example.org/", [], "至少选择一类事件"),
        ("https://example.org/", ["ticket.eaten"], "至少选择一类事件"),
    ],
)
async def test_what_cannot_be_added_says_why_and_keeps_what_was_typed(enter, desk, url, events, says):
    wang = await enter("王敏", role="supervisor")
    answer = await add(wang, url, *events)
    page = await answer.text()
    assert answer.status == 400 and says in page and f'value="{url}"' in page
    assert await first(desk, Webhook) is None


async def test_a_test_call_shows_at_once_what_came_of_it_and_can_be_sent_again(enter, desk, clock):
    desk.settings.webhook_allow_private = True
    desk.webhook_sender._is_allowed = lambda _: True
    wang = await enter("王敏", role="supervisor")
    async with hook_sink() as hook:
        await add(wang, hook.url, "ticket.opened")
        webhook = await first(desk, Webhook)
        hook.answers = [(500, {})]
        answer = await wang.post_form(f"/console/webhooks/{webhook.id}/ping")
        place = answer.headers["Location"]
        words = text_of(await wang.page(place))
        assert "待发送" in words and "对方拒绝 500" in words and "再送一次" not in words
        clock.move(timedelta(minutes=1))
        await desk.deliverer.deliver_due()
        words = text_of(await wang.page(place))
        assert "已送达" in words and "再送一次" in words
        assert (await wang.post_form(f"{place}/replay")).headers["Location"] == place
        assert len(hook.got) == 3
        assert text_of(await wang.page("/console/deliveries?status=sent&kind=webhook")).count("测试") == 1
        assert "没有符合条件的记录" in await wang.page("/console/deliveries?status=dead")


async def test_the_log_names_the_ticket_and_leads_whoever_may_see_it_there(enter, desk, clock, ticket):
    wang, boss = await enter("王敏", role="supervisor"), await enter("管理员", role="administrator")
    await add(wang, "https://example.org/", "ticket.changed")
    li = await make_person(desk)
    async with desk.begin() as session:
        row = await desk_work.access_ticket(session, li, ticket.id)
        await desk_work.assign(session, li, ticket.id, to_agent_id=li.id, version=row.version, now=clock())
    link = f'href="/console/tickets/number/{ticket.number}"'
    assert link in await wang.page("/console/deliveries")
    page = await boss.page("/console/deliveries")
    assert ticket.number in page and link not in page


def test_a_mail_about_several_names_the_first_and_says_how_many():
    items = [{"number": None}, {"number": "TS1"}, {"number": "TS1"}, {"number": "TS2"}]
    told = deliveries._told_of({"data": {"count": 7, "items": items}})
    assert told == {"numbers": ["TS1", "TS2"], "count": 7}
    assert deliveries._told_of({"data": {"handoff": "x"}}) == {"numbers": [], "count": 1}
    assert deliveries._told_of({"data": {"number": "TS1"}}) == {"numbers": ["TS1"], "count": 1}


async def test_pausing_and_deleting_take_effect_at_once(enter, desk, ticket):
    wang = await enter("王敏", role="supervisor")
    await add(wang, "https://example.org/", "ticket.changed")
    webhook = await first(desk, Webhook)

    async def changes() -> int:
        li = await make_person(desk)
        async with desk.begin() as session:
            current = await desk_work.access_ticket(session, li, ticket.id)
            await desk_work.assign(
                session, li, ticket.id, to_agent_id=li.id, version=current.version, now=desk.clock()
            )
        async with desk.read() as session:
            return len(list(await session.scalars(select(Delivery.id))))

    assert await changes() == 1
    await wang.post_form(f"/console/webhooks/{webhook.id}/pause")
    assert await changes() == 1
    await wang.post_form(f"/console/webhooks/{webhook.id}/resume")
    assert await changes() == 2
    await wang.post_form(f"/console/webhooks/{webhook.id}/delete")
    assert await changes() == 2
    assert "还没有 Webhook" in await wang.page("/console/webhooks")
    assert "已停止" in text_of(await wang.page("/console/deliveries"))


async def test_every_change_stands_in_the_staff_audit_without_its_secrets(enter, desk):
    wang = await enter("王敏", role="head")
    await add(wang, "https://example.org/services/T0P/path-secret?token=hidden", "ticket.opened", "sla.breached")
    webhook = await first(desk, Webhook)
    for step in ("pause", "pause", "resume", "secret", "delete"):
        await wang.post_form(f"/console/webhooks/{webhook.id}/{step}")
    await send(wang, [*form_of(wang), ("heads", wang.agent.id)])
    async with desk.read() as session:
        found = [e for e in await staff_audit.events(session) if e.action.startswith(("webhook.", "escalation."))]
        assert await staff_audit.verify(session) == (len(await staff_audit.events(session)), [])
    assert [event.action for event in reversed(found)] == [
        "webhook.added", "webhook.paused", "webhook.resumed", "webhook.secret_changed", "webhook.deleted", "escalation.saved",
    ]  # fmt: skip
    assert {event.actor for event in found} == {wang.agent.id}
    everything = " ".join(str((event.subject, event.old, event.new, event.reason)) for event in found)
    assert not any(secret in everything for secret in ("path-secret", "hidden", "whsec_"))
    assert (found[0].old["version"], found[0].new["version"], found[0].new["heads"]) == (1, 2, [wang.agent.id])
    words = text_of(await wang.page("/console/staff-events"))
    assert "新增 Webhook" in words and "https://example.org" in words and "工单登记、时限超时" in words
    assert "修改升级规则" in words and "第 3 级超时后 60 工作分钟：负责人、坐席台通知" in words and "按新办法" in words


# --- escalation chains ----------------------------------------------------------------------


def form_of(client: StaffClient, based_on: int = 1, **changes: str) -> list[tuple[str, str]]:
    fields = {
        "csrf": client.csrf, "based_on": str(based_on), "tell_1": "assignee", "by_1": "console",
        "tell_2": "supervisors", "by_2": "email", "after_3": "60", "unit_3": "working_minutes", "tell_3": "head",
        "by_3": "console", "note": "按新办法",
    } | changes  # fmt: skip
    return list(fields.items())


async def send(client: StaffClient, fields: list[tuple[str, str]], applies_to: str = "ticket"):
    """Preview, and save what was previewed; return the answer to what was refused or saved."""
    address = f"/console/escalation/{applies_to}"
    previewed = await client.client.post(address, data=[*fields, ("do", "preview")], allow_redirects=False)
    if previewed.status != 200:
        return previewed
    seen = re.search(r'name="seen" value="(\w+)"', await previewed.text())[1]
    return await client.client.post(address, data=[*fields, ("seen", seen), ("do", "save")], allow_redirects=False)


async def test_a_saved_chain_is_the_new_version_and_the_old_one_stays(enter, desk):
    wang = await enter("王敏", role="supervisor")
    page = await wang.page("/console/escalation/ticket")
    assert 'name="based_on" value="1"' in page and re.search(r'name="after_3"[^>]*value="240"', page)
    assert (await send(wang, [*form_of(wang), ("heads", wang.agent.id)])).status == 303
    words = text_of(await wang.page("/console/escalation"))
    assert "2 现行" in words and "随系统提供" in words and "按新办法" in words
    async with desk.read() as session:
        book = await escalation.chain_book(session)
    assert book.of("ticket", "complaint").heads == (wang.agent.id,)
    assert (await send(wang, form_of(wang, based_on=0), "complaint")).status == 303


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"after_3": "soon"}, "第 3 级的时间不是有效的数字"),
        ({"after_3": "-5"}, "第 3 级的时间不是有效的数字"),
        ({"after_3": "", "after_4": "60", "unit_4": "working_minutes"}, "级别必须连续"),
        ({"after_4": "30", "unit_4": "working_minutes"}, "第 4 级必须晚于前一级"),
        ({"after_3": "3", "unit_3": "months"}, "第 3 级只能用工作分钟或工作日"),
    ],
)
async def test_a_chain_that_makes_no_sense_says_where(enter, changes, says):
    wang = await enter("王敏", role="supervisor")
    answer = await send(wang, form_of(wang, **changes))
    assert answer.status == 400 and says in await answer.text()


async def test_who_saves_second_is_shown_the_newer_version(enter):
    wang = await enter("王敏", role="supervisor")
    await send(wang, form_of(wang))
    answer = await send(wang, form_of(wang))
    page = await answer.text()
    assert answer.status == 409 and "已载入最新版本" in page and 'name="based_on" value="2"' in page


async def test_a_chain_is_previewed_before_it_is_saved(enter, desk, clock):
    """Which late tickets would climb, and when; what was changed after the preview is shown again."""
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    clock.move(timedelta(days=4))
    wang = await enter("王敏", role="supervisor")
    async with desk.begin() as session:
        await sla.sweep(session, desk.office.sla, now=clock())
    address = "/console/escalation/ticket"
    slow = [*form_of(wang, after_3="30", unit_3="working_days"), ("do", "save"), ("seen", "")]
    page = text_of(await (await wang.client.post(address, data=slow)).text())
    assert "内容在预览之后改动过" in page and "1 个已超时的时限，升级时间都不变" in page, "level 3 has been told"
    fields = [*form_of(wang, after_3="60"), ("after_4", "300"), ("unit_4", "working_minutes"), ("tell_4", "head"), ("by_4", "console")]
    page = text_of(await (await wang.client.post(address, data=[*fields, ("do", "preview")])).text())
    assert opened.ticket.number in page and "1 个立即升级" in page and "立即升到第 4 级" in page
    async with desk.read() as session:
        assert (await escalation.chain_book(session)).of("ticket", "complaint").version == 1
    assert (await send(wang, fields)).status == 303
    async with desk.begin() as session:
        swept = await sla.sweep(session, desk.office.sla, now=clock())
    assert swept.escalated == 1


@pytest.mark.parametrize("changes", [{"tell_1": "everybody"}, {"by_1": "pigeon"}, {"heads": "nobody"}, {"based_on": "x"}])
async def test_what_the_form_does_not_offer_is_refused(enter, changes):
    wang = await enter("王敏", role="supervisor")
    assert (await send(wang, form_of(wang, **changes))).status == 400
