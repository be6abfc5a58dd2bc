"""Reasons that staff must give in words of their own; those of the catalogue are in `helpdesk.reasons`."""

from __future__ import annotations

from bot.helpdesk.errors import BadRequest, ReasonRequired

REASON_MAX_CHARS = 4000


def given(reason: str, *, limit: int = REASON_MAX_CHARS) -> str:
    """Return the reason without the space around it.

    Raises:
        ReasonRequired: There is none.
        BadRequest: It is too long.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonRequired
    if len(reason) > limit:
        raise BadRequest(field="reason")
    return reason
