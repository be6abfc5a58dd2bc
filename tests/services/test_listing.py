"""Ticket lists: filters, orders, pages, and that they never read what is finished."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, text, update

from bot.bootstrap import Desk
from bot.helpdesk.errors import BadRequest
from bot.helpdesk.life_cycle import Priority
from bot.services import listing
from bot.services.listing import SORTS, TicketFilter, list_tickets
from bot.services.listing.filters import end_of
from bot.services.listing.sorting import read_cursor
from bot.services.ticket_cards import TicketCard
from bot.store.tables import SlaClock, Ticket
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.plans import plans


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    return await Citizen.arrives(desk)


async def numbers(desk: Desk, *, sort: str = "waiting", **wanted: object) -> list[str]:
    """Subjects of the list, in its order."""
    async with desk.read() as session:
        page = await list_tickets(
            session, TicketFilter(**wanted), sort=sort, now=desk.clock(), zone=desk.office.calendar.zone
        )
    return [card.subject for card in page.items]


async def change(desk: Desk, subject: str, **values: object) -> None:
    async with desk.begin() as session:
        await session.execute(update(Ticket).where(Ticket.subject == subject).values(**values))


async def three(desk: Desk, citizen: Citizen) -> None:
    for subject in ("甲", "乙", "丙"):
        await make_ticket(desk, citizen.conversation_id, subject=subject, facts={"n": subject, "right": "patent"})
        desk.clock.move(timedelta(minutes=1))


async def test_a_filter_leaves_only_what_fits(desk: Desk, citizen: Citizen) -> None:
    await three(desk, citizen)
    await change(
        desk, "乙", queue="patent", status="accepted", kind="assistance", channel="phone", priority="high",
        facts={"right": "gi"},
    )  # fmt: skip
    for name, value in (
        ("queue", "patent"), ("status", "accepted"), ("kind", "assistance"), ("channel", "phone"), ("right", "gi"),
        ("priority", "high"),
    ):  # fmt: skip
        assert await numbers(desk, **{name: value}) == ["乙"], name


async def test_assignees_are_an_agent_or_nobody(desk: Desk, citizen: Citizen) -> None:
    await three(desk, citizen)
    agent = await make_agent(desk)
    await change(desk, "乙", assignee_id=agent.id)
    assert await numbers(desk, assignee_id=agent.id) == ["乙"]
    assert await numbers(desk, assignee_id="nobody") == ["甲", "丙"]


async def test_age_is_counted_in_whole_days_since_opening(desk: Desk, citizen: Citizen) -> None:
    await three(desk, citizen)
    desk.clock.move(timedelta(days=3, minutes=-2))
    assert await numbers(desk, older_than_days=3) == ["甲", "乙"]


async def test_due_today_and_this_week_leave_out_what_is_late_already(desk: Desk, citizen: Citizen) -> None:
    await three(desk, citizen)
    now = desk.clock()  # a Friday morning
    for subject, hours in (("甲", -1), ("乙", 3), ("丙", 30)):
        await change(desk, subject, next_due_at=now + timedelta(hours=hours))
    assert await numbers(desk, due="today") == ["乙"]
    assert await numbers(desk, due="week") == ["乙", "丙"]


async def test_late_is_what_a_counting_clock_says_not_a_paused_one(desk: Desk, citizen: Citizen) -> None:
    await three(desk, citizen)
    late = desk.clock() - timedelta(hours=1)
    for subject in ("甲", "乙"):
        await change(desk, subject, next_due_at=late)
    async with desk.begin() as session:
        ids = dict((await session.execute(select(Ticket.subject, Ticket.id))).all())
        for subject, state in (("甲", "breached"), ("乙", "paused")):
            clocks = update(SlaClock).where(SlaClock.subject_id == ids[subject])
            await session.execute(clocks.values(due_at=late, state=state))
    assert await numbers(desk, due="breached") == ["甲"]


async def test_a_week_ends_with_its_sunday(clock: FakeClock, desk: Desk) -> None:
    zone = desk.office.calendar.zone
    assert end_of("today", clock(), zone).isoformat() == "2026-11-21T00:00:00+08:00"
    assert end_of("week", clock(), zone).isoformat() == "2026-11-23T00:00:00+08:00"


async def test_orders(desk: Desk, citizen: Citizen) -> None:
    await three(desk, citizen)
    now = desk.clock()
    await change(desk, "甲", updated_at=now + timedelta(hours=1), next_due_at=now + timedelta(hours=2))
    await change(desk, "丙", next_due_at=now)
    await change(desk, "乙", next_due_at=None)
    await change(desk, "乙", priority="urgent")
    await change(desk, "甲", priority="low")
    for sort, expected in (
        ("waiting", "甲乙丙"), ("newest", "丙乙甲"), ("due", "丙甲乙"), ("updated", "甲丙乙"), ("priority", "乙丙甲"),
    ):  # fmt: skip
        assert "".join(await numbers(desk, sort=sort)) == expected, sort


async def test_of_two_equally_urgent_who_waits_longer_comes_first(desk: Desk, citizen: Citizen) -> None:
    await three(desk, citizen)
    for subject in ("乙", "丙"):
        await change(desk, subject, priority="urgent")
    assert "".join(await numbers(desk, sort="priority")) == "乙丙甲"


PRIORITIES = [priority.value for priority in Priority]
#: What each order goes by, for `sorted`; a list that falls is the rising one read from its end.
KEYS: dict[str, Callable[[TicketCard], tuple]] = {
    "waiting": lambda t: (t.opened_at, t.id),
    "newest": lambda t: (t.opened_at, t.id),
    "updated": lambda t: (t.updated_at, t.id),
    "due": lambda t: (1, t.id) if t.next_due_at is None else (0, t.next_due_at, t.id),
    "priority": lambda t: (-PRIORITIES.index(t.priority), t.opened_at, t.id),
}


@pytest.mark.parametrize("seed", range(3))
async def test_pages_of_any_size_give_each_ticket_once_and_in_order(desk: Desk, seed: int) -> None:
    drawn = random.Random(seed)
    await _scatter(desk, drawn, drawn.randint(20, 60))
    assert KEYS.keys() == SORTS.keys()
    for sort, key in KEYS.items():
        for wanted in ({}, {"priority": drawn.choice(PRIORITIES)}, {"queue": "patent"}):
            found = await _all_pages(desk, drawn, sort, TicketFilter(**wanted))
            async with desk.read() as session:
                there = await session.execute(select(Ticket.id).filter_by(is_finished=False, **wanted))
            assert len(found) == len({ticket.id for ticket in found})
            assert {ticket.id for ticket in found} == set(there.scalars()), (sort, wanted)
            assert found == sorted(found, key=key, reverse=sort in ("newest", "updated")), (sort, wanted)


async def _scatter(desk: Desk, drawn: random.Random, count: int) -> None:
    """Tickets many of which are alike in what lists go by, some of them finished."""

    def moment():
        return desk.clock() + timedelta(seconds=drawn.randrange(4))

    rows = [
        {
            "id": f"t{at:06}", "number": f"TS{at:013}", "kind": "complaint", "subject": "x", "facts": {}, "status": "submitted",
            "is_finished": drawn.random() < 0.2, "queue": drawn.choice(["patent", "trademark"]), "channel": "web",
            "audit_head": "", "opened_at": moment(), "updated_at": moment(), "priority": drawn.choice(PRIORITIES),
            "next_due_at": drawn.choice([None, moment()]),
        }
        for at in range(count)
    ]  # fmt: skip
    async with desk.begin() as session:
        await session.execute(insert(Ticket), rows)


async def _all_pages(desk: Desk, drawn: random.Random, sort: str, wanted: TicketFilter) -> list[TicketCard]:
    seen, after = [], None
    while True:
        limit = drawn.randint(1, 9)
        async with desk.read() as session:
            page = await list_tickets(
                session, wanted, sort=sort, after=after, limit=limit, now=desk.clock(), zone=desk.office.calendar.zone
            )
        assert len(page.items) == limit or page.next is None
        seen += page.items
        if (after := page.next) is None:
            return seen


async def test_what_no_page_gave_is_refused(desk: Desk) -> None:
    at = "2026-01-01T00:00:00+00:00"
    wrong = [
        {"after": after}
        for after in (
            "x", f"{at}|x", "0|2026-01-01|x", "0|-|x", "0|", f"0|{at}|", f"9|{at}|x", f"-1|{at}|x", f"0|{at}|a\0b", f"0|{at}|{'x' * 37}",
            "0|0001-01-01T00:00:00+23:00|x", f"0|{at}|x|y",
        )
    ]  # fmt: skip
    wrong += [{"sort": "colour"}, {"sort": "due", "after": f"1|{at}|x"}, {"sort": "due", "after": "0|-|x"}]
    async with desk.read() as session:
        for what in wrong:
            with pytest.raises(BadRequest):
                await list_tickets(session, TicketFilter(), now=desk.clock(), zone=desk.office.calendar.zone, **what)


@given(st.sampled_from(sorted(SORTS)), st.text() | st.from_regex(r"[0-9]\|[-0-9T:+Z.]*\|[\w-]*"))
def test_a_cursor_is_read_or_refused(sort: str, after: str) -> None:
    try:
        place = read_cursor(SORTS[sort], after)
    except BadRequest:
        return
    assert place.stretch < len(SORTS[sort]) and place.key


async def test_counting_a_view_stops_at_the_limit(desk: Desk, citizen: Citizen) -> None:
    await three(desk, citizen)
    async with desk.read() as session:
        count = await listing.count_open(
            session, TicketFilter(), now=desk.clock(), zone=desk.office.calendar.zone, most=2
        )
    assert count == 2


# --- cost -----------------------------------------------------------------------------------

CLOSED, OPEN = 4000, 40


async def _fill(desk: Desk) -> None:
    """Many tickets, nearly all of them finished."""
    now = desk.clock()
    async with desk.begin() as session:
        await session.execute(
            insert(Ticket),
            [
                {
                    "id": f"t{at:06}", "number": f"TS{at:013}", "kind": "complaint", "subject": "x", "facts": {},
                    "status": "closed" if at < CLOSED else "submitted", "is_finished": at < CLOSED,
                    "queue": ("patent", "trademark")[at % 2], "channel": "web", "audit_head": "",
                    "opened_at": now - timedelta(days=400) + timedelta(minutes=at), "updated_at": now,
                    "next_due_at": None if at < CLOSED else now + timedelta(minutes=at),
                    "priority": PRIORITIES[at // 2 % 4],
                }
                for at in range(CLOSED + OPEN)
            ],
        )  # fmt: skip
    async with desk.begin() as session:
        await session.execute(text("ANALYZE"))


async def test_the_first_page_reads_an_index_of_open_tickets_only(desk: Desk) -> None:
    await _fill(desk)
    zone = desk.office.calendar.zone
    for wanted, sort in (
        ({"queue": "patent"}, "waiting"), ({"queue": "patent"}, "due"), ({}, "waiting"), ({}, "due"),
        ({"assignee_id": "a"}, "waiting"), ({"assignee_id": "nobody"}, "waiting"),
        ({}, "priority"), ({"queue": "patent"}, "priority"), ({"priority": "high"}, "waiting"),
    ):  # fmt: skip
        wish = TicketFilter(**wanted)
        for plan in await plans(desk, "ticket", lambda s, w=wish, o=sort: list_tickets(s, w, sort=o, now=desk.clock(), zone=zone, limit=10)):
            assert "ix_ticket_open_" in plan and "Seq Scan on ticket" not in plan, plan
            assert "SCAN ticket" not in plan or "SCAN ticket USING INDEX ix_ticket_open_" in plan, plan
            # Ordered by the index: a page costs what is on it, not what is open.
            assert "TEMP B-TREE" not in plan, plan


async def test_the_order_by_priority_reads_no_further_than_the_page(desk: Desk) -> None:
    await _fill(desk)
    zone = desk.office.calendar.zone
    found = await plans(desk, "ticket", lambda s: list_tickets(s, TicketFilter(), sort="priority", now=desk.clock(), zone=zone, limit=5))
    # Ten are urgent: what is less so is not asked for.
    assert len(found) == 1 and "ix_ticket_open_priority" in found[0], found


async def test_counts_of_queues_read_open_tickets_only(desk: Desk) -> None:
    await _fill(desk)
    (plan,) = await plans(desk, "ticket", listing.queue_counts)
    assert "ix_ticket_open_" in plan and "Seq Scan" not in plan, plan
    async with desk.read() as session:
        assert await listing.queue_counts(session) == {"patent": OPEN // 2, "trademark": OPEN // 2}
