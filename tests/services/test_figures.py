"""Figures for supervisors, counted by hand beside the database's."""

from datetime import date, timedelta

from sqlalchemy import event, select, update

from bot.bootstrap import Desk
from bot.services import access, desk_work, handoff
from bot.services.figures import (
    Bar,
    DeflectionFigures,
    Period,
    ResponseFigures,
    Responses,
    Waits,
    deflection_figures,
    period_figures,
    present_figures,
    response_figures,
)
from bot.store.scoping import restricted
from bot.store.tables import Agent, Handoff, Inbound, Message, SlaClock, Ticket
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.handoffs import asks_for_human, claims, replies
from tests.support.plans import plans

HANGZHOU, SHENZHEN = "浙江省杭州市西湖区", "广东省深圳市南山区"
TODAY = date(2026, 11, 20)


async def waits_of(desk: Desk, viewer: Agent | None = None) -> ResponseFigures:
    with restricted(access.restriction_of(viewer) if viewer else None):
        async with desk.read() as session:
            return await response_figures(session, Period(TODAY, TODAY, desk.office.calendar.zone))


async def deflection_of(desk: Desk, viewer: Agent | None = None) -> DeflectionFigures:
    with restricted(access.restriction_of(viewer) if viewer else None):
        async with desk.read() as session:
            return await deflection_figures(session, Period(TODAY, TODAY, desk.office.calendar.zone))


async def answered_ticket(desk: Desk, seconds: int | None = None, *, reason: str = "public_reply", **changes: object) -> str:
    """A ticket to which a person replied after so many seconds; or not at all."""
    opened = await make_ticket(desk, (await Citizen.arrives(desk)).conversation_id, **changes)
    if seconds is not None:
        clock = update(SlaClock).where(SlaClock.subject_id == opened.ticket.id, SlaClock.clock == "first_response")
        at = opened.ticket.opened_at + timedelta(seconds=seconds)
        async with desk.begin() as session:
            await session.execute(clock.values(state="met", stopped_at=at, stop_reason=reason))
    return opened.ticket.id


async def answered_handoff(desk: Desk, agent: Agent, minutes: int, **changes: object) -> Citizen:
    """Somebody who got a person's word after so many minutes; what is stored of it may be told."""
    citizen = await Citizen.arrives(desk)
    await asks_for_human(desk, citizen)
    async with desk.begin() as session:
        mine = Handoff.conversation_id == citizen.conversation_id
        at = desk.clock() + timedelta(minutes=minutes)
        await session.execute(update(Handoff).where(mine).values(first_reply_at=at, **changes))
    return citizen


async def understood(desk: Desk, citizen: Citizen, right: str) -> None:
    """The citizen asks, and the assistant takes it for a matter of this right."""
    result = await citizen.says("请问")
    async with desk.begin() as session:
        asked = select(Message.reply_to).where(Message.conversation_id == citizen.conversation_id, Message.reply_to.is_not(None))
        newest = await session.scalar(asked.order_by(Message.id.desc()).limit(1))
        await session.execute(update(Inbound).where(Inbound.id == newest).values(analysis={**result.analysis, "right": right}))


def rounded(waits: Waits) -> tuple[str | None, int, int, int | None, int | None]:
    """A group with its waits in whole seconds: SQLite counts them in days."""
    ends = (None if wait is None else round(wait) for wait in (waits.median_seconds, waits.slow_seconds))
    return (waits.key, waits.asked, waits.replied, *ends)


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
        answered, deflection = await response_figures(session, period), await deflection_figures(session, period)
    assert figures.tickets_by_day == [Bar("2026-11-19", 0), Bar("2026-11-20", 2)]
    assert figures.handoffs_by_day == [Bar("2026-11-19", 0), Bar("2026-11-20", 2)]
    # The rejected one kept both its promises; the other's still run.
    assert figures.by_queue == [Bar("patent", 1, (0, 0, 0)), Bar("trademark", 1, (1, 2, 0))]
    assert set(figures.by_right) == {Bar("patent", 1, (1, 2, 0)), Bar(None, 1, (0, 0, 0))}
    assert set(figures.by_region) == {Bar("浙江省杭州市", 1, (1, 2, 0)), Bar(None, 1, (0, 0, 0))}
    assert figures.by_channel == [Bar("web", 2, (1, 2, 0))]
    assert rounded(answered.handoffs.total) == ("handoff", 2, 2, 240, 600)
    assert rounded(answered.tickets.total) == ("ticket", 2, 1, 840, 840)
    assert deflection.by_channel == [Bar("web", 3, (1,))]
    assert (deflection.conversations, deflection.alone) == (3, 1)
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
    ours = await waits_of(desk, viewer)
    assert (ours.handoffs.total.asked, ours.handoffs.total.replied) == (1, 1)
    assert Bar("handoff_first_response", 1, (1, 0)) in figures.clocks


async def test_a_period_without_anything_has_no_figures_and_no_error(desk: Desk) -> None:
    period = Period(date(2020, 1, 1), date(2020, 1, 2), desk.office.calendar.zone)
    async with desk.read() as session:
        figures = await period_figures(session, period, now=desk.clock())
        answered, deflection = await response_figures(session, period), await deflection_figures(session, period)
    assert answered.handoffs == Responses(Waits("handoff"), [], [], [])
    assert answered.tickets == Responses(Waits("ticket"), [], [], [])
    assert (deflection.conversations, deflection.by_right, figures.clocks, figures.by_right) == (0, [], [], [])
    assert len(figures.tickets_by_day) == 2


async def test_first_responses_to_tickets_by_right_region_and_channel(desk: Desk) -> None:
    for seconds in (60, 120, 180, 600):
        await answered_ticket(desk, seconds, facts={"right": "patent", "region": HANGZHOU})
    await answered_ticket(desk, facts={"right": "patent", "region": SHENZHEN})
    await answered_ticket(desk, 90, facts={"n": 1}, channel="wechat")
    # Withdrawn before anybody wrote: no response, although its clock has stopped.
    await answered_ticket(desk, 30, reason="withdrawn", facts={"n": 2}, channel="wechat")
    tickets = (await waits_of(desk)).tickets
    assert rounded(tickets.total) == ("ticket", 7, 5, 120, 600)
    assert [rounded(row) for row in tickets.by_right] == [("patent", 5, 4, 120, 600), (None, 2, 1, 90, 90)]
    assert [rounded(row) for row in tickets.by_region] == [
        (HANGZHOU, 4, 4, 120, 600), (None, 2, 1, 90, 90), (SHENZHEN, 1, 0, None, None)
    ]  # fmt: skip
    assert [rounded(row) for row in tickets.by_channel] == [("web", 5, 4, 120, 600), ("wechat", 2, 1, 90, 90)]


async def test_a_handoff_has_the_right_it_was_asked_for_or_its_tickets(desk: Desk) -> None:
    agent = await make_agent(desk)
    await answered_handoff(desk, agent, 2, skills=["queue:patent", "right:layout_design"])
    citizen = await answered_handoff(desk, agent, 4, skills=["queue:patent", "right:patent|gi"])
    await make_ticket(desk, citizen.conversation_id, facts={"right": "gi", "region": HANGZHOU})
    other = await answered_ticket(desk, facts={"right": "copyright", "region": SHENZHEN})
    await answered_handoff(desk, agent, 6, ticket_id=other, skills=[])
    await answered_handoff(desk, agent, 8, skills=[])
    handoffs = (await waits_of(desk)).handoffs
    assert rounded(handoffs.total) == ("handoff", 4, 4, 240, 480)
    assert [(row.key, round(row.median_seconds or 0)) for row in handoffs.by_right] == [
        ("copyright", 360), ("gi", 240), ("layout_design", 120), (None, 480)
    ]  # fmt: skip
    assert {row.key: row.asked for row in handoffs.by_region} == {None: 2, HANGZHOU: 1, SHENZHEN: 1}
    assert [rounded(row) for row in handoffs.by_channel] == [("web", 4, 4, 240, 480)]


async def test_who_works_for_one_city_measures_no_wait_of_another(desk: Desk) -> None:
    agent, viewer = await make_agent(desk), await make_agent(desk, regions=["330100"])
    foreign = await answered_ticket(desk, 60, facts={"right": "patent", "region": SHENZHEN})
    await answered_ticket(desk, 120, facts={"right": "patent", "region": HANGZHOU})
    both = await answered_handoff(desk, agent, 3, skills=[])
    await make_ticket(desk, both.conversation_id, facts={"right": "trademark", "region": HANGZHOU})
    desk.clock.move(timedelta(minutes=1))
    await make_ticket(desk, both.conversation_id, facts={"right": "patent", "region": SHENZHEN, "n": 1})
    await answered_handoff(desk, agent, 5, ticket_id=foreign, skills=[])
    ours = await waits_of(desk, viewer)
    assert [rounded(row) for row in ours.tickets.by_right] == [("patent", 1, 1, 120, 120), ("trademark", 1, 0, None, None)]
    assert [row.key for row in ours.tickets.by_region] == [HANGZHOU]
    # The later ticket of the same citizen is not ours to read; nor is that of the second talk.
    assert [rounded(row) for row in ours.handoffs.by_right] == [("trademark", 1, 1, 180, 180), (None, 1, 1, 300, 300)]
    assert [row.key for row in ours.handoffs.by_region] == [HANGZHOU, None]


async def test_what_the_assistant_settles_alone_is_told_by_what_it_was_about(desk: Desk) -> None:
    ticketed, asked, chatting, silent, person = [await Citizen.arrives(desk) for _ in range(5)]
    await understood(desk, ticketed, "patent")
    await make_ticket(desk, ticketed.conversation_id, facts={"right": "gi", "region": HANGZHOU})
    await understood(desk, asked, "trademark")
    await understood(desk, asked, "patent")
    await understood(desk, asked, "none")
    await understood(desk, chatting, "general")
    await make_ticket(desk, silent.conversation_id, facts={"right": "gi"})
    await understood(desk, person, "patent")
    await asks_for_human(desk, person)
    figures = await deflection_of(desk)
    assert figures.by_right == [Bar("patent", 2, (1,)), Bar("gi", 1, (1,)), Bar(None, 1, (1,))]
    assert figures.by_region == [Bar(None, 3, (2,)), Bar(HANGZHOU, 1, (1,))]
    assert figures.by_channel == [Bar("web", 4, (3,))]


async def test_who_works_for_one_city_sees_no_conversation_of_another(desk: Desk) -> None:
    viewer = await make_agent(desk, regions=["330100"])
    for region in (HANGZHOU, SHENZHEN):
        citizen = await Citizen.arrives(desk)
        await understood(desk, citizen, "patent")
        await make_ticket(desk, citizen.conversation_id, facts={"right": "patent", "region": region})
    ours = await deflection_of(desk, viewer)
    assert ours.by_right == [Bar("patent", 1, (1,))] and ours.by_region == [Bar(HANGZHOU, 1, (1,))]
    assert ours.conversations == 1


async def test_all_figures_of_a_period_take_few_statements(desk: Desk) -> None:
    await answered_ticket(desk, 60)
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        if statement.startswith(("SELECT", "WITH")):
            statements.append(statement)

    sync = desk.database.engine.sync_engine
    event.listen(sync, "before_cursor_execute", note)
    period = Period(TODAY, TODAY, desk.office.calendar.zone)
    async with desk.read() as session:
        await period_figures(session, period, now=desk.clock())
        await response_figures(session, period)
        await deflection_figures(session, period)
    event.remove(sync, "before_cursor_execute", note)
    assert len(statements) <= 7, "\n\n".join(statements)


async def test_waits_and_conversations_of_a_day_are_read_off_indexes(desk: Desk) -> None:
    if not desk.database.is_sqlite:
        return  # of a handful of rows PostgreSQL reads the whole table, whatever its indexes
    period = Period(TODAY, TODAY, desk.office.calendar.zone)
    (waits,) = await plans(desk, "ticket", lambda session: response_figures(session, period))
    (alone,) = await plans(desk, "conversation", lambda session: deflection_figures(session, period))
    assert "ix_ticket_opened" in waits and "ix_handoff_requested" in waits, waits
    assert "ix_conversation_created" in alone, alone
    for plan in (waits, alone):
        tables = ("ticket", "handoff", "conversation", "message", "inbound", "sla_clock")
        assert not [table for table in tables if f"SCAN {table}" in plan], plan
