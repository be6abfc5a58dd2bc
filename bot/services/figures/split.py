"""The same rows counted by several things at once: one statement reads them once, however many tables come of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.figures.table import Bar


def spread(rows: Select[Any], by: Sequence[str]) -> Subquery:
    """Return each row once for each of these columns: its `dimension` is the column's name, its `key` what stands there.

    The other columns stay as they are.
    """
    found = rows.cte("found")
    others = [column for column in found.c if column.name not in by]
    return union_all(
        *(select(literal(name).label("dimension"), found.c[name].label("key"), *others) for name in by)
    ).subquery()


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Return how many rows of a group fulfil it."""
    return func.sum(case((condition, 1), else_=0))


async def bars_by(
    session: AsyncSession, rows: Select[Any], by: Sequence[str], *, parts: Sequence[str]
) -> dict[str, list[Bar]]:
    """Count rows by each of some columns, most first.

    Args:
        rows: Has the columns of `by` and `parts`, all with a label.
        parts: Columns of numbers, summed to the parts of the bars.
    """
    each = spread(rows, by)
    count = func.count().label("count")
    query = select(each.c.dimension, each.c.key, count, *(func.sum(each.c[name]).label(name) for name in parts))
    query = query.group_by(each.c.dimension, each.c.key).order_by(count.desc(), each.c.key.nulls_last())
    bars: dict[str, list[Bar]] = defaultdict(list)
    for dimension, key, counted, *sums in await session.execute(query):
        bars[dimension].append(Bar(key, counted, tuple(int(total) for total in sums)))
    return {name: bars[name] for name in by}
