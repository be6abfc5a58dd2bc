"""What one process announces is heard in the others: after the commit, once, and made good after a loss."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import event, text
from typer.testing import CliRunner

from bot.bootstrap import Desk, PostgresNeeded, close_desk, create_desk
from bot.cli import app
from bot.store.database import Database, announce, announce_here
from bot.store.listening import LISTENER_NAME
from bot.store.notifying import LOOK, MAX_BYTES, packed
from tests.conftest import make_settings
from tests.support.library import real_library

NEWS = {"type": "news"}


async def soon(queue: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
    return await asyncio.wait_for(queue.get(), 10)


async def last_heard(desk: Desk, queue: asyncio.Queue[dict[str, Any]]) -> list[dict[str, Any]]:
    """Announce an end, and return what is heard up to it."""
    async with desk.begin() as session:
        announce(session, "t", {"type": "end"})
    heard = []
    while (found := await soon(queue)) != {"type": "end"}:
        heard.append(found)
    return heard


async def test_each_process_hears_a_commit_once(desks: tuple[Desk, Desk]) -> None:
    first, second = desks
    async with first.hub.listen("t") as here, second.hub.listen("t") as there:
        async with first.begin() as session:
            announce(session, "t", NEWS)
            announce_here(session, "t", {"type": "for here"})
            await asyncio.sleep(0.1)
            assert here.empty() and there.empty()
        assert await last_heard(first, there) == [NEWS]
        assert [here.get_nowait() for _ in range(here.qsize())] == [NEWS, {"type": "for here"}, {"type": "end"}]
        await asyncio.sleep(0.1)
        assert here.empty()


async def test_nobody_hears_what_is_rolled_back(desks: tuple[Desk, Desk]) -> None:
    first, second = desks
    async with second.hub.listen("t") as there:
        with pytest.raises(RuntimeError):
            async with first.begin() as session:
                announce(session, "t", NEWS)
                raise RuntimeError
        assert await last_heard(first, there) == []


async def test_a_transaction_costs_one_more_statement_and_only_with_several_processes(
    desks: tuple[Desk, Desk], postgres_url: str
) -> None:
    async def statements(database: Database) -> int:
        seen: list[str] = []
        engine = database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: seen.append(statement))
        async with database.begin() as session:
            for number in range(500):
                announce(session, "t", {"type": "news", "number": number})
        return len(seen)

    alone = Database(postgres_url)
    assert (await statements(desks[0].database), await statements(alone)) == (1, 0)
    await alone.close()


async def test_a_listener_that_lost_its_connection_comes_back_and_everybody_looks(desks: tuple[Desk, Desk]) -> None:
    first, second = desks
    kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
                " AND datname = current_database()")  # fmt: skip
    async with first.hub.listen("t") as here, second.hub.listen("t") as there:
        async with first.begin() as session:
            await session.execute(kill, {"name": LISTENER_NAME})
        assert (await soon(here), await soon(there)) == (LOOK, LOOK)
        assert second.listener and second.listener.is_connected
        assert await last_heard(first, there) == []


async def test_what_cannot_be_read_makes_everybody_look(desks: tuple[Desk, Desk]) -> None:
    first, second = desks
    async with second.hub.listen("t") as there:
        for payload in ("{", "3", '["p", 1]', '["p", ["t", 1]]'):
            async with first.begin() as session:
                await session.execute(text("SELECT pg_notify('rightsdesk', :payload)"), {"payload": payload})
            assert await soon(there) == LOOK


async def test_processes_that_start_together_on_a_new_database_all_start(
    tmp_path, empty_postgres_url: str, clock, engine
) -> None:
    settings = make_settings(tmp_path, empty_postgres_url, desk_processes=3)
    made = await asyncio.gather(
        *(create_desk(settings, clock=clock, engine=engine, library=real_library()) for _ in range(3))
    )
    for desk in made:
        await close_desk(desk)


async def test_several_processes_on_sqlite_are_refused(tmp_path) -> None:
    with pytest.raises(PostgresNeeded):
        await create_desk(make_settings(tmp_path, desk_processes=2))


def test_up_says_what_to_do_about_several_processes_on_sqlite(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("RIGHTSDESK_DATABASE_URL", raising=False)
    monkeypatch.setenv("RIGHTSDESK_DESK_PROCESSES", "2")
    for options in ([], ["--detach"]):
        result = CliRunner().invoke(app, ["up", "--data", str(tmp_path), *options])
        assert result.exit_code == 1
        assert "PostgreSQL" in result.stderr and "RIGHTSDESK_DATABASE_URL" in result.stderr
    assert not list(tmp_path.iterdir())


def test_announcements_share_payloads_that_are_short_enough() -> None:
    many = [("staff", {"type": "ticket_changed", "id": f"工单{number}"}) for number in range(400)]
    payloads = packed("p", [*many, *many])
    assert max(len(payload.encode()) for payload in payloads) <= MAX_BYTES
    assert len(payloads) < 6
    unpacked = [json.loads(payload) for payload in payloads]
    assert {process for process, *_ in unpacked} == {"p"}
    assert [tuple(item) for _, *items in unpacked for item in items] == many


def test_an_announcement_that_is_too_long_becomes_a_signal_to_look() -> None:
    [payload] = packed("p", [("t", {"text": "长" * 3000}), ("t", NEWS)])
    assert json.loads(payload) == ["p", ["t", LOOK], ["t", NEWS]]
