"""To whom a conversation or a ticket may be given by hand, and how well each colleague suits it.

Whoever gives it weighs what is missing, and may have reasons that no table knows. Only the region is no matter of choice: who may
not see a matter cannot be given it, whatever this list says (see `transfer_to_agent` and `desk_work.assign`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.permissions import Permission
from bot.helpdesk.presence import Presence
from bot.helpdesk.routing import Wanted, skills_for
from bot.services import handoff
from bot.services.access import access_conversation, access_ticket
from bot.services.handoff.sorting import wanted
from bot.services.office import Office
from bot.store.tables import Agent, Ticket, TicketEvent

_LANGUAGE = "language:"


@dataclass(frozen=True)
class Choice:
    """A colleague, and what speaks against giving them the matter.

    Attributes:
        may_see: The matter lies in their regions.
        missing: Skills that it asks for and they do not have, as `helpdesk.routing` writes them.
        open_tickets: Tickets in their hands.
    """

    agent: handoff.AgentOnFloor
    may_see: bool
    missing: tuple[str, ...]
    open_tickets: int


async def for_conversation(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, now: datetime
) -> list[Choice]:
    """Return the colleagues who answer citizens, the most suitable first.

    Raises:
        Forbidden, ConversationNotFound: See `access_conversation`.
    """
    conversation = await access_conversation(session, agent, conversation_id, to=Permission.HANDLE_CONVERSATIONS)
    matter = await wanted(session, conversation, await handoff.current_handoff(session, conversation_id))
    return await _choices(session, office, agent, matter, Permission.HANDLE_CONVERSATIONS, now)


async def for_ticket(
    session: AsyncSession, office: Office, agent: Agent, ticket_id: str, *, now: datetime
) -> list[Choice]:
    """Return the colleagues who handle tickets, the most suitable first.

    Raises:
        Forbidden, TicketNotFound: See `access_ticket`.
    """
    ticket = await access_ticket(session, agent, ticket_id)
    skills = skills_for(ticket.queue, ticket.facts.get("right"), office.routing)
    matter = Wanted(skills | await _languages(session, ticket_id), (ticket.region,))
    return await _choices(session, office, agent, matter, Permission.HANDLE_TICKETS, now)


async def for_tickets(session: AsyncSession, office: Office, *, now: datetime) -> list[handoff.AgentOnFloor]:
    """Return who handles tickets at all: of many tickets at once each asks for something else."""
    return [a for a in await handoff.floor(session, office.handoff, now=now) if a.may(Permission.HANDLE_TICKETS)]


async def _choices(
    session: AsyncSession, office: Office, agent: Agent, matter: Wanted, needs: Permission, now: datetime
) -> list[Choice]:
    found = await handoff.floor(session, office.handoff, now=now)
    others = [other for other in found if other.id != agent.id and other.may(needs)]
    in_hand = await _open_tickets(session, [other.id for other in others])
    choices = [
        Choice(
            other, other.colleague.may_see(matter), tuple(other.colleague.missing(matter)), in_hand.get(other.id, 0)
        )
        for other in others
    ]
    return sorted(choices, key=_suits)


def _suits(choice: Choice) -> tuple[bool, int, int, bool, str, str]:
    agent = choice.agent
    there = list(Presence).index(agent.presence)
    return not choice.may_see, there, len(choice.missing), not agent.is_free, agent.name, agent.id


async def _languages(session: AsyncSession, ticket_id: str) -> frozenset[str]:
    """Return the language skills that routing found; tickets that no form opened have none."""
    routed = await session.scalar(
        select(TicketEvent.new)
        .where(TicketEvent.ticket_id == ticket_id, TicketEvent.action == "ticket.routed")
        .order_by(TicketEvent.seq.desc())
        .limit(1)
    )
    return frozenset(skill for skill in (routed or {}).get("skills", ()) if skill.startswith(_LANGUAGE))


async def _open_tickets(session: AsyncSession, agent_ids: list[str]) -> dict[str, int]:
    # On the table, not the class: how much somebody has to do does not end at the giver's regions.
    table = Ticket.__table__
    rows = await session.execute(
        select(table.c.assignee_id, func.count())
        .where(~table.c.is_finished, table.c.assignee_id.in_(agent_ids))
        .group_by(table.c.assignee_id)
    )
    return dict(rows.all())
