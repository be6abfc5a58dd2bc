"""A ticket, its citizen, an agent and a supervisor."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.bootstrap import Desk
from bot.services import audit, desk_work, sla
from bot.services.opening import OpenedTicket
from bot.store.tables import Agent, Ticket
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen

FACTS = {
    "right": "trademark",
    "respondent": "优品小店（网店），https://shop.example/1",
    "facts": "网店销售假冒我公司商标的水杯，已购买一件",
    "name": "王某",
    "phone": "13900139000",
}


class Case:
    """One ticket under test, and everybody around it."""

    def __init__(self, desk: Desk, citizen: Citizen, opened: OpenedTicket, agent: Agent, supervisor: Agent):
        self.desk, self.citizen, self.opened = desk, citizen, opened
        self.agent, self.supervisor = agent, supervisor

    @property
    def id(self) -> str:
        return self.opened.ticket.id

    async def row(self, ticket_id: str | None = None) -> Ticket:
        async with self.desk.read() as session:
            return await session.get_one(Ticket, ticket_id or self.id)

    async def does(self, use_case: Any, *args: Any, by: Agent | None = None, **values: Any) -> Any:
        """Call a use case as the console would: on the present version, by the agent."""
        parts = inspect.signature(use_case).parameters
        ticket_id = values.pop("ticket_id", self.id)
        values.setdefault("version", (await self.row(ticket_id)).version)
        first = [self.desk.office] if "office" in parts else []
        if "forms" in parts:
            first.append(self.desk.forms)
        async with self.desk.begin() as session:
            return await use_case(
                session, *first, by or self.agent, ticket_id, *args, **values, now=self.desk.clock()
            )

    async def moves(self, to: str, reason: str = "", **values: Any) -> Any:
        return await self.does(desk_work.change_status, to=to, reason=reason, **values)

    async def told(self) -> list[str]:
        return [message.text for message in await self.citizen.sees()]

    async def clocks(self, ticket_id: str | None = None) -> dict[str, sla.ClockView]:
        """The latest round of each clock."""
        async with self.desk.read() as session:
            views = await sla.clocks_of(session, ticket_id or self.id, now=self.desk.clock())
        return {view.clock: view for view in sorted(views, key=lambda view: view.round)}

    async def actions(self, ticket_id: str | None = None) -> list[str]:
        async with self.desk.read() as session:
            items = await desk_work.timeline(session, ticket_id or self.id, staff=True)
        return [item.kind for item in items if item.seq is not None]

    async def chain_holds(self) -> bool:
        async with self.desk.read() as session:
            return (await audit.verify(session)).holds


MakeCase = Callable[..., Awaitable[Case]]


@pytest.fixture
def make_case(desk: Desk) -> MakeCase:
    staff: list[Agent] = []

    async def make(**changes: Any) -> Case:
        if not staff:
            staff.extend([await make_agent(desk, "李明"), await make_agent(desk, "赵强", "supervisor")])
        citizen = await Citizen.arrives(desk)
        opened = await make_ticket(desk, citizen.conversation_id, **({"facts": FACTS} | changes))
        return Case(desk, citizen, opened, *staff)

    return make


@pytest.fixture
async def case(make_case: MakeCase) -> Case:
    return await make_case()


__all__ = ["Case", "MakeCase"]
