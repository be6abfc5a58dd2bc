"""Steps that a macro, or a bulk action, takes on one ticket: each goes through the same door as a step by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, FormRequired, ReasonRequired
from bot.helpdesk.life_cycle import Priority
from bot.helpdesk.ticket import OWN_FORM, REASON_REQUIRED, TicketStatus
from bot.helpdesk.variables import check, fill_in
from bot.services import desk_work
from bot.services.life_cycle.priorities import set_priority
from bot.services.life_cycle.queues import move_to_queue
from bot.services.office import Office
from bot.store.tables import Agent, Ticket

Step = Mapping[str, Any]
#: Whoever carries the step out.
ME = "me"


@dataclass(frozen=True)
class Work:
    """A step's surroundings; the transaction holds the ticket's row."""

    session: AsyncSession
    office: Office
    agent: Agent
    ticket: Ticket
    values: Mapping[str, str]
    now: datetime


@dataclass(frozen=True)
class Kind:
    """A kind of step.

    Attributes:
        fields: What it may hold besides `do`.
        take: Takes it; returns who is named in a note that was written and was not told.
    """

    fields: frozenset[str]
    check: Callable[[Step], None]
    take: Callable[[Work, Step], Awaitable[Sequence[str]]]


def check_step(step: object) -> dict[str, str]:
    """Return the step if it can be kept.

    Raises:
        BadRequest: There is no such step, or it lacks something.
        FormRequired: The step has a form of its own, so neither a macro nor many tickets at once take it.
        ReasonRequired: The citizen, or for another queue the colleagues there, will want to know why.
        UnknownVariable: Its words have a variable that there is not.
    """
    if not isinstance(step, dict) or not all(isinstance(value, str) for value in step.values()):
        raise BadRequest(field="steps")
    kind = STEPS.get(step.get("do", ""))
    if kind is None or set(step) - kind.fields - {"do"}:
        raise BadRequest(field="steps")
    kind.check(step)
    return dict(step)


async def take(work: Work, step: Step) -> Sequence[str]:
    """Take one step.

    Returns:
        Who is named in a note that it wrote and was not told: see `mentions.record`.
    Raises:
        HelpdeskError: Whatever the step raises by hand; the caller's transaction falls as a whole.
    """
    return await STEPS[step["do"]].take(work, step)


def _check_status(step: Step) -> None:
    if step.get("to") not in {status.value for status in TicketStatus}:
        raise BadRequest(field="to")
    if step["to"] in OWN_FORM:
        raise FormRequired(to=step["to"])
    if step["to"] in REASON_REQUIRED and not step.get("reason", "").strip():
        raise ReasonRequired(to=step["to"])
    check(step.get("reason", ""))


async def _take_status(work: Work, step: Step) -> Sequence[str]:
    await desk_work.change_status(
        work.session, work.office, work.agent, work.ticket.id, to=step["to"],
        reason=fill_in(step.get("reason", ""), work.values), version=work.ticket.version, now=work.now,
    )  # fmt: skip
    return ()


def _check_priority(step: Step) -> None:
    if step.get("to") not in set(Priority):
        raise BadRequest(field="to")
    check(step.get("reason", ""))


async def _take_priority(work: Work, step: Step) -> Sequence[str]:
    await set_priority(
        work.session, work.office, work.agent, work.ticket.id, priority=step["to"],
        reason=fill_in(step.get("reason", ""), work.values), version=work.ticket.version, now=work.now,
    )  # fmt: skip
    return ()


def _check_queue(step: Step) -> None:
    if not step.get("to"):
        raise BadRequest(field="queue")
    if not step.get("reason", "").strip():
        raise ReasonRequired(why="queue")
    check(step["reason"])


async def _take_queue(work: Work, step: Step) -> Sequence[str]:
    await move_to_queue(
        work.session, work.office, work.agent, work.ticket.id, queue=step["to"],
        reason=fill_in(step["reason"], work.values), version=work.ticket.version, now=work.now,
    )  # fmt: skip
    return ()


def _check_assign(step: Step) -> None:
    if not step.get("to"):
        raise BadRequest(field="to")


async def _take_assign(work: Work, step: Step) -> Sequence[str]:
    to = work.agent.id if step["to"] == ME else step["to"]
    await desk_work.assign(
        work.session, work.agent, work.ticket.id, to_agent_id=to, version=work.ticket.version, now=work.now
    )
    return ()


def _check_text(step: Step) -> None:
    text = step.get("text", "").strip()
    if not text or len(text) > desk_work.TEXT_MAX_CHARS:
        raise BadRequest(field="text")
    check(text)


async def _take_note(work: Work, step: Step) -> Sequence[str]:
    return await desk_work.add_note(
        work.session, work.agent, work.ticket.id, text=fill_in(step["text"], work.values), now=work.now
    )


STEPS: Mapping[str, Kind] = {
    "status": Kind(frozenset({"to", "reason"}), _check_status, _take_status),
    "priority": Kind(frozenset({"to", "reason"}), _check_priority, _take_priority),
    "queue": Kind(frozenset({"to", "reason"}), _check_queue, _take_queue),
    "assign": Kind(frozenset({"to"}), _check_assign, _take_assign),
    "note": Kind(frozenset({"text"}), _check_text, _take_note),
}
