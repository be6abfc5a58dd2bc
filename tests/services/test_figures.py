"""Figures for supervisors, counted by hand beside the database's."""

from datetime import date, timedelta

from sqlalchemy import update

from bot.bootstrap import Desk
from bot.services import access, desk_work, handoff
from bot.services.figures import Period, period_figures, present_figures
from bot.services.figures.table import Bar
from bot.store.scoping import restricted
from bot.store.tables import SlaClock, Ticket
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.handoffs import asks_for_human, claims, replies


async def test_what_lies_open_now(desk: Desk) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk, "王芳")
    for n, days in enumerate((40, 4, 2, 0)):
        opened = await make_ticket(desk, citizen.conversation_id, facts={"n": n}, queue="patent" if n else "general")
        async with desk.begin() as session:
            at = desk.clock() - timedelta(days=days)
            await session.execute(update(Ticket).where(Ticket.id == opened.ticket.id).values(opened_at=at))
    async with desk.begin() as session:
        await desk_work.assign(session, agent, opened.ticket.id, to_agent_id=agent.id, version=1, now=desk.clock())
        await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
        await handoff.claim(session, desk.office, agent, citizen.conversation_id, now=desk.clock())
    async with desk.read() as session:
        figures = await present_figures(session, now=desk.clock())
    assert figures.by_queue == [Bar("patent", 3), Bar("general", 1)]
    assert [(bar.key, bar.count) for bar in figures.by_age] == [("0", 1), ("1", 1), ("3", 1), ("7", 0), ("30", 1)]
    assert figures.by_agent == [Bar("王芳", 1, (1,)), Bar(None, 3, (0,))]


async def test_what_came_in_over_a_period(desk: Desk) -> None:
    agent = await make_agent(desk, "王芳")
    period = Period(date(2026, 11, 19), date(2026, 11, 20), desk.office.calendar.zone)
    talkers = [await Citizen.arrives(desk) for _ in range(3)]
    await Citizen.arrives(desk)  # says nothing, so it is no conversation
    for citizen in talkers:
        await citizen.says("你好")
    opened = await make_ticket(desk, talkers[0].conversation_id, facts={"right": "patent", "region": "浙江省杭州市"})
    await make_ticket(desk, talkers[1].conversation_id, facts={"n": 1}, queue="patent")
    for wait, citizen in zip((4, 10), talkers, strict=False):
        async with desk.begin() as session:
            await handoff.request_human(session, desk.office, citizen.conversation_id, reason="asked", now=desk.clock())
            await handoff.claim(session, desk.office, agent, citizen.conversation_id, now=desk.clock())
        desk.clock.move(timedelta(minutes=wait))
        async with desk.begin() as session:
            await handoff.reply(
                session, desk.office, agent, citizen.conversation_id, text="您好", client_id="k", now=desk.clock()
            )
    async with desk.begin() as session:
        await desk_work.change_status(
            session, desk.office, agent, opened.ticket.id, to="rejected", reason="不属于", version=1, now=desk.clock()
        )
    # Just after midnight in China, still the day before in UTC: the next day's.
    await make_ticket(desk, talkers[2].conversation_id, facts={"n": 2})
    async with desk.begin() as session:
        late = Period(date(2026, 11, 21), date(2026, 11, 21), period.zone).start
        await session.execute(update(Ticket).where(Ticket.conversation_id == talkers[2].conversation_id).values(opened_at=late))
    async with desk.read() as session:
        figures = await period_figures(session, period, now=desk.clock())
    assert figures.tickets_by_day == [Bar("2026-11-19", 0), Bar("2026-11-20", 2)]
    assert figures.handoffs_by_day == [Bar("2026-11-19", 0), Bar("2026-11-20", 2)]
    # The rejected one kept both its promises; the other's still run.
    assert figures.by_queue == [Bar("patent", 1, (0, 0, 0)), Bar("trademark", 1, (1, 2, 0))]
    assert set(figures.by_right) == {Bar("patent", 1, (1, 2, 0)), Bar(None, 1, (0, 0, 0))}
    assert set(figures.by_region) == {Bar("浙江省杭州市", 1, (1, 2, 0)), Bar(None, 1, (0, 0, 0))}
    assert figures.by_channel == [Bar("web", 2, (1, 2, 0))]
    assert figures.conversations_by_channel == [Bar("web", 3, (1,))]
    assert [round(wait or 0) for wait in figures.first_response_seconds] == [240, 600]
    assert (figures.handoffs, figures.replied) == (2, 2)
    assert (figures.conversations, figures.bot_only) == (3, 1)
    assert Bar("handoff_first_response", 2, (2, 0)) in figures.clocks


async def test_a_promise_broken_counts_against_its_clock(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    opened = await make_ticket(desk, citizen.conversation_id)
    async with desk.begin() as session:
        clocks = update(SlaClock).where(SlaClock.subject_id == opened.ticket.id, SlaClock.clock == "acceptance")
        await session.execute(clocks.values(state="breached"))
    async with desk.read() as session:
        period = Period(date(2026, 11, 20), date(2026, 11, 20), desk.office.calendar.zone)
        figures = await period_figures(session, period, now=desk.clock())
    assert figures.clocks == [Bar("acceptance", 1, (0, 1))]
    assert figures.by_right == [Bar("trademark", 1, (0, 0, 1))]


async def test_who_works_for_one_city_counts_no_handoff_of_another(desk: Desk) -> None:
    period = Period(date(2026, 11, 20), date(2026, 11, 20), desk.office.calendar.zone)
    agent, viewer = await make_agent(desk), await make_agent(desk, regions=["330100"])
    for region in ("浙江省杭州市西湖区", "广东省深圳市南山区"):
        citizen = await Citizen.arrives(desk)
        await make_ticket(desk, citizen.conversation_id, facts={"right": "patent", "region": region})
        await asks_for_human(desk, citizen)
        await claims(desk, agent, citizen)
        await replies(desk, agent, citizen, "您好")
    with restricted(access.restriction_of(viewer)):
        async with desk.read() as session:
            figures = await period_figures(session, period, now=desk.clock())
    assert figures.handoffs_by_day == [Bar("2026-11-20", 1)]
    assert (figures.handoffs, figures.replied) == (1, 1)
    assert Bar("handoff_first_response", 1, (1, 0)) in figures.clocks


async def test_a_period_without_anything_has_no_figures_and_no_error(desk: Desk) -> None:
    period = Period(date(2020, 1, 1), date(2020, 1, 2), desk.office.calendar.zone)
    async with desk.read() as session:
        figures = await period_figures(session, period, now=desk.clock())
    assert figures.first_response_seconds == (None, None)
    assert (figures.handoffs, figures.conversations, figures.clocks, figures.by_right) == (0, 0, [], [])
    assert len(figures.tickets_by_day) == 2
