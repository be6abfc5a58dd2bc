"""One trip to SQLite's thread a statement, instead of four, and none to begin a transaction.

aiosqlite runs SQLite in a thread of its own. SQLAlchemy's adapter goes there to make a cursor, to
execute, to fetch and to close, and every trip costs two switches of thread: more than most of our
statements take. Here the four are one function that the thread runs at once; all rows are fetched,
as SQLAlchemy's adapter does as well. A transaction begins in the same function as its first statement;
one without a statement neither begins nor ends. What has ended is not ended again when the pool takes the
connection back, and a transaction that only read is ended without a trip: that waits for nothing.
Server-side cursors (`stream`) stay as they are.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import await_only

#: Begins a transaction that takes no lock until it writes.
READ = "BEGIN"
#: Begins one that waits for the write lock.
WRITE = "BEGIN IMMEDIATE"


class _Outcome:
    """What a closed cursor leaves: SQLAlchemy reads these after a statement."""

    description: Sequence[Any] | None = None
    rowcount = -1
    lastrowid: int | None = None
    arraysize = 1

    def close(self) -> None:
        """Do nothing: the real cursor was closed where it was used."""


class OneTripCursor(AsyncAdapt_aiosqlite_cursor):
    """Executes, fetches and closes in one go."""

    __slots__ = ()
    _awaitable_cursor_close = False

    def _make_new_cursor(self, connection: Any) -> Any:
        return _Outcome()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        given = () if parameters is None else parameters
        await self._run(lambda cursor: cursor.execute(operation, given))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._run(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    async def _run(self, statement: Callable[[sqlite3.Cursor], object]) -> None:
        outcome, rows = _Outcome(), deque[Any]()

        def work() -> None:
            cursor = self._connection._conn.cursor()
            try:
                statement(cursor)
                if cursor.description:
                    rows.extend(cursor.fetchall())
                outcome.description, outcome.rowcount = cursor.description, cursor.rowcount
                outcome.lastrowid = cursor.lastrowid
            finally:
                cursor.close()

        async with self._adapt_connection._execute_mutex:
            await self._adapt_connection.run(work)
        self._cursor, self._rows = outcome, rows


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    """A connection with such cursors.

    Attributes:
        begin_with: The statement that begins the transaction, until the first other one is run.
        has_begun: A transaction was begun, or is about to be in SQLite's thread, and has not ended.
        ends_at_once: It only reads, and nothing is under way in the thread that its end would have to wait for.
    """

    __slots__ = ("begin_with", "ends_at_once", "has_begun")
    _cursor_cls = OneTripCursor

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.begin_with: str | None = None
        self.has_begun = self.ends_at_once = False

    async def run[Result](self, work: Callable[[], Result]) -> Result:
        """Run a function in SQLite's thread, inside the transaction."""
        begin, self.begin_with = self.begin_with, None
        # Noted before the trip: if its caller is cancelled, what is under way is ended behind it, by the thread.
        self.has_begun = self.has_begun or begin is not None
        ends_at_once, self.ends_at_once = self.ends_at_once or begin == READ, False

        def begun() -> Result:
            if begin is not None:
                self._connection._conn.execute(begin).close()
            return work()

        done = await self._connection._execute(begun)
        self.ends_at_once = ends_at_once
        return done

    def cursor(self, server_side: bool = False) -> Any:
        """Return a cursor; one that streams finds the transaction begun."""
        if server_side:
            if self.begin_with:
                await_only(self.run(lambda: None))
            self.ends_at_once = False
        return super().cursor(server_side)

    def commit(self) -> None:
        """End the transaction, if it began."""
        if self.has_begun:
            super().commit()
        self._rest()

    def rollback(self) -> None:
        """Undo the transaction, if it began."""
        if self.ends_at_once:
            self._connection._conn.rollback()
        elif self.has_begun:
            super().rollback()
        self._rest()

    def _rest(self) -> None:
        self.begin_with, self.has_begun, self.ends_at_once = None, False, False


class OneTripDriver(AsyncAdapt_aiosqlite_dbapi):
    """What `create_async_engine(url, module=…)` takes in place of SQLAlchemy's adapter."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **options: Any) -> OneTripConnection:
        """Open a connection."""
        return OneTripConnection(self, super().connect(*arguments, **options)._connection)
