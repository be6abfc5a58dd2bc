"""Opening the ticket: once, or not at all and said so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from actions.open_ticket import OpenTicket
from actions.ports import ActionPorts
from bot.bootstrap import Desk
from bot.helpdesk.identifiers import parse_ticket_number
from bot.services.tickets import look_up
from bot.store.tables import Ticket
from tests.actions.conftest import REPORT, Actions
from tests.actions.dialogue import FormPlayer, run, slots_set
from tests.support.citizens import Citizen


@pytest.fixture
async def desk_actions(desk: Desk) -> Actions:
    return Actions(ActionPorts.of(desk))


async def confirmed(actions: Actions, sender: str, **changes: str) -> FormPlayer:
    """A form filled in and confirmed."""
    player = actions.player("complaint", sender=sender)
    await player.start()
    await player.fills_in(**(REPORT | changes))
    await player.says("确认提交")
    return player


async def count_tickets(desk: Desk) -> int:
    async with desk.read() as session:
        return await session.scalar(select(func.count()).select_from(Ticket)) or 0


async def test_a_confirmed_form_becomes_a_ticket(desk: Desk, desk_actions: Actions) -> None:
    citizen = await Citizen.arrives(desk)
    player = await confirmed(desk_actions, citizen.conversation_id)
    events, messages = await run(desk_actions["action_open_complaint"], player.tracker())
    slots = slots_set(events)
    assert slots["ticket_outcome"] == "opened"
    assert parse_ticket_number(slots["ticket_number"]) == slots["ticket_number"]
    assert messages == []
    async with desk.read() as session:
        ticket = await look_up(session, desk.office, slots["ticket_number"], slots["ticket_code"])
    assert ticket.queue == "trademark"
    assert ticket.channel == "web"
    assert ticket.conversation_id == citizen.conversation_id
    assert ticket.subject == "举报投诉：商标·商标侵权"
    assert ticket.facts["phone"] == "13900139000"
    assert ticket.facts["party_id"] == ""
    assert "confirm" not in ticket.facts


async def test_the_slots_are_empty_afterwards_so_that_the_next_form_starts_anew(
    desk: Desk, desk_actions: Actions
) -> None:
    citizen = await Citizen.arrives(desk)
    player = await confirmed(desk_actions, citizen.conversation_id)
    events, _ = await run(desk_actions["action_open_complaint"], player.tracker())
    left = player.slots | slots_set(events)
    assert {name for name, value in left.items() if name.startswith("complaint_") and value is not None} == set()


async def test_the_same_form_sent_twice_is_one_ticket(desk: Desk, desk_actions: Actions) -> None:
    citizen = await Citizen.arrives(desk)
    player = await confirmed(desk_actions, citizen.conversation_id)
    first, _ = await run(desk_actions["action_open_complaint"], player.tracker())
    again, [card] = await run(desk_actions["action_open_complaint"], player.tracker())
    assert slots_set(again)["ticket_outcome"] == "already_open"
    assert slots_set(again)["ticket_number"] == slots_set(first)["ticket_number"]
    assert card["custom"]["ticket"]["code"] == slots_set(first)["ticket_code"]
    assert await count_tickets(desk) == 1


async def test_the_same_form_sent_at_once_is_one_ticket(desk: Desk, desk_actions: Actions) -> None:
    citizen = await Citizen.arrives(desk)
    player = await confirmed(desk_actions, citizen.conversation_id)
    action = desk_actions["action_open_complaint"]
    results = await asyncio.gather(*(run(action, player.tracker()) for _ in range(4)))
    outcomes = sorted(slots_set(events)["ticket_outcome"] for events, _ in results)
    assert outcomes == ["already_open"] * 3 + ["opened"]
    assert await count_tickets(desk) == 1


async def test_what_does_not_apply_stays_out_of_the_ticket(desk: Desk, desk_actions: Actions) -> None:
    """A name given before the citizen chose to stay anonymous is not stored."""
    citizen = await Citizen.arrives(desk)
    player = await confirmed(desk_actions, citizen.conversation_id)
    player.slots["complaint_identity"] = "anonymous"
    events, _ = await run(desk_actions["action_open_complaint"], player.tracker())
    slots = slots_set(events)
    async with desk.read() as session:
        ticket = await look_up(session, desk.office, slots["ticket_number"], slots["ticket_code"])
    assert not {"name", "phone", "party_id"} & set(ticket.facts)


@asynccontextmanager
async def broken_store() -> AsyncIterator[Any]:
    raise OperationalError("INSERT", {}, Exception("disk is full"))
    yield


@asynccontextmanager
async def hanging_store() -> AsyncIterator[Any]:
    await asyncio.Event().wait()
    yield


@pytest.mark.parametrize("store", [broken_store, hanging_store])
async def test_when_the_store_fails_nothing_is_promised_and_nothing_is_lost(
    actions: Actions, store: Any
) -> None:
    player = await confirmed(actions, "web:citizen")
    ports = actions.with_ports(begin=store).ports
    action = OpenTicket(ports, player.form, timeout=0.05)
    events, messages = await run(action, player.tracker())
    assert slots_set(events) == {"ticket_outcome": "store_unavailable", "complaint_confirm": None}
    assert messages == []


async def test_a_commit_that_fails_is_not_told_as_success(desk: Desk, desk_actions: Actions) -> None:
    citizen = await Citizen.arrives(desk)
    player = await confirmed(desk_actions, citizen.conversation_id)

    @asynccontextmanager
    async def fails_at_commit() -> AsyncIterator[AsyncSession]:
        async with desk.begin() as session:
            yield session
            raise OperationalError("COMMIT", {}, Exception("connection lost"))

    failing = desk_actions.with_ports(begin=fails_at_commit)
    events, _ = await run(failing["action_open_complaint"], player.tracker())
    assert slots_set(events)["ticket_outcome"] == "store_unavailable"
    assert await count_tickets(desk) == 0

    player.applies("action_open_complaint", events)
    await player.start()
    assert player.asked == "confirm"
    assert (await player.says("再试一次")).asked is None
    events, _ = await run(desk_actions["action_open_complaint"], player.tracker())
    assert slots_set(events)["ticket_outcome"] == "opened"


async def test_without_consent_no_ticket_is_opened(actions: Actions) -> None:
    player = await confirmed(actions, "web:citizen")
    player.slots["complaint_consent"] = "no"
    events, _ = await run(actions["action_open_complaint"], player.tracker())
    assert slots_set(events) == {"complaint_confirm": None}
    assert {"event": "followup", "name": "complaint_form", "timestamp": None} in events
