"""A citizen on the web channel, as the gateway would act for them, without HTTP."""

import itertools
from datetime import date

from bot.assistant.turns import TurnResult
from bot.bootstrap import Desk
from bot.services.conversations import (
    InboundMessage,
    Received,
    receive,
    start_conversation,
)
from bot.services.reading import messages_after
from bot.services.views import MessageView

_users = itertools.count(1)


class Citizen:
    """Talks to a desk in one conversation."""

    def __init__(self, desk: Desk, conversation_id: str) -> None:
        self.desk = desk
        self.conversation_id = conversation_id
        self._ids = itertools.count(1)

    @classmethod
    async def arrives(cls, desk: Desk) -> "Citizen":
        name = f"citizen{next(_users)}"
        async with desk.begin() as session:
            conversation = await start_conversation(
                session, channel="web", account="web", external_user=name, now=desk.clock()
            )
        return cls(desk, conversation.id)

    async def sends(
        self,
        text: str,
        *,
        external_id: str | None = None,
        payload: str | None = None,
        on_date: date | None = None,
    ) -> Received:
        """Store a message; nobody answers yet."""
        inbound = InboundMessage(
            conversation_id=self.conversation_id,
            channel="web",
            account=self.conversation_id,
            external_id=external_id or f"m{next(self._ids)}",
            text=text,
            payload=payload,
            on_date=on_date,
        )
        async with self.desk.begin() as session:
            return await receive(session, inbound, now=self.desk.clock())

    async def says(self, text: str, **options: object) -> TurnResult:
        """Store a message and wait for the stored reply."""
        received = await self.sends(text, **options)
        if received.owner == "bot":
            self.desk.turns.submit(self.conversation_id, inbound_id=received.inbound_id)
        is_new = received.owner == "bot" and not received.duplicate
        return await self.desk.turns.wait(received.inbound_id, timeout=10, is_new=is_new)

    async def sees(self, after: int = 0) -> list[MessageView]:
        """Return what the page shows."""
        async with self.desk.read() as session:
            return await messages_after(session, self.conversation_id, after)
