"""action_save_draft: puts the open form aside; number and code take it up again, also elsewhere."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT
from rasa_sdk.types import DomainDict

from actions.dialogue import DRAFT_NUMBER, active_form, forget, values_of
from actions.ports import ActionPorts
from bot.helpdesk.identifiers import format_code
from bot.services.form_drafts import DraftView, FormProgress, save
from bot.services.forms import Form


class SaveDraft(Action):
    """Saves the answers and empties the slots; the rules close the form.

    A store that is away is not caught: the turn then fails as a whole and the form stays open.
    """

    def __init__(self, ports: ActionPorts) -> None:
        self._ports = ports

    def name(self) -> str:
        """Return the name under which the engine calls the action."""
        return "action_save_draft"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Save, say number and code, forget the form."""
        form = active_form(tracker, self._ports)
        if form is None:
            return []
        ports = self._ports
        async with ports.begin() as session:
            saved = await save(
                session, ports.office, tracker.sender_id, _progress(tracker, form), now=ports.clock()
            )
        dispatcher.utter_message(text=self._words(saved))
        return forget(form)

    def _words(self, saved: DraftView | None) -> str:
        texts = self._ports.texts
        if saved is None:
            return texts("drafts.nothing")
        until = saved.expires_at.astimezone(self._ports.office.calendar.zone)
        return texts(
            "drafts.saved",
            number=saved.number,
            code=format_code(saved.code),
            until=texts("drafts.date", year=until.year, month=until.month, day=until.day),
        )


def _progress(tracker: Tracker, form: Form) -> FormProgress:
    asked = tracker.slots.get(REQUESTED_SLOT) or ""
    return FormProgress(
        form=form.id,
        answers=values_of(tracker, form),
        asked=asked.removeprefix(f"{form.id}_") or None,
        draft=tracker.slots.get(DRAFT_NUMBER),
    )
