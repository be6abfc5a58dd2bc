"""Tickets as staff work on them: the ticket page, steps, notes, replies.

Each reaches a ticket through `services.access`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest, ColleagueElsewhere, FormRequired, TicketNotFound
from bot.helpdesk.identifiers import parse_ticket_number
from bot.helpdesk.permissions import Permission
from bot.helpdesk.ticket import OWN_FORM, TRANSITIONS, TicketStatus
from bot.services import audit, mentions, sla
from bot.services.access import access_ticket, check, may, scope_of
from bot.services.evidence import EvidenceReceipt, evidence_of
from bot.services.life_cycle import ratings
from bot.services.life_cycle.after_step import lapse_extensions
from bot.services.office import Office
from bot.services.staff import agents_named
from bot.services.telling import tell_citizen
from bot.services.tickets import move, touch
from bot.services.views import TicketView, ticket_view
from bot.store.database import announce
from bot.store.tables import Agent, Ticket, TicketEntry, TicketEvent

TEXT_MAX_CHARS = 4000
_SEALED_AS = {"note": "ticket.noted", "public_reply": "ticket.replied"}


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
    #: Of what was written: its id, and the earlier versions if it was corrected.
    entry_id: int | None = None
    before: tuple[str, ...] = ()
    corrected_at: datetime | None = None


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
        allowed=allowed_steps(ticket) if may(agent, Permission.HANDLE_TICKETS) else [],
        chain_holds=await audit.chain_holds(session, ticket),
    )


def allowed_steps(ticket: Ticket) -> list[str]:
    """Return the statuses that a step may lead to now; none for a merged ticket."""
    if ticket.merged_into is not None:
        return []
    return sorted(status.value for status in TRANSITIONS[TicketStatus(ticket.status)])


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
    versions = _corrections(rows)
    names = await agents_named(session, *(e.actor for e in rows), *(e.agent_id for e in entries))
    items = [
        TimelineItem(
            at=e.at, kind=e.action, actor=e.actor, actor_name=names.get(e.actor),
            text=e.reason, old=e.old, new=e.new, seq=e.seq, hash=e.hash,
        )
        for e in rows
    ] + [
        TimelineItem(
            at=e.created_at, kind=e.kind, actor=e.agent_id or ("system" if e.kind == "note" else "citizen"),
            actor_name=names.get(e.agent_id or ""), text=e.text, old={}, new={}, entry_id=e.id,
            before=tuple(text for text, _ in versions.get(e.id, ())),
            corrected_at=versions[e.id][-1][1] if e.id in versions else None,
        )
        for e in entries
    ]  # fmt: skip
    return sorted(items, key=lambda item: item.at)


def _corrections(events: list[TicketEvent]) -> dict[int, list[tuple[str, datetime]]]:
    """Return, for each corrected entry, its earlier versions and when each was replaced."""
    found: dict[int, list[tuple[str, datetime]]] = {}
    for event in events:
        if event.action == "ticket.entry_corrected":
            found.setdefault(event.old["entry"], []).append((event.old["text"], event.at))
    return found


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
    reason_code: str | None = None,
) -> TicketView:
    """Take a step, and tell the citizen in the conversation that the ticket came from.

    Args:
        reason_code: Reason from the catalogue; `reason` then only adds to its words.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        IllegalTransition, ReasonRequired: See `check_transition`.
        FormRequired: The step has a form of its own, see `corrections`, `transfers` and `forwarding`.
        TicketMerged: The ticket is handled with another one.
        BadRequest: There is no such status, or no such reason for it.
    """
    if to not in {status.value for status in TicketStatus}:
        raise BadRequest(field="to")
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    if to in OWN_FORM:
        raise FormRequired(to=to)
    reason = office.rules.worded(to, reason_code, reason)
    await move(
        session, office, ticket, TicketStatus(to),
        actor=agent.id, reason=reason, reason_code=reason_code, now=now,
    )  # fmt: skip
    words = office.texts(
        "tickets.status_changed_with_reason" if reason else "tickets.status_changed",
        number=ticket.number,
        status=office.texts(f"states.{to}"),
        reason=reason,
    )
    await tell_citizen(session, ticket, words, now=now)
    if to == TicketStatus.RESOLVED:
        await ratings.offer_for_ticket(session, office, ticket, now=now)
    return ticket_view(ticket)


async def assign(
    session: AsyncSession, agent: Agent, ticket_id: str, *, to_agent_id: str, version: int, now: datetime
) -> TicketView:
    """Give a ticket to an agent, usually oneself.

    Skills are for the giver to weigh (see `services.colleagues`); the region is not.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        BadRequest: There is no such agent who handles tickets.
        ColleagueElsewhere: The ticket lies outside that agent's regions.
    """
    if to_agent_id != agent.id:
        check(agent, Permission.ASSIGN_OTHERS)
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    assignee = await session.get(Agent, to_agent_id)
    if assignee is None or not may(assignee, Permission.HANDLE_TICKETS):
        raise BadRequest(field="to_agent_id")
    if not scope_of(assignee).covers(ticket.region):
        raise ColleagueElsewhere(agent_name=assignee.name)
    audit.record(
        session, ticket, actor=agent.id, action="ticket.assigned", now=now,
        old={"assignee": ticket.assignee_id}, new={"assignee": to_agent_id},
    )  # fmt: skip
    ticket.assignee_id = to_agent_id
    touch(session, ticket, now)
    return ticket_view(ticket)


async def add_note(
    session: AsyncSession, agent: Agent, ticket_id: str, *, text: str, now: datetime
) -> list[str]:
    """Add an internal note; it stops no clock and the citizen never sees it.

    Returns:
        Who is named in it and was not told: see `mentions.record`.
    Raises:
        TicketNotFound: See `access_ticket`.
        BadRequest: Nothing, or too much, was written.
    """
    ticket = await access_ticket(session, agent, ticket_id, lock=True)
    entry = _add_entry(session, ticket, agent, "note", text, now)
    await session.flush()
    return await mentions.record(
        session, agent, entry.text, entry_id=entry.id, now=now,
        door=lambda colleague: access_ticket(session, colleague, ticket_id),
    )  # fmt: skip


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
    await lapse_extensions(session, ticket, now=now)
    words = office.texts("tickets.public_reply", number=ticket.number, text=text.strip())
    await tell_citizen(session, ticket, words, now=now)


def _add_entry(
    session: AsyncSession, ticket: Ticket, agent: Agent, kind: str, text: str, now: datetime
) -> TicketEntry:
    text = text.strip()
    if not text or len(text) > TEXT_MAX_CHARS:
        raise BadRequest(field="text")
    entry = TicketEntry(ticket_id=ticket.id, kind=kind, agent_id=agent.id, text=text, created_at=now)
    session.add(entry)
    audit.record(
        session, ticket, actor=agent.id, action=_SEALED_AS[kind], now=now,
        new=audit.sealed_text(text),
    )  # fmt: skip
    if kind == "note":
        # A note changes nothing that another agent's save could overwrite.
        announce(session, "staff", {"type": "ticket_changed", "id": ticket.id})
    else:
        touch(session, ticket, now)
    return entry

