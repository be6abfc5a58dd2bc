"""Tickets as staff work on them: lists, the ticket page, steps, notes, replies.

`access_ticket` is the one door to a ticket for staff.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, TicketChangedMeanwhile, TicketNotFound
from bot.helpdesk.identifiers import parse_ticket_number
from bot.helpdesk.ticket import TRANSITIONS, TicketStatus
from bot.services import audit, sla
from bot.services.conversations import add_outgoing, locked
from bot.services.evidence import EvidenceReceipt, evidence_of
from bot.services.office import Office
from bot.services.outbox import deliver_pending
from bot.services.staff import agents_named
from bot.services.ticket_cards import TicketCard, card_rows
from bot.services.tickets import move, touch
from bot.services.views import TicketView, ticket_view
from bot.store.database import announce
from bot.store.tables import Agent, Ticket, TicketEntry, TicketEvent

TEXT_MAX_CHARS = 4000
_SEALED_AS = {"note": "ticket.noted", "public_reply": "ticket.replied"}


@dataclass(frozen=True)
class Page:
    """Part of a list; `next` fetches what follows, None at the end."""

    items: list[TicketCard]
    next: str | None


@dataclass(frozen=True)
class TimelineItem:
    """One thing that happened to a ticket, or was said on it."""

    at: datetime
    kind: str
    actor: str
    actor_name: str | None
    text: str
    old: dict[str, object]
    new: dict[str, object]
    seq: int | None = None
    hash: str | None = None


@dataclass(frozen=True)
class TicketDetail:
    """Everything on the ticket page."""

    ticket: TicketView
    assignee_name: str | None
    timeline: list[TimelineItem]
    evidence: list[EvidenceReceipt]
    clocks: list[sla.ClockView]
    allowed: list[str]
    chain_holds: bool


async def access_ticket(
    session: AsyncSession,
    agent: Agent,
    ticket_id: str,
    *,
    version: int | None = None,
    lock: bool = False,
) -> Ticket:
    """Return a ticket to an agent, locked to be changed when asked for or when a version to save
    against is given.

    Raises:
        TicketNotFound: There is none, or this agent may not see it.
        TicketChangedMeanwhile: Somebody saved after the version that the agent saw.
    """
    if not (lock or version is not None):
        ticket = await session.get(Ticket, ticket_id)
    else:
        ticket = await _locked(session, ticket_id)
    if ticket is None or not agent.is_active:
        raise TicketNotFound
    if version is not None and ticket.version != version:
        raise TicketChangedMeanwhile(version=ticket.version, status=ticket.status)
    return ticket


async def _locked(session: AsyncSession, ticket_id: str) -> Ticket | None:
    """Lock the ticket, and before it the conversation whose citizen will hear of the change: rows
    are locked in this order everywhere."""
    conversation_id = await session.scalar(
        select(Ticket.conversation_id).where(Ticket.id == ticket_id)
    )
    if conversation_id:
        await locked(session, conversation_id)
    return await session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)


async def ticket_id_of(session: AsyncSession, number: str) -> str:
    """Return the id of the ticket with this number, however it was typed.

    Raises:
        TicketNotFound: The number is mistyped, or no ticket has it.
    """
    parsed = parse_ticket_number(number)
    found = await session.scalar(select(Ticket.id).where(Ticket.number == parsed)) if parsed else None
    if found is None:
        raise TicketNotFound
    return found


async def list_tickets(
    session: AsyncSession,
    *,
    queue: str | None = None,
    status: str | None = None,
    kind: str | None = None,
    open_only: bool = True,
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """Return tickets, oldest first while open (what waits longest is on top), else newest first.

    Pages by key, so that the cost does not grow with the page number.

    Raises:
        BadRequest: `after` is not a cursor that an earlier page gave.
    """
    query = select(Ticket)
    for column, value in ((Ticket.queue, queue), (Ticket.status, status), (Ticket.kind, kind)):
        if value:
            query = query.where(column == value)
    key = tuple_(Ticket.opened_at, Ticket.id)
    if open_only:
        query = query.where(~Ticket.is_finished).order_by(Ticket.opened_at, Ticket.id)
    else:
        query = query.order_by(Ticket.opened_at.desc(), Ticket.id.desc())
    if after:
        query = query.where(key > _cursor(after) if open_only else key < _cursor(after))
    items = await card_rows(session, query, limit=limit + 1)
    last = items[limit - 1].ticket if len(items) > limit else None
    return Page(items[:limit], f"{last.opened_at.isoformat()}|{last.id}" if last else None)


def _cursor(after: str) -> tuple[datetime, str]:
    try:
        at, ticket_id = after.split("|", 1)
        cursor = datetime.fromisoformat(at)
    except ValueError as error:
        raise BadRequest(field="after") from error
    if cursor.tzinfo is None:
        raise BadRequest(field="after")
    return cursor, ticket_id


async def queue_counts(session: AsyncSession) -> dict[str, int]:
    """Return how many open tickets each queue has."""
    rows = await session.execute(
        select(Ticket.queue, func.count())
        .where(~Ticket.is_finished)
        .group_by(Ticket.queue)
    )
    return dict(rows.all())


async def ticket_for_staff(
    session: AsyncSession, agent: Agent, ticket_id: str, *, now: datetime
) -> TicketDetail:
    """Return everything on the ticket page.

    Raises:
        TicketNotFound: There is none, or this agent may not see it.
    """
    ticket = await access_ticket(session, agent, ticket_id)
    names = await agents_named(session, ticket.assignee_id)
    return TicketDetail(
        ticket=ticket_view(ticket),
        assignee_name=names.get(ticket.assignee_id or ""),
        timeline=await timeline(session, ticket_id, staff=True),
        evidence=await evidence_of(session, ticket_id=ticket_id),
        clocks=await sla.clocks_of(session, ticket_id, now=now),
        allowed=sorted(s.value for s in TRANSITIONS[TicketStatus(ticket.status)]),
        chain_holds=await audit.chain_holds(session, ticket),
    )


async def timeline(session: AsyncSession, ticket_id: str, *, staff: bool) -> list[TimelineItem]:
    """Return what happened and what was said, oldest first; citizens see no notes."""
    events = await session.scalars(
        select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.seq)
    )
    query = select(TicketEntry).where(TicketEntry.ticket_id == ticket_id).order_by(TicketEntry.id)
    if not staff:
        query = query.where(TicketEntry.kind != "note")
    entries = list(await session.scalars(query))
    rows = list(events)
    names = await agents_named(session, *(e.actor for e in rows), *(e.agent_id for e in entries))
    items = [
        TimelineItem(
            at=e.at, kind=e.action, actor=e.actor, actor_name=names.get(e.actor),
            text=e.reason, old=e.old, new=e.new, seq=e.seq, hash=e.hash,
        )
        for e in rows
    ] + [
        TimelineItem(
            at=e.created_at, kind=e.kind, actor=e.agent_id or "citizen",
            actor_name=names.get(e.agent_id or ""), text=e.text, old={}, new={},
        )
        for e in entries
    ]  # fmt: skip
    return sorted(items, key=lambda item: item.at)


async def change_status(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    to: str,
    reason: str,
    version: int,
    now: datetime,
) -> TicketView:
    """Take a step, and tell the citizen in the conversation that the ticket came from.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        IllegalTransition, ReasonRequired: See `check_transition`.
        BadRequest: There is no such status.
    """
    if to not in {status.value for status in TicketStatus}:
        raise BadRequest(field="to")
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    await move(
        session, office, ticket, TicketStatus(to), actor=agent.id, reason=reason, now=now
    )
    words = office.texts(
        "tickets.status_changed_with_reason" if reason.strip() else "tickets.status_changed",
        number=ticket.number,
        status=office.texts(f"states.{to}"),
        reason=reason.strip(),
    )
    await _tell_citizen(session, ticket, words, now=now)
    return ticket_view(ticket)


async def assign(
    session: AsyncSession, agent: Agent, ticket_id: str, *, to_agent_id: str, version: int, now: datetime
) -> TicketView:
    """Give a ticket to an agent, usually oneself.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        BadRequest: There is no such agent.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    assignee = await session.get(Agent, to_agent_id)
    if assignee is None or not assignee.is_active:
        raise BadRequest(field="to_agent_id")
    audit.record(
        session, ticket, actor=agent.id, action="ticket.assigned", now=now,
        old={"assignee": ticket.assignee_id}, new={"assignee": to_agent_id},
    )  # fmt: skip
    ticket.assignee_id = to_agent_id
    touch(session, ticket, now)
    return ticket_view(ticket)


async def add_note(
    session: AsyncSession, agent: Agent, ticket_id: str, *, text: str, now: datetime
) -> None:
    """Add an internal note; it stops no clock and the citizen never sees it.

    Raises:
        TicketNotFound: See `access_ticket`.
        BadRequest: Nothing, or too much, was written.
    """
    ticket = await access_ticket(session, agent, ticket_id, lock=True)
    _add_entry(session, ticket, agent, "note", text, now)


async def send_public_reply(
    session: AsyncSession, office: Office, agent: Agent, ticket_id: str, *, text: str, now: datetime
) -> None:
    """Answer the citizen on the ticket; the first such reply stops the first-response clock.

    Raises:
        TicketNotFound: See `access_ticket`.
        BadRequest: Nothing, or too much, was written.
    """
    ticket = await access_ticket(session, agent, ticket_id, lock=True)
    _add_entry(session, ticket, agent, "public_reply", text, now)
    await sla.on_public_reply(session, office.sla, ticket, now=now)
    words = office.texts("tickets.public_reply", number=ticket.number, text=text.strip())
    await _tell_citizen(session, ticket, words, now=now)


def _add_entry(
    session: AsyncSession, ticket: Ticket, agent: Agent, kind: str, text: str, now: datetime
) -> None:
    text = text.strip()
    if not text or len(text) > TEXT_MAX_CHARS:
        raise BadRequest(field="text")
    session.add(
        TicketEntry(ticket_id=ticket.id, kind=kind, agent_id=agent.id, text=text, created_at=now)
    )
    audit.record(
        session, ticket, actor=agent.id, action=_SEALED_AS[kind], now=now,
        new={"text_sha256": hashlib.sha256(text.encode()).hexdigest()},
    )  # fmt: skip
    if kind == "note":
        # A note changes nothing that another agent's save could overwrite.
        announce(session, "staff", {"type": "ticket_changed", "id": ticket.id})
    else:
        touch(session, ticket, now)


async def _tell_citizen(session: AsyncSession, ticket: Ticket, words: str, *, now: datetime) -> None:
    if ticket.conversation_id is None:
        return
    conversation = await locked(session, ticket.conversation_id)
    add_outgoing(session, conversation, "system", words, now=now, epoch=None)
    await session.flush()
    await deliver_pending(session, conversation.id, now=now)
