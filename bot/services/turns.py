"""The two ends of a bot turn in the store: taking the next message, storing the reply.

Between them the engine works without a transaction. `finish` is one commit: replies, dialogue
state, the change of owner if the reply asks for a person, and the inbound message's status. If
the process dies before it, nothing of the turn happened and it is taken again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.conversation import Owner, may_send
from bot.services import form_drafts
from bot.services.conversations import add_outgoing, locked
from bot.services.form_drafts import FormProgress
from bot.services.handoff import request_human
from bot.services.office import Office
from bot.services.outbox import deliver_from
from bot.store.tables import Conversation, Inbound, Message

#: Outcomes that count as a try that failed; two in a row offer a person.
_FAILED_OUTCOMES = frozenset({"clarify", "fallback"})
_BOTS = frozenset({Owner.BOT, Owner.WRAP_UP})


class DialogueForgotten(Exception):
    """The turn went on from a dialogue that is no more: its form was taken up elsewhere meanwhile.

    Nothing of the turn is stored and its message still waits; take it again, from the beginning.
    """


@dataclass(frozen=True)
class TurnJob:
    """A citizen's message that waits for the bot.

    Attributes:
        is_last: No other message of the conversation waited when this one was read.
    """

    inbound_id: str
    conversation_id: str
    text: str
    payload: str | None
    on_date: date | None
    epoch: int
    state: dict[str, Any] | None
    failed_tries: int
    received_at: datetime
    is_for_bot: bool
    is_last: bool


@dataclass(frozen=True)
class TurnOutcome:
    """What the bot wants to say; `state` None with `keep_state` leaves the dialogue as it was.

    Attributes:
        form: How far the open form is now.
        gave_up_form: The citizen cancelled the form.
    """

    messages: Sequence[tuple[str, dict[str, Any]]]
    state: dict[str, Any] | None
    analysis: dict[str, Any]
    handoff_reason: str | None = None
    keep_state: bool = False
    form: FormProgress | None = None
    gave_up_form: bool = False


async def next_job(session: AsyncSession, conversation_id: str) -> TurnJob | None:
    """Return the oldest message of the conversation that has no answer yet, None if all have."""
    rows = await session.execute(
        select(Inbound, Conversation)
        .join(Conversation, Conversation.id == Inbound.conversation_id)
        .where(Inbound.conversation_id == conversation_id, Inbound.status == "received")
        .order_by(Inbound.order)
        .limit(2)
    )
    waiting = rows.all()
    if not waiting:
        return None
    inbound, conversation = waiting[0]
    return TurnJob(
        inbound_id=inbound.id,
        conversation_id=conversation_id,
        text=inbound.text,
        payload=inbound.payload,
        on_date=inbound.on_date,
        epoch=conversation.owner_epoch,
        state=conversation.dialogue_state,
        failed_tries=conversation.failed_tries,
        received_at=inbound.received_at,
        is_for_bot=conversation.owner in _BOTS,
        is_last=len(waiting) == 1,
    )


async def inbound_with_conversation(
    session: AsyncSession, inbound_id: str
) -> tuple[Inbound, Conversation]:
    """Return a message that came in and its conversation, by one query."""
    rows = await session.execute(
        select(Inbound, Conversation)
        .join(Conversation, Conversation.id == Inbound.conversation_id)
        .where(Inbound.id == inbound_id)
    )
    inbound, conversation = rows.one()
    return inbound, conversation


async def leave_to_people(
    session: AsyncSession, conversation_id: str, *, now: datetime
) -> list[str]:
    """Settle what waits for the bot as `queued`, if a person has the conversation by now.

    Returns:
        The inbound messages settled; none if the conversation is the bot's after all.
    """
    conversation = await locked(session, conversation_id)
    if conversation.owner in _BOTS:
        return []
    waiting = await session.scalars(
        select(Inbound).where(
            Inbound.conversation_id == conversation_id, Inbound.status == "received"
        )
    )
    settled = list(waiting)
    for inbound in settled:
        inbound.status, inbound.settled_at = "queued", now
    return [inbound.id for inbound in settled]


async def finish(
    session: AsyncSession, office: Office, job: TurnJob, outcome: TurnOutcome, *, now: datetime
) -> bool:
    """Store a reply, or keep it as a suppressed draft if the conversation changed hands.

    Returns:
        True if the citizen got it.
    Raises:
        DialogueForgotten: See there.
    """
    conversation = await locked(session, job.conversation_id)
    inbound = await session.get_one(Inbound, job.inbound_id)
    if inbound.status != "received":
        return False
    is_overtaken = not may_send(job.epoch, conversation.owner_epoch)
    if not is_overtaken and job.state and not conversation.dialogue_state:
        raise DialogueForgotten
    inbound.analysis, inbound.settled_at = outcome.analysis, now
    if is_overtaken:
        inbound.status = "suppressed"
        _keep_drafts(session, conversation, job, outcome, now)
        return False
    inbound.status = "answered"
    if not outcome.keep_state:
        conversation.dialogue_state = outcome.state
    if outcome.form is not None:
        await form_drafts.keep(session, office, conversation, outcome.form, now=now)
    elif outcome.gave_up_form:
        await form_drafts.drop(session, conversation)
    failed = outcome.analysis.get("outcome") in _FAILED_OUTCOMES
    conversation.failed_tries = conversation.failed_tries + 1 if failed else 0
    for text, body in outcome.messages:
        add_outgoing(
            session, conversation, "bot", text, now=now, epoch=job.epoch, body=body,
            reply_to=job.inbound_id,
        )  # fmt: skip
    await session.flush()
    await deliver_from(session, conversation, now=now)
    if outcome.handoff_reason:
        await request_human(
            session, office, conversation.id, reason=outcome.handoff_reason, now=now,
            reply_to=job.inbound_id,
        )  # fmt: skip
    return True


def _keep_drafts(
    session: AsyncSession,
    conversation: Conversation,
    job: TurnJob,
    outcome: TurnOutcome,
    now: datetime,
) -> None:
    """Keep what the bot would have said, for the person who took over."""
    for text, body in outcome.messages:
        session.add(
            Message(
                conversation_id=conversation.id,
                seq=None,
                author="bot",
                text=text,
                body=body,
                state="suppressed",
                reply_to=job.inbound_id,
                created_at=now,
            )
        )


async def conversations_waiting_for_bot(
    session: AsyncSession, *, older_than: datetime | None = None
) -> list[str]:
    """Return conversations with unanswered messages: what a restarted desk must go on with."""
    query = select(Inbound.conversation_id).where(Inbound.status == "received").distinct()
    if older_than:
        query = query.where(Inbound.received_at < older_than)
    return list(await session.scalars(query))


async def reconciliation(session: AsyncSession) -> dict[str, int]:
    """Count inbound messages by status: `received` must fall to 0, and nothing else is missing."""
    rows = await session.execute(select(Inbound.status, func.count()).group_by(Inbound.status))
    return {**dict.fromkeys(("received", "answered", "queued", "suppressed"), 0), **dict(rows.all())}


async def waiting_longest(session: AsyncSession) -> datetime | None:
    """Return since when the oldest message waits that is not answered, queued or suppressed; None if none does."""
    return await session.scalar(select(func.min(Inbound.received_at)).where(Inbound.status == "received"))
