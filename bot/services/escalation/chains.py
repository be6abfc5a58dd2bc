"""Versions of escalation chains in the store: shipped ones, and those that supervisors save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, HelpdeskError
from bot.helpdesk.escalation import By, Chain, Step, Tell, When
from bot.helpdesk.targets import Target, Unit
from bot.helpdesk.ticket import TicketKind
from bot.services import staff_audit
from bot.store.inserting import insert_missing
from bot.store.tables import Agent, EscalationChain

#: What a chain may be for; a kind of ticket wins over `ticket`.
APPLIES_TO = ("ticket", "handoff", *(kind.value for kind in TicketKind))
NOTE_MAX_CHARS = 200


class ChainChangedMeanwhile(HelpdeskError):
    """Somebody saved a newer version than the one shown; reload and look."""

    code = "chain_changed_meanwhile"


@dataclass(frozen=True)
class ChainBook:
    """The version in force of each chain."""

    chains: Mapping[str, Chain]

    def of(self, subject_kind: str, applies_to: str) -> Chain | None:
        """Return the chain of a subject: that of its own kind, else that of all tickets."""
        return self.chains.get(applies_to) or self.chains.get(subject_kind)


@dataclass(frozen=True)
class ChainVersion:
    """One version as the console lists it; `created_by` is None for a shipped one."""

    chain: Chain
    note: str
    created_by: str | None
    created_at: datetime


async def chain_book(session: AsyncSession) -> ChainBook:
    """Return the newest version of every chain, as this transaction sees them."""
    rows = await session.scalars(select(EscalationChain).order_by(EscalationChain.version))
    return ChainBook({row.applies_to: _chain(row) for row in rows})


async def chain_versions(session: AsyncSession, applies_to: str) -> list[ChainVersion]:
    """Return all versions of one chain, newest first."""
    rows = await session.scalars(
        select(EscalationChain)
        .where(EscalationChain.applies_to == applies_to)
        .order_by(EscalationChain.version.desc())
    )
    return [ChainVersion(_chain(row), row.note, row.created_by, row.created_at) for row in rows]


async def ship_chains(session: AsyncSession, shipped: Sequence[Chain], *, now: datetime) -> None:
    """Store the shipped versions that are missing; a chain that was changed here is left alone.

    Safe to run in two processes at once.
    """
    newest: dict[str, EscalationChain] = {}
    for row in await session.scalars(select(EscalationChain).order_by(EscalationChain.version)):
        newest[row.applies_to] = row
    rows = [
        {**_columns(chain), "note": "", "created_by": None, "created_at": now}
        for chain in shipped
        if (known := newest.get(chain.applies_to)) is None
        or (known.created_by is None and known.version < chain.version)
    ]
    await insert_missing(session, EscalationChain, rows)


async def propose_chain(
    session: AsyncSession,
    applies_to: str,
    steps: Sequence[Step],
    *,
    heads: Sequence[str],
    note: str,
    based_on: int,
) -> Chain:
    """Return the version that would be saved.

    Args:
        heads: Ids of agents told as head.
        based_on: Version that the form showed, 0 if there was none.
    Raises:
        ChainInvalid: The steps make no sense; the details say where.
        ChainChangedMeanwhile: There is a newer version than `based_on`.
        BadRequest: An unknown kind of subject or agent, or a note that is too long.
    """
    if applies_to not in APPLIES_TO or len(note) > NOTE_MAX_CHARS:
        raise BadRequest(field="note" if applies_to in APPLIES_TO else "applies_to")
    await _check_heads(session, heads)
    chain = Chain(applies_to, based_on + 1, applies_to, tuple(steps), tuple(heads))
    newest = await _newest(session, applies_to)
    if (newest.version if newest else 0) != based_on:
        raise ChainChangedMeanwhile(version=newest.version if newest else 0)
    return chain


async def save_chain(
    session: AsyncSession,
    agent: Agent,
    applies_to: str,
    steps: Sequence[Step],
    *,
    heads: Sequence[str],
    note: str,
    based_on: int,
    now: datetime,
) -> Chain:
    """Store a new version, in force from now on; older ones stay. Both are sealed in the audit chain of staff matters.

    Raises:
        ChainInvalid, ChainChangedMeanwhile, BadRequest: See `propose_chain`.
    """
    chain = await propose_chain(session, applies_to, steps, heads=heads, note=note, based_on=based_on)
    before = await _newest(session, applies_to)
    try:
        async with session.begin_nested():
            session.add(
                EscalationChain(
                    **_columns(chain), note=note.strip(), created_by=agent.id, created_at=now
                )
            )
    except IntegrityError as error:
        raise ChainChangedMeanwhile(version=based_on + 1) from error
    await staff_audit.record(
        session, actor=agent.id, action="escalation.saved", subject=applies_to, now=now, reason=note.strip(),
        old=_sealed(before) if before else {}, new=_sealed(chain),
    )  # fmt: skip
    return chain


async def _newest(session: AsyncSession, applies_to: str) -> Chain | None:
    row = await session.scalar(
        select(EscalationChain)
        .where(EscalationChain.applies_to == applies_to)
        .order_by(EscalationChain.version.desc())
        .limit(1)
    )
    return _chain(row) if row else None


def _sealed(chain: Chain) -> dict[str, Any]:
    columns = _columns(chain)
    return {name: columns[name] for name in ("version", "steps", "heads")}


async def _check_heads(session: AsyncSession, heads: Sequence[str]) -> None:
    known = await session.scalars(select(Agent.id).where(Agent.id.in_(heads), Agent.is_active))
    if set(heads) - set(known):
        raise BadRequest(field="heads")


def _columns(chain: Chain) -> dict[str, Any]:
    return {
        "id": chain.id,
        "version": chain.version,
        "applies_to": chain.applies_to,
        "steps": [_step_to_json(step) for step in chain.steps],
        "heads": list(chain.heads),
    }


def _step_to_json(step: Step) -> dict[str, Any]:
    after = {"amount": step.after.amount, "unit": step.after.unit.value} if step.after else None
    return {
        "level": step.level,
        "when": step.when.value,
        "after": after,
        "tell": [name.value for name in step.tell],
        "by": [name.value for name in step.by],
    }


def _chain(row: EscalationChain) -> Chain:
    steps = tuple(_step_from_json(step) for step in row.steps)
    return Chain(row.id, row.version, row.applies_to, steps, tuple(row.heads))


def _step_from_json(step: Mapping[str, Any]) -> Step:
    after = step["after"]
    return Step(
        level=step["level"],
        when=When(step["when"]),
        tell=tuple(Tell(name) for name in step["tell"]),
        by=tuple(By(name) for name in step["by"]),
        after=Target(after["amount"], Unit(after["unit"])) if after else None,
    )
