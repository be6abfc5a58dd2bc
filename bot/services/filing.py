"""Forms that come whole, as from a web page or another system: checked, opened, confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import FormInvalid, HelpdeskError
from bot.helpdesk.identifiers import format_code
from bot.helpdesk.ticket import queue_for
from bot.services.conversations import announce_message, locked_all, sent_message
from bot.services.forms import Accepted, Form, FormCatalogue, required_fields
from bot.services.office import Office
from bot.services.outbox import deliver_from
from bot.services.tickets import OpenedTicket, TicketDraft, open_tickets
from bot.store.bulk import insert_rows
from bot.store.tables import Conversation, Outbox


@dataclass(frozen=True)
class Filing:
    """A filled form.

    Attributes:
        values: Field name → what was written; a field left out or empty was skipped.
    """

    conversation_id: str
    form: Form
    values: Mapping[str, str]


def check_form(
    forms: FormCatalogue, form: Form, values: Mapping[str, str], *, today: date
) -> dict[str, str]:
    """Return the answers in their normal form, only those that are due.

    Raises:
        FormInvalid: `details["fields"]` says for each wrong or missing answer why.
    """
    taken: dict[str, str | None] = {}
    problems: dict[str, str] = {}
    for field in form.fields:
        if field not in required_fields(form, taken):
            continue
        outcome = forms.validate(field, values.get(field.name, ""), today=today, values=taken)
        if isinstance(outcome, Accepted):
            taken[field.name] = outcome.value
        else:
            problems[field.name] = outcome.code
    problems |= {field.name: "required" for field in forms.missing(form, taken) if field.name not in problems}
    if problems:
        raise FormInvalid(fields=problems)
    return forms.facts(form, taken)
