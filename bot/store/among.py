"""Choosing rows by a list of keys, however long, as one parameter.

`column.in_(keys)` writes a parameter a key into the statement: with hundreds, making and parsing it costs
more than finding the rows, and no two lengths share a prepared statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession


def among(session: AsyncSession, column: ColumnElement[str], keys: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a text column holds one of the keys.

    On SQLite the keys travel as JSON, on PostgreSQL as an array.
    """
    if session.get_bind().dialect.name == "sqlite":
        one: Any = func.json_each(bindparam(None, json.dumps(list(keys)), Text, unique=True)).table_valued("value")
        return column.in_(select(one.c.value))
    return column == any_(bindparam(None, list(keys), ARRAY(Text), unique=True))
