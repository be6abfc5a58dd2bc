"""Carrying a macro out on a ticket: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.variables import fill_in
from bot.services import desk_work
from bot.services.macros.catalogue import MacroNotFound, macro_for, view_of
from bot.services.macros.filling import right_of, values_for
from bot.services.macros.steps import Work, take
from bot.services.office import Office
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Agent


@dataclass(frozen=True)
class MacroRun:
    """What a macro did.

    Attributes:
        ticket: The ticket after it.
        not_told: Who is named in its notes and was not told: see `mentions.record`.
    """

    ticket: TicketView
    not_told: list[str]


class MacroNotForTicket(HelpdeskError):
    """The macro is for other queues or rights."""

    code = "macro_not_for_ticket"


async def run(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    macro_id: str,
    ticket_id: str,
    *,
    version: int,
    centre: str,
    now: datetime,
) -> MacroRun:
    """Send the macro's words to the citizen and take its steps, each with its own audit entry.

    Variables have the values of before the first step.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        MacroNotFound: There is none, or it was put aside.
        MacroNotForTicket: It is for other queues or rights.
        VariableEmpty: A variable has no value on this ticket.
        IllegalTransition: A step is not allowed from where the ticket stands.
    """
    ticket = await desk_work.access_ticket(session, agent, ticket_id, version=version)
    macro = view_of(await macro_for(session, agent, macro_id))
    if not macro.is_active:
        raise MacroNotFound
    if not macro.fits(ticket.queue, right_of(ticket)):
        raise MacroNotForTicket(title=macro.title)
    values = await values_for(session, office, agent, ticket, centre=centre, now=now)
    work = Work(session, office, agent, ticket, values, now)
    if macro.text:
        text = fill_in(macro.text, values)
        await desk_work.send_public_reply(session, office, agent, ticket.id, text=text, now=now)
    not_told: set[str] = set()
    for step in macro.steps:
        not_told.update(await take(work, step))
    return MacroRun(ticket_view(ticket), sorted(not_told))
