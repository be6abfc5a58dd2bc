"""Handing a matter to another authority, its receipt, and its feedback (移送).

A transfer ends with the authority's final feedback. What it tells before is interim. If it says that the
matter is somebody else's, the next transfer begins where the first one ends.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import BadRequest
from bot.helpdesk.ticket import TicketStatus
from bot.services import audit, sla
from bot.services.desk_work import access_ticket, tell_citizen
from bot.services.ids import new_id
from bot.services.life_cycle.after_step import lapse_extensions
from bot.services.life_cycle.standing import end, end_standing
from bot.services.office import Office
from bot.services.tickets import move, touch
from bot.services.views import TicketView, ticket_view
from bot.store.tables import Agent, InterimFeedback, Ticket, Transfer

AUTHORITY_MAX_CHARS = 100
CONTACT_MAX_CHARS = 200
RECEIPT_MAX_CHARS = 80
TEXT_MAX_CHARS = 4000


async def transfer_to_authority(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    *,
    authority: str,
    contact: str = "",
    matter: str,
    reason_code: str | None = None,
    answer: str = "",
    version: int,
    now: datetime,
) -> TicketView:
    """Transfer the matter; the feedback clock starts if the policy has one, and ours stands still.

    What is with an authority already goes on from there: its transfer ends, and a new one begins.

    Args:
        authority: Who has it now.
        contact: How staff reach them; never shown to the citizen.
        matter: What was handed over; the citizen reads it.
        answer: What the authority said that had it until now; the feedback with which its transfer ends.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        IllegalTransition, TicketMerged: See `tickets.move`.
        BadRequest: A text is missing or too long, there is no such reason, or an answer is given where no
            authority has it.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    authority = _text("authority", authority, AUTHORITY_MAX_CHARS)
    matter = _text("matter", matter, TEXT_MAX_CHARS)
    contact = _text("contact", contact, CONTACT_MAX_CHARS, required=False)
    reason = office.rules.worded(TicketStatus.TRANSFERRED, reason_code, matter)
    before = await end_standing(session, office, ticket, answer, actor=agent.id, now=now)
    await move(
        session, office, ticket, TicketStatus.TRANSFERRED, actor=agent.id,
        reason=office.texts("life_cycle.transfer.reason", authority=authority, reason=reason),
        reason_code=reason_code, now=now,
    )  # fmt: skip
    transfer = Transfer(
        id=new_id(now), ticket_id=ticket.id, authority=authority, contact=contact, matter=matter,
        sent_by=agent.id, sent_at=now,
    )  # fmt: skip
    session.add(transfer)
    audit.record(
        session, ticket, actor=agent.id, action="ticket.transferred", now=now,
        new={"transfer": transfer.id, "authority": authority, "contact": contact, "matter": matter},
    )  # fmt: skip
    values = {"number": ticket.number, "authority": authority, "reason": reason}
    if before is None:
        words = office.texts("life_cycle.transfer.told", **values)
    else:
        words = office.texts("life_cycle.transfer.onward", **values, before=before, answer=answer.strip())
    await tell_citizen(session, ticket, words, now=now)
    return ticket_view(ticket)


async def record_receipt(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    transfer_id: str,
    *,
    receipt_no: str = "",
    version: int,
    now: datetime,
) -> TicketView:
    """Record that the authority has received the matter, and tell the citizen.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        BadRequest: This ticket has no such transfer, it was received or answered before, or the
            receipt's number is too long.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    transfer = await _open(session, ticket, transfer_id)
    if transfer.received_at is not None:
        raise BadRequest(field="transfer")
    receipt_no = _text("receipt_no", receipt_no, RECEIPT_MAX_CHARS, required=False)
    transfer.received_at, transfer.receipt_no = now, receipt_no
    audit.record(
        session, ticket, actor=agent.id, action="ticket.transfer_received", now=now,
        new={"transfer": transfer.id, "receipt_no": receipt_no},
    )  # fmt: skip
    touch(session, ticket, now)
    key = "life_cycle.transfer.received_no" if receipt_no else "life_cycle.transfer.received"
    words = office.texts(
        key, number=ticket.number, authority=transfer.authority, receipt_no=receipt_no
    )
    await tell_citizen(session, ticket, words, now=now)
    return ticket_view(ticket)


async def record_interim_feedback(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    transfer_id: str,
    *,
    text: str,
    version: int,
    now: datetime,
) -> TicketView:
    """Record what the authority told of a matter that it still works on, and tell the citizen.

    The next feedback is awaited from now on, in a new round of the clock; ours goes on standing still.

    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        BadRequest: This ticket has no such open transfer, or the text is missing or too long.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    transfer = await _open(session, ticket, transfer_id)
    text = _text("text", text, TEXT_MAX_CHARS)
    session.add(
        InterimFeedback(
            id=new_id(now), transfer_id=transfer.id, text=text, recorded_by=agent.id, recorded_at=now
        )
    )
    audit.record(
        session, ticket, actor=agent.id, action="ticket.interim_feedback", now=now, reason=text,
        new={"transfer": transfer.id, "authority": transfer.authority},
    )  # fmt: skip
    await sla.on_ticket_event(session, office.sla, ticket, "interim_feedback", now=now)
    await lapse_extensions(session, ticket, now=now)
    touch(session, ticket, now)
    words = office.texts(
        "life_cycle.transfer.interim", number=ticket.number, authority=transfer.authority, text=text
    )
    await tell_citizen(session, ticket, words, now=now)
    return ticket_view(ticket)


async def record_feedback(
    session: AsyncSession,
    office: Office,
    agent: Agent,
    ticket_id: str,
    transfer_id: str,
    *,
    text: str,
    returned: bool = False,
    version: int,
    now: datetime,
) -> TicketView:
    """Record what the authority answered in the end, and tell the citizen; its clock stops, ours goes on.

    Args:
        returned: The authority gave the matter back; the ticket is in progress with us again.
    Raises:
        TicketNotFound, TicketChangedMeanwhile: See `access_ticket`.
        BadRequest: This ticket has no such open transfer, or the text is missing or too long.
    """
    ticket = await access_ticket(session, agent, ticket_id, version=version)
    transfer = await _open(session, ticket, transfer_id)
    text = _text("text", text, TEXT_MAX_CHARS)
    await end(session, office, ticket, transfer, text, returned=returned, actor=agent.id, now=now)
    values = {"authority": transfer.authority, "text": text}
    if returned and ticket.status == TicketStatus.TRANSFERRED and ticket.merged_into is None:
        # What another centre gives back is ours.
        ticket.centre = office.routing.own
        reason = office.texts("life_cycle.transfer.returned_reason", **values)
        await move(
            session, office, ticket, TicketStatus.IN_PROGRESS, actor=agent.id, reason=reason, now=now
        )
    else:
        touch(session, ticket, now)
    key = "life_cycle.transfer.returned" if returned else "life_cycle.transfer.feedback"
    await tell_citizen(session, ticket, office.texts(key, number=ticket.number, **values), now=now)
    return ticket_view(ticket)


async def _open(session: AsyncSession, ticket: Ticket, transfer_id: str) -> Transfer:
    transfer = await session.get(Transfer, transfer_id, populate_existing=True)
    if transfer is None or transfer.ticket_id != ticket.id or transfer.feedback_at is not None:
        raise BadRequest(field="transfer")
    return transfer


def _text(field: str, value: str, limit: int, *, required: bool = True) -> str:
    value = value.strip()
    if len(value) > limit or (required and not value):
        raise BadRequest(field=field)
    return value
