"""Filling a store with as many tickets and clocks as are wanted: deterministic, straight to the tables.

Opening a million through the use case would take half an hour and leave the same rows. Columns not
named here get the defaults of the schema.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from bot.helpdesk.audit import GENESIS, entry_hash

type Row = tuple[Any, ...]

TICKET = (
    "id", "number", "kind", "status", "is_finished", "subject", "facts", "queue", "channel", "version",
    "audit_seq", "audit_head", "next_due_at", "opened_at", "updated_at",
)  # fmt: skip
EVENT = ("ticket_id", "seq", "at", "actor", "action", "old", "new", "reason", "hash")
CLOCK = (
    "id", "subject_kind", "subject_id", "clock", "round", "policy_id", "policy_version", "started_at",
    "due_at", "warn_at", "provisional", "state", "level", "next_check_at",
)  # fmt: skip
QUEUES = ("trademark", "patent", "copyright", "general")
FACTS = {"right": "trademark", "facts": "网店销售假冒我公司商标的水杯，没有授权。", "region": "330100"}


def load_tickets(url: str, *, tickets: int, still_open: int, now: datetime, first: int = 0) -> None:
    """Add tickets with their first audit entry, oldest first; the newest are open and have a clock."""
    opened = now - timedelta(days=200)
    step = timedelta(days=190) / max(tickets, 1)
    facts = json.dumps(FACTS, ensure_ascii=False)
    numbers = range(first, first + tickets)
    is_open = [number - first >= tickets - still_open for number in numbers]

    def at(number: int) -> datetime:
        return opened + step * (number - first)

    heads = {number: _entry(number, at(number)) for number in numbers}
    _write(url, "ticket", TICKET, (
        (
            ticket_id(number), f"XX{number:013d}", "complaint", "submitted" if open_ else "closed", not open_,
            f"举报投诉：商标·商标侵权 {number}", facts, QUEUES[number % 4], "web", 1, 1, heads[number],
            _later(now, number) if open_ else None, at(number), at(number),
        )
        for number, open_ in zip(numbers, is_open, strict=True)
    ))  # fmt: skip
    _write(url, "ticket_event", EVENT, (
        (ticket_id(number), 1, at(number), "citizen", "ticket.opened", "{}", "{}", "", heads[number])
        for number in numbers
    ))  # fmt: skip
    load_clocks(
        url, (n for n, open_ in zip(numbers, is_open, strict=True) if open_), due=0, now=now, clock="acceptance"
    )
    _finish(url)


def load_clocks(
    url: str,
    numbers: Iterable[int],
    *,
    due: int,
    now: datetime,
    clock: str,
    every: timedelta | None = None,
) -> None:
    """Add a running clock to each ticket; the first `due` of them are overdue and unnoticed.

    Args:
        every: Let one after the other be due at this distance from now on, instead of in days.
    """
    started = now - timedelta(days=3)

    def rows() -> Iterator[Row]:
        for at, number in enumerate(numbers):
            due_at = now + every * at if every else _later(now, number)
            if at < due:
                due_at = now - timedelta(hours=1)
            # Warned already: what is due now is the breach, one event a clock.
            yield (
                _id(f"{clock[:4]}{number:012d}"), "ticket", ticket_id(number), clock, 1, "complaint", 1, started, due_at,
                due_at - timedelta(days=1), False, "running", 1, due_at,
            )  # fmt: skip

    _write(url, "sla_clock", CLOCK, rows())
    _finish(url)


def _later(now: datetime, number: int) -> datetime:
    """Return when the clock of a ticket is due that is not due yet."""
    return now + timedelta(days=5, seconds=number % 50_000)


def ticket_id(number: int) -> str:
    """Return the id of the ticket with this number."""
    return _id(f"tick{number:012d}")


def _id(name: str) -> str:
    return str(uuid.UUID(bytes=name.encode().rjust(16, b"\0")[-16:]))


def _entry(number: int, at: datetime) -> str:
    sealed = {
        "ticket": ticket_id(number), "seq": 1, "at": at.astimezone(UTC).isoformat(), "actor": "citizen",
        "action": "ticket.opened", "old": {}, "new": {}, "reason": "",
    }  # fmt: skip
    return entry_hash(GENESIS, sealed)


def _write(url: str, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    if url.startswith("sqlite"):
        _write_sqlite(url, table, columns, rows)
    else:
        _write_postgres(url, table, columns, rows)


def _write_sqlite(url: str, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    store = sqlite3.connect(str(make_url(url).database), timeout=60, isolation_level=None)
    store.execute("PRAGMA synchronous=OFF")
    store.execute("PRAGMA cache_size=-200000")
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    written = map(_texts, rows)
    while chunk := list(islice(written, 50_000)):
        store.execute("BEGIN IMMEDIATE")
        store.executemany(statement, chunk)
        store.execute("COMMIT")
    store.close()


def _texts(row: Row) -> Row:
    return tuple(
        value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value
        for value in row
    )


def _write_postgres(url: str, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with (
        psycopg.connect(url.replace("+psycopg", "")) as store,
        store.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _finish(url: str) -> None:
    """Let the planner know what is there, as the server's own upkeep would in time."""
    if url.startswith("sqlite"):
        store = sqlite3.connect(str(make_url(url).database), timeout=60)
        # The log would otherwise be read through by every reader.
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        store = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        for table in ("ticket", "ticket_event", "sla_clock"):
            store.execute(f"VACUUM ANALYZE {table}")
    store.close()


def counted(url: str, question: str) -> int:
    """Return the number that a query gives."""
    connect: Callable[[], Any] = (
        (lambda: sqlite3.connect(str(make_url(url).database), timeout=60))
        if url.startswith("sqlite")
        else (lambda: psycopg.connect(url.replace("+psycopg", "")))
    )
    store = connect()
    (number,) = store.execute(question).fetchone()
    store.close()
    return int(number)
