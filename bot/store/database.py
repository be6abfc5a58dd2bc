"""Connecting to SQLite or PostgreSQL, and the two kinds of transaction.

On SQLite a writing transaction takes the write lock with its first statement (BEGIN IMMEDIATE, see
`sqlite_driver`), even if that one only reads: a transaction that reads first and writes later could otherwise
fail half-way with "database is locked".
Writers of this process wait for each other in an asyncio lock instead of SQLite's sleeping
busy handler, whose steps are up to 100 ms long.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bot.store.notifying import notify
from bot.store.scoping import restrict
from bot.store.sqlite_driver import READ, WRITE, OneTripDriver

#: A server that restarts is noticed by connections that were not used for so long.
_PING_AFTER_SECONDS = 1.0

Publish = Callable[[Sequence[Any]], None]
BeforeCommit = Callable[[AsyncSession], Awaitable[None]]


class Database:
    """The engine and its transactions.

    Args:
        url: `sqlite+aiosqlite:///…` or `postgresql+psycopg://…`.
        publish: Called after each commit with what `announce` recorded in the session.
        before_commit: Called at the end of each writing transaction, inside of it.
        process: Name of this process where several work on one database (PostgreSQL): what it announces
            goes to the others as well. None where it is the only one, which saves a statement and a lock.
    """

    def __init__(
        self,
        url: str,
        publish: Publish | None = None,
        before_commit: BeforeCommit | None = None,
        *,
        process: str | None = None,
    ) -> None:
        self.process = process
        self._is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _create_engine(url, is_sqlite=self._is_sqlite)
        self._reading = self.engine.execution_options(sqlite_begin=READ)
        self._glancing = (
            self._reading if self._is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        # Advisory locks are held while a turn is taken, so they use connections of their own:
        # taken from the pool, enough of them would leave none for the turns themselves.
        self._lock_engine = None if self._is_sqlite else _create_lock_engine(url)
        self._publish = publish or (lambda announcements: None)
        self._before_commit = before_commit
        self._writing = asyncio.Lock() if self._is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Tell whether there is one file and so one writer at a time."""
        return self._is_sqlite

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """Open a writing transaction: commit at the end, roll back on any exception."""
        async with self._writer(), AsyncSession(self.engine, expire_on_commit=False) as session:
            restrict(session)
            async with session.begin():
                yield session
                if self._before_commit is not None:
                    await self._before_commit(session)
                if self.process is not None and (told := session.info.pop("for_others", None)):
                    await notify(session, self.process, told)
            announcements = session.info.pop("announcements", ())
        self._publish(announcements)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a reading transaction, which never waits for writers on SQLite."""
        async with AsyncSession(self._reading, expire_on_commit=False) as session:
            restrict(session)
            yield session

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncSession]:
        """Open a session for a query or two that nobody waits for longer than need be; write nothing in it.

        PostgreSQL shows each statement what is committed when it begins, in a transaction or not: so there is
        none here, as BEGIN and ROLLBACK would be two trips more. A stream needs `read`. On SQLite it is `read`.
        """
        async with AsyncSession(self._glancing, expire_on_commit=False) as session:
            restrict(session)
            yield session

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Keep other desk processes out of what is called `name` while the block runs.

        On SQLite there is one process. On PostgreSQL it is an advisory lock, which goes when the
        process dies.
        """
        if self._lock_engine is None:
            yield
            return
        key = {"key": zlib.crc32(name.encode()) - 2**31}
        async with self._lock_engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(12330, :key)"), key)
            try:
                yield
            finally:
                await connection.execute(text("SELECT pg_advisory_unlock(12330, :key)"), key)

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
        if self._lock_engine is not None:
            await self._lock_engine.dispose()

    def _writer(self) -> AbstractAsyncContextManager[Any]:
        return self._writing if self._writing is not None else nullcontext()


def announce(session: AsyncSession, topic: str, payload: dict[str, Any]) -> None:
    """Record something for live listeners in all desk processes; it is published only if the transaction commits.

    It is a signal to look at the store. Listeners may hear of it twice, or hear only that something happened.

    Args:
        payload: Small, and nothing but what JSON has; nothing of what people wrote.
    """
    announce_here(session, topic, payload)
    session.info.setdefault("for_others", []).append((topic, payload))


def announce_here(session: AsyncSession, topic: str, payload: dict[str, Any]) -> None:
    """Record something for the listeners in this process only; the others find it out by themselves."""
    session.info.setdefault("announcements", []).append((topic, payload))


def _create_engine(url: str, *, is_sqlite: bool) -> AsyncEngine:
    # `hide_parameters` keeps what citizens wrote out of error messages and so out of logs.
    if not is_sqlite:
        engine = create_async_engine(url, pool_size=10, max_overflow=20, hide_parameters=True)
        _ping_after_idling(engine.sync_engine)
        return engine
    if path := make_url(url).database:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url, module=OneTripDriver(), pool_size=5, max_overflow=10, hide_parameters=True
    )
    event.listen(engine.sync_engine, "connect", _configure_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _ping_after_idling(engine: Engine) -> None:
    """Ask a connection that was idle whether its server still knows it; asking always costs a trip a transaction."""

    def note_use(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    def ping(connection: Any, record: Any, _proxy: Any) -> None:
        used = record.info.get("used")
        if used is None or time.monotonic() - used < _PING_AFTER_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as error:
            # The others are as old: all are made anew.
            raise InvalidatePoolError from error

    event.listen(engine, "checkin", note_use)
    event.listen(engine, "checkout", ping)


def _create_lock_engine(url: str) -> AsyncEngine:
    return create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late (before the first write); ours is explicit.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    begin = connection.get_execution_options().get("sqlite_begin", WRITE)
    connection.connection.dbapi_connection.begin_with = begin
