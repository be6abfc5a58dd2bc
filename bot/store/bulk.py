"""Inserting many new rows of several tables in one trip to the database.

The unit of work of SQLAlchemy takes a trip a table, and on SQLite each trip costs more than the
insert. Here the rows go in one function of SQLite's thread, or in one pipeline of PostgreSQL, inside
a savepoint: either all of them or, with the error, none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Base

_SAVEPOINT = "bulk_insert"


class Row(NamedTuple):
    """Values of a row by attribute name, where nobody needs an object: making one costs more than writing it."""

    kind: type[Base]
    values: Mapping[str, Any]

    def to_object(self) -> Any:
        """Return the object, for a session to hold."""
        return self.kind(**self.values)


@dataclass(frozen=True)
class _Writing:
    """How rows of one table are written.

    Attributes:
        columns: Attribute name, default (a value, a callable, or None) and conversion of each value.
    """

    sql: str
    columns: tuple[tuple[str, Any, Callable[[Any], Any] | None], ...]
    named: bool

    def row(self, new: Base | Row) -> Any:
        """Return the values of a new row in the form the driver takes."""
        given = new.values if isinstance(new, Row) else new.__dict__
        values = []
        for name, default, convert in self.columns:
            value = given.get(name)
            if value is None and default is not None:
                value = default() if callable(default) else default
            # None is NULL everywhere: SQLAlchemy's JSON would make the JSON value `null` of it.
            values.append(convert(value) if convert and value is not None else value)
        if not self.named:
            return values
        return {name: value for (name, _, _), value in zip(self.columns, values, strict=True)}


async def insert_rows(session: AsyncSession, rows: Iterable[Base | Row], *, with_ids: bool = False) -> None:
    """Insert new rows that the session does not know, in the order given.

    What the session itself holds is flushed first. Objects stay outside the session: they are
    values to write, and column defaults do not show on them.

    Args:
        rows: Rows of one table should follow each other.
        with_ids: Set the integer `id` that the database gives on each row, which must be an object.

    Raises:
        IntegrityError: A constraint was violated; none of the rows is there, and the transaction
            may go on.
    """
    await session.flush()
    groups = [(table, list(group)) for table, group in groupby(rows, key=_table)]
    if not groups:
        return
    connection = await session.connection()
    writings = [(_writing(table, connection.dialect, with_ids), group) for table, group in groups]
    plan = [(writing.sql, [writing.row(row) for row in group]) for writing, group in writings]
    adapted = (await connection.get_raw_connection()).dbapi_connection
    run = _on_sqlite if connection.dialect.name == "sqlite" else _on_postgres
    try:
        ids = await run(adapted, plan, with_ids)
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            None, None, error, connection.dialect.loaded_dbapi.Error, hide_parameters=True,
            dialect=connection.dialect,
        ) from error  # fmt: skip
    if with_ids:
        for row, number in zip((row for _, group in groups for row in group), ids, strict=True):
            row.id = number


def _table(row: Base | Row) -> Any:
    return row.kind.__table__ if isinstance(row, Row) else row.__table__


@lru_cache(maxsize=256)
def _writing(table: Table, dialect: Dialect, with_ids: bool) -> _Writing:
    columns = [column for column in table.columns if column is not table.autoincrement_column]
    statement = table.insert()
    if with_ids and dialect.name != "sqlite":
        statement = statement.returning(table.c.id)
    compiled = statement.compile(dialect=dialect, column_keys=[column.key for column in columns])
    return _Writing(
        sql=compiled.string,
        columns=tuple(
            (column.key, _default(column), column.type.dialect_impl(dialect).bind_processor(dialect))
            for column in columns
        ),
        named=dialect.name != "sqlite",
    )


def _default(column: Any) -> Any:
    if column.default is None:
        return None
    given = column.default.arg
    # SQLAlchemy wraps callables to take its context; ours are types such as `dict`.
    return (lambda: given(None)) if callable(given) else given


async def _on_sqlite(adapted: Any, plan: Sequence[tuple[str, list[Any]]], with_ids: bool) -> list[int]:
    def work() -> list[int]:
        cursor, ids = adapted.driver_connection._conn.cursor(), []
        cursor.execute(f"SAVEPOINT {_SAVEPOINT}")
        try:
            for sql, rows in plan:
                if with_ids:
                    ids += [cursor.execute(sql, row).lastrowid for row in rows]
                else:
                    cursor.executemany(sql, rows)
        except BaseException:
            cursor.execute(f"ROLLBACK TO {_SAVEPOINT}")
            raise
        finally:
            cursor.execute(f"RELEASE {_SAVEPOINT}")
            cursor.close()
        return ids

    return await adapted.run(work)


async def _on_postgres(adapted: Any, plan: Sequence[tuple[str, list[Any]]], with_ids: bool) -> list[int]:
    driver = adapted.driver_connection
    ids: list[int] = []
    cursors = []
    # `transaction()` inside a transaction is a savepoint.
    async with driver.pipeline(), driver.transaction():
        for sql, rows in plan:
            cursor = driver.cursor()
            await cursor.executemany(sql, rows, returning=with_ids)
            cursors.append(cursor)
    for cursor in cursors:
        if with_ids:
            more = True
            while more:
                ids += [row[0] for row in await cursor.fetchall()]
                more = cursor.nextset()
        await cursor.close()
    return ids
