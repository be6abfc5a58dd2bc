"""What the ticket page shows of a ticket's life."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bootstrap import Desk
from bot.console import roles
from bot.console.facts import facts_of
from bot.console.keys import AGENT, DESK, WORDS
from bot.console.tickets import queues_of
from bot.console.words import Words
from bot.helpdesk.life_cycle import CORRECTION_DAYS_MAX, Priority
from bot.helpdesk.ticket import FINISHED, TicketStatus
from bot.services.desk_work import TicketDetail
from bot.services.forms import required_fields
from bot.services.life_cycle import queues
from bot.services.life_cycle.after_step import in_working_days
from bot.services.life_cycle.follow_ups import OUTCOMES
from bot.services.life_cycle.looking import LifeCycle, TransferView, life_of
from bot.services.views import TicketView

#: Steps with a form of their own instead of the one for a reason.
OWN_FORMS = {"needs_correction": "correction", "transferred": "transfer"}


def _standing(life: LifeCycle, status: str) -> TransferView | None:
    """Return the transfer under which somebody else has the matter now, who must answer before it goes on."""
    if status != TicketStatus.TRANSFERRED:
        return None
    return next((transfer for transfer in life.transfers if transfer.feedback_at is None), None)


async def panels(request: web.Request, session: AsyncSession, detail: TicketDetail) -> dict[str, Any]:
    """Return the context of `_life_cycle*.html`."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    now, office = desk.clock(), desk.office
    ticket = detail.ticket
    life = await life_of(session, office, agent, ticket.id, now=now)
    is_finished = TicketStatus(ticket.status) in FINISHED
    return {
        "life": life,
        "standing": _standing(life, ticket.status),
        "own_forms": OWN_FORMS,
        "reasons": {to: office.rules.reasons_for(to) for to in detail.allowed},
        "priorities": [priority.value for priority in Priority],
        "outcomes": [outcome.value for outcome in OUTCOMES],
        "split_queues": queues_of(desk),
        "queue_choices": await queues.choices(session, office, ticket),
        "correction_day": in_working_days(office, office.rules.correction_days, now),
        "correction_days_max": CORRECTION_DAYS_MAX,
        "today": office.calendar.local_date(now),
        "correctable": _correctable(desk, ticket, request.config_dict[WORDS]),
        "may_decide": roles.may(agent, "ticket.decide_extension"),
        "may_correct_all": roles.may(agent, "ticket.correct_entry_of_others"),
        "is_merged": ticket.merged_into is not None,
        "is_finished": is_finished,
    }


def _correctable(desk: Desk, ticket: TicketView, words: Words) -> list[tuple[str, str]]:
    """Return name and label of every answer, and of those that others have made due and nobody has given."""
    given = [(fact.name, fact.label) for fact in facts_of(desk.forms, ticket.kind, ticket.facts, words)]
    form = desk.forms.of_kind(ticket.kind)
    due = required_fields(form, {name: str(value) for name, value in ticket.facts.items()}) if form else []
    return given + [(field.name, field.label) for field in due if field.name not in ticket.facts]
