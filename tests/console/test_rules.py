"""The pages of SLA rules: who may see them, preview before saving, conflicts, what is shown."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from bot import worker
from bot.bootstrap import Desk
from bot.console.rule_forms import calendar_form, policy_form
from bot.console.rules import calendar_name
from bot.console.words import Words
from bot.helpdesk.routing import Centre
from bot.helpdesk.ticket import TicketStatus
from bot.services import sla
from bot.services.tickets import move
from bot.store.tables import Ticket
from tests.console.driver import StaffClient
from tests.services.rules import saves_policy
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen


@pytest.fixture
async def boss(enter) -> StaffClient:
    return await enter("王主管", "supervisor")


async def sends(client: StaffClient, path: str, fields: dict[str, str]) -> tuple[int, str]:
    answer = await client.client.post(f"/console{path}", data={"csrf": client.csrf, **fields}, allow_redirects=False)
    return answer.status, unescape(await answer.text())


async def saves(client: StaffClient, path: str, fields: dict[str, str]) -> tuple[int, str]:
    """Preview and save what was previewed."""
    status, page = await sends(client, path, fields | {"do": "preview"})
    assert status == 200, page
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    return await sends(client, path, fields | {"do": "save", "seen": seen})


def fields_of(desk: Desk, **changes: str) -> dict[str, str]:
    policy = desk.office.sla.version("complaint", 1)
    form = policy_form(policy, desk.office.calendar.local_date(desk.clock()))
    return form | {"amount_acceptance": "3", "note": "更快受理", "reach": "running"} | changes


async def opens(desk: Desk, **changes: object) -> str:
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id, **changes)
    return opened.ticket.number


@pytest.mark.parametrize("path", ["/rules", "/rules/policies/complaint", "/rules/calendars/main", "/rules/calendars/new"])
async def test_only_supervisors_and_administrators_get_in(enter, path: str) -> None:
    agent, administrator = await enter(), await enter("管理员", "administrator")
    assert (await agent.client.get(f"/console{path}")).status == 403
    assert (await agent.client.post(f"/console{path}", data={"csrf": agent.csrf})).status in (403, 405)
    assert "时限规则" in await administrator.page(f"/console{path}")
    assert "/console/rules" not in await agent.page("/console/tickets")


async def test_the_page_lists_promises_calendars_and_who_changed_what(desk: Desk, boss: StaffClient) -> None:
    await saves_policy(desk, await make_agent(desk, "赵主管"), note="试行三日受理")
    page = await boss.page("/console/rules")
    assert all(words in page for words in ("试行三日受理", "赵主管", "随程序提供", "2026-02-15~2026-02-23 春节", "正在重算"))


async def test_nothing_is_saved_without_its_preview(desk: Desk, boss: StaffClient) -> None:
    number = await opens(desk)
    status, page = await sends(boss, "/rules/policies/complaint", fields_of(desk, do="save"))
    assert status == 200
    assert number in page and "在预览之后改动过" in page
    assert desk.office.sla.size == (4, 1)


async def test_what_was_previewed_is_saved_and_moves_the_ticket(desk: Desk, boss: StaffClient) -> None:
    number = await opens(desk)
    _, page = await sends(boss, "/rules/policies/complaint", fields_of(desk, do="preview"))
    assert number in page and "1</b> 个提前到期" in page and "2026-11-25 17:30" in page
    status, _ = await saves(boss, "/rules/policies/complaint", fields_of(desk))
    assert status == 303
    await worker.recount_clocks(desk, desk.clock())
    async with desk.read() as session:
        policies, _ = await sla.rule_histories(session, desk.office.sla)
    complaint = next(one for one in policies if one.id == "complaint")
    assert (complaint.latest.by_name, complaint.latest.moved) == ("王主管", 1)
    found = await boss.page(f"/console/tickets/number/{number}")
    assert "2026-11-25 17:30" in found


async def test_a_preview_counts_the_clocks_that_a_new_promise_adds(desk: Desk, boss: StaffClient) -> None:
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    async with desk.begin() as session:
        row = await session.get_one(Ticket, opened.ticket.id)
        await move(session, desk.office, row, TicketStatus.ACCEPTED, actor="system", reason="", now=desk.clock())
    fields = fields_of(desk, do="preview")
    assert "个新增" not in (await sends(boss, "/rules/policies/complaint", fields))[1]
    fields |= {"amount_transfer": "5", "amount_next_update": "10"}
    _, page = await sends(boss, "/rules/policies/complaint", fields)
    assert "2</b> 个新增" in page and "没有" in page and "不补计" not in page
    status, _ = await saves(boss, "/rules/policies/complaint", fields)
    assert status == 303
    desk.clock.move(timedelta(seconds=16))
    await worker.recount_clocks(desk, desk.clock())
    assert "新增 <span class=\"nums\">2</span> 个" in await boss.page("/console/rules")


async def test_a_change_after_the_preview_is_shown_again(desk: Desk, boss: StaffClient) -> None:
    await opens(desk)
    _, page = await sends(boss, "/rules/policies/complaint", fields_of(desk, do="preview"))
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    changed = fields_of(desk, do="save", seen=seen, amount_acceptance="2")
    status, page = await sends(boss, "/rules/policies/complaint", changed)
    assert status == 200 and "在预览之后改动过" in page
    assert desk.office.sla.size == (4, 1)


async def test_the_second_of_two_is_told_who_was_faster(desk: Desk, boss: StaffClient) -> None:
    fields = fields_of(desk)
    await saves_policy(desk, await make_agent(desk, "赵主管"))
    status, page = await sends(boss, "/rules/policies/complaint", fields | {"do": "preview"})
    assert status == 409
    assert "赵主管 刚刚保存了第 2 版" in page and 'value="更快受理"' in page


async def test_a_mistake_is_named_at_its_field_and_nothing_typed_is_lost(desk: Desk, boss: StaffClient) -> None:
    status, page = await sends(boss, "/rules/policies/complaint", fields_of(desk, amount_acceptance="0", do="preview"))
    assert status == 422
    assert "“受理”的数量要填正整数" in page and 'value="更快受理"' in page
    assert re.search(r'name="amount_acceptance"[^>]*aria-invalid="true"', page)


async def test_a_year_is_loaded_and_provisional_dates_are_shown_as_moving(desk: Desk, boss: StaffClient) -> None:
    desk.clock.at = desk.clock.at.replace(month=12, day=28)
    boss = boss if (await boss.client.get("/console/rules", allow_redirects=False)).status == 200 else await _again(boss)
    number = await opens(desk)
    fields = calendar_form(desk.office.calendar, version=1) | {
        "new_year": "2027", "new_holidays": "2027-01-01~2027-01-03 元旦", "new_makeup": "2027-01-09 元旦调休上班",
        "new_source": "2027 年通知", "note": "载入 2027", "reach": "new",
    }  # fmt: skip
    _, page = await sends(boss, "/rules/calendars/main", fields | {"do": "preview"})
    assert number in page and "（暂定）" in page
    status, _ = await saves(boss, "/rules/calendars/main", fields)
    assert status == 303
    assert desk.office.calendar.loaded_years == {2026, 2027}
    await worker.recount_clocks(desk, desk.clock())
    async with desk.read() as session:
        _, [main] = await sla.rule_histories(session, desk.office.sla)
    assert (main.latest.scope, main.latest.moved) == ("provisional", 1)


async def _again(client: StaffClient) -> StaffClient:
    await client.log_in(client.agent.login)
    return client


async def test_a_centre_gets_a_calendar_of_its_own(desk: Desk, boss: StaffClient) -> None:
    fields = calendar_form(desk.office.calendar, version=0) | {"id": "east", "frames_5": "09:00-12:00", "note": "东区周六办公"}
    # The make-up Saturdays are ordinary working days there.
    fields["makeup_2026"] = "2026-01-04 元旦调休上班"
    status, page = await saves(boss, "/rules/calendars/new", fields)
    assert status == 303, page
    assert desk.office.sla.calendar_ids() == ["main", "east"]
    assert '<option value="east">east</option>' in await boss.page("/console/rules/policies/complaint")


async def test_calendars_are_called_by_whose_they_are(desk: Desk) -> None:
    centres = {"suzhou": Centre("suzhou", "苏州中心", ("3205",))}
    here = replace(desk, office=replace(desk.office, routing=replace(desk.office.routing, centres=centres)))
    words = Words.load(desk.texts)
    assert [calendar_name(here, words, one) for one in ("main", "suzhou", "east")] == ["本中心日历", "苏州中心日历", "east"]


async def test_no_page_shows_the_raw_id_of_the_offices_calendar(boss: StaffClient) -> None:
    for path in ("/console/rules", "/console/rules/policies/complaint", "/console/rules/calendars/main"):
        page = re.sub(r"<[^>]+>", " ", await boss.page(path))
        assert "本中心日历" in page and not re.search(r"\bmain\b", page), path


@pytest.mark.parametrize("path", ["/rules/policies/nothing", "/rules/calendars/nothing"])
async def test_an_unknown_rule_is_not_found(boss: StaffClient, path: str) -> None:
    assert (await boss.client.get(f"/console{path}")).status == 404
    assert (await sends(boss, path, {}))[0] == 404


async def test_an_empty_form_is_a_mistake_not_a_failure(boss: StaffClient) -> None:
    for path in ("/rules/policies/complaint", "/rules/calendars/main", "/rules/calendars/new"):
        assert (await sends(boss, path, {}))[0] == 422


async def test_the_explanation_names_the_versions_of_policy_and_calendar(desk: Desk, boss: StaffClient) -> None:
    ticket = await boss.client.get(f"/console/tickets/number/{await opens(desk)}", allow_redirects=False)
    page = await boss.page(ticket.headers["Location"] + "/clocks")
    assert "举报投诉时限规则第 1 版 · 本中心日历第 1 版" in page
    assert re.search(r'role="img" aria-label="[^"]*计入 \d+ 段', page)
