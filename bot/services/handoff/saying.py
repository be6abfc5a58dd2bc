"""What the system tells a citizen about a handoff."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING
from bot.services.conversations import add_outgoing
from bot.services.office import Office
from bot.services.outbox import deliver_pending
from bot.services.tickets import OpenedTicket
from bot.store.tables import Conversation

_BACK_TO_BOT = "/back_to_bot"


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
    """Send the citizen words of the system; while they wait, with the way back to the bot."""
    body: dict[str, object] = {}
    if conversation.owner in WAITING:
        body["buttons"] = [{"title": office.texts("buttons.bot"), "payload": _BACK_TO_BOT}]
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
