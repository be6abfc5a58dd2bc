"""From one desk process to the others: PostgreSQL's LISTEN and NOTIFY.

NOTIFY is part of the transaction that announces: it is heard after the commit, and never if that does not come.
What is sent is only the signal to look, so a signal that was lost (the connection broke, the server was started
again) is made good by one that says: look at everything. This is the sending side, `listening` the other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

Announcements = Sequence[tuple[str, dict[str, Any]]]

#: Something may have been announced that nobody here has heard.
LOOK = {"type": "look"}
#: https://www.postgresql.org/docs/current/sql-notify.html: a payload is shorter than 8000 bytes.
MAX_BYTES = 7999
_LONGEST_PART = MAX_BYTES - 200
_NOTIFY = text("SELECT pg_notify('rightsdesk', payload) FROM unnest(CAST(:payloads AS text[])) AS payload")


async def notify(session: AsyncSession, process: str, announcements: Announcements) -> None:
    """Tell the other processes, by one statement, once the transaction is committed."""
    await session.execute(_NOTIFY, {"payloads": packed(process, announcements)})


def packed(process: str, announcements: Announcements) -> list[str]:
    """Return the announcements in as few payloads as PostgreSQL takes; the same one twice is sent once."""
    groups: list[list[str]] = []
    size = 0
    for part in dict.fromkeys(_part(topic, payload) for topic, payload in announcements):
        if not groups or size + len(part) + 1 > MAX_BYTES:
            groups.append([json.dumps(process)])
            size = len(groups[-1][0]) + 2
        groups[-1].append(part)
        size += len(part) + 1
    return [f"[{','.join(group)}]" for group in groups]


def _part(topic: str, payload: dict[str, Any]) -> str:
    # JSON in plain ASCII, so that characters are bytes.
    part = json.dumps([topic, payload], separators=(",", ":"))
    return part if len(part) <= _LONGEST_PART else json.dumps([topic, LOOK])
