"""How satisfied citizens are, counted by hand beside the database's."""

from datetime import date, timedelta

from sqlalchemy import insert, text, update

from bot.bootstrap import Desk
from bot.services import access
from bot.services.figures import Bar, Period, SatisfactionFigures, Scores, satisfaction_figures
from bot.services.life_cycle import follow_ups
from bot.store.scoping import restricted
from bot.store.tables import Agent, FollowUp, Rating
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.plans import plans
from tests.support.ratings import rates, resolved, talked

HANGZHOU, SHENZHEN = "浙江省杭州市西湖区", "广东省深圳市南山区"
TODAY = date(2026, 11, 20)


async def followed_up(desk: Desk, agent: Agent, ticket_id: str, outcome: str) -> None:
    async with desk.begin() as session:
        version = (await access.access_ticket(session, agent, ticket_id)).version
        planned = await follow_ups.plan_follow_up(
            session, desk.office, agent, ticket_id, due_on=TODAY, version=version, now=desk.clock()
        )
    async with desk.begin() as session:
        open_one = await follow_ups.open_follow_up(session, ticket_id)
        await follow_ups.record_follow_up(
            session, agent, ticket_id, open_one.id, outcome=outcome, text="电话", version=planned.version, now=desk.clock()
        )


async def figures_of(desk: Desk, first: date = TODAY, last: date = TODAY, *, viewer: Agent | None = None) -> SatisfactionFigures:
    period = Period(first, last, desk.office.calendar.zone)
    with restricted(access.restriction_of(viewer) if viewer else None):
        async with desk.read() as session:
            return await satisfaction_figures(session, period, now=desk.clock())


async def test_ratings_of_tickets_and_handoffs_are_counted_apart_and_together(desk: Desk) -> None:
    agent, citizen = await make_agent(desk), await Citizen.arrives(desk)
    await resolved(desk, agent, 5, right="patent", region=HANGZHOU)
    await resolved(desk, agent, 2, right="patent")
    ticket_id = await resolved(desk, agent, right="trademark", region=SHENZHEN)
    await talked(desk, agent, citizen, 4, ticket_id)
    await talked(desk, agent, await Citizen.arrives(desk))
    figures = await figures_of(desk)
    assert figures.by_subject == [Scores("ticket", 3, (0, 1, 0, 0, 1)), Scores("handoff", 2, (0, 0, 0, 1, 0))]
    assert figures.total == Scores(None, 5, (0, 1, 0, 1, 1))
    assert (figures.total.rated, figures.total.mean) == (3, 11 / 3)
    patent, trademark, without = Scores("patent", 2, (0, 1, 0, 0, 1)), Scores("trademark", 2, (0, 0, 0, 1, 0)), Scores(None, 1)
    assert figures.by_right == [patent, trademark, without]
    assert Scores(HANGZHOU, 1, (0, 0, 0, 0, 1)) in figures.by_region and Scores(SHENZHEN, 2, (0, 0, 0, 1, 0)) in figures.by_region
    assert Scores(None, 2, (0, 1, 0, 0, 0)) in figures.by_region
    assert figures.by_channel == [Scores("web", 5, (0, 1, 0, 1, 1))]


async def test_a_rating_counts_on_the_day_it_was_asked_for_whenever_it_is_answered(desk: Desk) -> None:
    agent = await make_agent(desk)
    ticket_id = await resolved(desk, agent)
    desk.clock.move(timedelta(days=3))
    await rates(desk, ticket_id, 5)
    # Just after midnight in China, still the day before in UTC: the next day's.
    midnight = Period(date(2026, 11, 21), date(2026, 11, 21), desk.office.calendar.zone).start
    late = await resolved(desk, agent, 1)
    async with desk.begin() as session:
        await session.execute(update(Rating).where(Rating.subject_id == late).values(offered_at=midnight))
    figures = await figures_of(desk, date(2026, 11, 19), date(2026, 11, 21))
    first, second, third = Scores("2026-11-19"), Scores("2026-11-20", 1, (0, 0, 0, 0, 1)), Scores("2026-11-21", 1, (1, 0, 0, 0, 0))
    assert figures.by_day["ticket"] == [first, second, third]
    assert (await figures_of(desk)).total == Scores(None, 1, (0, 0, 0, 0, 1))


async def test_who_works_for_one_city_counts_no_rating_of_another(desk: Desk) -> None:
    agent, viewer = await make_agent(desk), await make_agent(desk, regions=["330100"])
    for score, region in ((5, HANGZHOU), (1, SHENZHEN)):
        ticket_id = await resolved(desk, agent, score, right="patent", region=region)
        citizen = await Citizen.arrives(desk)
        await make_ticket(desk, citizen.conversation_id, facts={"right": "patent", "region": region})
        await talked(desk, agent, citizen, score, ticket_id)
        await followed_up(desk, agent, ticket_id, "satisfied")
    ours, everywhere = await figures_of(desk, viewer=viewer), await figures_of(desk, viewer=agent)
    assert everywhere.total == Scores(None, 4, (2, 0, 0, 0, 2))
    assert ours.by_subject == [Scores("ticket", 1, (0, 0, 0, 0, 1)), Scores("handoff", 1, (0, 0, 0, 0, 1))]
    assert ours.by_right == [Scores("patent", 2, (0, 0, 0, 0, 2))] and ours.by_region == [Scores(HANGZHOU, 2, (0, 0, 0, 0, 2))]
    assert ours.by_channel == [Scores("web", 2, (0, 0, 0, 0, 2))]
    assert (ours.follow_ups, everywhere.follow_ups) == ([Bar("satisfied", 1)], [Bar("satisfied", 2)])


async def test_a_talk_that_is_ours_tells_nothing_of_a_ticket_that_is_not(desk: Desk) -> None:
    agent, viewer = await make_agent(desk), await make_agent(desk, regions=["330100"])
    foreign = await resolved(desk, agent, right="patent", region=SHENZHEN)
    await talked(desk, agent, await Citizen.arrives(desk), 3, foreign)
    figures = await figures_of(desk, viewer=viewer)
    assert figures.by_right == figures.by_region == [Scores(None, 1, (0, 0, 1, 0, 0))]


async def test_follow_ups_are_counted_by_how_they_ended_and_open_ones_not(desk: Desk) -> None:
    agent = await make_agent(desk)
    for outcome in ("unsatisfied", "satisfied", "satisfied"):
        await followed_up(desk, agent, await resolved(desk, agent), outcome)
    await resolved(desk, agent)
    assert (await figures_of(desk)).follow_ups == [Bar("satisfied", 2), Bar("unsatisfied", 1)]
    yesterday = TODAY - timedelta(days=1)
    assert (await figures_of(desk, yesterday, yesterday)).follow_ups == []


async def test_follow_ups_of_a_day_are_read_off_their_index(desk: Desk) -> None:
    ticket_id = await resolved(desk, await make_agent(desk))
    rows = [
        {"id": f"f{n}", "ticket_id": ticket_id, "due_on": TODAY, "planned_at": desk.clock(), "outcome": "satisfied", "text": "",
         "done_at": desk.clock() - timedelta(hours=n)}
        for n in range(3000)
    ]  # fmt: skip
    async with desk.begin() as session:
        await session.execute(insert(FollowUp), rows)
        await session.execute(text("ANALYZE"))
    period = Period(TODAY, TODAY, desk.office.calendar.zone)
    (plan,) = await plans(desk, "follow_up", lambda session: satisfaction_figures(session, period, now=desk.clock()))
    assert "ix_follow_up_done" in plan, plan


async def test_a_period_without_ratings_has_no_mean_and_no_error(desk: Desk) -> None:
    figures = await figures_of(desk, date(2020, 1, 1), date(2020, 1, 2))
    assert figures.total == Scores(None, 0) and figures.total.mean is None
    assert [len(days) for days in figures.by_day.values()] == [2, 2]
    assert figures.by_right == figures.by_region == figures.by_channel == []


async def test_asked_and_not_answered_is_no_mean_either(desk: Desk) -> None:
    await resolved(desk, await make_agent(desk))
    total = (await figures_of(desk)).total
    assert (total.asked, total.rated, total.mean) == (1, 0, None)
