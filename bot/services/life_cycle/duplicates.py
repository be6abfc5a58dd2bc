"""Suggesting tickets that may be about the same matter; staff decide, nothing happens by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.desk_work import access_ticket
from bot.services.life_cycle.linking import visible
from bot.services.office import Office
from bot.store.tables import Agent, Ticket, TicketLink

_MOST = 10


@dataclass(frozen=True)
class OtherTicket:
    """Another ticket, as far as a page about this one shows it."""

    id: str
    number: str
    subject: str
    status: str
    opened_at: datetime


def other_ticket(ticket: Ticket) -> OtherTicket:
    """Build the view of a ticket that this one has to do with."""
    return OtherTicket(ticket.id, ticket.number, ticket.subject, ticket.status, ticket.opened_at)


async def suggest_duplicates(
    session: AsyncSession, office: Office, agent: Agent, ticket_id: str, *, now: datetime
) -> list[OtherTicket]:
    """Return tickets of the same party about the same right and respondent, newest first.

    Left out are those already linked to this one in any way, those merged into others, and what is
    older than the rules say.

    Raises:
        TicketNotFound: See `access_ticket`.
    """
    ticket = await access_ticket(session, agent, ticket_id)
    if ticket.party_key is None:
        return []
    linked = exists().where(
        TicketLink.undone_at.is_(None),
        or_(
            and_(TicketLink.from_id == ticket.id, TicketLink.to_id == Ticket.id),
            and_(TicketLink.to_id == ticket.id, TicketLink.from_id == Ticket.id),
        ),
    )
    since = now - timedelta(days=office.rules.duplicate_days)
    rows = await session.scalars(
        select(Ticket.id)
        .where(
            Ticket.party_key == ticket.party_key,
            Ticket.opened_at >= since,
            Ticket.id != ticket.id,
            Ticket.merged_into.is_(None),
            ~linked,
        )
        .order_by(Ticket.opened_at.desc())
        .limit(_MOST)
    )
    found = [await visible(session, agent, id_) for id_ in rows.all()]
    return [other_ticket(other) for other in found if other is not None]
