"""A ticket instead of waiting: the matter is kept, the citizen goes on with the bot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import WAITING, Owner
from bot.helpdesk.identifiers import format_code
from bot.services.conversations import change_owner, locked
from bot.services.handoff.episodes import current_handoff, end
from bot.services.handoff.requesting import keep_as_ticket
from bot.services.handoff.saying import say
from bot.services.office import Office
from bot.services.reading import status
from bot.services.views import ConversationStatus


async def leave_ticket(
    session: AsyncSession,
    office: Office,
    conversation_id: str,
    *,
    now: datetime,
    reply_to: str | None = None,
) -> ConversationStatus:
    """Turn waiting into a consultation ticket; one that was opened outside office hours already stays.

    Does nothing if the conversation does not wait.
    """
    conversation = await locked(session, conversation_id)
    if conversation.owner in WAITING:
        handoff = await current_handoff(session, conversation_id)
        opened = None
        if handoff and handoff.ticket_id is None:
            opened = await keep_as_ticket(session, office, conversation, handoff, now)
            handoff.ticket_id = opened.ticket.id
        change_owner(session, conversation, Owner.BOT, agent_id=None)
        conversation.failed_tries = 0
        await end(session, office, conversation, "ticket", actor="citizen", now=now)
        if opened:
            await say(
                session, office, conversation, "handoff.ticket_left", now=now, reply_to=reply_to, ticket=opened,
                number=opened.ticket.number, code=format_code(opened.code),
            )  # fmt: skip
        else:
            await say(session, office, conversation, "handoff.returned", now=now, reply_to=reply_to)
    return await status(session, office, conversation_id, now=now)
