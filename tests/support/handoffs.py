"""Steps of a handoff, as entry points take them."""

from datetime import timedelta

from sqlalchemy import select

from bot import worker
from bot.bootstrap import Desk
from bot.services import handoff
from bot.services.views import ConversationStatus
from bot.store.tables import Agent, Conversation, HandoffEvent
from tests.support.builders import make_agent
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock


async def present_agent(desk: Desk, name: str = "李坐席", role: str = "agent", **changes: object) -> Agent:
    """An agent whose console is open."""
    agent = await make_agent(desk, name, role)
    async with desk.begin() as session:
        stored = await session.get_one(Agent, agent.id)
        for column, value in changes.items():
            setattr(stored, column, value)
    await opens_console(desk, agent)
    return agent


async def opens_console(desk: Desk, agent: Agent) -> None:
    async with desk.begin() as session:
        await handoff.arrive(session, agent.id, desk.office.handoff, now=desk.clock())


async def asks_for_human(desk: Desk, citizen: Citizen, reason: str = "asked") -> ConversationStatus:
    async with desk.begin() as session:
        return await handoff.request_human(
            session, desk.office, citizen.conversation_id, reason=reason, now=desk.clock()
        )


async def waiting_citizen(desk: Desk, clock: FakeClock | None = None) -> Citizen:
    """A citizen who asked for a person; with a clock, a second after whoever came before."""
    citizen = await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    if clock:
        clock.move(timedelta(seconds=1))
    return citizen


async def claims(desk: Desk, agent: Agent, citizen: Citizen) -> ConversationStatus:
    async with desk.begin() as session:
        return await handoff.claim(session, desk.office, agent, citizen.conversation_id, now=desk.clock())


async def replies(desk: Desk, agent: Agent, citizen: Citizen, text: str, client_id: str = "c1", **options: object):
    async with desk.begin() as session:
        return await handoff.reply(
            session, desk.office, agent, citizen.conversation_id,
            text=text, client_id=client_id, now=desk.clock(), **options,
        )  # fmt: skip


async def hands_back(desk: Desk, agent: Agent, citizen: Citizen, settled: str = "") -> None:
    async with desk.begin() as session:
        await handoff.hand_back(
            session, desk.office, agent, citizen.conversation_id, now=desk.clock(), settled=settled
        )


async def stored(desk: Desk, citizen: Citizen) -> Conversation:
    async with desk.read() as session:
        return await session.get_one(Conversation, citizen.conversation_id)


async def steps(desk: Desk, citizen: Citizen) -> list[str]:
    """What the record holds, in order."""
    async with desk.read() as session:
        rows = await session.scalars(
            select(HandoffEvent.kind)
            .where(HandoffEvent.conversation_id == citizen.conversation_id)
            .order_by(HandoffEvent.id)
        )
        return list(rows)


async def works(desk: Desk, *alive: Agent) -> None:
    """One round of the worker, with these consoles open."""
    async with desk.begin() as session:
        await handoff.note_alive(session, [agent.id for agent in alive], now=desk.clock())
    await worker.run_once(desk, desk.clock())
