"""`kill -9` at random instants under load: nothing that was acknowledged is lost, nothing is doubled.

`python -m bench.peers.crash FOLDER URL KILLS SEED` does it and prints one line of JSON; it is a process
of its own without threads, because each desk is a fork of it: importing and reading the knowledge
base anew two hundred times would take longer than all else.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import select as select_ready
from typing import Any

import structlog
from sqlalchemy import func, select

from bench.peers.environments import PeerFailed, run
from bench.peers.loading import load_clocks, load_tickets
from bench.peers.measuring import Figures, Sizes
from bench.peers.ours_side import VALUES
from bench.peers.systems import new_database
from bot import worker
from bot.bootstrap import Desk, Library, close_desk, create_desk
from bot.gateway.filing import checked, filings_of
from bot.services import audit
from bot.services.conversations import InboundMessage, receive, start_conversation
from bot.settings import Settings
from bot.store.tables import Inbound, Message, Outbox, SlaClock, SlaEvent, Ticket
from tests.support.engine import ScriptedEngine

CITIZENS = 4
#: Clocks are due one after the other, so that each desk sweeps; they last for lives of three seconds.
_CLOCKS_PER_SECOND = 20
_CLOCKS_PER_LIFE = 60
#: A desk dies a moment after so many acknowledgements at most, however slow the machine is.
_MOST_DONE = 15
_MOMENT_SECONDS = 0.03
_LONGEST_LIFE = 20.0


def measure(folder: Path, database: str, server: str | None, sizes: Sizes, figures: Figures) -> None:
    """Do it in a process of its own and keep what came of it."""
    folder.mkdir(parents=True)
    url = new_database(server) if database == "postgresql" and server else f"sqlite+aiosqlite:///{folder / 'desk.db'}"
    command = [sys.executable, "-m", "bench.peers.crash", str(folder), url, str(sizes.kills), "1"]
    found = json.loads(run(command).splitlines()[-1])
    if found["broken"]:
        raise PeerFailed(f"after kill -9: {found['broken']}")
    for what in ("kills", "tickets", "messages", "sla events", "broken"):
        figures.add(f"kill -9: {what}", database, "rightsdesk", len(found[what]) if what == "broken" else found[what])


def main() -> None:
    """Kill a desk again and again, then look."""
    folder, url, kills, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = Settings(data_dir=folder / "data", database_url=url)
    library, chance = Library.load(settings), random.Random(seed)
    clocks = kills * _CLOCKS_PER_LIFE
    _in_child(lambda: asyncio.run(_prepare(settings, library, url, clocks)))
    acknowledged: list[list[Any]] = []
    for life in range(kills):
        acknowledged += _live_and_die(settings, library, life, chance)
    found = asyncio.run(_look(settings, library, acknowledged, clocks))
    print(json.dumps(found | {"kills": kills}), flush=True)


def _live_and_die(settings: Settings, library: Library, life: int, chance: random.Random) -> list[list[Any]]:
    """Let a desk work until it is killed; return what it had acknowledged."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        asyncio.run(_work(settings, library, life, lambda *what: _acknowledge(writing, what)))
        os._exit(1)
    os.close(writing)
    heard = b""
    until, wanted = time.monotonic() + _LONGEST_LIFE, chance.randint(1, _MOST_DONE)
    while heard.count(b"\n") < wanted and (left := until - time.monotonic()) > 0:
        if select_ready([reading], [], [], left)[0]:
            read = os.read(reading, 65536)
            if not read:
                raise SystemExit("the desk did not start, or ended by itself")
            heard += read
    time.sleep(chance.uniform(0.0, _MOMENT_SECONDS))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while read := os.read(reading, 65536):
        heard += read
    os.close(reading)
    # A line that was cut off was not heard.
    return [json.loads(line) for line in heard.split(b"\n")[:-1]]


def _acknowledge(pipe: int, what: tuple[Any, ...]) -> None:
    os.write(pipe, json.dumps(what).encode() + b"\n")


def _in_child(work: Callable[[], object]) -> None:
    """Do something in a fork, so that this process has no threads and no loop."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("could not be prepared")


async def _prepare(settings: Settings, library: Library, url: str, clocks: int) -> None:
    desk = await create_desk(settings, engine=ScriptedEngine(), library=library)
    async with desk.begin() as session:
        for number in range(CITIZENS):
            await start_conversation(session, channel="web", account="web", external_user=f"c{number}", now=desk.clock())
    await close_desk(desk)
    now = datetime.now(UTC)
    load_tickets(url, tickets=clocks, still_open=0, now=now)
    # The loader's spread would make them due in days; here one after the other while desks die.
    load_clocks(url, range(clocks), due=0, now=now, clock="resolution", every=timedelta(seconds=1 / _CLOCKS_PER_SECOND))


async def _work(settings: Settings, library: Library, life: int, acknowledge: Callable[..., None]) -> None:
    desk = await create_desk(settings, engine=ScriptedEngine(), library=library)
    acknowledge("up", life)
    await asyncio.gather(
        *(_for_ever(_file(desk, life, citizen, acknowledge)) for citizen in range(CITIZENS)),
        *(_for_ever(_say(desk, life, citizen, acknowledge)) for citizen in range(CITIZENS)),
        _for_ever(lambda: worker.sweep_clocks(desk, desk.clock())),
    )


async def _for_ever(do: Callable[[], Awaitable[None]]) -> None:
    while True:
        await do()
        await asyncio.sleep(0.005)


def _file(desk: Desk, life: int, citizen: int, acknowledge: Callable[..., None]) -> Callable[[], Awaitable[None]]:
    filings, form, numbers = filings_of(desk), desk.forms.form("complaint"), iter(range(1_000_000))

    async def file() -> None:
        number = next(numbers)
        # A citizen who got no answer sends the same form again: the first ones of a life are those
        # that may have been cut off in the life before.
        mark = f"{citizen}-{life - 1}-{number}" if number < 3 and life else f"{citizen}-{life}-{number}"
        values = VALUES | {"facts": f"{VALUES['facts']}{mark}"}
        opened = await filings.do(checked(desk, f"web:c{citizen}", form, values))
        acknowledge("ticket", mark, opened.ticket.number)

    return file


def _say(desk: Desk, life: int, citizen: int, acknowledge: Callable[..., None]) -> Callable[[], Awaitable[None]]:
    numbers = iter(range(1_000_000))

    async def say() -> None:
        number = next(numbers)
        mark = f"m{citizen}-{life - 1}-{number}" if number < 3 and life else f"m{citizen}-{life}-{number}"
        message = InboundMessage(
            conversation_id=f"web:c{citizen}", channel="web", account=f"web:c{citizen}", external_id=mark, text=mark
        )
        async with desk.begin() as session:
            received = await receive(session, message, now=desk.clock())
        acknowledge("message", mark, received.seq)

    return say


async def _look(settings: Settings, library: Library, acknowledged: list[list[Any]], clocks: int) -> dict[str, Any]:
    """Compare what was acknowledged with what stands in the store; say what is wrong."""
    desk = await create_desk(settings, engine=ScriptedEngine(), library=library)
    await worker.sweep_clocks(desk, desk.clock() + timedelta(days=30))
    async with desk.read() as session:
        tickets = (await session.execute(select(Ticket.number, Ticket.facts).where(Ticket.conversation_id.is_not(None)))).all()
        inbound = (await session.execute(select(Inbound.external_id, Inbound.order))).all()
        seqs = (await session.execute(select(Message.conversation_id, Message.seq))).all()
        confirmed = await session.scalar(select(func.count()).select_from(Outbox).where(Outbox.status == "sent"))
        events = Counter(
            await session.scalars(
                select(SlaEvent.clock_id).join(SlaClock, SlaClock.id == SlaEvent.clock_id)
                .where(SlaEvent.kind == "breached", SlaClock.clock == "resolution")
            )
        )  # fmt: skip
        report = await audit.verify(session)
    await close_desk(desk)
    by_mark = Counter(facts["facts"].rpartition("。")[2] for _, facts in tickets)
    numbers, orders = {number for number, _ in tickets}, dict(inbound)
    heard = [(kind, mark, value) for kind, mark, value in (line for line in acknowledged if len(line) == 3)]
    broken = list(report.broken)
    broken += [f"ticket lost: {value}" for kind, _, value in heard if kind == "ticket" and value not in numbers]
    broken += [f"form opened {count} tickets: {mark}" for mark, count in by_mark.items() if count != 1]
    broken += [f"message lost: {mark}" for kind, mark, value in heard if kind == "message" and orders.get(mark) != value]
    broken += [f"clock {clock}: {count} breaches" for clock, count in events.items() if count != 1]
    broken += [f"{clocks - len(events)} breaches missing"] if len(events) != clocks else []
    broken += [f"{confirmed} confirmations of {len(tickets)} tickets"] if confirmed != len(tickets) else []
    broken += _gaps(seqs)
    return {"tickets": len(tickets), "messages": len(inbound), "sla events": sum(events.values()), "broken": broken[:20]}


def _gaps(seqs: list[Any]) -> list[str]:
    """Return conversations whose messages are not numbered 1, 2, 3 …"""
    of: dict[str, list[int]] = {}
    for conversation, seq in seqs:
        of.setdefault(conversation, []).append(seq)
    return [f"numbers of {name}" for name, found in of.items() if sorted(found) != list(range(1, len(found) + 1))]


if __name__ == "__main__":
    main()
