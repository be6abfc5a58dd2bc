"""Matters that come to an end, and citizens who rate them."""

from sqlalchemy import select, update

from bot.bootstrap import Desk
from bot.services import desk_work, handoff
from bot.services.life_cycle import ratings
from bot.services.life_cycle.ratings import Verdict
from bot.store.tables import Agent, Handoff, Rating, Ticket
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.handoffs import asks_for_human, claims, replies


async def rates(desk: Desk, subject_id: str, score: int) -> None:
    """Answer what was asked last."""
    async with desk.begin() as session:
        latest = select(Rating.id).where(Rating.subject_id == subject_id).order_by(Rating.round.desc()).limit(1)
        rating_id = await session.scalar(latest)
        token = desk.office.signer.rating_token(rating_id)
        await ratings.rate_by_token(session, token, Verdict(score), now=desk.clock())


async def resolves(desk: Desk, agent: Agent, ticket_id: str, *, first: tuple[str, ...] = ("accepted",)) -> None:
    """Resolve a ticket, by these steps before it."""
    for to, reason in [*((to, "还没有下架") for to in first), ("resolved", "已下架")]:
        async with desk.begin() as session:
            ticket = await session.get_one(Ticket, ticket_id)
            await desk_work.change_status(
                session, desk.office, agent, ticket_id, to=to, reason=reason, version=ticket.version, now=desk.clock()
            )


async def resolves_again(desk: Desk, agent: Agent, ticket_id: str) -> None:
    """Reopen a resolved ticket and resolve it once more."""
    await resolves(desk, agent, ticket_id, first=("reopened", "in_progress"))


async def resolved(desk: Desk, agent: Agent, score: int | None = None, **facts: str) -> str:
    """A ticket that was resolved, so that its citizen was asked; rated if there is a score."""
    citizen = await Citizen.arrives(desk)
    ticket = (await make_ticket(desk, citizen.conversation_id, facts=facts)).ticket
    await resolves(desk, agent, ticket.id)
    if score:
        await rates(desk, ticket.id, score)
    return ticket.id


async def talked(desk: Desk, agent: Agent, citizen: Citizen, score: int | None = None, ticket_id: str | None = None) -> None:
    """An episode that an agent answered and closed; rated if there is a score."""
    await asks_for_human(desk, citizen)
    await claims(desk, agent, citizen)
    await replies(desk, agent, citizen, "您好")
    async with desk.begin() as session:
        mine = Handoff.conversation_id == citizen.conversation_id
        await session.execute(update(Handoff).where(mine).values(ticket_id=ticket_id))
        await handoff.close(session, desk.office, agent, citizen.conversation_id, now=desk.clock())
        handoff_id = await session.scalar(select(Handoff.id).where(mine))
    if score:
        await rates(desk, handoff_id, score)
