"""Telling whom the chain names that clocks have reached levels: notices, mails, webhooks.

Everything is recorded in the transaction that records the levels, so nobody is told of what was
rolled back and nothing is recorded that nobody is told of. All of it is inserted by three statements,
however many clocks there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.escalation import By, Chain, Reached, Step
from bot.helpdesk.routing import ANYTHING, Wanted
from bot.services.escalation.chains import ChainBook
from bot.services.escalation.roster import Person, Roster
from bot.services.outgoing.happenings import Happening, happened
from bot.services.outgoing.subscriptions import delivery_row
from bot.store.database import announce, announce_here
from bot.store.inserting import insert_missing
from bot.store.tables import Delivery, Notice

#: More than this of one level for one person in one transaction become one summary: after an
#: outage nobody reads a thousand notices, and the list of tickets shows them all.
BURST = 20


@dataclass(frozen=True, slots=True)
class Reach:
    """A clock with what is known of its subject, and the levels it has reached.

    Attributes:
        applies_to: Kind of ticket, or ``handoff``.
        number: The ticket's, None for a handoff.
        title: The ticket's subject line, None for a handoff.
        wanted: What it asks of an agent who is told because nobody has it yet.
    """

    clock_id: str
    clock: str
    policy_version: int
    subject_kind: str
    subject_id: str
    applies_to: str
    queue: str
    assignee_id: str | None
    number: str | None
    title: str | None
    due_at: datetime
    reached: tuple[Reached, ...]
    wanted: Wanted = ANYTHING


@dataclass(frozen=True, slots=True)
class _Level:
    """One level that one clock has reached."""

    reach: Reach
    reached: Reached

    @property
    def event(self) -> str:
        return f"sla.{self.reached.kind}"

    @property
    def key(self) -> str:
        """Return what is unique to it, as in `sla_event`."""
        reach = self.reach
        return f"{self.event}:{reach.clock_id}:{reach.policy_version}:{self.reached.level}"

    def item(self) -> dict[str, Any]:
        """Return what a mail says of it: nothing of the citizen but number and subject line."""
        reach = self.reach
        return {
            "subject_kind": reach.subject_kind,
            "number": reach.number,
            "title": reach.title,
            "clock": reach.clock,
            "due_at": reach.due_at.isoformat(),
        }


async def tell(
    session: AsyncSession, chains: ChainBook, reaches: Sequence[Reach], *, present_for: timedelta, now: datetime
) -> None:
    """Record notices and mails for the people meant, and note the events for webhooks.

    Args:
        present_for: So long after their last sign of life somebody counts as present.
    """
    roster = await Roster.load(session, present_for=present_for, now=now)
    for_console: dict[tuple[str, str, int], list[_Level]] = defaultdict(list)
    # By mailbox, which several people may share, and in it by event: nobody reads a thing twice.
    for_mail: dict[tuple[str, str, int], dict[str, _Level]] = defaultdict(dict)
    for level, step, chain in _steps(chains, reaches):
        group = (level.event, level.reached.level)
        for person in _meant(roster, chain, step, level):
            if By.CONSOLE in step.by:
                for_console[person.id, *group].append(level)
            if By.EMAIL in step.by and person.email:
                for_mail[person.email, *group][level.key] = level
        if By.WEBHOOK in step.by:
            happened(session, _happening(level, now))
    await insert_missing(session, Notice, list(_notices(for_console, now)))
    await insert_missing(session, Delivery, list(_mails(for_mail, now)))
    if for_console:
        agents = sorted({agent_id for agent_id, _, _ in for_console})
        announce(session, "staff", {"type": "notices", "agents": agents})
    if for_mail:
        announce_here(session, "deliveries", {})


def _steps(chains: ChainBook, reaches: Sequence[Reach]) -> Iterator[tuple[_Level, Step, Chain]]:
    for reach in reaches:
        chain = chains.of(reach.subject_kind, reach.applies_to)
        for reached in reach.reached:
            if chain and (step := chain.step(reached.level)):
                yield _Level(reach, reached), step, chain


def _meant(roster: Roster, chain: Chain, step: Step, level: _Level) -> list[Person]:
    people = {
        person.id: person
        for name in step.tell
        for person in roster.meant(
            name, assignee_id=level.reach.assignee_id, heads=chain.heads, wanted=level.reach.wanted
        )
    }
    return list(people.values())


def _notices(
    groups: dict[tuple[str, str, int], list[_Level]], now: datetime
) -> Iterator[dict[str, Any]]:
    for (agent_id, event, _), levels in groups.items():
        common = {"agent_id": agent_id, "kind": event, "created_at": now}
        if len(levels) > BURST:
            yield {**common, **_summary(levels)}
        else:
            yield from ({**common, **_single(level)} for level in levels)


def _single(level: _Level) -> dict[str, Any]:
    reach = level.reach
    return {
        "subject_kind": reach.subject_kind,
        "subject_id": reach.subject_id,
        "key": level.key,
        "details": {
            "clock": reach.clock,
            "due_at": reach.due_at.isoformat(),
            "level": level.reached.level,
        },
    }


def _summary(levels: list[_Level]) -> dict[str, Any]:
    return {
        "subject_kind": None,
        "subject_id": None,
        "key": f"{levels[0].key}+{len(levels)}",
        "details": {"count": len(levels), "level": levels[0].reached.level},
    }


def _mails(
    groups: dict[tuple[str, str, int], dict[str, _Level]], now: datetime
) -> Iterator[dict[str, object]]:
    """Yield one mail for each mailbox and level, with all that belongs in it."""
    for (email, event, level), by_key in groups.items():
        levels = list(by_key.values())
        data = {
            "level": level,
            "count": len(levels),
            "items": [each.item() for each in levels[:BURST]],
        }
        more = f"+{len(levels)}" if len(levels) > 1 else ""
        key = f"{levels[0].key}{more}"
        yield delivery_row(Happening(event, key, levels[0].reached.at, now, data), "email", email)


def _happening(level: _Level, now: datetime) -> Happening:
    reach = level.reach
    data = {
        "subject": reach.subject_kind,
        "number": reach.number,
        "handoff": reach.subject_id if reach.subject_kind == "handoff" else None,
        "kind": reach.applies_to,
        "queue": reach.queue,
        "clock": reach.clock,
        "level": level.reached.level,
        "due_at": reach.due_at.isoformat(),
    }
    return Happening(level.event, level.key, level.reached.at, now, data)
