"""What the system tells a citizen about a handoff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, Owner
from bot.services.conversations import add_outgoing
from bot.services.office import Office
from bot.services.opening import OpenedTicket
from bot.services.outbox import deliver_pending
from bot.services.waiting import expected_wait
from bot.store.tables import Conversation

#: Payloads of the buttons that a waiting citizen has; the entry points act on them.
BACK_TO_BOT = "/back_to_bot"
LEAVE_TICKET = "/leave_ticket"


async def say(
    session: AsyncSession,
    office: Office,
    conversation: Conversation,
    key: str,
    *,
    now: datetime,
    reply_to: str | None = None,
    ticket: OpenedTicket | None = None,
    **values: object,
) -> None:
    """Send the citizen words of the system; while they wait, with the ways out of the queue."""
    body: dict[str, Any] = {}
    if conversation.owner in WAITING:
        body["buttons"] = [{"title": office.texts("buttons.bot"), "payload": BACK_TO_BOT}]
    if conversation.owner == Owner.QUEUED:
        leave = {"title": office.texts("buttons.leave_ticket"), "payload": LEAVE_TICKET}
        body["buttons"] = [*body["buttons"], leave]
    if ticket is not None:
        body["ticket"] = {
            "number": ticket.ticket.number,
            "code": ticket.code,
            "kind": ticket.ticket.kind,
        }
    add_outgoing(
        session, conversation, "system", office.texts(key, **values), now=now, epoch=None,
        body=body, reply_to=reply_to,
    )  # fmt: skip
    await session.flush()
    await deliver_pending(session, conversation.id, now=now)


async def wait_values(
    session: AsyncSession, office: Office, conversation: Conversation, place: int, now: datetime
) -> dict[str, object]:
    """Return the place in the queue, and the wait in words: honest when it is not known."""
    minutes = await expected_wait(
        session, conversation.queue, place, calendar=office.calendar, now=now
    )
    wait = office.texts("handoff.wait", minutes=minutes) if minutes else office.texts("handoff.wait_unknown")
    return {"place": place, "wait": wait}
