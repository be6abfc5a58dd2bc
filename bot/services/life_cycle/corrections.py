"""Asking the citizen for what is missing (补正), with a list and a date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.life_cycle import CORRECTION_ITEM_CHARS, CORRECTION_ITEMS_MAX, check_correction_date
from bot.helpdesk.ticket import TicketStatus
from bot.services import audit
from bot.services.desk_work import access_ticket, tell_citizen
from bot.services.ids import new_id
from bot.services.office import Office
from bot.services.tickets import move
from bot.services.views import TicketView, ticket_view
from bot.store.database import announce
from bot.store.tables import Agent, CorrectionNotice, Ticket

NOTE_MAX_CHARS = 1000


async def request_correction(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    items: Sequence[str],
    due_on: date,
    note: str = "",
    reason_code: str | None = None,
    version: int,
    now: datetime,
) -> TicketView:
    """Send the ticket back to the citizen with a list of what is missing and the last day for it.

    The clocks that wait for the citizen stand still meanwhile.

    Args:
        items: What is missing, one text each; empty ones are left out.
        due_on: Local day; after it the agent is told, and nothing is rejected by itself.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        IllegalTransition, TicketMerged: See `tickets.move`.
        CorrectionDateWrong: See `check_correction_date`.
        BadRequest: No item, too many, one too long, or no such reason.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    listed = _checked(items)
    note = note.strip()
    if len(note) > NOTE_MAX_CHARS:
        raise BadRequest(field="note")
    check_correction_date(due_on, office.calendar.local_date(now))
    chosen = office.rules.worded(TicketStatus.NEEDS_CORRECTION, reason_code, "")
    values = {"items": _listed(office, listed), "due": office.day(due_on), "note": note}
    suffix = "_note" if note else ""
    reason = office.texts(f"life_cycle.correction.reason{suffix}", **values)
    await move(
        session, office, ticket, TicketStatus.NEEDS_CORRECTION,
        actor=agent.id, reason=f"{chosen}\n{reason}" if chosen else reason,
        reason_code=reason_code, now=now,
    )  # fmt: skip
    notice = CorrectionNotice(
        id=new_id(now), ticket_id=ticket.id, items=listed, due_on=due_on, note=note,
        created_by=agent.id, created_at=now,
    )  # fmt: skip
    session.add(notice)
    audit.record(
        session, ticket, actor=agent.id, action="ticket.correction_requested", now=now,
        new={"notice": notice.id, "items": listed, "due_on": due_on.isoformat(), "note": note},
    )  # fmt: skip
    words = office.texts(f"life_cycle.correction.told{suffix}", number=ticket.number, **values)
    await tell_citizen(session, ticket, words, now=now)
    return ticket_view(ticket)


def _checked(items: Sequence[str]) -> list[str]:
    listed = [text for item in items if (text := item.strip())]
    if not 1 <= len(listed) <= CORRECTION_ITEMS_MAX:
        raise BadRequest(field="items")
    if any(len(text) > CORRECTION_ITEM_CHARS for text in listed):
        raise BadRequest(field="items")
    return listed


def _listed(office: Office, items: Sequence[str]) -> str:
    lines = [
        office.texts("life_cycle.correction.item", n=n, item=item) for n, item in enumerate(items, 1)
    ]
    return office.texts("life_cycle.correction.between").join(lines)


async def overdue_corrections(
    session: AsyncSession, *, today: date, limit: int = 100
) -> list[tuple[str, str]]:
    """Return (ticket id, notice id) of open notices whose date has passed unseen, oldest first."""
    rows = await session.execute(
        select(CorrectionNotice.ticket_id, CorrectionNotice.id)
        .where(
            CorrectionNotice.due_on < today,
            CorrectionNotice.answered_at.is_(None),
            CorrectionNotice.expired_at.is_(None),
            CorrectionNotice.dropped_at.is_(None),
        )
        .order_by(CorrectionNotice.due_on, CorrectionNotice.id)
        .limit(limit)
    )
    return [(ticket_id, notice_id) for ticket_id, notice_id in rows]


async def expire_correction(
    session: AsyncSession, ticket_id: str, notice_id: str, *, now: datetime
) -> bool:
    """Record once that the date of a notice has passed, so that staff see it.

    The ticket stays where it is: only a person rejects it, and a late answer still counts.

    Returns:
        False if somebody else recorded it, or the notice was settled, since it was looked up.
    """
    ticket = await session.get_one(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    notice = await session.get_one(CorrectionNotice, notice_id, populate_existing=True)
    if notice.answered_at or notice.expired_at or notice.dropped_at:
        return False
    notice.expired_at = now
    audit.record(
        session, ticket, actor="system", action="ticket.correction_expired", now=now,
        new={"notice": notice.id, "due_on": notice.due_on.isoformat()},
    )  # fmt: skip
    # Like a note: nothing changed that an agent's save could overwrite.
    announce(session, "staff", {"type": "ticket_changed", "id": ticket.id})
    return True
