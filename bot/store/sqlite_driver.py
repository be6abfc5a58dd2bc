"""One trip to SQLite's thread a statement, instead of four, and none to begin a transaction.

aiosqlite runs SQLite in a thread of its own. SQLAlchemy's adapter goes there to make a cursor, to
execute, to fetch and to close, and every trip costs two switches of thread: more than most of our
statements take. Here the four are one function that the thread runs at once; all rows are fetched,
as SQLAlchemy's adapter does as well. A transaction begins in the same function as its first statement;
one without a statement neither begins nor ends. What has ended is not ended again when the pool takes the
connection back. Server-side cursors (`stream`) stay as they are.
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
    """

    __slots__ = ("begin_with", "has_begun")
    _cursor_cls = OneTripCursor

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.begin_with: str | None = None
        self.has_begun = False

    async def run[Result](self, work: Callable[[], Result]) -> Result:
        """Run a function in SQLite's thread, inside the transaction."""
        begin, self.begin_with = self.begin_with, None
        if begin is None:
            return await self._connection._execute(work)
        # Whoever is cancelled from here on leaves a transaction behind, which the pool then ends.
        self.has_begun = True

        def begun() -> Result:
            self._connection._conn.execute(begin).close()
            return work()

        return await self._connection._execute(begun)

    def cursor(self, server_side: bool = False) -> Any:
        """Return a cursor; one that streams finds the transaction begun."""
        if server_side and self.begin_with:
            await_only(self.run(lambda: None))
        return super().cursor(server_side)

    def commit(self) -> None:
        """End the transaction, if it began."""
        if self.has_begun:
            super().commit()
        self.begin_with, self.has_begun = None, False

    def rollback(self) -> None:
        """Undo the transaction, if it began."""
        if self.has_begun:
            super().rollback()
        self.begin_with, self.has_begun = None, False


class OneTripDriver(AsyncAdapt_aiosqlite_dbapi):
    """What `create_async_engine(url, module=…)` takes in place of SQLAlchemy's adapter."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **options: Any) -> OneTripConnection:
        """Open a connection."""
        return OneTripConnection(self, super().connect(*arguments, **options)._connection)
