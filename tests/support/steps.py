"""Steps with a form of their own, taken as the ticket's page would."""

from datetime import timedelta

from bot.bootstrap import Desk
from bot.services.life_cycle.corrections import request_correction
from bot.store.tables import Agent, Ticket


async def asks_for_correction(desk: Desk, agent: Agent, ticket_id: str, item: str = "商标注册证") -> None:
    """Send a ticket back to its citizen, who has twenty days."""
    async with desk.begin() as session:
        ticket = await session.get_one(Ticket, ticket_id)
        await request_correction(
            session, desk.office, agent, ticket_id, items=[item],
            due_on=desk.office.calendar.local_date(desk.clock()) + timedelta(days=20),
            version=ticket.version, now=desk.clock(),
        )  # fmt: skip
