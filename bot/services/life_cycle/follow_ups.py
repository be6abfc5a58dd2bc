"""Asking after a resolution how the citizen fares (回访)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.life_cycle import FollowUpOutcome, TicketMerged
from bot.helpdesk.ticket import FINISHED, TicketStatus
from bot.services import audit
from bot.services.desk_work import access_ticket
from bot.services.ids import new_id
from bot.services.life_cycle.after_step import open_follow_up
from bot.services.office import Office
from bot.services.tickets import touch
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Agent, FollowUp

TEXT_MAX_CHARS = 4000
_FURTHEST = timedelta(days=366)
#: What an agent may record; the other outcome is recorded by the step that reopens a ticket.
OUTCOMES = tuple(o for o in FollowUpOutcome if o is not FollowUpOutcome.REOPENED)


async def plan_follow_up(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    due_on: date,
    version: int,
    now: datetime,
) -> TicketView:
    """Plan a follow-up for a decided ticket, or move the one that is planned to another day.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        TicketMerged: The ticket is handled with another one.
        BadRequest: The ticket is not decided yet, or the day lies in the past or over a year away.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    if ticket.merged_into:
        raise TicketMerged
    if TicketStatus(ticket.status) not in FINISHED:
        raise BadRequest(field="status")
    today = office.calendar.local_date(now)
    if not today <= due_on <= today + _FURTHEST:
        raise BadRequest(field="due_on")
    planned = await open_follow_up(session, ticket.id)
    old = {"due_on": planned.due_on.isoformat()} if planned else {}
    if planned is None:
        planned = FollowUp(id=new_id(now), ticket_id=ticket.id)
        session.add(planned)
    planned.due_on, planned.planned_by, planned.planned_at = due_on, agent.id, now
    audit.record(
        session, ticket, actor=agent.id, action="ticket.follow_up_planned", now=now,
        old=old, new={"follow_up": planned.id, "due_on": due_on.isoformat()},
    )  # fmt: skip
    touch(session, ticket, now)
    return ticket_view(ticket)


async def record_follow_up(
    session: AsyncSession,
    agent: Agent,
    ticket_id: str,
    follow_up_id: str,
    *,
    outcome: str,
    text: str = "",
    version: int,
    now: datetime,
) -> TicketView:
    """Record how a follow-up went. It changes no status: whoever is not content may have the ticket
    opened again.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        BadRequest: This ticket has no such open follow-up, there is no such outcome, or the text is
            too long, or missing although the citizen is not content.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    follow_up = await session.get(FollowUp, follow_up_id, populate_existing=True)
    if follow_up is None or follow_up.ticket_id != ticket.id or follow_up.done_at is not None:
        raise BadRequest(field="follow_up")
    if outcome not in OUTCOMES:
        raise BadRequest(field="outcome")
    text = text.strip()
    if len(text) > TEXT_MAX_CHARS or (outcome == FollowUpOutcome.UNSATISFIED and not text):
        raise BadRequest(field="text")
    follow_up.done_at, follow_up.done_by = now, agent.id
    follow_up.outcome, follow_up.text = outcome, text
    audit.record(
        session, ticket, actor=agent.id, action="ticket.followed_up", now=now, reason=text,
        new={"follow_up": follow_up.id, "outcome": outcome},
    )  # fmt: skip
    touch(session, ticket, now)
    return ticket_view(ticket)
