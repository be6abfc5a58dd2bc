"""The doors through which staff reach a ticket, a conversation, a file: one for each, none beside it.

A door asks whether the role allows what is to be done and whether the matter lies in the agent's part of the
country. What lies outside is answered like what does not exist.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk import permissions
from bot.helpdesk.errors import (
    BadRequest,
    ConversationNotFound,
    EvidenceNotFound,
    Forbidden,
    TicketChangedMeanwhile,
    TicketNotFound,
)
from bot.helpdesk.identifiers import normalise_code
from bot.helpdesk.permissions import Permission
from bot.helpdesk.regions import RegionScope
from bot.services import audit, staff_audit
from bot.services.conversations import locked
from bot.services.evidence import EvidenceReceipt, EvidenceStorage, stored_file
from bot.services.reading import regions_of
from bot.store.scoping import Restriction
from bot.store.tables import Agent, Conversation, Evidence, Ticket


def may(agent: Agent, permission: Permission) -> bool:
    """Tell whether the agent's role, within their regions, allows something."""
    return agent.is_active and permissions.may(agent.role, agent.regions, permission)


def check(agent: Agent, permission: Permission) -> None:
    """Allow it or refuse it.

    Raises:
        Forbidden: The role does not allow it.
    """
    if not may(agent, permission):
        raise Forbidden(permission=permission.value)


def sees_masked(agent: Agent) -> bool:
    """Tell whether the agent reads matters, but with the numbers of persons hidden."""
    reads = may(agent, Permission.READ_TICKETS) or may(agent, Permission.READ_CONVERSATIONS)
    return reads and not may(agent, Permission.REVEAL_PERSONAL)


def scope_of(agent: Agent) -> RegionScope:
    """Return the part of the country that the agent works for."""
    return RegionScope.of(agent.regions)


def restriction_of(agent: Agent) -> Restriction:
    """Return what the store restricts this agent's sessions to."""
    return Restriction(scope_of(agent), agent.id)


async def access_ticket(
    session: AsyncSession,
    agent: Agent,
    ticket_id: str,
    *,
    version: int | None = None,
    lock: bool = False,
    to: Permission | None = None,
) -> Ticket:
    """Return a ticket to an agent, locked to be changed when asked for or when a version to save
    against is given.

    Args:
        to: What is to be done; by default to handle it if it is locked, else to read it.

    Raises:
        Forbidden: The agent's role does not allow it.
        TicketNotFound: There is none, or it is not for this agent.
        TicketChangedMeanwhile: Somebody saved after the version that the agent saw.
    """
    is_change = lock or version is not None
    check(agent, to or (Permission.HANDLE_TICKETS if is_change else Permission.READ_TICKETS))
    ticket = await (_locked(session, ticket_id) if is_change else session.get(Ticket, ticket_id))
    if ticket is None or not scope_of(agent).covers(ticket.region):
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


async def access_conversation(
    session: AsyncSession,
    agent: Agent,
    conversation_id: str,
    *,
    to: Permission = Permission.READ_CONVERSATIONS,
) -> Conversation:
    """Return a conversation to an agent.

    A conversation lies where its tickets lie; one without tickets is for everybody, and who has it keeps it.

    Raises:
        Forbidden: The agent's role does not allow it.
        ConversationNotFound: There is none, or it is not for this agent.
    """
    check(agent, to)
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None or not await _is_theirs(session, agent, conversation):
        raise ConversationNotFound
    return conversation


async def _is_theirs(session: AsyncSession, agent: Agent, conversation: Conversation) -> bool:
    scope = scope_of(agent)
    if not scope.is_limited or conversation.agent_id == agent.id:
        return True
    return scope.covers_any(await regions_of(session, conversation.id))


async def access_evidence(
    session: AsyncSession,
    agent: Agent,
    evidence_id: str,
    *,
    to: Permission = Permission.READ_TICKETS,
) -> Evidence:
    """Return a file's row to an agent who may see the ticket, or the conversation, that it came with.

    Raises:
        Forbidden: The agent's role does not allow it.
        EvidenceNotFound: There is none, or it is not for this agent.
    """
    check(agent, to)
    row = await session.get(Evidence, evidence_id)
    if row is None:
        raise EvidenceNotFound
    try:
        if row.ticket_id:
            await access_ticket(session, agent, row.ticket_id, to=to)
        elif row.conversation_id:
            await access_conversation(session, agent, row.conversation_id, to=to)
    except (TicketNotFound, ConversationNotFound) as error:
        raise EvidenceNotFound from error
    return row


async def evidence_id_of(session: AsyncSession, receipt: str) -> str:
    """Return the id of the file with this receipt.

    Raises:
        EvidenceNotFound: No file has it.
    """
    found = await session.scalar(select(Evidence.id).where(Evidence.receipt == normalise_code(receipt)))
    if found is None:
        raise EvidenceNotFound
    return found


async def download(
    session: AsyncSession, storage: EvidenceStorage, agent: Agent, evidence_id: str, *, now: datetime
) -> tuple[EvidenceReceipt, Path]:
    """Return an original to an agent, and record who took it.

    Raises:
        Forbidden, EvidenceNotFound: See `access_evidence`; or its file is gone.
    """
    row = await access_evidence(session, agent, evidence_id, to=Permission.DOWNLOAD_EVIDENCE)
    found = await stored_file(session, storage, evidence_id)
    taken = {"receipt": row.receipt, "sha256": row.sha256}
    if row.ticket_id:
        ticket = await access_ticket(
            session, agent, row.ticket_id, lock=True, to=Permission.DOWNLOAD_EVIDENCE
        )
        audit.record(
            session, ticket, actor=agent.id, action="ticket.evidence_downloaded", now=now, new=taken
        )
    else:
        await staff_audit.record(
            session, actor=agent.id, action="evidence.downloaded", subject=row.id, now=now, new=taken
        )
    return found


async def reveal(
    session: AsyncSession, agent: Agent, ticket_id: str, *, field: str, now: datetime
) -> tuple[Ticket, str]:
    """Return one fact of a ticket in full, and record who looked at it.

    The ticket's version stays: looking changes nothing that another agent could overwrite.

    Raises:
        Forbidden, TicketNotFound: See `access_ticket`.
        BadRequest: The ticket has no such fact.
    """
    ticket = await access_ticket(session, agent, ticket_id, lock=True, to=Permission.REVEAL_PERSONAL)
    value = ticket.facts.get(field)
    if value is None:
        raise BadRequest(field="field")
    audit.record(
        session, ticket, actor=agent.id, action="ticket.revealed", now=now, new={"field": field}
    )
    return ticket, str(value)


async def within_scope(session: AsyncSession, agent: Agent, ticket_ids: set[str]) -> list[str]:
    """Return which of these tickets the agent may hear of, in a fixed order."""
    if not may(agent, Permission.READ_TICKETS) or not ticket_ids:
        return []
    scope = scope_of(agent)
    if not scope.is_limited:
        return sorted(ticket_ids)
    table = Ticket.__table__
    rows = await session.execute(select(table.c.id, table.c.region).where(table.c.id.in_(ticket_ids)))
    return sorted(ticket_id for ticket_id, region in rows if scope.covers(region))
