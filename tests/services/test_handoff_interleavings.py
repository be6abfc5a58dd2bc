"""Random interleavings of citizen, bot, two agents, worker and crash: nobody talks over anybody, nothing is lost.

Hypothesis chooses the steps; each runs in one event loop on a desk of its own. The engine answers only when
the test lets it, so a turn can be overtaken by anything. A crash drops the desk in the middle of whatever
runs and opens a new one on the same database.
"""

import asyncio
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event, select

from bot import worker
from bot.bootstrap import Desk, close_desk, create_desk
from bot.helpdesk.conversation import OWNER_CHANGES, WAITING, Owner
from bot.helpdesk.errors import HelpdeskError
from bot.services import handoff, turns
from bot.store.tables import Conversation, Handoff, HandoffEvent, Inbound, Message, Outbox
from tests.conftest import make_settings
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine, says
from tests.support.handoffs import present_agent
from tests.support.library import real_library

_TAKING = ("claimed", "assigned", "transferred", "taken_over")
agents = st.integers(0, 1)


class GatedEngine(ScriptedEngine):
    """Holds every turn until the test lets it answer; 转人工 asks for a person, 坏 fails."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.held: list[asyncio.Event] = []

    async def take(self, turn):
        gate = asyncio.Event()
        self.held.append(gate)
        await gate.wait()
        return await super().take(turn)

    def _answer(self, turn):
        if "坏" in turn.text:
            raise RuntimeError("scripted")
        if "转人工" in turn.text:
            return says("好的", effect="handoff", reason="asked")
        return says(f"收到：{turn.text}")


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once and copied for each example."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"

    async def make() -> None:
        desk = await create_desk(
            make_settings(path.parent, f"sqlite+aiosqlite:///{path}"),
            clock=FakeClock(), engine=ScriptedEngine(), library=real_library(),
        )  # fmt: skip
        await close_desk(desk)

    asyncio.run(make())
    return path


class Interleavings(RuleBasedStateMachine):
    """One citizen, two agents, a worker, and a desk that may die at any time."""

    source: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "test.db"
        shutil.copy(self.source, self.path)
        self.clock, self.sent, self.owners = FakeClock(), 0, []
        self.said_by_agents: list[str] = []

    def run(self, work):
        return self.runner.run(work)

    async def open(self) -> Desk:
        self.engine = GatedEngine()
        desk = await create_desk(
            make_settings(Path(self.folder.name), f"sqlite+aiosqlite:///{self.path}"),
            clock=self.clock, engine=self.engine, library=real_library(),
        )  # fmt: skip
        await desk.turns.recover()
        return desk

    async def settle(self) -> None:
        """Let everything run that can run without the engine."""
        for _ in range(12):
            await asyncio.sleep(0.001)

    @initialize()
    def begins(self) -> None:
        async def begin() -> None:
            self.desk = await self.open()
            self.agents = [await present_agent(self.desk, name) for name in ("甲", "乙")]
            self.citizen = await Citizen.arrives(self.desk)

        self.run(begin())

    @rule(text=st.sampled_from(["专利能保护几年", "转人工", "坏", "还有一个问题"]), submit=st.booleans())
    def citizen_writes(self, text: str, submit: bool) -> None:
        async def write() -> None:
            self.sent += 1
            received = await self.citizen.sends(text, external_id=f"m{self.sent}")
            # A process that dies between the commit and the wake-up leaves the message for the worker.
            if received.owner == "bot" and submit:
                self.desk.turns.submit(self.citizen.conversation_id, new_inbound_id=received.inbound_id)
            await self.settle()

        self.run(write())

    @rule()
    def engine_answers(self) -> None:
        async def answer() -> None:
            for gate in self.engine.held:
                gate.set()
            self.engine.held.clear()
            await self.settle()

        self.run(answer())

    async def step(self, work) -> None:
        """Do one step; that it is refused is as good as any other outcome."""
        with suppress(HelpdeskError):
            async with self.desk.begin() as session:
                await work(session)
        await self.settle()

    @rule(who=agents)
    def agent_claims(self, who: int) -> None:
        self.run(self.step(lambda session: handoff.claim(
            session, self.desk.office, self.agents[who], self.citizen.conversation_id, now=self.clock())))  # fmt: skip

    @rule()
    def both_claim_at_once(self) -> None:
        async def both() -> None:
            await asyncio.gather(*(
                self.step(lambda session, agent=agent: handoff.claim(
                    session, self.desk.office, agent, self.citizen.conversation_id, now=self.clock()))
                for agent in self.agents
            ))  # fmt: skip

        self.run(both())

    @rule(who=agents)
    def agent_replies(self, who: int) -> None:
        text = f"答复{len(self.said_by_agents)}"

        async def reply(session) -> None:
            await handoff.reply(
                session, self.desk.office, self.agents[who], self.citizen.conversation_id,
                text=text, client_id=text, now=self.clock(),
            )  # fmt: skip
            self.said_by_agents.append(text)

        self.run(self.step(reply))

    @rule(who=agents, how=st.sampled_from(["hand_back", "close"]))
    def agent_ends(self, who: int, how: str) -> None:
        self.run(self.step(lambda session: getattr(handoff, how)(
            session, self.desk.office, self.agents[who], self.citizen.conversation_id, now=self.clock())))  # fmt: skip

    @rule(who=agents)
    def agent_transfers(self, who: int) -> None:
        self.run(self.step(lambda session: handoff.transfer_to_agent(
            session, self.desk.office, self.agents[who], self.citizen.conversation_id,
            to_agent_id=self.agents[1 - who].id, note="", now=self.clock())))  # fmt: skip

    @rule(who=agents)
    def agent_gives_to_a_queue(self, who: int) -> None:
        self.run(self.step(lambda session: handoff.transfer_to_queue(
            session, self.desk.office, self.agents[who], self.citizen.conversation_id,
            queue="patent", queues=("patent",), note="", now=self.clock())))  # fmt: skip

    @rule(who=agents)
    def supervisor_takes_over(self, who: int) -> None:
        self.run(self.step(lambda session: handoff.take_over(
            session, self.desk.office, self.agents[who], self.citizen.conversation_id, now=self.clock())))  # fmt: skip

    @rule(how=st.sampled_from(["return_to_bot", "leave_ticket"]))
    def citizen_leaves(self, how: str) -> None:
        self.run(self.step(lambda session: getattr(handoff, how)(
            session, self.desk.office, self.citizen.conversation_id, now=self.clock())))  # fmt: skip

    @rule(minutes=st.sampled_from([1, 4]), alive=st.booleans())
    def worker_looks(self, minutes: int, alive: bool) -> None:
        async def look() -> None:
            self.clock.move(timedelta(minutes=minutes))
            if alive:
                async with self.desk.begin() as session:
                    await handoff.note_alive(session, [agent.id for agent in self.agents], now=self.clock())
            await worker.run_once(self.desk, self.clock())
            await self.settle()

        self.run(look())

    @rule()
    def desk_dies(self) -> None:
        async def die() -> None:
            await self.drop()
            self.desk = await self.open()
            self.citizen.desk = self.desk
            await self.settle()

        self.run(die())

    async def drop(self) -> None:
        """End all tasks where they stand, without letting turns finish."""
        running = list(self.desk.turns._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.desk.database.close()

    @invariant()
    def nobody_talks_over_anybody(self) -> None:
        if hasattr(self, "citizen"):
            self.run(self.check())

    async def check(self) -> None:
        async with self.desk.read() as session:
            conversation = await session.get_one(Conversation, self.citizen.conversation_id)
            said = (await session.scalars(select(Message).where(Message.seq.is_not(None)).order_by(Message.seq))).all()
            steps = (await session.scalars(select(HandoffEvent).order_by(HandoffEvent.id))).all()
            epochs = dict((await session.execute(select(Outbox.message_id, Outbox.epoch))).all())
            episodes = (await session.scalars(select(Handoff).where(Handoff.ended_at.is_(None)))).all()
            unsent = (await session.scalars(select(Outbox).where(Outbox.status == "pending"))).all()
        assert [message.seq for message in said] == list(range(1, conversation.last_seq + 1))
        assert not unsent
        owner = Owner(conversation.owner)
        assert (conversation.agent_id is not None) == (owner is Owner.HUMAN)
        assert len(episodes) == (owner in (*WAITING, Owner.HUMAN))
        taken = {(step.epoch, step.seq) for step in steps if step.kind in _TAKING}
        for message in said:
            if message.author == "bot":
                assert not any(epochs[message.id] == epoch and message.seq > seq for epoch, seq in taken)
        self.check_silence(said, steps)
        assert [m.text for m in said if m.author == "agent"] == self.said_by_agents

    @staticmethod
    def check_silence(said: list[Message], steps: list[HandoffEvent]) -> None:
        """From the step that gave a person the conversation to the one that ended it, no word of the bot."""
        since = None
        for step in steps:
            if step.kind in _TAKING:
                since = step.seq if since is None else since
            elif step.kind in ("requeued", "moved", "handed_back", "closed", "returned_to_bot") and since is not None:
                assert not [m for m in said if m.author == "bot" and since < m.seq <= step.seq]
                since = None
        if since is not None:
            assert not [m for m in said if m.author == "bot" and m.seq > since]

    def teardown(self) -> None:
        if hasattr(self, "citizen"):
            self.run(self.recover())
        self.runner.close()
        self.folder.cleanup()

    async def recover(self) -> None:
        """A new desk takes up what was left; then every message is answered, queued or a kept draft."""
        await self.drop()
        self.desk = await self.open()
        for _ in range(400):
            for gate in self.engine.held:
                gate.set()
            self.engine.held.clear()
            if not self.desk.turns._running:
                break
            await asyncio.sleep(0.005)
        await self.check()
        async with self.desk.read() as session:
            counts = await turns.reconciliation(session)
            stored = len((await session.scalars(select(Inbound.id))).all())
            suppressed = (await session.scalars(select(Inbound).where(Inbound.status == "suppressed"))).all()
            drafts = set(await session.scalars(select(Message.reply_to).where(Message.state == "suppressed")))
        assert stored == self.sent
        assert counts["received"] == 0
        assert counts["answered"] + counts["queued"] + counts["suppressed"] == self.sent
        # A failed turn has no words to keep; every other one is there for the agent to read.
        assert all(row.id in drafts for row in suppressed if "坏" not in row.text)
        await close_desk(self.desk)


@pytest.fixture
def watched_epochs():
    """Every change of owner is one that the table allows, and grows the epoch by exactly one."""
    broken: list[str] = []

    def grows(conversation, value, old, _initiator):
        if isinstance(old, int) and value != old + 1:
            broken.append(f"epoch {old} → {value}")

    def changes(conversation, value, old, _initiator):
        if isinstance(old, str) and Owner(value) not in OWNER_CHANGES[Owner(old)]:
            broken.append(f"{old} → {value}")

    listeners = ((Conversation.owner_epoch, grows), (Conversation.owner, changes))
    for attribute, listener in listeners:
        event.listen(attribute, "set", listener)
    yield broken
    for attribute, listener in listeners:
        event.remove(attribute, "set", listener)


def test_no_interleaving_lets_the_bot_talk_over_a_person_or_loses_a_word(empty_database, watched_epochs) -> None:
    machine = type("Machine", (Interleavings,), {"source": empty_database})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),  # fmt: skip
    )
    assert watched_epochs == []
