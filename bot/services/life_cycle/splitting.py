"""Making a ticket of its own out of a part of another one (拆分)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.identifiers import format_code
from bot.helpdesk.life_cycle import LinkKind, TicketMerged
from bot.services import audit, sla
from bot.services.desk_work import access_ticket, tell_citizen
from bot.services.life_cycle import reasons
from bot.services.life_cycle.linking import make_link
from bot.services.office import Office
from bot.services.opening import OpenedTicket, TicketDraft, insert_ticket, tell_opened
from bot.services.tickets import touch
from bot.services.views import ticket_view
from bot.store.tables import Agent, Evidence, Ticket

SUBJECT_MAX_CHARS = 120


async def split_ticket(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    subject: str,
    facts: Collection[str],
    evidence: Collection[str] = (),
    queue: str | None = None,
    reason: str,
    version: int,
    now: datetime,
) -> OpenedTicket:
    """Open a ticket with the chosen facts and evidence of another one.

    Facts are copied, for what the citizen declared stays whole; evidence goes over, for a file belongs
    to one matter. The clocks of the new ticket start now: it is new work. The citizen is told its
    number and code.

    Args:
        facts: Names of the facts that the new ticket takes.
        evidence: Ids of the files that it takes.
        queue: Another queue than the first ticket's.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        TicketMerged: The ticket is handled with another one.
        ReasonRequired: No reason was given.
        BadRequest: No subject, no fact, a fact or file that the ticket does not have, or too long a reason.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    if ticket.merged_into:
        raise TicketMerged
    reason = reasons.given(reason)
    subject = subject.strip()
    if not 1 <= len(subject) <= SUBJECT_MAX_CHARS:
        raise BadRequest(field="subject")
    if not facts or not set(facts) <= set(ticket.facts):
        raise BadRequest(field="facts")
    files = await _files(session, ticket, evidence)
    draft = TicketDraft(
        kind=ticket.kind,
        subject=subject,
        facts={name: value for name, value in ticket.facts.items() if name in facts},
        queue=queue or ticket.queue,
        channel=ticket.channel,
        conversation_id=ticket.conversation_id,
        # Where the matter lies and how pressing it is does not change with its parts.
        region=ticket.region,
        centre=ticket.centre,
        urgency=ticket.urgency,
        priority=ticket.priority,
    )
    new = await insert_ticket(session, office, draft, None, now)
    await sla.on_ticket_opened(session, office.sla, new, now=now)
    for file in files:
        file.ticket_id = new.id
    link = make_link(session, agent, LinkKind.SPLIT, ticket.id, new.id, now)
    hashes = [file.sha256 for file in files]
    audit.record(
        session, new, actor=agent.id, action="ticket.opened", now=now, reason=reason,
        new={
            "status": new.status, "kind": new.kind, "facts": draft.facts, "evidence": hashes,
            "split_from": ticket.number, "link": link.id,
        },
    )  # fmt: skip
    audit.record(
        session, ticket, actor=agent.id, action="ticket.split", now=now, reason=reason,
        new={"number": new.number, "link": link.id, "facts": sorted(facts), "evidence": hashes},
    )  # fmt: skip
    tell_opened(session, new, now=now)
    touch(session, ticket, now)
    code = office.signer.query_code(new.number)
    words = office.texts(
        "life_cycle.split.told", number=ticket.number, new_number=new.number, code=format_code(code)
    )
    card = {"ticket": {"number": new.number, "code": code, "kind": new.kind}}
    await tell_citizen(session, ticket, words, now=now, body=card)
    return OpenedTicket(ticket_view(new), code, True)


async def _files(session: AsyncSession, ticket: Ticket, ids: Collection[str]) -> list[Evidence]:
    if not ids:
        return []
    rows = await session.scalars(
        select(Evidence).where(Evidence.ticket_id == ticket.id, Evidence.id.in_(list(ids)))
    )
    files = list(rows)
    if len(files) != len(set(ids)):
        raise BadRequest(field="evidence")
    return files
