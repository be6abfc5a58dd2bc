"""Tickets without a region, from before regions were kept: put where their own facts say, and the rest shown to supervisors.

A ticket without a region is for the staff of every region, so this only ever narrows who sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services import audit
from bot.services.fields.divisions import ABROAD
from bot.services.forms import FormCatalogue
from bot.services.life_cycle.duplicates import other_ticket
from bot.services.life_cycle.looking import Task
from bot.store.tables import Agent, Ticket

#: The fact that says where a matter lies; see `intake.prepare`.
REGION = "region"


@dataclass(frozen=True)
class Placed:
    """What one batch came to; `after` fetches the next one, None at the end."""

    placed: int
    unplaced: int
    after: str | None


async def place(
    session: AsyncSession, forms: FormCatalogue, *, now: datetime, after: str = "", limit: int = 200
) -> Placed:
    """Give the region that opening them today would give to tickets without one, finished ones included.

    Each is an entry in the ticket's audit chain. The version stays: nothing changes that an agent could overwrite.
    """
    tickets = list(
        await session.scalars(
            select(Ticket)
            .where(Ticket.region.is_(None), Ticket.id > after)
            .order_by(Ticket.id)
            .limit(limit)
            .with_for_update()
        )
    )
    placed = unplaced = 0
    for ticket in tickets:
        region = forms.divisions.region_of(ticket.facts.get(REGION))
        if region is None:
            unplaced += is_unplaced(ticket, forms)
            continue
        ticket.region, placed = region, placed + 1
        audit.record(session, ticket, actor="system", action="ticket.placed", now=now, new={"region": region})
    return Placed(placed, unplaced, tickets[-1].id if len(tickets) == limit else None)


def is_unplaced(ticket: Ticket, forms: FormCatalogue) -> bool:
    """Tell whether a ticket should have a region and has none: its form asks for a place, and what it names is not abroad."""
    place_named = ticket.facts.get(REGION)
    is_abroad = isinstance(place_named, str) and forms.divisions.code_of(place_named) == ABROAD
    return ticket.region is None and not is_abroad and ticket.kind in _kinds_with_place(forms)


def _kinds_with_place(forms: FormCatalogue) -> set[str]:
    return {form.ticket_kind for form in forms.forms if any(field.name == REGION for field in form.fields)}


async def unplaced_tasks(session: AsyncSession, forms: FormCatalogue, *, limit: int = 50) -> list[Task]:
    """Return open tickets that should have a region and have none, oldest first; none where everybody works for all regions."""
    if not any(await session.scalars(select(Agent.regions).where(Agent.is_active))):
        return []
    tickets = await session.scalars(
        select(Ticket)
        .where(~Ticket.is_finished, Ticket.region.is_(None), Ticket.kind.in_(_kinds_with_place(forms)))
        .order_by(Ticket.opened_at, Ticket.id)
        .limit(limit)
    )
    return [
        Task("unplaced", other_ticket(ticket), ticket.opened_at, str(ticket.facts.get(REGION) or ""))
        for ticket in tickets
        if is_unplaced(ticket, forms)
    ]
