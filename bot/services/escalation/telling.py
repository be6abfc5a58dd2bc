"""Telling whom the chain names that clocks have reached levels: notices, mails, webhooks.

Everything is recorded in the transaction that records the levels, so nobody is told of what was
rolled back and nothing is recorded that nobody is told of. All of it is inserted by three statements,
however many clocks there are, and what is the same for many of them is decided once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain as joined
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.escalation import By, Chain, Reached, Step
from bot.helpdesk.routing import ANYTHING, Wanted
from bot.services.escalation.chains import ChainBook
from bot.services.escalation.roster import Person, Roster
from bot.services.outgoing.happenings import Happening, all_happened
from bot.services.outgoing.subscriptions import delivery_row
from bot.store.database import announce, announce_here
from bot.store.inserting import insert_missing
from bot.store.tables import Delivery, Notice

#: More than this of one level for one person in one transaction become one summary: after an
#: outage nobody reads a thousand notices, and the list of tickets shows them all.
BURST = 20


class ReachedClock(NamedTuple):
    """One clock that has reached levels, with what is told of its subject.

    Attributes:
        number: The ticket's, None for a handoff.
        title: The ticket's subject line, None for a handoff.
        reached: One for each level of its `Reach`.
    """

    clock_id: str
    subject_id: str
    number: str | None
    title: str | None
    due_at: datetime
    reached: tuple[Reached, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Clocks that have reached the same levels, and of which the same people hear.

    Attributes:
        applies_to: Kind of ticket, or ``handoff``.
        wanted: What each asks of an agent who is told because nobody has it yet.
    """

    subject_kind: str
    applies_to: str
    clock: str
    policy_version: int
    queue: str
    assignee_id: str | None
    levels: tuple[int, ...]
    clocks: Sequence[ReachedClock]
    wanted: Wanted = ANYTHING


@dataclass(frozen=True, slots=True, eq=False)
class _Lot:
    """One level that the clocks have reached.

    Attributes:
        place: Of the level among theirs.
    """

    reach: Reach
    place: int

    @property
    def level(self) -> int:
        return self.reach.levels[self.place]

    @property
    def event(self) -> str:
        return f"sla.{self._first.reached[self.place].kind}"

    @property
    def at(self) -> datetime:
        """Return when the first of them reached it."""
        return self._first.reached[self.place].at

    @property
    def key(self) -> str:
        return self.key_of(self._first)

    @property
    def _first(self) -> ReachedClock:
        return self.reach.clocks[0]

    def key_of(self, clock: ReachedClock) -> str:
        """Return what is unique to the level of a clock, as in `sla_event`."""
        return f"{self.event}:{clock.clock_id}:{self.reach.policy_version}:{self.level}"

    def items(self) -> Iterator[dict[str, Any]]:
        """Yield what a mail says of each: nothing of the citizen but number and subject line."""
        for clock in self.reach.clocks:
            yield {
                "subject_kind": self.reach.subject_kind,
                "number": clock.number,
                "title": clock.title,
                "clock": self.reach.clock,
                "due_at": clock.due_at.isoformat(),
            }


async def tell(
    session: AsyncSession, chains: ChainBook, reaches: Sequence[Reach], *, present_for: timedelta, now: datetime
) -> None:
    """Record notices and mails for the people meant, and note the events for webhooks.

    Args:
        present_for: So long after their last sign of life somebody counts as present.
    """
    roster = await Roster.load(session, present_for=present_for, now=now)
    for_console: dict[tuple[str, str, int], list[_Lot]] = defaultdict(list)
    # By mailbox, which several people may share: nobody reads a thing twice.
    for_mail: dict[tuple[str, str, int], dict[_Lot, None]] = defaultdict(dict)
    for lot, step, chain in _steps(chains, reaches):
        for person in _meant(roster, chain, step, lot.reach):
            if By.CONSOLE in step.by:
                for_console[person.id, lot.event, lot.level].append(lot)
            if By.EMAIL in step.by and person.email:
                for_mail[person.email, lot.event, lot.level][lot] = None
        if By.WEBHOOK in step.by:
            all_happened(session, lot.event, _happenings(lot, now))
    await insert_missing(session, Notice, list(_notices(for_console, now)))
    await insert_missing(session, Delivery, list(_mails(for_mail, now)))
    if for_console:
        agents = sorted({agent_id for agent_id, _, _ in for_console})
        announce(session, "staff", {"type": "notices", "agents": agents})
    if for_mail:
        announce_here(session, "deliveries", {})


def _steps(chains: ChainBook, reaches: Sequence[Reach]) -> Iterator[tuple[_Lot, Step, Chain]]:
    for reach in reaches:
        chain = chains.of(reach.subject_kind, reach.applies_to)
        for place, level in enumerate(reach.levels):
            if chain and (step := chain.step(level)):
                yield _Lot(reach, place), step, chain


def _meant(roster: Roster, chain: Chain, step: Step, reach: Reach) -> list[Person]:
    people = {
        person.id: person
        for name in step.tell
        for person in roster.meant(name, assignee_id=reach.assignee_id, heads=chain.heads, wanted=reach.wanted)
    }
    return list(people.values())


def _count(lots: Iterable[_Lot]) -> int:
    return sum(len(lot.reach.clocks) for lot in lots)


def _notices(
    groups: dict[tuple[str, str, int], list[_Lot]], now: datetime
) -> Iterator[dict[str, Any]]:
    for (agent_id, event, _), lots in groups.items():
        common = {"agent_id": agent_id, "kind": event, "created_at": now}
        if (count := _count(lots)) > BURST:
            yield {**common, **_summary(lots[0], count)}
        else:
            yield from ({**common, **single} for lot in lots for single in _singles(lot))


def _singles(lot: _Lot) -> Iterator[dict[str, Any]]:
    for clock in lot.reach.clocks:
        yield {
            "subject_kind": lot.reach.subject_kind,
            "subject_id": clock.subject_id,
            "key": lot.key_of(clock),
            "details": {"clock": lot.reach.clock, "due_at": clock.due_at.isoformat(), "level": lot.level},
        }


def _summary(first: _Lot, count: int) -> dict[str, Any]:
    return {
        "subject_kind": None,
        "subject_id": None,
        "key": f"{first.key}+{count}",
        "details": {"count": count, "level": first.level},
    }


def _mails(
    groups: dict[tuple[str, str, int], dict[_Lot, None]], now: datetime
) -> Iterator[dict[str, object]]:
    """Yield one mail for each mailbox and level, with all that belongs in it."""
    for (email, event, level), lots in groups.items():
        count, first = _count(lots), next(iter(lots))
        items = joined.from_iterable(lot.items() for lot in lots)
        data = {"level": level, "count": count, "items": list(islice(items, BURST))}
        key = f"{first.key}+{count}" if count > 1 else first.key
        yield delivery_row(Happening(event, key, first.at, now, data), "email", email)


def _happenings(lot: _Lot, now: datetime) -> Iterator[Happening]:
    reach = lot.reach
    for clock in reach.clocks:
        data = {
            "subject": reach.subject_kind,
            "number": clock.number,
            "handoff": clock.subject_id if reach.subject_kind == "handoff" else None,
            "kind": reach.applies_to,
            "queue": reach.queue,
            "clock": reach.clock,
            "level": lot.level,
            "due_at": clock.due_at.isoformat(),
        }
        yield Happening(lot.event, lot.key_of(clock), clock.reached[lot.place].at, now, data)
