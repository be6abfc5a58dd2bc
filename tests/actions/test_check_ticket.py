"""Asking where a ticket stands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from actions.ports import ActionPorts
from bot.bootstrap import Desk
from bot.helpdesk.identifiers import format_code
from bot.services.opening import OpenedTicket
from bot.services.tickets import withdraw
from tests.actions.conftest import Actions
from tests.actions.dialogue import make_tracker, run, slots_set
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock


@pytest.fixture
async def opened(desk: Desk) -> OpenedTicket:
    citizen = await Citizen.arrives(desk)
    return await make_ticket(desk, citizen.conversation_id)


@pytest.fixture
async def desk_actions(desk: Desk) -> Actions:
    return Actions(ActionPorts.of(desk))


async def ask(actions: Actions, text: str, **slots: str) -> tuple[dict[str, Any], str]:
    events, [message] = await run(actions["action_check_ticket"], make_tracker(text, slots=slots))
    return slots_set(events), message["text"]


@pytest.mark.parametrize("form", ["{n} {c}", "查一下{n}，查询码{c}", "编号：{n}\n查询码：{c}", "{low} {raw}"])
async def test_number_and_code_in_one_message_show_the_state(
    desk_actions: Actions, opened: OpenedTicket, form: str
) -> None:
    number, code = opened.ticket.number, format_code(opened.code)
    slots, text = await ask(
        desk_actions, form.format(n=number, c=code, low=number.lower(), raw=opened.code.lower())
    )
    assert "已提交" in text
    assert "11月20日（周五）10:00" in text
    assert slots["ticket_number"] == number


async def test_a_number_alone_is_asked_for_its_code_and_remembered(
    desk_actions: Actions, opened: OpenedTicket
) -> None:
    slots, text = await ask(desk_actions, f"我的工单{opened.ticket.number}办到哪了")
    assert "查询码" in text
    assert slots == {"ticket_number": opened.ticket.number, "ticket_code": None}
    _, text = await ask(desk_actions, format_code(opened.code), ticket_number=opened.ticket.number)
    assert "已提交" in text


async def test_the_ticket_opened_in_this_conversation_needs_no_number(
    desk_actions: Actions, opened: OpenedTicket
) -> None:
    known = {"ticket_number": opened.ticket.number, "ticket_code": format_code(opened.code)}
    _, text = await ask(desk_actions, "我的工单办到哪了", **known)
    assert "已提交" in text


async def test_the_code_of_this_conversations_ticket_opens_no_other(
    desk_actions: Actions, desk: Desk, opened: OpenedTicket
) -> None:
    other = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id)
    known = {"ticket_number": opened.ticket.number, "ticket_code": format_code(opened.code)}
    slots, text = await ask(desk_actions, f"查 {other.ticket.number}", **known)
    assert slots["ticket_code"] is None
    assert "还需要查询码" in text


async def test_a_wrong_code_and_a_wrong_number_are_told_in_the_same_words(
    desk_actions: Actions, desk: Desk, opened: OpenedTicket
) -> None:
    _, wrong_code = await ask(desk_actions, f"{opened.ticket.number} AAAA-AAAA")
    _, unknown = await ask(desk_actions, f"TS2611200000015 {format_code(opened.code)}")
    assert wrong_code == unknown == desk.texts("tickets.not_found")


async def test_a_mistyped_number_is_named(desk_actions: Actions) -> None:
    slots, text = await ask(desk_actions, "TS2611200000014 AAAA-AAAA")
    assert slots == {}
    assert "TS2611200000014" in text


async def test_without_a_number_it_is_asked_for(desk_actions: Actions) -> None:
    slots, text = await ask(desk_actions, "查工单进度")
    assert slots == {}
    assert "编号" in text


async def test_the_words_of_a_later_state_tell_when_it_changed(
    desk: Desk, desk_actions: Actions, opened: OpenedTicket, clock: FakeClock
) -> None:
    clock.move(timedelta(hours=3))
    async with desk.begin() as session:
        await withdraw(
            session, desk.office, opened.ticket.number, opened.code, reason="已经和解", now=desk.clock()
        )
    _, text = await ask(desk_actions, f"{opened.ticket.number} {opened.code}")
    assert "已撤回" in text
    assert "13:00" in text


async def test_a_store_that_fails_is_said_and_a_person_offered(actions: Actions) -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[Any]:
        raise OperationalError("SELECT", {}, Exception("gone"))
        yield

    failing = actions.with_ports(read=broken)
    _, [message] = await run(failing["action_check_ticket"], make_tracker("TS2611200000015 AAAA-AAAA"))
    assert message["text"] == actions.ports.texts("tickets.lookup_unavailable")
    assert message["buttons"][0]["payload"] == "/request_human"
