"""A citizen and agents who are connected to different processes see each other's doings at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse

from bot.bootstrap import Desk
from bot.console.keys import ONLOOKERS
from bot.console.looking import BELIEVED_FOR
from bot.serve import make_public_app
from bot.services.handoff import request_human
from bot.services.staff_sessions import end_all
from tests.console.driver import StaffClient
from tests.gateway import driver
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock


class Office:
    """Two processes with their public applications, and people in front of them."""

    def __init__(self, desks: tuple[Desk, Desk], clients: Callable[..., Awaitable[Any]]) -> None:
        self.desks = desks
        self.apps = tuple(make_public_app(desk) for desk in desks)
        self._clients = clients

    async def citizen_at(self, place: int) -> Any:
        return await self._clients(self.apps[place])

    async def agent_at(self, place: int, name: str) -> StaffClient:
        agent = await make_agent(self.desks[place], name)
        async with self.desks[place].begin() as session:
            (await session.get_one(type(agent), agent.id)).must_change_password = False
        client = StaffClient(await self._clients(self.apps[place]))
        client.agent = agent
        await client.log_in(agent.login)
        return client


@pytest.fixture
async def office(desks: tuple[Desk, Desk], aiohttp_client) -> AsyncIterator[Office]:
    yield Office(desks, aiohttp_client)


async def heard(socket: ClientWebSocketResponse, kind: str, **expected: Any) -> dict[str, Any]:
    """Return the next frame of this kind with these values."""
    async with asyncio.timeout(10):
        while True:
            frame = json.loads((await socket.receive()).data)
            if frame["type"] == kind and all(frame[name] == value for name, value in expected.items()):
                return frame


async def test_citizen_and_agent_at_different_processes_talk_live(office: Office) -> None:
    citizen, agent = await office.citizen_at(0), await office.agent_at(1, "李明")
    session = await driver.start(citizen)
    conversation = (await driver.say(citizen, session, "我想找人"))["conversation"]
    page, console = await driver.open_socket(citizen, session), await agent.live()
    async with page, console:
        await heard(console, "tick")
        here = office.desks[0]
        async with here.begin() as transaction:
            await request_human(transaction, here.office, conversation, reason="asked", now=here.clock())
        await heard(console, "queues")

        assert (await agent.post(f"/conversations/{conversation}/claim")).status == 200
        while (await driver.next_status(page))["handled_by"] != "human":
            pass

        answer = {"text": "您好，我来帮您", "client_id": "k1"}
        assert (await agent.post(f"/conversations/{conversation}/replies", answer)).status == 201
        while (await driver.next_messages(page, 1))[0]["text"] != "您好，我来帮您":
            pass

        await console.send_json({"type": "watch", "conversation": conversation, "after": 0})
        await heard(console, "messages")
        await driver.say(citizen, session, "谢谢您")
        assert [said["text"] for said in (await heard(console, "messages"))["messages"]] == ["谢谢您"]


async def test_colleagues_at_different_processes_see_each_other_look(office: Office) -> None:
    asker = await Citizen.arrives(office.desks[0])
    ticket = (await make_ticket(office.desks[0], asker.conversation_id)).ticket
    li, wang = await office.agent_at(0, "李明"), await office.agent_at(1, "王敏")
    look = {"type": "look", "subject": "ticket", "id": ticket.id}
    me, other = ({"id": c.agent.id, "name": c.agent.name} for c in (li, wang))
    first, second = await li.live(), await wang.live()
    async with first, second:
        await first.send_json(look)
        await second.send_json(look)
        await heard(first, "lookers", others=[other])
        await heard(second, "lookers", others=[me])
        await li.post(f"/tickets/{ticket.id}/lease")
        while (writer := (await heard(second, "lookers"))["writer"]) is None:
            pass
        assert writer["name"] == "李明"
        await second.send_json({"type": "unlook"})
        await heard(first, "lookers", others=[])


async def test_what_a_process_told_is_forgotten_when_it_is_gone_and_asked_for_by_a_new_one(
    office: Office, clock: FakeClock
) -> None:
    asker = await Citizen.arrives(office.desks[0])
    ticket = (await make_ticket(office.desks[0], asker.conversation_id)).ticket
    topic = f"looking:ticket:{ticket.id}"
    li = await office.agent_at(0, "李明")
    async with await li.live() as socket:
        await socket.send_json({"type": "look", "subject": "ticket", "id": ticket.id})
        await heard(socket, "lookers")
        # The other application starts only now.
        await office.citizen_at(1)
        [there] = [app[ONLOOKERS] for app in office.apps[1]._subapps if ONLOOKERS in app]
        async with asyncio.timeout(10):
            while not there.at(topic):
                await asyncio.sleep(0.01)
    there.hear({"at": topic, "process": "gone", "who": [["a1", "赵敏"]]}, clock())
    there.forget_old(clock() + BELIEVED_FOR)
    assert [who["name"] for who in there.at(topic)][-1] == "赵敏"
    there.forget_old(clock() + BELIEVED_FOR + timedelta(seconds=1))
    assert there.at(topic) == []


async def test_an_agent_whose_account_is_closed_is_signed_out_at_every_process(office: Office) -> None:
    li = await office.agent_at(1, "李明")
    async with await li.live() as socket:
        await heard(socket, "tick")
        async with office.desks[0].begin() as session:
            await end_all(session, li.agent.id)
        async with asyncio.timeout(10):
            while not (await socket.receive()).type.name.startswith("CLOS"):
                pass
        assert socket.close_code == 4401


async def test_after_a_loss_an_open_console_asks_for_its_lists_anew(office: Office) -> None:
    li = await office.agent_at(0, "李明")
    async with await li.live() as socket:
        await heard(socket, "notices")
        office.desks[0].hub.look()
        await heard(socket, "queues")
