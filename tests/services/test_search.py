"""Finding tickets: by words, by name, by telephone number; and keeping up with what changes."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from bot.bootstrap import Desk
from bot.services import desk_work, search
from bot.services.opening import OpenedTicket
from bot.services.search import SearchTooShort, derived
from bot.store.tables import SearchProgress, Ticket, TicketContact, TicketSearch
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen

FACTS = {
    "report_type": "rightholder", "right": "trademark", "name": "张三", "phone": "13800138000",
    "party_id": "11010119900307663X", "respondent": "好运来旗舰店 ABC Co.", "facts": "网店销售假冒我公司商标的水杯",
}  # fmt: skip


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    return await Citizen.arrives(desk)


async def opened(desk: Desk, citizen: Citizen, **facts: object) -> OpenedTicket:
    return await make_ticket(desk, citizen.conversation_id, facts=FACTS | facts)


async def keep_up(desk: Desk, *, limit: int = 500) -> None:
    after, more = None, True
    while more:
        async with desk.begin() as session:
            after = await search.catch_up(
                session, desk.forms, desk.signer, now=desk.clock(), after=after, limit=limit
            )
        more = after is not None


async def found(desk: Desk, typed: str) -> list[str]:
    async with desk.read() as session:
        condition = await search.condition(session, desk.signer, typed)
        return list(await session.scalars(select(Ticket.number).where(condition).order_by(Ticket.number)))


async def test_a_ticket_is_found_by_what_stands_on_it_and_by_nothing_else(desk: Desk, citizen: Citizen) -> None:
    """Least of all by an identity number."""
    number = (await opened(desk, citizen)).ticket.number
    other = (await opened(desk, citizen, name="李四", phone="13900139000", facts="其他", respondent="别家")).ticket.number
    await keep_up(desk)
    for typed in (
        "张三", "水杯", "假冒我公司", "好运来", "abc", "ＡＢＣ", "张三 水杯", "138 0013 8000", "+86 13800138000", number[-6:],
    ):  # fmt: skip
        assert await found(desk, typed) == [number], typed
    assert await found(desk, "举报投诉：商标") == sorted([number, other])
    for typed in ("张四", "杯水", "三张", "张三 茶杯", "13800138001", "11010119900307663X"):
        assert await found(desk, typed) == [], typed


async def test_traditional_and_simplified_characters_find_each_other(desk: Desk, citizen: Citizen) -> None:
    simple = (await opened(desk, citizen)).ticket.number
    traditional = (await opened(desk, citizen, name="陳七", respondent="香港貿易行", facts="網店銷售假冒我公司商標的水壺")).ticket
    await keep_up(desk)
    for typed in ("網店銷售", "网店销售", "商標", "商标 假冒"):
        assert await found(desk, typed) == sorted([simple, traditional.number]), typed
    assert await found(desk, "陈七") == await found(desk, "陳七 贸易行") == [traditional.number]
    async with desk.read() as session:
        marked = await search.excerpts(session, [traditional.id], "网店")
    assert [piece for piece, is_hit in marked[traditional.id] if is_hit] == ["网店"]


async def test_pairs_that_stand_apart_are_not_the_word(desk: Desk, citizen: Citizen) -> None:
    await opened(desk, citizen, facts="专利的权利人是利民公司")
    await keep_up(desk)
    assert await found(desk, "专利权利") == []


async def test_without_two_characters_that_stand_together_there_is_nothing_to_look_for(desk: Desk) -> None:
    for typed in ("张", "%%", ""):
        with pytest.raises(SearchTooShort):
            await found(desk, typed)
    assert await found(desk, "张三") == []


async def test_the_store_keeps_no_telephone_or_identity_number_for_the_search(desk: Desk, citizen: Citizen) -> None:
    await opened(desk, citizen)
    await keep_up(desk)
    async with desk.read() as session:
        row = (await session.scalars(select(TicketSearch))).one()
        key = (await session.scalars(select(TicketContact.key))).one()
    assert "13800138000" not in row.text + key and "1990030" not in row.text


async def test_what_is_written_later_is_found_too(desk: Desk, citizen: Citizen) -> None:
    agent, ticket = await make_agent(desk), (await opened(desk, citizen)).ticket
    await keep_up(desk)
    desk.clock.move(timedelta(hours=1))
    async with desk.begin() as session:
        await desk_work.add_note(session, agent, ticket.id, text="联系平台取证", now=desk.clock())
    assert await found(desk, "联系平台") == []
    await keep_up(desk)
    assert await found(desk, "联系平台") == [ticket.number]


async def test_many_entries_are_read_in_batches_and_each_ticket_once(desk: Desk, citizen: Citizen) -> None:
    for at in range(7):
        await opened(desk, citizen, facts=f"第{at}件水杯")
    await keep_up(desk, limit=2)
    await keep_up(desk, limit=2)
    assert len(await found(desk, "水杯")) == 7
    async with desk.read() as session:
        assert await session.scalar(select(func.count()).select_from(TicketSearch)) == 7


async def test_what_may_still_be_committed_is_read_again_what_is_settled_is_not(desk: Desk, citizen: Citizen) -> None:
    await opened(desk, citizen)
    await keep_up(desk)
    async with desk.read() as session:
        assert await session.scalar(select(SearchProgress.last_event_id)) is None
    desk.clock.move(timedelta(minutes=2))
    await keep_up(desk)
    async with desk.read() as session:
        assert await session.scalar(select(SearchProgress.last_event_id)) == 1


async def test_two_that_catch_up_at_once_do_no_harm(desk: Desk, citizen: Citizen) -> None:
    for at in range(5):
        await opened(desk, citizen, facts=f"第{at}件水杯")
    await asyncio.gather(keep_up(desk), keep_up(desk))
    assert len(await found(desk, "水杯")) == 5


async def test_the_index_is_made_again_when_it_is_lost(desk: Desk, citizen: Citizen) -> None:
    await opened(desk, citizen)
    await keep_up(desk)
    drop = ["DROP TABLE ticket_fts", *(f"DROP TRIGGER ticket_search_{t}" for t in ("inserted", "updated", "deleted"))]
    async with desk.begin() as session:
        for statement in drop if desk.database.is_sqlite else ["DROP INDEX ix_ticket_search_grams"]:
            await session.execute(text(statement))
    assert await found(desk, "水杯") == []
    async with desk.begin() as session:
        await derived.make(session)
    assert len(await found(desk, "水杯")) == 1


async def test_the_search_reads_its_index(desk: Desk, citizen: Citizen) -> None:
    await opened(desk, citizen)
    await keep_up(desk)
    async with desk.begin() as session:
        if not desk.database.is_sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = "EXPLAIN SELECT id FROM ticket_search WHERE string_to_array(grams, ' ') @> ARRAY['水杯']"
        else:
            plan = "EXPLAIN QUERY PLAN SELECT rowid FROM ticket_fts WHERE ticket_fts MATCH '\"水杯\"'"
        said = "\n".join(str(row[-1]) for row in await session.execute(text(plan)))
    assert "ix_ticket_search_grams" in said or "VIRTUAL TABLE INDEX" in said, said


async def test_excerpts_mark_the_hit(desk: Desk, citizen: Citizen) -> None:
    ticket = (await opened(desk, citizen)).ticket
    await keep_up(desk)
    async with desk.read() as session:
        excerpts = await search.excerpts(session, [ticket.id], "水杯")
    assert ("水杯", True) in excerpts[ticket.id]
