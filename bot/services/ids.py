"""Identifiers for rows: random, but growing with time so that indexes stay compact."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime


def new_id(now: datetime) -> str:
    """Return a UUID of version 7 (RFC 9562): 48 bits of milliseconds, then random bits."""
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds << 80) | secrets.randbits(80)
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def first_id(at: datetime) -> str:
    """Return what every id made before this instant is below, and none made from then on."""
    return str(uuid.UUID(int=int(at.timestamp() * 1000) << 80))
