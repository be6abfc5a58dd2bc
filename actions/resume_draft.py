"""action_resume_draft: takes a saved form up again, for a citizen who knows number and code."""

from __future__ import annotations

import re

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.dialogue import DRAFT_NUMBER, REQUEST_HUMAN, button, text_of
from actions.ports import STORE_FAILURES, ActionPorts, cause_of
from bot.helpdesk.errors import BadRequest, DraftNotFound
from bot.helpdesk.identifiers import DRAFT_PREFIX, clean, format_code
from bot.services.form_drafts import DraftView, take_up
from bot.services.forms import Form

log = structlog.get_logger()

REFUSED = "refused"
_NUMBER = re.compile(rf"{DRAFT_PREFIX}(?:[\s\-]*[0-9OIL]){{13}}(?![0-9])")
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{4}[\s\-]?[0-9A-Z]{4}(?![0-9A-Z])")


class ResumeDraft(Action):
    """Fills the slots of the form; `draft_outcome` names the form that the rules then open."""

    def __init__(self, ports: ActionPorts) -> None:
        self._ports = ports

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return "action_resume_draft"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Take the draft up, or say why not."""
        number, code = _found(text_of(tracker))
        if number is None or code is None:
            return self._refuse(dispatcher, "drafts.ask_number")
        ports = self._ports
        try:
            async with ports.begin() as session:
                taken = await take_up(
                    session, ports.office, number, code, conversation_id=tracker.sender_id, now=ports.clock()
                )
        except DraftNotFound:
            return self._refuse(dispatcher, "drafts.not_found")
        except BadRequest:
            return self._refuse(dispatcher, "drafts.busy")
        except STORE_FAILURES as error:
            log.error("draft.not_taken_up", error=cause_of(error))
            return self._refuse(dispatcher, "drafts.unavailable", offer_human=True)
        if taken.ticket_number:
            return self._show_ticket(dispatcher, taken)
        return self._open(dispatcher, taken)

    def _open(self, dispatcher: CollectingDispatcher, taken: DraftView) -> list[EventType]:
        form, ports = self._ports.forms.form(taken.form), self._ports
        answers = {name: value for name, value in taken.answers.items() if form.field(name)}
        text = ports.texts(
            "drafts.taken_up",
            when=ports.office.moment(taken.updated_at),
            form=form.title,
            count=sum(bool(value) for value in answers.values()),
        )
        dispatcher.utter_message(text=text)
        return [
            SlotSet("draft_outcome", form.id),
            SlotSet(DRAFT_NUMBER, taken.number),
            *_slots(form, answers),
        ]

    def _show_ticket(self, dispatcher: CollectingDispatcher, taken: DraftView) -> list[EventType]:
        number = str(taken.ticket_number)
        code = format_code(self._ports.office.signer.query_code(number))
        card = {"number": number, "code": code, "kind": taken.ticket_kind}
        dispatcher.utter_message(text=self._ports.texts("drafts.opened"), json_message={"ticket": card})
        return [
            SlotSet("draft_outcome", REFUSED),
            SlotSet("ticket_number", number),
            SlotSet("ticket_code", code),
        ]

    def _refuse(
        self, dispatcher: CollectingDispatcher, key: str, *, offer_human: bool = False
    ) -> list[EventType]:
        texts = self._ports.texts
        buttons = [button(texts("buttons.human"), REQUEST_HUMAN)] if offer_human else []
        dispatcher.utter_message(text=texts(key), buttons=buttons)
        return [SlotSet("draft_outcome", REFUSED)]


def _found(text: str) -> tuple[str | None, str | None]:
    """Return number and code as typed."""
    typed = clean(text)
    number = _NUMBER.search(typed)
    code = _CODE.search(typed.replace(number[0], " ") if number else typed)
    return number[0] if number else None, code[0] if code else None


def _slots(form: Form, answers: dict[str, str]) -> list[EventType]:
    """Return events that put the answers, and nothing else, into the form's slots."""
    fields = [SlotSet(form.slot(field), answers.get(field.name)) for field in form.fields]
    return [*fields, SlotSet(form.confirm_slot, None)]
