"""Matters that come to an end, and citizens who rate them."""

from sqlalchemy import select, update

from bot.bootstrap import Desk
from bot.services import desk_work, handoff
from bot.services.life_cycle import ratings
from bot.services.life_cycle.ratings import Verdict
from bot.store.tables import Agent, Handoff, Rating
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen
from tests.support.handoffs import asks_for_human, claims, replies


async def rates(desk: Desk, subject_id: str, score: int) -> None:
    async with desk.begin() as session:
        rating_id = await session.scalar(select(Rating.id).where(Rating.subject_id == subject_id))
        token = desk.office.signer.rating_token(rating_id)
        await ratings.rate_by_token(session, token, Verdict(score), now=desk.clock())


async def resolved(desk: Desk, agent: Agent, score: int | None = None, **facts: str) -> str:
    """A ticket that was resolved, so that its citizen was asked; rated if there is a score."""
    citizen = await Citizen.arrives(desk)
    ticket = (await make_ticket(desk, citizen.conversation_id, facts=facts)).ticket
    for version, (to, reason) in enumerate([("accepted", ""), ("resolved", "已下架")], start=1):
        async with desk.begin() as session:
            await desk_work.change_status(
                session, desk.office, agent, ticket.id, to=to, reason=reason, version=version, now=desk.clock()
            )
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
