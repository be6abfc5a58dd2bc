"""What a step of the state table brings along: notices answered, requests lapsed, follow-ups planned."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.life_cycle import FollowUpOutcome
from bot.helpdesk.ticket import TicketStatus
from bot.services import audit
from bot.services.ids import new_id
from bot.services.office import Office
from bot.store.tables import CorrectionNotice, Extension, FollowUp, SlaClock, Ticket


async def after_step(
    session: AsyncSession,
    office: Office,
    ticket: Ticket,
    old: TicketStatus,
    to: TicketStatus,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Bring what hangs on a ticket's status in line with its new one; the caller holds the row."""
    if old is TicketStatus.NEEDS_CORRECTION:
        await _settle_correction(session, ticket, is_answer=actor == "citizen", to=to, now=now)
    await lapse_extensions(session, ticket, now=now)
    if to is TicketStatus.RESOLVED:
        await _plan_follow_up(session, office, ticket, now)
    if to is TicketStatus.REOPENED:
        await _drop_follow_ups(session, ticket, now)


async def _settle_correction(
    session: AsyncSession, ticket: Ticket, *, is_answer: bool, to: TicketStatus, now: datetime
) -> None:
    """Close the notice: the citizen answered, late perhaps, or the ticket went on without them."""
    rows = await session.scalars(
        select(CorrectionNotice).where(
            CorrectionNotice.ticket_id == ticket.id,
            CorrectionNotice.answered_at.is_(None),
            CorrectionNotice.dropped_at.is_(None),
        )
    )
    for notice in rows:
        if is_answer and to is TicketStatus.SUBMITTED:
            notice.answered_at = now
        else:
            notice.dropped_at = now


async def lapse_extensions(session: AsyncSession, ticket: Ticket, *, now: datetime) -> None:
    """End requests for more time whose clock has ended: there is nothing left to decide."""
    await session.flush()
    rows = await session.scalars(
        select(Extension)
        .join(SlaClock, SlaClock.id == Extension.clock_id)
        .where(
            Extension.ticket_id == ticket.id,
            Extension.decided_at.is_(None),
            SlaClock.stopped_at.is_not(None),
        )
    )
    for extension in rows:
        extension.decision, extension.decided_at = "lapsed", now
        audit.record(
            session, ticket, actor="system", action="ticket.extension_lapsed", now=now,
            new={"extension": extension.id, "clock": extension.clock},
        )  # fmt: skip


async def _plan_follow_up(
    session: AsyncSession, office: Office, ticket: Ticket, now: datetime
) -> None:
    days = office.rules.follow_up_days.get(ticket.kind)
    if days is None or await open_follow_up(session, ticket.id):
        return
    session.add(
        FollowUp(
            id=new_id(now),
            ticket_id=ticket.id,
            due_on=in_working_days(office, days, now),
            planned_at=now,
        )
    )


async def open_follow_up(session: AsyncSession, ticket_id: str) -> FollowUp | None:
    """Return the follow-up that is still to be made, if there is one."""
    return await session.scalar(
        select(FollowUp)
        .where(FollowUp.ticket_id == ticket_id, FollowUp.done_at.is_(None))
        .order_by(FollowUp.due_on)
        .limit(1)
    )


async def _drop_follow_ups(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    rows = await session.scalars(
        select(FollowUp).where(FollowUp.ticket_id == ticket.id, FollowUp.done_at.is_(None))
    )
    for follow_up in rows:
        follow_up.done_at, follow_up.outcome = now, FollowUpOutcome.REOPENED.value


def in_working_days(office: Office, days: int, now: datetime) -> date:
    """Return the local day so many working days after today, which does not count."""
    day = office.calendar.local_date(now)
    for _ in range(days):
        day = office.calendar.next_working_day(day)
    return day
