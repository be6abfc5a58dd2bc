"""action_open_<form>: opens the ticket, once; the rules choose the words by the outcome."""

from __future__ import annotations

import asyncio

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.dialogue import DRAFT_NUMBER, forget, values_of
from actions.ports import STORE_FAILURES, ActionPorts, cause_of
from bot.helpdesk.identifiers import format_code
from bot.services.forms import Form
from bot.services.intake import Submission, submit
from bot.services.opening import OpenedTicket

log = structlog.get_logger()

#: Less than the engine waits for an action, so that the citizen hears what happened from us.
STORE_TIMEOUT_SECONDS = 6.0


class OpenTicket(Action):
    """Turns a confirmed form into a ticket.

    If the store fails, the answers stay and only the confirmation is emptied: the form stands at its
    last question, ready for another try. The same form sent again is the same ticket.
    """

    def __init__(self, ports: ActionPorts, form: Form, *, timeout: float = STORE_TIMEOUT_SECONDS) -> None:
        self._ports, self._form, self._timeout = ports, form, timeout

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return f"action_open_{self._form.id}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Open the ticket and report the outcome in slots."""
        values = values_of(tracker, self._form)
        if self._ports.forms.missing(self._form, values):
            # Nothing may be sent without what it needs, above all consent: back to the question.
            return [SlotSet(self._form.confirm_slot, None), FollowupAction(self._form.form_name)]
        try:
            opened = await self._open(self._sent(tracker, values))
        except STORE_FAILURES as error:
            log.error("ticket.not_opened", kind=self._form.ticket_kind, error=cause_of(error))
            return [SlotSet("ticket_outcome", "store_unavailable"), SlotSet(self._form.confirm_slot, None)]
        if not opened.created:
            self._show_again(dispatcher, opened)
        return self._opened(opened)

    async def _open(self, sent: Submission) -> OpenedTicket:
        ports = self._ports
        async with asyncio.timeout(self._timeout), ports.begin() as session:
            return await submit(session, ports.office, ports.forms, sent, now=ports.clock())

    def _sent(self, tracker: Tracker, values: dict[str, str]) -> Submission:
        return Submission(
            form=self._form,
            values=values,
            channel=tracker.sender_id.partition(":")[0],
            conversation_id=tracker.sender_id,
            draft=tracker.slots.get(DRAFT_NUMBER),
        )

    def _show_again(self, dispatcher: CollectingDispatcher, opened: OpenedTicket) -> None:
        """Show number and code again: after a crash this is the first time that they arrive."""
        ticket = opened.ticket
        card = {"number": ticket.number, "code": format_code(opened.code), "kind": ticket.kind}
        dispatcher.utter_message(json_message={"ticket": card})

    def _opened(self, opened: OpenedTicket) -> list[EventType]:
        return [
            SlotSet("ticket_outcome", "opened" if opened.created else "already_open"),
            SlotSet("ticket_number", opened.ticket.number),
            SlotSet("ticket_code", format_code(opened.code)),
            *forget(self._form),
        ]
