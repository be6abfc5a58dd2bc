"""Files that browsers are to save, never to show."""

from __future__ import annotations

import re
from urllib.parse import quote


def attachment(filename: str) -> str:
    """Return the Content-Disposition under which a browser saves a file by its name (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
