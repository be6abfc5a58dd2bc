"""Moving a ticket to the queue of those whose work it is (改队列). The citizen is told nothing: what they were promised stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, IllegalTransition, ReasonRequired
from bot.helpdesk.life_cycle import TicketMerged
from bot.helpdesk.permissions import Permission
from bot.helpdesk.presence import Skills
from bot.helpdesk.routing import RoutingRules, skills_for
from bot.helpdesk.ticket import FINISHED, TicketStatus
from bot.services import audit
from bot.services.access import access_ticket, may
from bot.services.life_cycle import queue_notices, reasons
from bot.services.office import Office
from bot.services.tickets import touch
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Agent, Ticket


async def move_to_queue(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    queue: str,
    reason: str,
    version: int,
    now: datetime,
) -> TicketView:
    """Hand a ticket to another queue; the one in which it is already changes nothing.

    Args:
        reason: Sealed with the step and shown to staff on the timeline; the citizen never sees it.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        TicketMerged: The ticket is handled with another one.
        IllegalTransition: It is finished: nobody has to take it up.
        ReasonRequired: No reason was given.
        BadRequest: There is no such queue, or the reason is too long.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    if ticket.merged_into is not None:
        raise TicketMerged
    if ticket.is_finished:
        raise IllegalTransition(status=ticket.status, to=ticket.status)
    if not reason.strip():
        raise ReasonRequired(why="queue")
    reason = reasons.given(reason)
    if queue not in office.routing.queues:
        raise BadRequest(field="queue")
    if queue != ticket.queue:
        await put_into_queue(session, office, ticket, queue, actor=agent.id, reason=reason, now=now)
        touch(session, ticket, now)
    return ticket_view(ticket)


async def put_into_queue(
    session: AsyncSession, office: Office, ticket: Ticket, queue: str, *, actor: str, reason: str, now: datetime
) -> None:
    """Change the queue; the caller holds the ticket's row and counts the change.

    Who moves a ticket hands it to that queue, so its assignee keeps it only if they serve the queue. Whoever serves it
    hears of a ticket that nobody has, and whoever lost it of that. A finished one stays with whoever finished it.
    """
    old: dict[str, str | None] = {"queue": ticket.queue}
    new: dict[str, str | None] = {"queue": queue}
    ticket.queue = queue
    had_it = await session.get(Agent, ticket.assignee_id) if ticket.assignee_id and not ticket.is_finished else None
    is_lost = had_it is not None and not serves(had_it, queue, ticket.facts.get("right"), office.routing)
    if is_lost:
        old["assignee"], new["assignee"] = ticket.assignee_id, None
        ticket.assignee_id = None
    audit.record(session, ticket, actor=actor, action="ticket.queue_changed", now=now, reason=reason, old=old, new=new)
    if not ticket.is_finished:
        await queue_notices.tell(session, office, ticket, actor=actor, lost_by=old.get("assignee"), now=now)


def serves(agent: Agent, queue: str, right: str | None, rules: RoutingRules) -> bool:
    """Tell whether somebody handles tickets and has the skills for a right's matters in a queue; who has none set does."""
    skills = Skills.read(agent.skills)
    return may(agent, Permission.HANDLE_TICKETS) and all(map(skills.has, skills_for(queue, right, rules)))


@dataclass(frozen=True)
class QueueChoice:
    """A queue to which a ticket may be moved.

    Attributes:
        keeps_assignee: Whoever has the ticket serves it, so they keep the ticket; False if nobody has it.
        is_of_right: It is the one that takes the ticket's right.
    """

    queue: str
    keeps_assignee: bool
    is_of_right: bool


async def choices(session: AsyncSession, office: Office, ticket: TicketView) -> list[QueueChoice]:
    """Return the other queues, that of the ticket's right first; none for a ticket that cannot be moved."""
    if ticket.merged_into is not None or TicketStatus(ticket.status) in FINISHED:
        return []
    rules, right = office.routing, ticket.facts.get("right")
    assignee = await session.get(Agent, ticket.assignee_id) if ticket.assignee_id else None
    found = [
        QueueChoice(queue, assignee is not None and serves(assignee, queue, right, rules), queue == rules.queue_of(right))
        for queue in rules.queues
        if queue != ticket.queue
    ]
    return sorted(found, key=lambda choice: not choice.is_of_right)
