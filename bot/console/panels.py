"""What the ticket page shows of a ticket's life."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console import roles
from bot.console.keys import AGENT, DESK
from bot.console.tickets import queues_of
from bot.helpdesk.life_cycle import CORRECTION_DAYS_MAX, Priority
from bot.helpdesk.ticket import FINISHED, TicketStatus
from bot.services.desk_work import TicketDetail
from bot.services.life_cycle.after_step import in_working_days
from bot.services.life_cycle.follow_ups import OUTCOMES
from bot.services.life_cycle.looking import LifeCycle, TransferView, life_of

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
        "correction_day": in_working_days(office, office.rules.correction_days, now),
        "correction_days_max": CORRECTION_DAYS_MAX,
        "today": office.calendar.local_date(now),
        "may_decide": roles.may(agent, "ticket.decide_extension"),
        "may_correct_all": roles.may(agent, "ticket.correct_entry_of_others"),
        "is_merged": ticket.merged_into is not None,
        "is_finished": is_finished,
    }

