"""Transactions on SQLite: how often its thread is asked, and that each of them ends."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import event, text

from bot.store.database import Database

ROWS = text("SELECT count(*) FROM thing")
ADD = text("INSERT INTO thing VALUES (1)")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'driver.db'}")
    async with database.begin() as session:
        await session.execute(text("CREATE TABLE thing (n INTEGER)"))
    yield database
    await database.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that something is sent to SQLite's thread."""
    made: list[str] = []
    execute = aiosqlite.Connection._execute

    def noted(self, function, *arguments, **options):
        made.append(getattr(function, "__name__", ""))
        return execute(self, function, *arguments, **options)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", noted)
    return made


async def test_reading_takes_a_trip_a_statement_and_none_to_end(database: Database, trips: list[str]) -> None:
    async with database.read() as session:
        await session.execute(ROWS)
        await session.execute(ROWS)
    assert len(trips) == 2


async def test_writing_takes_one_trip_more_for_the_commit(database: Database, trips: list[str]) -> None:
    async with database.begin() as session:
        await session.execute(ADD)
    assert len(trips) == 2
    async with database.read() as session:
        assert await session.scalar(ROWS) == 1


async def test_what_fails_is_undone_and_its_lock_given_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.begin() as session:
            await session.execute(ADD)
            raise ZeroDivisionError
    async with database.begin() as session:
        assert await session.scalar(ROWS) == 0


async def test_a_reader_sees_one_state_and_the_next_reader_the_new_one(database: Database) -> None:
    async with database.read() as reader:
        assert await reader.scalar(ROWS) == 0
        async with database.begin() as session:
            await session.execute(ADD)
        assert await reader.scalar(ROWS) == 0
    async with database.read() as reader:
        assert await reader.scalar(ROWS) == 1


async def test_what_is_written_in_a_reading_transaction_is_undone(database: Database) -> None:
    async with database.read() as session:
        await session.execute(ADD)
    async with database.begin() as session:
        assert await session.scalar(ROWS) == 0


@pytest.mark.parametrize("kind", ["read", "begin"])
async def test_a_cancelled_statement_leaves_no_transaction_open(database: Database, kind: str) -> None:
    started, released = threading.Event(), threading.Event()

    def linger() -> int:
        started.set()
        return int(released.wait(10))

    @event.listens_for(database.engine.sync_engine, "begin")
    def add_function(connection) -> None:
        connection.connection.driver_connection._conn.create_function("linger", 0, linger)

    async def wait_for_it() -> None:
        async with getattr(database, kind)() as session:
            await session.execute(text("SELECT linger(), count(*) FROM thing"))

    waiting = asyncio.create_task(wait_for_it())
    assert await asyncio.to_thread(started.wait, 10)
    waiting.cancel()
    released.set()
    with suppress(asyncio.CancelledError):
        await waiting
    async with database.begin() as session:
        await session.execute(ADD)
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        (is_busy, *_), = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    # A reader left behind would keep the log from being emptied.
    assert not is_busy
