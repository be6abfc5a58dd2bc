"""Live updates: what an agent hears, once, also after the connection was lost."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from aiohttp import ClientConnectionResetError

from bot.console import live
from bot.console.keys import AGENT, DESK
from bot.services import handoff, staff
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen


@pytest.fixture
async def waiting(desk):
    """A citizen who asked for a person."""
    citizen = await Citizen.arrives(desk)
    await citizen.sends("转人工")
    async with desk.begin() as session:
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
    return citizen


class Ear:
    """Keeps what came over one connection."""

    def __init__(self, socket):
        self.socket = socket
        self.heard = []

    async def until(self, kind, *, where=lambda event: True):
        """Read on until an event of this kind comes, and return it."""
        while True:
            event = await self.socket.receive_json(timeout=5)
            self.heard.append(event)
            if event["type"] == kind and where(event):
                return event

    async def watch(self, citizen, after=0):
        await self.socket.send_json({"type": "watch", "conversation": citizen.conversation_id, "after": after})
        return await self.until("status")

    @property
    def texts(self):
        return [m["text"] for event in self.heard if event["type"] == "messages" for m in event["messages"]]


async def test_what_a_citizen_says_is_heard_once_and_in_order(enter, waiting):
    li = await enter()
    ear = Ear(await li.live())
    await ear.watch(waiting)
    for number in range(5):
        await waiting.sends(f"第{number}句")
    while "第4句" not in ear.texts:
        await ear.until("messages")
    assert ear.texts[0] == "转人工"
    assert [text for text in ear.texts if text.startswith("第")] == [f"第{number}句" for number in range(5)]


async def test_after_a_lost_connection_only_what_was_missed_comes(enter, waiting):
    li = await enter()
    ear = Ear(await li.live())
    await ear.watch(waiting)
    last = max(m["seq"] for event in ear.heard if event["type"] == "messages" for m in event["messages"])
    await ear.socket.close()
    await waiting.sends("断线时说的")
    again = Ear(await li.live())
    await again.watch(waiting, after=last)
    assert again.texts == ["断线时说的"]


async def test_watching_tells_who_has_the_conversation_and_when_that_changes(enter, waiting):
    li, wang = await enter("李明"), await enter("王敏")
    ear = Ear(await li.live())
    assert (await ear.watch(waiting))["status"]["handled_by"] == "queued"
    await wang.post(f"/conversations/{waiting.conversation_id}/claim")
    event = await ear.until("status", where=lambda event: event["status"]["handled_by"] == "human")
    assert event["status"]["agent_name"] == "王敏"


async def test_after_unwatch_nothing_more_of_the_conversation_is_heard(enter, waiting, desk):
    li = await enter()
    ear = Ear(await li.live())
    await ear.watch(waiting)
    await ear.socket.send_json({"type": "unwatch"})
    other = await Citizen.arrives(desk)
    await ear.watch(other)
    await waiting.sends("没人在看")
    await other.sends("有人在看")
    await ear.until("messages", where=lambda event: event["messages"][-1]["text"] == "有人在看")
    assert "没人在看" not in ear.texts


async def test_lists_are_asked_for_again_when_something_changed(enter, waiting):
    li = await enter()
    ear = Ear(await li.live())
    await ear.until("tick")
    await waiting.sends("还在吗")
    assert await ear.until("queues")


async def test_a_changed_ticket_is_announced_with_its_id(enter, desk, waiting):
    li = await enter()
    ticket = (await make_ticket(desk, waiting.conversation_id)).ticket
    ear = Ear(await li.live())
    await ear.until("tick")
    await li.post(f"/tickets/{ticket.id}/transitions", {"to": "accepted", "version": 1})
    assert (await ear.until("ticket"))["id"] == ticket.id


async def test_the_connection_ends_with_the_session(enter, desk, monkeypatch):
    monkeypatch.setattr(live, "TICK_SECONDS", 0.02)
    li = await enter()
    socket = await li.live()
    async with desk.begin() as session:
        await staff.log_out(session, li.session_cookie)
    while not socket.closed:
        await socket.receive(timeout=5)
    assert socket.close_code == live.SIGN_IN_AGAIN


@pytest.mark.parametrize("nonsense", ["{", "[]", '"x"', '{"type": "watch"}', '{"type": "watch", "after": "x"}', '{"type": 1}', '{"after": Infinity}'])
async def test_nonsense_from_a_browser_changes_nothing(enter, waiting, nonsense):
    li = await enter()
    ear = Ear(await li.live())
    await ear.socket.send_str(nonsense)
    assert (await ear.watch(waiting))["id"] == waiting.conversation_id


async def test_nobody_listens_any_more_when_the_browser_has_left(enter, desk, waiting):
    li = await enter()
    ear = Ear(await li.live())
    await ear.watch(waiting)
    assert desk.hub.listener_count() == 2
    await ear.socket.close()
    for _ in range(200):
        if desk.hub.listener_count() == 0:
            break
        await asyncio.sleep(0.01)
    assert desk.hub.listener_count() == 0


def test_a_browser_is_told_each_message_once():
    told = live.Told(3)
    first = [{"id": 1, "seq": 3}, {"id": 9, "seq": None}, {"id": 4, "seq": 4}]
    assert [m["id"] for m in told.only_new(first)] == [9, 4]
    assert told.only_new(first) == []
    assert told.seq == 4


async def test_a_session_that_runs_out_ends_the_connection(enter, desk, clock, monkeypatch):
    monkeypatch.setattr(live, "TICK_SECONDS", 0.02)
    li = await enter()
    socket = await li.live()
    clock.move(timedelta(hours=desk.settings.staff_session_hours + 1))
    while not socket.closed:
        await socket.receive(timeout=5)
    assert socket.close_code == live.SIGN_IN_AGAIN


async def test_a_view_that_fails_ends_the_connection_so_that_the_browser_catches_up(enter, waiting, monkeypatch):
    li = await enter()
    ear = Ear(await li.live())
    await ear.watch(waiting)

    async def fails(*_):
        raise RuntimeError("the store is away")

    monkeypatch.setattr(live, "transcript", fails)
    await waiting.sends("在吗")
    while not ear.socket.closed:
        await ear.socket.receive(timeout=5)
    assert ear.socket.close_code == live.TRY_AGAIN


class Request(dict):
    """As much of a request as a line looks at."""

    def __init__(self, desk, agent):
        super().__init__({AGENT: agent})
        self.config_dict = {DESK: desk}


async def test_a_browser_that_leaves_while_it_is_told_something_is_no_failure(desk, monkeypatch):
    failures = []
    monkeypatch.setattr(live.log, "exception", lambda event, **_: failures.append(event))

    async def tell():
        raise ClientConnectionResetError("Cannot write to closing transport")

    line = live.Line(Request(desk, await make_agent(desk)), SimpleNamespace(closed=True))
    await line.end([asyncio.create_task(tell())])
    assert failures == []
