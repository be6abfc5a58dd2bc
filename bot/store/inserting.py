"""Inserting many rows of which some may stand already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Base


async def insert_missing(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows by one statement; those that would break a unique key stand already and stay.

    So what is told twice, after a crash or by two workers, is stored once.
    """
    if not rows:
        return
    await session.execute(_insert(session, table).on_conflict_do_nothing(), list(rows))


async def copy_missing(
    session: AsyncSession, table: type[Base], columns: Sequence[str], query: Select[Any]
) -> None:
    """Insert what a query finds; rows that would break a unique key stand already and stay.

    Args:
        query: It has a WHERE, without which SQLite misreads what follows.
    """
    await session.execute(
        _insert(session, table).from_select(columns, query).on_conflict_do_nothing()
    )


def _insert(session: AsyncSession, table: type[Base]) -> Any:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table.__table__)
