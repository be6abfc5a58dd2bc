"""A ticket's life as its citizen sees it: what is missing, where the matter is, the result, the rating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.bootstrap import Desk
from bot.gateway.words import Words
from bot.helpdesk.ticket import TicketStatus
from bot.services.desk_work import TimelineItem
from bot.services.life_cycle.looking import (
    CorrectionView,
    TransferView,
    corrections_of,
    leading_status,
    transfers_of,
)
from bot.services.life_cycle.ratings import rating_of
from bot.services.views import TicketView

_DONE = frozenset({TicketStatus.RESOLVED, TicketStatus.CLOSED})
#: What of a transfer is for the citizen: not how staff reach the authority.
_TRANSFER = ("authority", "matter", "sent_at", "received_at", "receipt_no", "feedback_at", "feedback", "returned")


async def shown_status(session: AsyncSession, ticket: TicketView) -> str:
    """Return the status that counts for the citizen: of a merged ticket, that of the one it is
    handled with."""
    return await leading_status(session, ticket.id) if ticket.merged_into else ticket.status


async def life_for_citizen(
    session: AsyncSession, desk: Desk, words: Words, ticket: TicketView, history: Sequence[TimelineItem]
) -> dict[str, Any]:
    """Return the fields of a ticket's tracking that tell of its life."""
    correction = await _correction(session, desk, ticket)
    rating = await rating_of(session, "ticket", ticket.id)
    return {
        "correction": correction,
        "transfers": [_transfer(item) for item in await transfers_of(session, ticket.id)],
        "result": _result(ticket, history),
        "merged": ticket.merged_into is not None,
        "rating": {"answered": rating.answered_at is not None, "score": rating.score} if rating else None,
    }


async def _correction(session: AsyncSession, desk: Desk, ticket: TicketView) -> dict[str, Any] | None:
    if ticket.status != TicketStatus.NEEDS_CORRECTION or ticket.merged_into:
        return None
    notices = await corrections_of(session, ticket.id)
    open_notice = next((n for n in notices if n.state in ("open", "expired")), None)
    return _notice(open_notice, desk) if open_notice else None


def _notice(notice: CorrectionView, desk: Desk) -> dict[str, Any]:
    return {
        "items": notice.items,
        "due_on": notice.due_on.isoformat(),
        "due": desk.office.day(notice.due_on),
        "note": notice.note,
        "is_late": desk.office.calendar.local_date(desk.clock()) > notice.due_on,
    }


def _transfer(item: TransferView) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in _TRANSFER}
    shown = {name: v.isoformat() if hasattr(v, "isoformat") else v for name, v in values.items()}
    return shown | {"interim": [{"at": told.at.isoformat(), "text": told.text} for told in item.interim]}


def _result(ticket: TicketView, history: Sequence[TimelineItem]) -> str:
    """Return what the resolution said, the last one if there were several."""
    if ticket.status not in _DONE or ticket.merged_into:
        return ""
    said = (item.text for item in reversed(history) if item.new.get("status") == TicketStatus.RESOLVED)
    return next(said, "")
