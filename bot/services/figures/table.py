"""What all figures share: counting by a column, and arithmetic that the two databases write differently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Float, Select, String, cast, func, literal_column
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class Bar:
    """One row of a figure.

    Attributes:
        key: What is counted: a queue, an agent's name, a region; None for what has none.
        parts: Further counts of the same rows, in the figure's own order.
    """

    key: str | None
    count: int
    parts: tuple[int, ...] = ()


async def count_by(session: AsyncSession, column: ColumnElement[Any], query: Select[Any]) -> list[Bar]:
    """Count the rows of a query by a column, most first.

    Args:
        query: Its columns are replaced, its conditions kept.
    """
    # By position: the same JSON path, sent twice as two parameters, is not one expression to PostgreSQL.
    counted = query.with_only_columns(column.label("key"), func.count().label("count")).group_by(literal_column("1"))
    rows = await session.execute(counted.order_by(literal_column("2").desc(), literal_column("1")))
    return [Bar(None if key is None else str(key), count) for key, count in rows]


def seconds(session: AsyncSession, start: ColumnElement[datetime], end: ColumnElement[datetime]) -> ColumnElement[float]:
    """Return the seconds between two instants."""
    if _is_sqlite(session):
        return (func.julianday(end) - func.julianday(start)) * 86400.0
    return cast(func.extract("epoch", end - start), Float)


def local_day(session: AsyncSession, at: ColumnElement[datetime], zone: ZoneInfo, now: datetime) -> ColumnElement[str]:
    """Return the day of an instant in a zone.

    SQLite knows no zones: there the present distance to UTC is taken, which in China never changes.
    """
    if _is_sqlite(session):
        offset = now.astimezone(zone).utcoffset()
        minutes = int(offset.total_seconds() // 60) if offset else 0
        return func.date(at, f"{minutes:+} minutes")
    return cast(cast(func.timezone(str(zone), at), Date), String)


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"
