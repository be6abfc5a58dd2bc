"""How a database goes about a query."""

from collections.abc import Awaitable, Callable

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bootstrap import Desk


async def plans(desk: Desk, table: str, work: Callable[[AsyncSession], Awaitable[object]]) -> list[str]:
    """Return the plans of the queries of this table that `work` sends."""
    sent: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, *_rest) -> None:
        if f"FROM {table}" in statement and "EXPLAIN" not in statement:
            sent.append((statement, parameters))

    engine = desk.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    async with desk.read() as session:
        await work(session)
    event.remove(engine, "before_cursor_execute", note)
    assert sent
    explain = "EXPLAIN QUERY PLAN " if desk.database.is_sqlite else "EXPLAIN "
    found = []
    async with desk.read() as session:
        for statement, parameters in sent:
            connection = await session.connection()
            rows = (await connection.exec_driver_sql(explain + statement, parameters)).all()
            found.append("\n".join(str(row[-1]) for row in rows))
    return found
