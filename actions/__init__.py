"""The desk's actions: thin adapters between the engine's dialogue and the services."""

from __future__ import annotations

from rasa_sdk import Action

from actions.ask_confirm import AskConfirm
from actions.cancel_form import CancelForm
from actions.check_ticket import CheckTicket
from actions.clarify import Clarify
from actions.correct_field import CorrectField
from actions.open_ticket import OpenTicket
from actions.ports import ActionPorts
from actions.resume_draft import ResumeDraft
from actions.save_draft import SaveDraft
from actions.show_article import ShowArticle
from actions.use_tool import UseTool
from actions.validate_form import ValidateForm


def build_actions(ports: ActionPorts) -> list[Action]:
    """Return every action of the dialogue, ready to be registered; three of them for each form."""
    per_form = (ValidateForm, AskConfirm, OpenTicket)
    common = (CorrectField, CancelForm, Clarify, ShowArticle, CheckTicket, UseTool, SaveDraft, ResumeDraft)
    return [
        *(make(ports, form) for form in ports.forms.forms for make in per_form),
        *(make(ports) for make in common),
    ]
