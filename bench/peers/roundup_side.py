"""Runs in Roundup's own environment: does what the bench asks for on one tracker.

Commands come as lines of JSON on standard input, answers go out the same way. A tracker is made by
`roundup-admin install` and `initialise` (template `classic`, nothing changed but the addresses and
the mail switch); this script uses Roundup's Python interface as its own documentation does.
"""

from __future__ import annotations

import json
import os
import sys
import time
from multiprocessing import get_context
from typing import Any

import roundup.instance
from roundup import date, hyperdb

TEXT = "An online shop sells cups under our registered trade mark without a licence. " * 5
_NAMES = ("id", "title", "status", "priority", "activity", "assignedto", "creator")


def open_tickets(home: str, *, clients: int, each: int) -> dict[str, Any]:
    """Let so many processes open so many issues each, one transaction an issue."""
    # Folders for texts are made as they are needed, and two clients that need the same one trip over each other.
    db = roundup.instance.open(home).open("admin")
    _open_one(db, "Complaint before all others", **_links(db))
    db.close()
    context = get_context("fork")
    start, done = context.Barrier(clients + 1), context.Barrier(clients + 1)
    used = context.Value("d", 0.0)
    children = [
        context.Process(target=_client, args=(home, number, each, start, done, used), daemon=True) for number in range(clients)
    ]
    for child in children:
        child.start()
    start.wait(60)
    began = time.perf_counter()
    done.wait(600)
    seconds = time.perf_counter() - began
    for child in children:
        child.join()
    return {"seconds": seconds, "count": clients * each, "cpu": used.value}


def _client(home: str, number: int, each: int, start: Any, done: Any, used: Any) -> None:
    db = roundup.instance.open(home).open("admin")
    links = _links(db)
    start.wait(60)
    began = time.process_time()
    try:
        for step in range(each):
            _open_one(db, f"Complaint {number}-{step}", **links)
    except BaseException:
        done.abort()
        raise
    with used.get_lock():
        used.value += time.process_time() - began
    done.wait(600)
    db.close()


def _open_one(db: Any, title: str, **links: str) -> None:
    message = db.msg.create(author=db.getuid(), content=TEXT, date=date.Date("."))
    db.issue.create(title=title, messages=[message], **links)
    db.commit()


def _links(db: Any) -> dict[str, str]:
    return {"priority": db.priority.lookup("urgent"), "status": db.status.lookup("unread")}


def load(home: str, *, tickets: int, still_open: int) -> dict[str, Any]:
    """Fill the tracker with issues, the newest of them open, through its own tables.

    Opening 100,000 through the interface would take minutes and leave the same rows.
    """
    db = roundup.instance.open(home).open("admin")
    first = int(db.newid("issue"))
    resolved, unread, urgent = (
        db.status.lookup("resolved"), db.status.lookup("unread"), db.priority.lookup("urgent")
    )  # fmt: skip
    mark = "?" if db.config.RDBMS_BACKEND == "sqlite" else "%s"
    day = _stored(db, ". - 10d")
    rows, journal, nosy = [], [], []
    for at in range(tickets):
        number = first + at
        status = unread if at >= tickets - still_open else resolved
        rows.append((number, f"Complaint {at}", day, day, 1, 1, int(urgent), int(status), 0))
        journal.append((number, day, "1", "create", "{}"))
        nosy.append((1, number))
    _insert(db, mark, "_issue (id, _title, _creation, _activity, _creator, _actor, _priority, _status, __retired__)", rows)
    _insert(db, mark, "issue__journal (nodeid, date, tag, action, params)", journal)
    _insert(db, mark, "issue_nosy (linkid, nodeid)", nosy)
    db.setid("issue", str(first + tickets))
    db.commit()
    _analyse(db)
    db.close()
    return {"count": tickets}


def _stored(db: Any, when: str) -> str:
    """Return a moment as the tracker's database keeps it."""
    return str(db.to_sql_value(hyperdb.Date)(date.Date(when)))


def _insert(db: Any, mark: str, target: str, rows: list[tuple[Any, ...]]) -> None:
    marks = ", ".join([mark] * len(rows[0]))
    statement = f"INSERT INTO {target} VALUES ({marks})"
    if mark == "?":
        db.cursor.executemany(statement, rows)
        return
    from psycopg2.extras import execute_values

    execute_values(db.cursor, f"INSERT INTO {target} VALUES %s", rows, page_size=2000)


def _analyse(db: Any) -> None:
    db.sql("ANALYZE")
    db.commit()


def first_page(home: str, *, times: int, size: int) -> dict[str, Any]:
    """Read the first page of what is open, as the web interface's list does, without the HTML."""
    db = roundup.instance.open(home).open("admin")
    unread = db.status.lookup("unread")
    took = []
    for _ in range(times):
        db.clearCache()
        began = time.perf_counter()
        found = db.issue.filter(None, {"status": [unread]}, sort=[("+", "activity")], limit=size)
        lines = [[db.issue.get(issue, name) for name in _NAMES] for issue in found]
        took.append(time.perf_counter() - began)
        assert len(lines) == size, len(lines)
    db.close()
    return {"took": took}


def make_due(home: str, *, due: int) -> dict[str, Any]:
    """Let the activity of so many open issues lie three weeks back."""
    db = roundup.instance.open(home).open("admin")
    unread, urgent = db.status.lookup("unread"), db.priority.lookup("urgent")
    old = _stored(db, ". - 21d")
    numbers = "SELECT id FROM _issue WHERE _status = {0} AND _priority = {1} ORDER BY id LIMIT {2}"
    chosen = numbers.format(int(unread), int(urgent), int(due))
    db.sql(f"UPDATE _issue SET _activity = '{old}' WHERE id IN ({chosen})")
    db.commit()
    db.close()
    return {}


def sweep(home: str) -> dict[str, Any]:
    """Escalate what nobody touched for two weeks: the script that its users run by cron."""
    began = time.perf_counter()
    db = roundup.instance.open(home).open("admin")
    unread, urgent, critical = (
        db.status.lookup("unread"), db.priority.lookup("urgent"), db.priority.lookup("critical")
    )  # fmt: skip
    late = db.issue.filter(None, {"status": [unread], "priority": [urgent], "activity": ";. - 14d"})
    for issue in late:
        db.issue.set(issue, priority=critical)
    db.commit()
    seconds = time.perf_counter() - began
    db.close()
    return {"seconds": seconds, "count": len(late)}


COMMANDS = {
    "open": open_tickets, "load": load, "first_page": first_page, "make_due": make_due, "sweep": sweep,
}  # fmt: skip


def main() -> None:
    """Serve commands until standard input ends."""
    home = sys.argv[1]
    os.environ["SENDMAILDEBUG"] = os.devnull
    for line in sys.stdin:
        call = json.loads(line)
        answer = COMMANDS[call.pop("do")](home, **call)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
