"""Tickets from before regions were kept get the region that they name; the others stay, and supervisors see which."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from bot.bootstrap import Desk, close_desk, create_desk
from bot.cli import app
from bot.services import audit
from bot.services.placing import place, unplaced_tasks
from bot.store.tables import Ticket, TicketEvent
from tests.conftest import make_settings
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen
from tests.support.clock import FakeClock
from tests.support.engine import ScriptedEngine
from tests.support.library import real_library

HANGZHOU, NOWHERE = "浙江省杭州市西湖区", "杭州西湖边上"


async def old_ticket(desk: Desk, **changes: object) -> str:
    """A ticket as one of before the regions stands in the store."""
    citizen = await Citizen.arrives(desk)
    ticket_id = (await make_ticket(desk, citizen.conversation_id, **changes)).ticket.id
    async with desk.begin() as session:
        await session.execute(update(Ticket).where(Ticket.id == ticket_id).values(region=None))
    desk.clock.move(timedelta(seconds=1))
    return ticket_id


async def place_all(desk: Desk, limit: int = 200) -> tuple[int, int]:
    placed = unplaced = 0
    after: str | None = ""
    while after is not None:
        async with desk.begin() as session:
            batch = await place(session, desk.forms, now=desk.clock(), after=after, limit=limit)
        placed, unplaced, after = placed + batch.placed, unplaced + batch.unplaced, batch.after
    return placed, unplaced


async def regions(desk: Desk) -> dict[str, str | None]:
    async with desk.read() as session:
        return dict((await session.execute(select(Ticket.id, Ticket.region))).all())


@pytest.mark.parametrize("limit", [1, 2, 200])
async def test_a_ticket_is_put_where_opening_it_today_would_put_it(desk: Desk, limit: int) -> None:
    here = await old_ticket(desk, facts={"region": HANGZHOU})
    unknown = await old_ticket(desk, facts={"region": NOWHERE})
    silent = await old_ticket(desk, kind="consultation", facts={"question": "你好"}, queue="general")
    assert await place_all(desk, limit) == (1, 1)
    assert await regions(desk) == {here: "330106", unknown: None, silent: None}
    assert await place_all(desk, limit) == (0, 1), "safe to repeat"
    async with desk.read() as session:
        entries = await session.execute(select(TicketEvent.ticket_id, TicketEvent.new).where(TicketEvent.action == "ticket.placed"))
        assert entries.all() == [(here, {"region": "330106"})]
        assert (await audit.verify(session)).holds


async def test_supervisors_see_what_could_not_be_told_once_somebody_works_for_a_region(desk: Desk) -> None:
    unknown = await old_ticket(desk, facts={"region": NOWHERE})
    await old_ticket(desk, facts={"region": "境外"})
    await old_ticket(desk, kind="consultation", facts={"question": "你好"}, queue="general")
    async with desk.read() as session:
        assert await unplaced_tasks(session, desk.forms) == []
    await make_agent(desk, "杭州", regions=["3301"])
    async with desk.read() as session:
        (task,) = await unplaced_tasks(session, desk.forms)
    assert (task.ticket.id, task.text) == (unknown, NOWHERE)


def test_the_command_tells_how_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIGHTSDESK_DATABASE_URL", raising=False)

    async def fill() -> None:
        desk = await create_desk(make_settings(tmp_path), clock=FakeClock(), engine=ScriptedEngine(), library=real_library())
        for place_named in (HANGZHOU, NOWHERE):
            await old_ticket(desk, facts={"region": place_named})
        await close_desk(desk)

    asyncio.run(fill())
    result = CliRunner().invoke(app, ["tickets", "place", "--data", str(tmp_path / "var")])
    assert result.exit_code == 0 and "已确定地区 1 件；按登记的地点不能确定 1 件" in result.output, result.output
