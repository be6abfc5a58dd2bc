"""Handling one ticket with another, and taking it out again (合并).

The source keeps its number, its history and its status; it leaves the queues, its clocks are
cancelled, and its own steps rest. That is all, so taking it out is the reverse: the status is still
there, and its clocks start anew, each in a new round.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.life_cycle import LinkKind, MergeRefused, NotMerged, check_merge
from bot.helpdesk.replaying import MERGED
from bot.helpdesk.ticket import FINISHED, TicketStatus
from bot.services import audit, sla
from bot.services.desk_work import access_ticket, tell_citizen
from bot.services.life_cycle import reasons
from bot.services.life_cycle.after_step import lapse_extensions
from bot.services.life_cycle.linking import access_two, make_link
from bot.services.office import Office
from bot.services.tickets import touch
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Agent, Ticket, TicketLink


async def merge_tickets(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    into_id: str,
    reason: str,
    version: int,
    now: datetime,
) -> TicketView:
    """Let a ticket be handled with another one from now on.

    Args:
        ticket_id: The source, which leaves the queues.
        into_id: The target, which stays.
        version: Of the source.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        MergeRefused: See `check_merge`.
        ReasonRequired, BadRequest: See `reasons.given`.
    """
    if ticket_id == into_id:
        raise MergeRefused(why="same")
    reason = reasons.given(reason)
    source, target = await access_two(session, agent, ticket_id, into_id, version=version)
    check_merge(
        source_status=TicketStatus(source.status),
        source_kind=source.kind,
        source_merged=source.merged_into is not None,
        target_status=TicketStatus(target.status),
        target_kind=target.kind,
        target_merged=target.merged_into is not None,
        is_same=False,
    )
    source.merged_into, source.is_finished = target.id, True
    link = make_link(session, agent, LinkKind.MERGED, source.id, target.id, now)
    await sla.on_ticket_event(session, office.sla, source, MERGED, now=now)
    await lapse_extensions(session, source, now=now)
    _seal(session, agent, link, source, target, "ticket.merged", "ticket.absorbed", reason, now)
    words = office.texts("life_cycle.merge.told", number=source.number)
    await tell_citizen(session, source, words, now=now)
    return ticket_view(source)


async def unmerge_ticket(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    reason: str,
    version: int,
    now: datetime,
) -> TicketView:
    """Take a ticket out again: it is back in its queue in the status it had, its clocks start anew.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        NotMerged: It is handled on its own.
        ReasonRequired, BadRequest: See `reasons.given`.
    """
    target_id = (await access_ticket(session, agent, ticket_id)).merged_into
    if target_id is None:
        raise NotMerged
    reason = reasons.given(reason)
    source, target = await access_two(session, agent, ticket_id, target_id, version=version)
    if source.merged_into != target.id:
        raise NotMerged
    link = await _standing_link(session, source, target)
    link.undone_by, link.undone_at = agent.id, now
    source.merged_into = None
    source.is_finished = TicketStatus(source.status) in FINISHED
    await sla.on_unmerged(session, office.sla, source, now=now)
    _seal(session, agent, link, source, target, "ticket.unmerged", "ticket.released", reason, now)
    words = office.texts("life_cycle.merge.undone", number=source.number)
    await tell_citizen(session, source, words, now=now)
    return ticket_view(source)


def _seal(
    session: AsyncSession,
    agent: Agent,
    link: TicketLink,
    source: Ticket,
    target: Ticket,
    of_source: str,
    of_target: str,
    reason: str,
    now: datetime,
) -> None:
    for ticket, action, other in ((source, of_source, target), (target, of_target, source)):
        audit.record(
            session, ticket, actor=agent.id, action=action, now=now, reason=reason,
            new={"link": link.id, "number": other.number},
        )  # fmt: skip
        touch(session, ticket, now)


async def _standing_link(session: AsyncSession, source: Ticket, target: Ticket) -> TicketLink:
    found = await session.scalars(
        select(TicketLink).where(
            TicketLink.kind == LinkKind.MERGED.value,
            TicketLink.from_id == source.id,
            TicketLink.to_id == target.id,
            TicketLink.undone_at.is_(None),
        )
    )
    return found.one()
