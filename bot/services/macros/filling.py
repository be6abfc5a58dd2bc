"""Filling in the variables of a macro, and what is offered in the picker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import ConversationNotFound
from bot.helpdesk.variables import VariableEmpty, fill_in
from bot.services import sla
from bot.services.desk_work import access_ticket
from bot.services.macros.catalogue import MacroView, offered
from bot.services.office import Office
from bot.store.tables import Agent, Conversation, Ticket


@dataclass(frozen=True)
class Offer:
    """A macro with its words filled in for one ticket or conversation.

    Attributes:
        text: The words to send, empty if there are none or one variable has no value.
        missing: That variable.
    """

    macro: MacroView
    text: str
    missing: str | None = None


async def values_for(
    session: AsyncSession, office: Office, agent: Agent, ticket: Ticket | None, *, centre: str, now: datetime
) -> Mapping[str, str]:
    """Return the value of every variable; empty where there is none."""
    values = {"agent": agent.name, "centre": centre, "today": f"{now.astimezone(office.calendar.zone):%Y-%m-%d}"}
    if ticket is None:
        return values | {"citizen": office.texts("macros.unnamed")}
    clock = (await sla.nearest_clocks(session, [ticket.id])).get(ticket.id)

    def moment(at: datetime) -> str:
        return f"{at.astimezone(office.calendar.zone):%Y-%m-%d %H:%M}"

    return values | {
        "citizen": str(ticket.facts.get("name") or office.texts("macros.unnamed")),
        "number": ticket.number,
        "subject": ticket.subject,
        "kind": office.texts(f"kinds.{ticket.kind}"),
        "queue": office.texts(f"queues.{ticket.queue}"),
        "status": office.texts(f"states.{ticket.status}"),
        "due": moment(clock.due_at) if clock else "",
        "opened": moment(ticket.opened_at),
    }


def right_of(ticket: Ticket) -> str | None:
    """Return the right that a ticket is about, if its form asked for one."""
    right = ticket.facts.get("right")
    return str(right) if right else None


async def offers_for_ticket(
    session: AsyncSession, office: Office, agent: Agent, ticket_id: str, *, centre: str, now: datetime
) -> list[Offer]:
    """Return what can be used on a ticket.

    Raises:
        TicketNotFound: See `access_ticket`.
    """
    ticket = await access_ticket(session, agent, ticket_id)
    values = await values_for(session, office, agent, ticket, centre=centre, now=now)
    found = await offered(session, agent, queue=ticket.queue, right=right_of(ticket))
    return [_offer(macro, values) for macro in found]


async def offers_for_conversation(
    session: AsyncSession, office: Office, agent: Agent, conversation_id: str, *, centre: str, now: datetime
) -> list[Offer]:
    """Return the canned replies for a conversation; its newest ticket, if there is one, fills them in.

    Macros that take steps are left out: there is no ticket on the screen whose change could be seen.

    Raises:
        ConversationNotFound: There is none.
    """
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    newest = select(Ticket).where(Ticket.conversation_id == conversation_id).order_by(Ticket.id.desc()).limit(1)
    ticket = await session.scalar(newest)
    values = await values_for(session, office, agent, ticket, centre=centre, now=now)
    right = right_of(ticket) if ticket else None
    found = await offered(session, agent, queue=conversation.queue, right=right)
    return [_offer(macro, values) for macro in found if not macro.steps]


def _offer(macro: MacroView, values: Mapping[str, str]) -> Offer:
    try:
        return Offer(macro, fill_in(macro.text, values))
    except VariableEmpty as error:
        return Offer(macro, "", str(error.details["name"]))
