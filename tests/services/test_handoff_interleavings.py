"""Random interleavings of citizen, bot, two agents, worker, closing time and crash: nobody talks over anybody, nothing is lost.

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
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from bot import bootstrap, worker
from bot.bootstrap import Desk, close_desk, create_desk
from bot.helpdesk.conversation import OWNER_CHANGES, WAITING, Owner
from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.presence import Assignment
from bot.services import handoff, turns
from bot.store.tables import Conversation, Handoff, HandoffEvent, Inbound, Message, Outbox
from tests.conftest import make_settings
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine, says
from tests.support.handoffs import present_agent
from tests.support.library import real_library

_TAKING = ("claimed", "assigned", "transferred", "taken_over")
TEXTS = ("专利能保护几年", "还有一个问题", "那商标呢", "转人工", "坏")
DEEDS = ("claim", "claim", "claim", "reply", "reply", "hand_back", "close", "transfer", "move", "take_over")
#: One step each, as (method, arguments); what should happen often stands there often. A state machine of
#: Hypothesis's own picks rules evenly and switches some off, and so hardly ever lets a turn be overtaken.
STEPS = (
    *(("citizen_writes", text, is_lost) for text in TEXTS for is_lost in (False, False, False, True)),
    *[("engine_answers",)] * 16,
    *(("agent_acts", who, what) for who in (0, 1) for what in DEEDS),
    *[("both_claim_at_once",)] * 4,
    *[("person_is_asked_for_beside_the_bot", reason) for reason in ("asked", "urgent")] * 7,
    *[("citizen_leaves", how) for how in ("return_to_bot", "leave_ticket")] * 2,
    *[("worker_looks", minutes, alive) for minutes in (1, 4) for alive in (True, False)] * 2,
    *[("desk_dies",)] * 5,
    *[("the_office_closes_or_opens",)] * 2,
)

#: A turn is in the making when a person takes the conversation: whatever else is tried, this is.
OVERTAKEN = (
    ("citizen_writes", "专利能保护几年", False),
    ("person_is_asked_for_beside_the_bot", "asked"),
    ("agent_acts", 0, "claim"),
    ("citizen_writes", "还有一个问题", False),
)


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


class Interleaving:
    """One citizen, two agents, a worker, and a desk that may die at any time."""

    def __init__(self, source: Path, assignment: Assignment) -> None:
        self.assignment = assignment
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "test.db"
        shutil.copy(source, self.path)
        self.clock, self.sent = FakeClock(), 0
        self.said_by_agents: list[str] = []

    def run(self, work):
        return self.runner.run(work)

    async def open(self) -> Desk:
        self.engine = GatedEngine()
        desk = await create_desk(
            make_settings(
                Path(self.folder.name), f"sqlite+aiosqlite:///{self.path}", handoff_assignment=self.assignment
            ),
            clock=self.clock, engine=self.engine, library=real_library(),
        )  # fmt: skip
        await desk.turns.recover()
        return desk

    async def settle(self) -> None:
        """Let everything run that can run until the engine must answer."""
        for _ in range(2000):
            if not self.desk.turns._running or self.engine.held:
                return
            await asyncio.sleep(0.001)
        raise AssertionError("a turn neither ends nor asks the engine")

    def release(self) -> None:
        """Let the engine answer what it holds."""
        for gate in self.engine.held:
            gate.set()
        self.engine.held.clear()

    def begins(self) -> None:
        async def begin() -> None:
            self.desk = await self.open()
            self.agents = [await present_agent(self.desk, name) for name in ("甲", "乙")]
            self.citizen = await Citizen.arrives(self.desk)

        self.run(begin())

    def citizen_writes(self, text: str, is_lost: bool) -> None:
        async def write() -> None:
            self.sent += 1
            received = await self.citizen.sends(text, external_id=f"m{self.sent}")
            # A process that dies between the commit and the wake-up leaves the message for the worker.
            if received.owner == "bot" and not is_lost:
                self.desk.turns.submit(self.citizen.conversation_id, inbound_id=received.inbound_id)
            await self.settle()

        self.run(write())

    def engine_answers(self) -> None:
        async def answer() -> None:
            self.release()
            await self.settle()

        self.run(answer())

    async def step(self, work) -> None:
        """Do one step; that it is refused is as good as any other outcome."""
        with suppress(HelpdeskError):
            async with self.desk.begin() as session:
                await work(session)
        await self.settle()

    def both_claim_at_once(self) -> None:
        async def both() -> None:
            await asyncio.gather(*(
                self.step(lambda session, agent=agent: handoff.claim(
                    session, self.desk.office, agent, self.citizen.conversation_id, now=self.clock()))
                for agent in self.agents
            ))  # fmt: skip

        self.run(both())

    def agent_acts(self, who: int, what: str) -> None:
        self.run(self.step(getattr(self, f"_{what}")(self.agents[who], self.agents[1 - who])))

    def _plain(self, name: str, agent, **values):
        return lambda session: getattr(handoff, name)(
            session, self.desk.office, agent, self.citizen.conversation_id, now=self.clock(), **values
        )

    def _claim(self, agent, _other):
        return self._plain("claim", agent)

    def _hand_back(self, agent, _other):
        return self._plain("hand_back", agent)

    def _close(self, agent, _other):
        return self._plain("close", agent)

    def _take_over(self, agent, _other):
        return self._plain("take_over", agent)

    def _transfer(self, agent, other):
        return self._plain("transfer_to_agent", agent, to_agent_id=other.id, note="")

    def _move(self, agent, _other):
        return self._plain("transfer_to_queue", agent, queue="patent", note="")

    def _reply(self, agent, _other):
        text = f"答复{len(self.said_by_agents)}"

        async def reply(session) -> None:
            await self._plain("reply", agent, text=text, client_id=text)(session)
            self.said_by_agents.append(text)

        return reply

    def citizen_leaves(self, how: str) -> None:
        self.run(self.step(lambda session: getattr(handoff, how)(
            session, self.desk.office, self.citizen.conversation_id, now=self.clock())))  # fmt: skip

    def person_is_asked_for_beside_the_bot(self, reason: str) -> None:
        """By an entry point of its own, so that a turn may be in the making: it must be overtaken."""
        self.run(self.step(lambda session: handoff.request_human(
            session, self.desk.office, self.citizen.conversation_id, reason=reason, now=self.clock())))  # fmt: skip

    def worker_looks(self, minutes: int, alive: bool) -> None:
        async def look() -> None:
            self.clock.move(timedelta(minutes=minutes))
            if alive:
                async with self.desk.begin() as session:
                    await handoff.note_alive(session, [agent.id for agent in self.agents], now=self.clock())
            await worker.run_once(self.desk, self.clock())
            await self.settle()

        self.run(look())

    def the_office_closes_or_opens(self) -> None:
        self.clock.move(timedelta(hours=12))

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

    def close(self) -> None:
        self.runner.close()
        self.folder.cleanup()

    async def recover(self) -> None:
        """A new desk takes up what was left; then every message is answered, queued or a kept draft."""
        await self.drop()
        self.desk = await self.open()
        while self.desk.turns._running:
            self.release()
            await self.settle()
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
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk that opens again finds a migrated database and tools that never change."""

    async def is_migrated(_engine) -> None:
        return None

    tools = bootstrap.load_tools(make_settings(Path("/nonexistent")), real_library().knowledge)
    monkeypatch.setattr(bootstrap, "upgrade", is_migrated)
    monkeypatch.setattr(bootstrap, "load_tools", lambda *_: tools)


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


def test_no_interleaving_lets_the_bot_talk_over_a_person_or_loses_a_word(
    empty_database, quick_start, watched_epochs
) -> None:
    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @example([*OVERTAKEN, ("engine_answers",), ("agent_acts", 0, "reply")], Assignment.CLAIM)
    @example([*OVERTAKEN, ("desk_dies",), ("engine_answers",), ("agent_acts", 0, "hand_back")], Assignment.CLAIM)
    @example([*OVERTAKEN, ("citizen_leaves", "return_to_bot"), ("engine_answers",)], Assignment.CLAIM)
    @given(
        st.lists(st.sampled_from(STEPS), min_size=20, max_size=40),
        st.sampled_from([Assignment.CLAIM, Assignment.LONGEST_FREE]),
    )
    def holds(steps: list[tuple], assignment: Assignment) -> None:
        story = Interleaving(empty_database, assignment)
        try:
            story.begins()
            for name, *values in steps:
                getattr(story, name)(*values)
                story.run(story.check())
            story.run(story.recover())
        finally:
            story.close()

    holds()
    assert watched_epochs == []
