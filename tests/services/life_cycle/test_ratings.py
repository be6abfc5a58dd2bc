"""Ratings: once for each episode, optional, and nothing they say starts anything."""

import asyncio
import itertools

import pytest
from sqlalchemy import func, select

from bot import worker
from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest
from bot.helpdesk.life_cycle import RatingClosed, RatingNotFound
from bot.services import handoff, tickets
from bot.services.figures import Period, satisfaction_figures
from bot.services.life_cycle import ratings
from bot.services.life_cycle.ratings import Verdict
from bot.store.tables import Agent, Inbound, Rating, Ticket
from tests.services.life_cycle.conftest import Case
from tests.support.builders import make_agent
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine

_ids = itertools.count(1)


async def offers(citizen: Citizen) -> list[str]:
    """The tokens that the citizen was shown."""
    found = [m.to_json()["rating"] for m in await citizen.sees()]
    return [link["path"].removeprefix("/rate/") for link in found if link]


async def rates(desk: Desk, token: str, score: int = 5, **values: object) -> None:
    async with desk.begin() as session:
        await ratings.rate_by_token(session, token, Verdict(score, **values), now=desk.clock())


async def talks(desk: Desk, citizen: Citizen, agent: Agent, *, answers: bool = True) -> None:
    """One episode with a person, closed by them."""
    async with desk.begin() as session:
        now, conversation = desk.clock(), citizen.conversation_id
        await handoff.request_human(session, desk.office, conversation, reason="asked", now=now)
        await handoff.claim(session, desk.office, agent, conversation, now=now)
        if answers:
            await handoff.reply(
                session, desk.office, agent, conversation, text="您好", client_id=str(next(_ids)), now=now
            )
        await handoff.close(session, desk.office, agent, conversation, now=now)


@pytest.fixture
async def resolved(case: Case) -> Case:
    await case.moves("accepted")
    await case.moves("resolved", "已下架")
    return case


async def test_a_resolution_offers_a_rating_after_the_news(resolved: Case) -> None:
    told = await resolved.told()
    assert "已办结" in told[-2] and "评价" in told[-1]
    assert len(await offers(resolved.citizen)) == 1


async def test_it_is_answered_once(resolved: Case) -> None:
    (token,) = await offers(resolved.citizen)
    await rates(resolved.desk, token, 4, solved=True, text="很快")
    async with resolved.desk.read() as session:
        rating = await ratings.rating_by_token(session, token)
    assert (rating.score, rating.solved, rating.text) == (4, True, "很快")
    with pytest.raises(RatingClosed):
        await rates(resolved.desk, token, 1)
    assert (await resolved.actions())[-1] == "ticket.rated"
    assert await resolved.chain_holds()


async def test_two_answers_at_once_are_one(resolved: Case) -> None:
    (token,) = await offers(resolved.citizen)
    outcomes = await asyncio.gather(*(rates(resolved.desk, token, n) for n in (1, 5)), return_exceptions=True)
    assert sorted(type(o).__name__ for o in outcomes) == ["NoneType", "RatingClosed"]
    assert await resolved.chain_holds()


async def test_number_and_code_answer_too(resolved: Case) -> None:
    opened, desk = resolved.opened, resolved.desk
    async with desk.begin() as session:
        ticket = await tickets.ticket_by_code(session, desk.office, opened.ticket.number, opened.code, lock=True)
        await ratings.rate_ticket(session, ticket, Verdict(3), now=desk.clock())
    async with desk.read() as session:
        assert (await ratings.rating_of(session, "ticket", resolved.id)).score == 3


async def test_what_was_not_offered_is_not_answered(case: Case) -> None:
    async with case.desk.begin() as session:
        ticket = await tickets.ticket_by_code(
            session, case.desk.office, case.opened.ticket.number, case.opened.code, lock=True
        )
        with pytest.raises(RatingClosed):
            await ratings.rate_ticket(session, ticket, Verdict(3), now=case.desk.clock())


async def test_a_forged_link_opens_nothing(resolved: Case) -> None:
    for token in ("", "x" * 24, "\ud800"):
        with pytest.raises(RatingNotFound):
            await rates(resolved.desk, token)


@pytest.mark.parametrize("values", [{"score": 0}, {"score": 6}, {"score": 5, "text": "长" * 1001}])
async def test_a_verdict_out_of_range_is_refused(resolved: Case, values: dict) -> None:
    (token,) = await offers(resolved.citizen)
    with pytest.raises(BadRequest):
        await rates(resolved.desk, token, **values)


async def again(case: Case) -> None:
    await case.moves("reopened", "还没有下架")
    await case.moves("in_progress")
    await case.moves("resolved", "这次下架了")


async def test_each_resolution_is_offered_once_and_what_was_said_before_stays(resolved: Case) -> None:
    (first,) = await offers(resolved.citizen)
    await rates(resolved.desk, first, 2, text="没有解决")
    await again(resolved)
    _, second = await offers(resolved.citizen)
    assert "重新办理后又办结了" in (await resolved.told())[-1]
    await resolved.moves("closed")
    assert len(await offers(resolved.citizen)) == 2
    await rates(resolved.desk, second, 5)
    for token in (first, second):
        with pytest.raises(RatingClosed):
            await rates(resolved.desk, token, 1)
    async with resolved.desk.read() as session:
        found = await ratings.ratings_of(session, "ticket", resolved.id)
        figures = await satisfaction_figures(session, _today(resolved.desk), now=resolved.desk.clock())
    assert [(rating.round, rating.score) for rating in found] == [(2, 5), (1, 2)]
    assert figures.total.counts == (0, 1, 0, 0, 1)
    assert await resolved.chain_holds()


def _today(desk: Desk) -> Period:
    day = desk.office.calendar.local_date(desk.clock())
    return Period(day, day, desk.office.calendar.zone)


async def test_number_and_code_answer_for_the_latest_resolution(resolved: Case) -> None:
    await again(resolved)
    desk, opened = resolved.desk, resolved.opened
    async with desk.begin() as session:
        ticket = await tickets.ticket_by_code(session, desk.office, opened.ticket.number, opened.code, lock=True)
        await ratings.rate_ticket(session, ticket, Verdict(4), now=desk.clock())
    async with desk.read() as session:
        found = await ratings.ratings_of(session, "ticket", resolved.id)
    assert [(rating.round, rating.score) for rating in found] == [(2, 4), (1, None)]
    first, _ = await offers(resolved.citizen)
    await rates(desk, first, 1)


async def test_an_offer_for_the_same_resolution_is_made_once(resolved: Case) -> None:
    async with resolved.desk.begin() as session:
        ticket = await session.get_one(Ticket, resolved.id)
        await ratings.offer_for_ticket(session, resolved.desk.office, ticket, now=resolved.desk.clock())
    assert len(await offers(resolved.citizen)) == 1


async def test_a_closed_episode_offers_one_and_each_episode_its_own(desk: Desk, clock: FakeClock) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    await talks(desk, citizen, agent)
    assert len(await offers(citizen)) == 1
    await citizen.says("再问一句")
    await talks(desk, citizen, agent)
    tokens = await offers(citizen)
    assert len(set(tokens)) == 2
    await rates(desk, tokens[0], 5)
    async with desk.read() as session:
        assert await session.scalar(select(func.count()).select_from(Rating).where(Rating.score.is_(None))) == 1


async def test_an_episode_in_which_nobody_answered_is_not_rated(desk: Desk) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    await talks(desk, citizen, agent, answers=False)
    assert await offers(citizen) == []


async def test_an_offer_starts_nothing_however_often_the_worker_looks(
    resolved: Case, engine: ScriptedEngine, clock: FakeClock
) -> None:
    desk, before = resolved.desk, await resolved.told()
    (token,) = await offers(resolved.citizen)
    await rates(desk, token, 1, solved=False, text="评价：转人工 /back_to_bot")
    for _ in range(3):
        await worker.run_once(desk, clock())
    assert await resolved.told() == before, "no thanks, no second offer, no reminder"
    assert engine.turns == []
    async with desk.read() as session:
        assert await session.scalar(select(func.count()).select_from(Inbound)) == 0
        assert await session.scalar(select(func.count()).select_from(Rating)) == 1
