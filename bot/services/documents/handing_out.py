"""Who may have the document of what: citizens with number and code, agents through the audited door."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.identifiers import parse_draft_number
from bot.helpdesk.permissions import Permission
from bot.services import audit, form_drafts
from bot.services.access import access_ticket, check
from bot.services.documents.sheet import Sheet, sheet_of_draft, sheet_of_ticket
from bot.services.evidence import evidence_of
from bot.services.forms import FormCatalogue
from bot.services.office import Office
from bot.services.tickets import look_up
from bot.services.views import ticket_view
from bot.store.tables import Agent


async def sheet_for_citizen(
    session: AsyncSession, office: Office, forms: FormCatalogue, number: str, code: str, *, now: datetime
) -> Sheet:
    """Return the sheet of a ticket or an unfinished form, sensitive answers masked.

    Number and code may have been seen by others; what they open says nothing that its citizen
    does not know anyway.

    Raises:
        TicketNotFound, DraftNotFound: Wrong number or wrong code.
    """
    if parse_draft_number(number):
        draft = await form_drafts.look(session, office, number, code, now=now)
        return sheet_of_draft(office, forms, draft, now=now)
    ticket = await look_up(session, office, number, code)
    receipts = await evidence_of(session, ticket_id=ticket.id)
    return sheet_of_ticket(office, forms, ticket, receipts, is_masked=True, now=now)


async def sheet_for_staff(
    session: AsyncSession, office: Office, forms: FormCatalogue, agent: Agent, ticket_id: str, *,
    format_: str, is_masked: bool, now: datetime,
) -> Sheet:  # fmt: skip
    """Return the sheet of a ticket; that an agent took it, and whether in full, is sealed.

    Raises:
        Forbidden: The agent may not take files, or not see personal data in full.
        TicketNotFound: There is none, or this agent may not see it.
    """
    ticket = await access_ticket(session, agent, ticket_id, lock=True, to=Permission.DOWNLOAD_EVIDENCE)
    if not is_masked:
        check(agent, Permission.REVEAL_PERSONAL)
    action = "ticket.exported" if is_masked else "ticket.exported_full"
    audit.record(session, ticket, actor=agent.id, action=action, now=now, new={"format": format_})
    receipts = await evidence_of(session, ticket_id=ticket_id)
    return sheet_of_ticket(office, forms, ticket_view(ticket), receipts, is_masked=is_masked, now=now)
