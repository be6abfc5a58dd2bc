"""Links between tickets: remarks by staff, and the two tickets that a use case needs at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, TicketChangedMeanwhile, TicketNotFound
from bot.helpdesk.life_cycle import REMARKS, AlreadyLinked, LinkKind
from bot.services import audit
from bot.services.conversations import locked
from bot.services.desk_work import access_ticket
from bot.services.ids import new_id
from bot.services.tickets import touch
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Agent, Ticket, TicketLink


async def access_two(
    session: AsyncSession, agent: Agent, ticket_id: str, other_id: str, *, version: int
) -> tuple[Ticket, Ticket]:
    """Return two tickets through the door, both locked.

    Everybody locks in the same order, conversations before tickets and each by id, so that two
    agents who take the same two tickets the other way round wait for each other instead of locking
    each other out.

    Args:
        version: Of the first ticket, the one whose page the agent sees.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
    """
    seen = [await access_ticket(session, agent, id_) for id_ in (ticket_id, other_id)]
    for conversation_id in sorted({t.conversation_id for t in seen if t.conversation_id}):
        await locked(session, conversation_id)
    both = {
        id_: await access_ticket(session, agent, id_, lock=True)
        for id_ in sorted({ticket_id, other_id})
    }
    ticket = both[ticket_id]
    if ticket.version != version:
        raise TicketChangedMeanwhile(version=ticket.version, status=ticket.status)
    return ticket, both[other_id]


def make_link(
    session: AsyncSession, agent: Agent, kind: LinkKind, from_id: str, to_id: str, now: datetime
) -> TicketLink:
    """Add the row of a link."""
    link = TicketLink(
        id=new_id(now), kind=kind.value, from_id=from_id, to_id=to_id, made_by=agent.id, made_at=now
    )
    session.add(link)
    return link


async def link_tickets(
    session: AsyncSession,
    agent: Agent,
    ticket_id: str,
    *,
    to_id: str,
    kind: str,
    version: int,
    now: datetime,
) -> TicketView:
    """Remark that two tickets are related, or that this one is a duplicate of the other.

    A remark changes nothing else, so both may be in any state.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        AlreadyLinked: They have this remark, in one direction or the other.
        BadRequest: It is the same ticket, or staff do not make such links by hand.
    """
    if kind not in REMARKS:
        raise BadRequest(field="kind")
    if to_id == ticket_id:
        raise BadRequest(field="to")
    ticket, other = await access_two(session, agent, ticket_id, to_id, version=version)
    if await _standing(session, kind, ticket.id, other.id):
        raise AlreadyLinked
    link = make_link(session, agent, LinkKind(kind), ticket.id, other.id, now)
    _seal(session, agent, "ticket.linked", ticket, other, link, now)
    return ticket_view(ticket)


async def unlink_tickets(
    session: AsyncSession,
    agent: Agent,
    ticket_id: str,
    link_id: str,
    *,
    version: int,
    now: datetime,
) -> TicketView:
    """Take a remark back; the row stays as history.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        BadRequest: This ticket has no such remark, or it was taken back before.
    """
    link = await session.get(TicketLink, link_id)
    if link is None or ticket_id not in (link.from_id, link.to_id) or link.kind not in REMARKS:
        raise BadRequest(field="link")
    other_id = link.to_id if link.from_id == ticket_id else link.from_id
    ticket, other = await access_two(session, agent, ticket_id, other_id, version=version)
    await session.refresh(link)
    if link.undone_at is not None:
        raise BadRequest(field="link")
    link.undone_by, link.undone_at = agent.id, now
    _seal(session, agent, "ticket.unlinked", ticket, other, link, now)
    return ticket_view(ticket)


def _seal(
    session: AsyncSession,
    agent: Agent,
    action: str,
    ticket: Ticket,
    other: Ticket,
    link: TicketLink,
    now: datetime,
) -> None:
    for one, another in ((ticket, other), (other, ticket)):
        audit.record(
            session, one, actor=agent.id, action=action, now=now,
            new={"link": link.id, "kind": link.kind, "number": another.number},
        )  # fmt: skip
        touch(session, one, now)


async def _standing(session: AsyncSession, kind: str, one: str, another: str) -> str | None:
    return await session.scalar(
        select(TicketLink.id).where(
            TicketLink.kind == kind,
            TicketLink.undone_at.is_(None),
            or_(
                (TicketLink.from_id == one) & (TicketLink.to_id == another),
                (TicketLink.from_id == another) & (TicketLink.to_id == one),
            ),
        )
    )


async def visible(session: AsyncSession, agent: Agent, ticket_id: str) -> Ticket | None:
    """Return a ticket if this agent may see it, for lists that lead to other tickets."""
    try:
        return await access_ticket(session, agent, ticket_id)
    except TicketNotFound:
        return None
