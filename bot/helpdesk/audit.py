"""The hash chain that makes a ticket's history tamper-evident."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

GENESIS = "0" * 64


def entry_hash(previous: str, entry: Mapping[str, object]) -> str:
    """Return the SHA-256 (hex) that seals one entry to the one before it.

    Args:
        previous: Hash of the entry before, `GENESIS` for the first.
        entry: JSON-able values; key order does not matter.
    """
    body = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def first_broken(entries: Iterable[tuple[Mapping[str, object], str]]) -> int | None:
    """Return the index of the first entry whose stored hash is wrong, None if all hold."""
    previous = GENESIS
    for index, (entry, stored) in enumerate(entries):
        if entry_hash(previous, entry) != stored:
            return index
        previous = stored
    return None


def root_hash(heads: Iterable[tuple[str, str]]) -> str:
    """Return one hash over all chain heads, given as (ticket id, head hash) in any order."""
    body = "\n".join(f"{ticket} {head}" for ticket, head in sorted(heads))
    return hashlib.sha256(body.encode()).hexdigest()
