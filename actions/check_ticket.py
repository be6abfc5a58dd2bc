"""action_check_ticket: where a ticket stands, for a citizen who knows number and code."""

from __future__ import annotations

import re

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.dialogue import REQUEST_HUMAN, button, text_of
from actions.ports import STORE_FAILURES, ActionPorts, cause_of
from bot.helpdesk.errors import TicketNotFound
from bot.helpdesk.identifiers import TICKET_PREFIXES, clean, parse_ticket_number
from bot.services.tickets import look_up
from bot.services.views import TicketView

log = structlog.get_logger()

_PREFIX = rf"(?:{'|'.join(TICKET_PREFIXES.values())})"
# A whole number, in groups or not; else something that was meant as one and is named as mistyped.
_NUMBER = re.compile(rf"{_PREFIX}(?:[\s\-]*[0-9OIL]){{13}}(?![0-9])|{_PREFIX}[0-9OIL]{{6,16}}")
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{4}[\s\-]?[0-9A-Z]{4}(?![0-9A-Z])")
_LIKE_CODE = re.compile(r"[0-9A-Z]{4,}")


class CheckTicket(Action):
    """Takes number and code from the message, or from what this conversation opened before."""

    def __init__(self, ports: ActionPorts) -> None:
        self._ports = ports

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return "action_check_ticket"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Look the ticket up, or ask for what is missing."""
        number, code = self._found(tracker)
        texts = self._ports.texts
        if number is None:
            dispatcher.utter_message(text=texts("tickets.ask_number"))
            return []
        parsed = parse_ticket_number(number)
        if parsed is None:
            dispatcher.utter_message(text=texts("tickets.number_wrong", number=number))
            return []
        if code is None:
            dispatcher.utter_message(text=texts("tickets.ask_code", number=parsed))
        else:
            await self._tell(dispatcher, parsed, code)
        return [SlotSet("ticket_number", parsed), SlotSet("ticket_code", code)]

    def _found(self, tracker: Tracker) -> tuple[str | None, str | None]:
        """Return number and code as typed; what is missing comes from the conversation's last ticket."""
        typed = clean(text_of(tracker))
        match = _NUMBER.search(typed)
        known_number, known_code = tracker.slots.get("ticket_number"), tracker.slots.get("ticket_code")
        number = match[0] if match else known_number
        rest = typed.replace(match[0], " ") if match else typed
        code = _CODE.search(rest)
        if code:
            return number, code[0]
        # Something meant as a code, though none: the remembered one must not stand in for it.
        is_mistyped = _LIKE_CODE.search(rest) is not None
        is_known = match is None or parse_ticket_number(match[0]) == known_number
        return number, known_code if is_known and not is_mistyped else None

    async def _tell(self, dispatcher: CollectingDispatcher, number: str, code: str) -> None:
        texts = self._ports.texts
        try:
            async with self._ports.read() as session:
                ticket = await look_up(session, self._ports.office, number, code)
        except TicketNotFound:
            dispatcher.utter_message(text=texts("tickets.not_found"))
        except STORE_FAILURES as error:
            log.error("ticket.not_read", error=cause_of(error))
            buttons = [button(texts("buttons.human"), REQUEST_HUMAN)]
            dispatcher.utter_message(text=texts("tickets.lookup_unavailable"), buttons=buttons)
        else:
            dispatcher.utter_message(text=self._words(ticket))

    def _words(self, ticket: TicketView) -> str:
        texts = self._ports.texts
        return texts(
            "tickets.status",
            number=ticket.number,
            kind=texts(f"kinds.{ticket.kind}"),
            state=texts(f"states.{ticket.status}"),
            hint=texts(f"state_hints.{ticket.status}"),
            updated=self._ports.office.moment(ticket.updated_at),
        )
