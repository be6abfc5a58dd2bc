"""Routing a ticket anew by its corrected answers: the queue of its right, and how urgent it is.

A ticket that stands in the queue of its right goes with a correction of the right. One that stands elsewhere was put there
by somebody, who knows better than a table: the move is only proposed. Its priority likewise goes with the urgency
for as long as nobody has set another one. Where the matter lies is not asked: who is sent a matter is a person's decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.routing import Matter, Route, route
from bot.services import audit
from bot.services.forms import FormCatalogue
from bot.services.handoff.ranking import rank_anew
from bot.services.intake import route_form, sealed
from bot.services.life_cycle.queues import put_into_queue
from bot.services.office import Office
from bot.store.tables import Ticket


async def route_anew(
    session: AsyncSession,
    office: Office,
    forms: FormCatalogue,
    ticket: Ticket,
    before: Mapping[str, str],
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> str | None:
    """Bring queue and priority in line with the ticket's answers; the caller holds the row and counts the change.

    Args:
        before: The answers until now.
    Returns:
        The queue to propose, None if there is nothing to decide.
    """
    was, becomes = _decided(office, forms, ticket, before), _decided(office, forms, ticket, ticket.facts)
    is_elsewhere = ticket.queue != was.queue
    moves = becomes.queue != was.queue and ticket.queue != becomes.queue and not is_elsewhere
    if moves or becomes.urgency is not was.urgency:
        audit.record(session, ticket, actor="system", action="ticket.routed", now=now, new=sealed(becomes))
    if becomes.urgency is not was.urgency:
        await _hurry(session, office, ticket, becomes.urgency.value, actor=actor, reason=reason, now=now)
    if moves:
        await put_into_queue(session, office, ticket, becomes.queue, actor=actor, reason=reason, now=now)
    is_open_question = becomes.queue != was.queue and is_elsewhere and not ticket.is_finished
    return becomes.queue if is_open_question and ticket.queue != becomes.queue else None


def _decided(office: Office, forms: FormCatalogue, ticket: Ticket, facts: Mapping[str, str]) -> Route:
    form = forms.of_kind(ticket.kind)
    return route_form(office, forms, form, facts) if form else route(Matter(facts.get("right")), office.routing)


async def _hurry(
    session: AsyncSession, office: Office, ticket: Ticket, urgency: str, *, actor: str, reason: str, now: datetime
) -> None:
    is_as_routed = ticket.priority == ticket.urgency
    ticket.urgency = urgency
    if is_as_routed:
        audit.record(
            session, ticket, actor=actor, action="ticket.priority_changed", now=now, reason=reason,
            old={"priority": ticket.priority}, new={"priority": urgency},
        )  # fmt: skip
        ticket.priority = urgency
        await session.flush()
        await rank_anew(session, office, ticket.conversation_id)
