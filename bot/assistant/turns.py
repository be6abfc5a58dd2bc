"""Taking bot turns: one at a time and in order per conversation, many conversations at once.

A turn that the engine did not take (time-out, error, an action of ours that failed) ends in one
apology and a place in the queue, so that nobody is left without an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

from bot.assistant.days import split_day
from bot.assistant.engine import AssistantEngine, EngineReply, EngineTurn, EngineUnavailable
from bot.assistant.presenter import Presenter
from bot.assistant.waiters import Waiters
from bot.knowledge.relevant_date import relevant_date
from bot.services import turns
from bot.services.form_drafts import FormProgress
from bot.services.handoff.settling import split_settled
from bot.services.office import Office
from bot.services.reading import replies_to, status
from bot.services.turns import DialogueForgotten, TurnJob, TurnOutcome
from bot.services.views import ConversationStatus, MessageView
from bot.store.database import Database
from bot.store.scoping import restricted

log = structlog.get_logger()

_CANCEL, _CONFIRM = "cancel_form", "confirm"
#: Rasa takes one turn at a time: more at once would only wait there, while their time-out runs.
_TURNS_AT_ONCE = 4
#: The store is away or too busy: it says nothing about the reply, which is made again later.
_STORE_AWAY = (OperationalError, InterfaceError, InternalError)


@dataclass(frozen=True)
class TurnResult:
    """The stored reply to one message, as often as it is asked for."""

    messages: list[MessageView]
    status: ConversationStatus
    analysis: dict[str, Any]
    settled: bool


class FailedActions:
    """Conversations whose running turn had an action that failed.

    Rasa logs a failed action and goes on as if nothing had happened, so the action endpoint
    notes it here and the turn asks.
    """

    def __init__(self) -> None:
        self._conversations: set[str] = set()

    def note(self, conversation_id: str) -> None:
        """Remember that an action of this conversation's turn failed."""
        self._conversations.add(conversation_id)

    def take(self, conversation_id: str) -> bool:
        """Tell whether one failed since the last call, and forget it."""
        failed = conversation_id in self._conversations
        self._conversations.discard(conversation_id)
        return failed


class TurnRunner:
    """Runs the turns of this process.

    Args:
        database: Where messages wait and replies go.
        clock: Returns the present instant, aware, UTC.
        processes: How many desk processes share the engine.
    """

    def __init__(
        self,
        database: Database,
        office: Office,
        engine: AssistantEngine,
        presenter: Presenter,
        *,
        clock: Callable[[], datetime],
        processes: int = 1,
    ) -> None:
        self._database = database
        self._office = office
        self._engine = engine
        self._presenter = presenter
        self._clock = clock
        self.failed_actions = FailedActions()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._wanted: set[str] = set()
        self._waiters = Waiters()
        # A second place, so that a conversation which another process is at does not hold up all others.
        self._places = asyncio.Semaphore(max(2, _TURNS_AT_ONCE // processes))

    def submit(self, conversation_id: str, *, inbound_id: str | None = None) -> None:
        """Take the waiting turns of a conversation, now or right after the one that runs.

        Args:
            inbound_id: The message because of which they are taken: who waits for its reply is woken, whichever
                process has made it.
        """
        if inbound_id:
            self._waiters.event(inbound_id, conversation_id)
        self._wanted.add(conversation_id)
        if conversation_id not in self._running:
            self._running[conversation_id] = asyncio.create_task(self._drain(conversation_id))

    async def wait(self, inbound_id: str, timeout: float, *, is_new: bool = False) -> TurnResult:
        """Return the reply to a message, waiting for it up to `timeout` seconds.

        If it takes longer, `settled` is False and there are no messages yet; they arrive live.

        Args:
            is_new: It was stored and submitted just now, so the store need not be asked first.
        """
        event = self._waiters.event(inbound_id)
        if not is_new:
            result = await self._result(inbound_id)
            if result.settled:
                return result
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout)
        return await self._result(inbound_id)

    async def recover(self, *, older_than: datetime | None = None) -> int:
        """Take up what a process that died left unanswered; returns how many conversations.

        Args:
            older_than: Leave younger messages alone: another process may be at them. None at
                start-up, when this process has none yet.
        """
        async with self._database.read() as session:
            waiting = await turns.conversations_waiting_for_bot(session, older_than=older_than)
        for conversation_id in waiting:
            self.submit(conversation_id)
        return len(waiting)

    async def close(self) -> None:
        """Let running turns end; nothing is lost if one does not, it is taken again."""
        running = list(self._running.values())
        if running:
            _, pending = await asyncio.wait(running, timeout=5)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _result(self, inbound_id: str) -> TurnResult:
        async with self._database.read() as session:
            inbound, conversation = await turns.inbound_with_conversation(session, inbound_id)
            return TurnResult(
                messages=await replies_to(session, inbound_id),
                # Found in the session, which keeps what somebody holds.
                status=await status(session, self._office, conversation.id, now=self._clock()),
                analysis=inbound.analysis or {},
                settled=inbound.status != "received",
            )

    async def _drain(self, conversation_id: str) -> None:
        try:
            while conversation_id in self._wanted:
                self._wanted.discard(conversation_id)
                # Whoever's request woke us: the bot's turn is nobody's part of the country.
                with restricted(None):
                    async with self._places, self._database.alone(conversation_id):
                        await self._take_all(conversation_id)
        except Exception:
            # The store failed: the message stays `received`, the worker's recovery takes it up.
            log.exception("turn.failed", conversation_id=conversation_id)
        finally:
            del self._running[conversation_id]
            if conversation_id in self._wanted:
                self.submit(conversation_id)

    async def _take_all(self, conversation_id: str) -> None:
        while True:
            submitted = self._waiters.of(conversation_id)
            async with self._database.read() as session:
                job = await turns.next_job(session, conversation_id)
            if job is None:
                # Another process was faster, or people have the conversation.
                self._waiters.wake(submitted)
                return
            settled = await self._take(job)
            self._waiters.wake(settled)
            if settled and job.is_last:
                # No other was left. What came since then was submitted after its commit, so `_drain` goes round again.
                self._waiters.wake(submitted)
                return

    async def _take(self, job: TurnJob) -> list[str]:
        """Answer one message, or leave it to the people who have the conversation.

        Returns:
            The messages settled; none if this one has to be looked at again.
        """
        if not job.is_for_bot:
            async with self._database.begin() as session:
                return await turns.leave_to_people(session, job.conversation_id, now=self._clock())
        outcome = await self._outcome(job)
        try:
            await self._finish(job, outcome)
        except DialogueForgotten:
            return []
        except _STORE_AWAY:
            raise
        except Exception:
            # A reply that cannot be stored must not keep the citizen, and all that they write
            # later, waiting for ever.
            log.exception("turn.unfinished", conversation_id=job.conversation_id)
            await self._finish(job, self._failure())
        return [job.inbound_id]

    async def _finish(self, job: TurnJob, outcome: TurnOutcome) -> None:
        async with self._database.begin() as session:
            await turns.finish(session, self._office, job, outcome, now=self._clock())

    async def _outcome(self, job: TurnJob) -> TurnOutcome:
        today = job.on_date or self._clock().astimezone(self._office.calendar.zone).date()
        self.failed_actions.take(job.conversation_id)
        try:
            reply = await self._engine.take(_engine_turn(job, today, self._clock()))
        except EngineUnavailable as error:
            log.warning("engine.unavailable", conversation_id=job.conversation_id, reason=str(error))
            return self._failure()
        except Exception:
            log.exception("engine.unreadable", conversation_id=job.conversation_id)
            return self._failure()
        if self.failed_actions.take(job.conversation_id):
            return self._failure()
        try:
            return self._success(reply, today, _asked_day(job, today))
        except Exception:
            log.exception("engine.unpresentable", conversation_id=job.conversation_id)
            return self._failure()

    def _success(self, reply: EngineReply, today: date, asked_day: date | None) -> TurnOutcome:
        presented = self._presenter.present(reply, today, asked_day=asked_day)
        if not presented.messages and not presented.handoff_reason:
            log.error("engine.silent", intent=reply.nlu.get("intent"))
            return self._failure()
        return TurnOutcome(
            messages=[(shown.text, shown.body) for shown in presented.messages],
            state=reply.state,
            analysis=self._presenter.analysis(reply, presented),
            handoff_reason=presented.handoff_reason,
            form=_progress(reply),
            gave_up_form=reply.active_form is None and reply.nlu.get("intent") == _CANCEL,
        )

    def _failure(self) -> TurnOutcome:
        """Leave the dialogue as it was; the words of the queue are the one apology."""
        return TurnOutcome(
            messages=[],
            state=None,
            analysis={"outcome": "handoff", "topic": "handoff", "right": "none", "reply": ""},
            handoff_reason="engine_failure",
            keep_state=True,
        )


def _progress(reply: EngineReply) -> FormProgress | None:
    """Return how far the open form is; the engine's slots of a form begin with its id."""
    if reply.active_form is None:
        return None
    start = f"{reply.active_form}_"
    slots = {name.removeprefix(start): value for name, value in reply.slots.items() if name.startswith(start)}
    slots.pop(_CONFIRM, None)
    return FormProgress(
        form=reply.active_form,
        answers={name: str(value) for name, value in slots.items() if value is not None},
        asked=(reply.requested_slot or "").removeprefix(start) or None,
        draft=reply.slots.get("draft_number"),
    )


def _asked_day(job: TurnJob, today: date) -> date | None:
    """Return the day that the citizen named, or that the button carries on; None for today."""
    if job.payload:
        return split_day(job.payload)[1]
    return relevant_date(job.text, today)


def _engine_turn(job: TurnJob, today: date, now: datetime) -> EngineTurn:
    state, settled = split_settled(job.state)
    return EngineTurn(
        conversation=job.conversation_id,
        message_id=job.inbound_id,
        text=split_day(job.payload)[0] if job.payload else job.text,
        state=state,
        today=today.isoformat(),
        failed_tries=job.failed_tries,
        settled=settled,
        waited_seconds=(now - job.received_at).total_seconds(),
    )
